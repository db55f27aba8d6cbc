#ifndef PAPER_ENGINE_RESULTS_H
#define PAPER_ENGINE_RESULTS_H

#include "common/text/buffer.h"
#include "demo/paper_engine/backtest/walk_forward.h"

/*
 * public.tuning_results (sql/paper_engine.sql): a row for each set and each fold that it took part in, and
 * one with fold 0, the sum of these.
 */
struct results_run {
	double started_at; /* Unix seconds; its text is the name of the run */
	uint64_t market_seed;
	const char *command; /* repeats it */
};

/* The rows, as COPY reads them. */
void results_format(struct buffer *rows, const struct walk *walk, const struct results_run *run);

/* Whether they could be written: asked before work that takes a minute.  0, or -1 with `why`. */
int results_check(const char *dsn, const char *password, struct failure *why);

/* All of them in one transaction.  0, or -1 with `why`: then none is there. */
int results_write(const char *dsn, const char *password, const struct buffer *rows, struct failure *why);

#endif /* PAPER_ENGINE_RESULTS_H */
