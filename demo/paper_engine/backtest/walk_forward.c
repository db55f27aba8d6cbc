#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/deadline.h"
#include "demo/paper_engine/backtest/walk_forward.h"

enum { TRIES = 1000, FOLDS_MOST = 1000 };

/* Sets ------------------------------------------------------------------ */

static bool
add_set(struct walk *walk, const struct point *point, size_t fold, bool refined)
{
	for (size_t i = 0; i < walk->set_count; i++)
		if (search_equal(&walk->sets[i].point, point))
			return false;
	walk->sets[walk->set_count++] = (struct set){ *point, refined, fold };
	return true;
}

/* A point that was tried is drawn again; not for ever, as there may be as many sets as points. */
static void
add_random(struct walk *walk, size_t count)
{
	uint64_t random = walk->settings->bench.engine.seed;

	for (size_t tries = 0; walk->set_count < count; tries++) {
		struct point point = search_random(&random);

		if (!add_set(walk, &point, 0, false) && tries > TRIES * count)
			return;
	}
}

struct ranked {
	fixed score;
	size_t set;
};

static int
by_score(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return x->set < y->set ? -1 : x->set > y->set;
}

/* The neighbours of the fold's best set, then those of the next one, and so on, up to `count` sets in all. */
static int
add_neighbours(struct walk *walk, size_t fold, size_t count, struct failure *why)
{
	size_t known = walk->set_count;
	struct ranked *ranked = calloc(known, sizeof(*ranked));
	struct point point;

	if (ranked == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < known; i++)
		ranked[i] = (struct ranked){ walk->train[fold * walk->settings->sets + i].score, i };
	qsort(ranked, known, sizeof(*ranked), by_score);
	for (size_t i = 0; i < known; i++)
		for (size_t dimension = 0; dimension < DIMENSIONS; dimension++)
			for (int step = -1; step <= 1; step += 2)
				if (walk->set_count < count &&
				    search_step(&walk->sets[ranked[i].set].point, dimension, step, &point))
					(void)add_set(walk, &point, fold, true);
	free(ranked);
	return 0;
}

/* Folds ----------------------------------------------------------------- */

struct walker {
	struct walk *walk;
	const struct walk_watch *watch;
	pthread_t caller;
	int64_t watched_ns;
	int64_t done_before, steps_each; /* measurements that ended, and steps of one of those under way */
	_Atomic int64_t steps;
};

static void
add_steps(void *context, int64_t steps)
{
	static const int64_t pause_ns = 200000000;
	struct walker *walker = context;
	int64_t now_ns;

	walker->steps += steps;
	if (walker->watch == NULL || !pthread_equal(pthread_self(), walker->caller))
		return;
	now_ns = clock_now_ns();
	if (now_ns - walker->watched_ns < pause_ns)
		return;
	walker->watched_ns = now_ns;
	walker->walk->done = walker->done_before + walker->steps / walker->steps_each;
	walker->watch->progress(walker->watch->context, walker->walk);
}

/* Sets from `first` on, in one part of a fold. */
static int
measure_sets(struct walker *walker, size_t fold, size_t first, bool validates, struct failure *why)
{
	struct walk *walk = walker->walk;
	const struct walk_settings *settings = walk->settings;
	const struct fold *part = &walk->folds[fold];
	struct span span = { validates ? part->validate_from_ms : part->train_from_ms,
		validates ? part->validate_until_ms : part->validate_from_ms, settings->step_ms };
	const struct progress progress = { walker, add_steps };
	struct measure *measures = (validates ? walk->validate : walk->train) + fold * settings->sets;
	size_t count = walk->set_count - first;
	struct point *points = calloc(count + 1, sizeof(*points));
	int result;

	if (points == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < count; i++)
		points[i] = walk->sets[first + i].point;
	walker->steps = 0;
	walker->steps_each = (span.until_ms - span.from_ms + span.step_ms - 1) / span.step_ms;
	result = measure_points(&settings->bench, &span, points, count, measures + first, &progress, why);
	free(points);
	walker->done_before += (int64_t)count;
	walk->done = walker->done_before;
	for (size_t i = first; i < walk->set_count && !validates && result == 0; i++)
		if (measures[i].score > walk->best)
			walk->best = measures[i].score;
	return result;
}

