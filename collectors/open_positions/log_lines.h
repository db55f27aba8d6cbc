#ifndef COLLECTORS_OPEN_POSITIONS_LOG_LINES_H
#define COLLECTORS_OPEN_POSITIONS_LOG_LINES_H

#include "collectors/harness/collector.h"
#include "positions/engine_view.h"
#include "positions/exchange_view.h"
#include "positions/exposure.h"
#include "positions/reconcile.h"

/* What a run has to say in its log: failures, one line for each source; and what has changed since the last
 * run. */

/* Of an exchange that was not asked, or did not answer as it should. */
void log_lines_write_account(
    struct run *run, const struct account *account, const struct failure *failure, double now);

/* Of the stores that could not be read, and exchanges of which they say nothing that can be used. */
void log_lines_write_engine(
    struct run *run, const struct engine_view *engine_view, const struct accounts *accounts);

/* Differences that are new or gone, and how many lines there were. */
enum { LOG_LINES_MOST = 20 };
struct mismatch_log {
	const struct metrics *last;
	const struct accounts *accounts;
	const struct engine_view *engine_view;
	const struct exchange_view *exchange_view;
	const bool *comparable; /* by exchange */
	size_t changes;
};
void log_lines_write_mismatch(
    struct run *run, struct mismatch_log *mismatches, const struct reconcile_row *row);
void log_lines_end_mismatches(
    struct run *run, struct mismatch_log *mismatches); /* after the metrics are set */

/* A key that may withdraw, positions that nobody checks, an exposure that is not known any more. */
void log_lines_write_key(struct run *run, const struct account *account, const struct metrics *last);
void log_lines_write_unknown_rows(
    struct run *run, const struct engine_view *engine_view, const struct metrics *last);
void log_lines_write_exposure(
    struct run *run, const char *currency, const struct exposure *exposure, const struct metrics *last);

#endif /* COLLECTORS_OPEN_POSITIONS_LOG_LINES_H */
