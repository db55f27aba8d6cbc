#include <stdlib.h>

#include "common/system/parallel.h"
#include "demo/paper_engine/backtest/measure.h"

/* Engines that go through a market side by side: as many as the cache holds. */
enum { ENGINES = 64 };

struct job {
	const struct bench *bench;
	const struct span *span;
	const struct point *points;
	size_t count, threads;
	struct measure *measures;
	const struct progress *progress;
	struct failure *failures; /* of each thread; of no kind: it succeeded */
};

struct together {
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
measure_together(
    const struct job *job, struct together *together, size_t first, size_t count, struct failure *why)
{
	struct engine_settings settings = job->bench->engine;
	struct source source = { 0 };
	int result = job->bench->open(job->bench->open_context, &source, why);
	size_t begun = 0;

	while (result == 0 && begun < count) {
		settings.parameters = search_parameters(&job->points[first + begun]);
		together->replayed[begun] =
		    (struct replayed){ .engine = &together->engines[begun], .unwatched = true };
		result = engine_init(&together->engines[begun], &settings);
		if (result == 0)
			begun++;
		else
			(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	if (result == 0)
		result = replay_run(&source, job->span, together->replayed, count, job->progress, why);
	for (size_t i = 0; i < count && result == 0; i++)
		job->measures[first + i] = measure_of(&together->replayed[i].tally, job->span);
	while (begun > 0)
		engine_release(&together->engines[--begun]);
	if (source.close != NULL)
		source.close(source.context);
	return result;
}

static void
measure_share(void *context, size_t thread)
{
	const struct job *job = context;
	size_t first = job->count * thread / job->threads, end = job->count * (thread + 1) / job->threads;
	struct together *together = malloc(sizeof(*together));
	struct failure *why = &job->failures[thread];

	if (together == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t count; together != NULL && first < end; first += count) {
		count = end - first < ENGINES ? end - first : ENGINES;
		if (measure_together(job, together, first, count, why) != 0)
			break;
	}
	free(together);
}

int
measure_points(const struct bench *bench, const struct span *span, const struct point *points, size_t count,
    struct measure *measures, const struct progress *progress, struct failure *why)
{
	struct job job = { .bench = bench,
		.span = span,
		.points = points,
		.count = count,
		.threads = bench->threads < count ? bench->threads : count,
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