/* How many sets there are at the end of a fold: what is refined is spread over the folds. */
static size_t
sets_after(const struct walk *walk, size_t fold)
{
	size_t sets = walk->settings->sets, random = walk->settings->refines ? (sets + 1) / 2 : sets;

	return random + (sets - random) * (fold + 1) / walk->fold_count;
}

static int
walk_fold(struct walker *walker, size_t fold, struct failure *why)
{
	struct walk *walk = walker->walk;
	const struct measure *train = walk->train + fold * walk->settings->sets;
	size_t known = walk->set_count, choice = 0;

	if (measure_sets(walker, fold, 0, false, why) != 0 ||
	    add_neighbours(walk, fold, sets_after(walk, fold), why) != 0 ||
	    measure_sets(walker, fold, known, false, why) != 0)
		return -1;
	for (size_t i = 1; i < walk->set_count; i++)
		if (train[i].score > train[choice].score)
			choice = i;
	walk->folds[fold].choice = choice;
	walk->folds[fold].sets = walk->set_count;
	return measure_sets(walker, fold, 0, true, why);
}

static int
lay_out(struct walk *walk, const struct walk_settings *settings, struct failure *why)
{
	int64_t span_ms = settings->until_ms - settings->from_ms;
	int64_t spare_ms = span_ms - settings->train_ms - settings->validate_ms;

	*walk = (struct walk){ .settings = settings, .best = INT64_MIN };
	if (settings->train_ms <= 0 || settings->validate_ms <= 0 || spare_ms < 0)
		return failure_set(why, FAILURE_LOCAL,
		    "there is no time to train and to validate in: begin earlier (--from), or take less time for "
		    "--train and --validate");
	walk->fold_count = (size_t)(1 + spare_ms / settings->validate_ms);
	if (walk->fold_count > FOLDS_MOST)
		return failure_set(why, FAILURE_LOCAL,
		    "there would be %zu folds, and %d are the most: validate longer, or look at less time",
		    walk->fold_count, FOLDS_MOST);
	walk->sets = calloc(settings->sets, sizeof(*walk->sets));
	walk->folds = calloc(walk->fold_count, sizeof(*walk->folds));
	walk->train = calloc(walk->fold_count * settings->sets, sizeof(*walk->train));
	walk->validate = calloc(walk->fold_count * settings->sets, sizeof(*walk->validate));
	if (walk->sets == NULL || walk->folds == NULL || walk->train == NULL || walk->validate == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < walk->fold_count; i++) {
		struct fold *fold = &walk->folds[i];

		fold->train_from_ms = settings->from_ms + (int64_t)i * settings->validate_ms;
		fold->validate_from_ms = fold->train_from_ms + settings->train_ms;
		fold->validate_until_ms = fold->validate_from_ms + settings->validate_ms;
		walk->planned += 2 * (int64_t)sets_after(walk, i);
	}
	return 0;
}

int
walk_forward(struct walk *walk, const struct walk_settings *settings, const struct walk_watch *watch,
    struct failure *why)
{
	struct walker walker = { .walk = walk, .watch = watch, .caller = pthread_self() };
	int result = lay_out(walk, settings, why);

	if (result == 0)
		add_random(walk, settings->refines ? (settings->sets + 1) / 2 : settings->sets);
	for (size_t fold = 0; fold < walk->fold_count && result == 0; fold++)
		result = walk_fold(&walker, fold, why);
	return result;
}

void
walk_release(struct walk *walk)
{
	free(walk->sets);
	free(walk->folds);
	free(walk->train);
	free(walk->validate);
}

struct measure
walk_sum(const struct walk *walk, const struct measure *measures, size_t set)
{
	size_t first = walk->sets[set].first_fold;
	struct measure sum = { 0 };

	for (size_t fold = first; fold < walk->fold_count; fold++) {
		const struct measure *one = &measures[fold * walk->settings->sets + set];

		sum.trades += one->trades;
		sum.pnl += one->pnl;
		sum.score += one->score;
	}
	sum.score /= (fixed)(walk->fold_count - first);
	return sum;
}
