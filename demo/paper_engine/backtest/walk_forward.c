#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "common/system/parallel.h"
#include "demo/paper_engine/backtest/walk_forward.h"

/* Engines that go through a market side by side: as many as the cache holds. */
enum { ENGINES = 64 };
enum { TRIES = 1000, FOLDS_MOST = 1000 };

/* Measuring ------------------------------------------------------------- */

struct job {
	const struct walk_settings *settings;
	const struct span *span;
	const struct point *points;
	size_t count, threads;
	struct measure *measures;
	const struct progress *progress;
	struct failure *failures; /* of each thread; of no kind: it succeeded */
};

struct bench {
	struct engine engines[ENGINES];
	struct replayed replayed[ENGINES];
};

static struct measure
measure_of(const struct tally *tally, const struct span *span)
{
	fixed days = (span->until_ms - span->from_ms) * (FIXED_ONE / 100000) / 864;

	return (struct measure){ .trades = tally->trades,
		.pnl = tally->pnl,
		.score = fixed_over(tally->pnl, days) - tally->deepest };
}

static int
measure_together(const struct job *job, struct bench *bench, size_t first, size_t count, struct failure *why)
{
	struct engine_settings settings = job->settings->engine;
	struct source source = { 0 };
	int result = job->settings->open(job->settings->open_context, &source, why);
	size_t begun = 0;

	while (result == 0 && begun < count) {
		settings.parameters = search_parameters(&job->points[first + begun]);
		bench->replayed[begun] =
		    (struct replayed){ .engine = &bench->engines[begun], .unwatched = true };
		result = engine_init(&bench->engines[begun], &settings);
		if (result == 0)
			begun++;
		else
			(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	if (result == 0)
		result = replay_run(&source, job->span, bench->replayed, count, job->progress, why);
	for (size_t i = 0; i < count && result == 0; i++)
		job->measures[first + i] = measure_of(&bench->replayed[i].tally, job->span);
	while (begun > 0)
		engine_release(&bench->engines[--begun]);
	if (source.close != NULL)
		source.close(source.context);
	return result;
}

static void
measure_share(void *context, size_t thread)
{
	const struct job *job = context;
	size_t first = job->count * thread / job->threads, end = job->count * (thread + 1) / job->threads;
	struct bench *bench = malloc(sizeof(*bench));
	struct failure *why = &job->failures[thread];

	if (bench == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t count; bench != NULL && first < end; first += count) {
		count = end - first < ENGINES ? end - first : ENGINES;
		if (measure_together(job, bench, first, count, why) != 0)
			break;
	}
	free(bench);
}

int
walk_measure(const struct walk_settings *settings, const struct span *span, const struct point *points,
    size_t count, struct measure *measures, const struct progress *progress, struct failure *why)
{
	struct job job = { .settings = settings,
		.span = span,
		.points = points,
		.count = count,
		.threads = settings->threads < count ? settings->threads : count,
		.measures = measures,
		.progress = progress };
	int result = 0;

	if (count == 0)
		return 0;
	job.failures = calloc(job.threads, sizeof(*job.failures));
	if (job.failures == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	parallel_each(job.threads, measure_share, &job);
	for (size_t i = 0; i < job.threads && result == 0; i++)
		if (job.failures[i].kind != FAILURE_NONE) {
			*why = job.failures[i];
			result = -1;
		}
	free(job.failures);
	return result;
}

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
	uint64_t random = walk->settings->engine.seed;

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
	result = walk_measure(settings, &span, points, count, measures + first, &progress, why);
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
		    "there is no time to train and to validate in: make it longer, or both shorter");
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
