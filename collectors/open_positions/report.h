#ifndef COLLECTORS_OPEN_POSITIONS_REPORT_H
#define COLLECTORS_OPEN_POSITIONS_REPORT_H

#include "positions/engine_view.h"
#include "positions/exchange_view.h"
#include "positions/exposure.h"
#include "positions/reconcile.h"
#include "textfile/metrics.h"

/* What a run found, as metrics. */

/* What is said of an exchange whether or not it was asked, and its requests, balances, key and lock if it
 * was.
 */
void report_account(struct metrics *m, const struct account *account, const struct metrics *last);

/* One source's positions: which exchanges it knows (`known`), how many there are, and each. */
struct report_source {
	const char *name; /* "exchange", "engine" */
	const struct holdings *holdings;
	const bool *known;
};
void report_source(struct metrics *m, const struct report_source *source, const struct accounts *accounts,
    const struct policy *policy, struct exchange_view *exchange_view, double now);

void report_engine(struct metrics *m, const struct engine_view *engine_view, const struct sources *sources);

/* Differences, and since when. */
void report_mismatch(struct metrics *m, const char *exchange, const struct reconcile_row *row);

void report_exposure(struct metrics *m, const char *currency, const struct exposure *exposure);
void report_delta(struct metrics *m, const struct asset_delta *delta);
void report_imbalance(struct metrics *m, const struct asset_imbalance *imbalance);

#endif /* COLLECTORS_OPEN_POSITIONS_REPORT_H */
