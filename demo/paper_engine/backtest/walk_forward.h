#ifndef PAPER_ENGINE_WALK_FORWARD_H
#define PAPER_ENGINE_WALK_FORWARD_H

#include "demo/paper_engine/backtest/measure.h"

/*
 * Parameters are chosen on some days and judged on the days behind them, again and again: fold 1 trains on
 * the first days, fold 2 begins as much later as a validation lasts, and so on.
 *
 * In each fold all sets so far are trained, the best of them get neighbours, which are trained too, and the
 * set with the highest score is the fold's choice.  Then all are validated, for the record.  A set that a
 * fold has found is measured in that fold and the later ones, never in an earlier one: so nothing that leads
 * to a choice has seen a book at or after the begin of its validation.
 */
struct walk_settings {
	struct bench bench;
	int64_t from_ms, until_ms, step_ms, train_ms, validate_ms;
	size_t sets;  /* the first half of them at random */
	bool refines; /* false: the second half too */
};

struct fold {
	int64_t train_from_ms, validate_from_ms, validate_until_ms;
	size_t sets;   /* that take part: the first ones */
	size_t choice; /* which of them */
};

struct set {
	struct point point;
	bool refined;
	size_t first_fold; /* from 0 */
};

struct walk {
	const struct walk_settings *settings; /* not owned */
	struct set *sets;
	size_t set_count, fold_count;
	struct fold *folds;
	struct measure *train, *validate; /* [fold * settings->sets + set] */
	int64_t done, planned;            /* measurements */
	fixed best;                       /* score of all that were trained so far; INT64_MIN: none yet */
};

/* Called in the caller's thread several times a second, while it works. */
struct walk_watch {
	void *context;
	void (*progress)(void *context, const struct walk *walk);
};

/* 0, or -1 with `why`.  `walk` is to be released in either case. */
int walk_forward(struct walk *walk, const struct walk_settings *settings, const struct walk_watch *watch,
    struct failure *why);
void walk_release(struct walk *walk);

/* Of a set in all folds that it took part in: sums, and the mean of the scores. */
struct measure walk_sum(const struct walk *walk, const struct measure *measures, size_t set);

#endif /* PAPER_ENGINE_WALK_FORWARD_H */
