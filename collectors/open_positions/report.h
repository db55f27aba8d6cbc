#ifndef COLLECTORS_OPEN_POSITIONS_REPORT_H
#define COLLECTORS_OPEN_POSITIONS_REPORT_H

#include "collectors/open_positions/history.h"
#include "positions/engine_view.h"
#include "positions/exchange_view.h"

/* What a run found, as metrics; and in its log: failures, one line for each source, and what has changed
 * since the last run. */

/* What is said of an exchange whether or not it was asked, and its requests, balances, key and lock if it
 * was.  `failure`: why nothing is known of it though it was read. */
void report_account(struct run *run, const struct account *account, const struct failure *failure,
    const struct metrics *last, double started);

/* One source's positions: which exchanges it knows (`known`), how many there are, and each. */
struct report_source {
	const char *name; /* "exchange", "engine" */
	const struct holdings *holdings;
	const bool *known;
};
void report_source(struct metrics *m, const struct report_source *source, const struct accounts *accounts,
    const struct policy *policy, struct exchange_view *exchange_view, double now);

/* The stores, and exchanges of which they say nothing that can be used. */
void report_engine(struct run *run, const struct engine_view *engine_view, const struct sources *sources,
    const struct accounts *accounts, const struct metrics *last);

/* Differences, and since when; in the log those that are new or gone, in not too many lines. */
enum { LOG_LINES_MOST = 20 };
struct mismatch_report {
	const struct metrics *last;
	const struct accounts *accounts;
	const struct engine_view *engine_view;
	const struct exchange_view *exchange_view;
	const bool *comparable; /* by exchange */
	size_t changes;
};
void report_mismatch(struct run *run, struct mismatch_report *mismatches, const struct reconcile_row *row);
void report_end_of_mismatches(
    struct run *run, struct mismatch_report *mismatches); /* when all are reported */

void report_exposure(
    struct run *run, const char *currency, const struct exposure *exposure, const struct metrics *last);
void report_asset(struct metrics *m, const struct asset_exposure *asset);

#endif /* COLLECTORS_OPEN_POSITIONS_REPORT_H */
