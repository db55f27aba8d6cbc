/*
 * paper_engine tune: which parameters earn most, and what that is worth on days that nobody had seen.
 */

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/system/time.h"
#include "demo/paper_engine/backtest/results.h"
#include "demo/paper_engine/settings.h"
#include "examples/tell.h"

enum { COMMAND_BYTES = 16 * 1024, ROWS_BYTES = 512 * 1024 * 1024 };

struct tuning {
	const struct tune_settings *settings;
	struct walk_settings walk_settings;
	struct walk walk;
	struct teller teller;
	double started_at;
	int64_t told_ns;
	bool tells, on_terminal;
	char error[256]; /* of Redis, the first one; empty: none */
};

static int
open_market(void *context, struct source *source, struct failure *why)
{
	const struct tuning *tuning = context;

	return source_seeded_open(
	    source, tuning->settings->shared.market_seed, tuning->settings->shared.symbols, why);
}

/* Progress ------------------------------------------------------------------ */

static void
keep_error(struct tuning *tuning)
{
	if (tuning->error[0] == '\0')
		(void)snprintf(tuning->error, sizeof(tuning->error), "%s", tuning->teller.error);
}

/* Redis gets the progress once a second, and at the end; without Redis the tuning goes on. */
static void
tell(struct tuning *tuning, const struct walk *walk)
{
	struct teller *t = &tuning->teller;

	(void)tell_begin(t);
	keep_error(tuning);
	tell_state(t, "tuning", "updated_at %.3f done %lld planned %lld", clock_unix_seconds(),
	    (long long)walk->done, (long long)walk->planned);
	if (walk->best != INT64_MIN)
		tell_state(t, "tuning", "best_score %.6f", fixed_value(walk->best));
	(void)tell_end(t);
	keep_error(tuning);
	tuning->told_ns = clock_now_ns();
}

static void
show_progress(void *context, const struct walk *walk)
{
	struct tuning *tuning = context;

	if (tuning->on_terminal)
		(void)fprintf(stderr, "\r%" PRId64 " of %" PRId64 " measurements", walk->done, walk->planned);
	if (tuning->on_terminal && walk->best != INT64_MIN)
		(void)fprintf(stderr, ", best score %.2f ", fixed_value(walk->best));
	if (tuning->tells && clock_seconds_since(tuning->told_ns) >= 1)
		tell(tuning, walk);
}

static void
close_teller(struct tuning *tuning)
{
	tell_close(&tuning->teller);
	keep_error(tuning);
	if (tuning->error[0] != '\0')
		(void)fprintf(stderr, "paper_engine: Redis did not take the progress: %s\n", tuning->error);
}

/* Report -------------------------------------------------------------------- */

static void
print_point(const struct point *point)
{
	char text[VALUE_TEXT];

	for (size_t i = 0; i < DIMENSIONS; i++)
		printf("%s%s %s", i > 0 ? ", " : "", search_dimensions[i].name,
		    search_value_text(point, i, text));
	printf("\n");
}

/* What a user would have had who took the choice of each fold. */
static void
print_folds(const struct walk *walk)
{
	fixed score = 0, pnl = 0;

	assert(walk->fold_count > 0);
	printf("fold  trained from, validated from             choice  score in train  and in validate\n");
	for (size_t i = 0; i < walk->fold_count; i++) {
		const struct fold *fold = &walk->folds[i];
		const struct measure *train = &walk->train[i * walk->settings->sets + fold->choice];
		const struct measure *validate = &walk->validate[i * walk->settings->sets + fold->choice];
		char from[TIME_TEXT], then[TIME_TEXT];

		printf("%4zu  %.16sZ, %.16sZ %10zu %15.2f %16.2f\n", i + 1,
		    time_text((double)fold->train_from_ms / 1000, from),
		    time_text((double)fold->validate_from_ms / 1000, then), fold->choice + 1,
		    fixed_value(train->score), fixed_value(validate->score));
		score += validate->score;
		pnl += validate->pnl;
	}
	printf("The choices earned %.2f USDT on days that they had not seen, with a mean score of %.2f.\n",
	    fixed_value(pnl), fixed_value(score / (fixed)walk->fold_count));
}

static void
print_change(const struct point *point, size_t dimension, const struct measure *measure, fixed best)
{
	char text[VALUE_TEXT];
	double change = best != 0 ? 100 * fixed_value(measure->score - best) / fabs(fixed_value(best)) : 0;

	printf("  %-10s %-10s score %10.2f  %+7.1f%%\n", search_dimensions[dimension].name,
	    search_value_text(point, dimension, text), fixed_value(measure->score), change);
}

/* The score of the best set, and of its neighbours, over the whole time. */
static int
print_sensitivity(const struct tuning *tuning, const struct point *best, struct failure *why)
{
	const struct tune_settings *settings = tuning->settings;
	const struct span span = { settings->from_ms, settings->until_ms, settings->step_ms };
	struct point points[1 + 2 * DIMENSIONS] = { *best };
	struct measure measures[1 + 2 * DIMENSIONS];
	size_t dimensions[1 + 2 * DIMENSIONS] = { 0 }, count = 1;

	for (size_t dimension = 0; dimension < DIMENSIONS; dimension++)
		for (int step = -1; step <= 1; step += 2)
			if (search_step(best, dimension, step, &points[count]))
				dimensions[count++] = dimension;
	if (measure_points(&tuning->walk_settings.bench, &span, points, count, measures, NULL, why) != 0)
		return -1;
	printf("Sensitivity: its score over the whole time is %.2f; with one parameter a step further:\n",
	    fixed_value(measures[0].score));
	for (size_t i = 1; i < count; i++)
		print_change(&points[i], dimensions[i], &measures[i], measures[0].score);
	return 0;
}

static int
report(const struct tuning *tuning, struct failure *why)
{
	const struct walk *walk = &tuning->walk;
	size_t best = walk->folds[walk->fold_count - 1].choice;

	print_folds(walk);
	printf("Best set, the choice of the last fold: number %zu\n  ", best + 1);
	print_point(&walk->sets[best].point);
	return print_sensitivity(tuning, &walk->sets[best].point, why);
}

/* Results --------------------------------------------------------------------- */

/* Flags that were given and change the results; times are written out, since "-30d" is another day tomorrow.
 */
static void
add_flags(struct buffer *command, const struct options *options, const struct option *table)
{
	static const char *const others[] = { "threads", "from", "until", "prefix", "min-profit", "size",
		"cooldown", "weight" };

	for (; table->name != NULL; table++) {
		bool other = table->secret || table->argument == NULL || !options_given(options, table->name);

		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			other = other || strcmp(others[i], table->name) == 0;
		if (!other)
			buffer_format(command, " --%s %s", table->name, options_text(options, table->name));
	}
}

static void
format_command(struct buffer *command, const struct tune_settings *settings)
{
	char from[TIME_TEXT], until[TIME_TEXT];

	buffer_format(command, "paper_engine tune --from %.19sZ --until %.19sZ",
	    time_text((double)settings->from_ms / 1000, from),
	    time_text((double)settings->until_ms / 1000, until));
	add_flags(command, settings->options, settings_shared);
	add_flags(command, settings->options, settings_past);
	add_flags(command, settings->options, settings_tune);
	buffer_append(command, "", 1);
}

static int
keep_results(const struct tuning *tuning, struct failure *why)
{
	const struct shared_settings *shared = &tuning->settings->shared;
	struct results_run run = { .started_at = tuning->started_at, .market_seed = shared->market_seed };
	struct buffer rows, command;
	int result;

	if (shared->stores.dsn == NULL)
		return 0;
	buffer_init(&rows, ROWS_BYTES);
	buffer_init(&command, COMMAND_BYTES);
	format_command(&command, tuning->settings);
	run.command = command.text;
	if (!command.failed)
		results_format(&rows, &tuning->walk, &run);
	if (command.failed || rows.failed)
		result = failure_set(why, FAILURE_LOCAL, "the results are too large");
	else
		result = results_write(shared->stores.dsn, shared->stores.password, &rows, why);
	buffer_release(&rows);
	buffer_release(&command);
	return result;
}

static void
set_up(struct tuning *tuning, const struct tune_settings *settings)
{
	const struct journal_settings *stores = &settings->shared.stores;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	*tuning = (struct tuning){ .settings = settings,
		.started_at = clock_unix_seconds(),
		.tells = stores->redis_host != NULL,
		.on_terminal = isatty(STDERR_FILENO) == 1 };
	tuning->walk_settings = (struct walk_settings){ .from_ms = settings->from_ms,
		.until_ms = settings->until_ms,
		.step_ms = settings->step_ms,
		.train_ms = settings->train_ms,
		.validate_ms = settings->validate_ms,
		.sets = (size_t)settings->sets,
		.refines = settings->refine == REFINE_GRID };
	tuning->walk_settings.bench = (struct bench){ .engine = settings->shared.engine,
		.threads = (size_t)(settings->threads > 0 ? settings->threads
				    : processors > 0      ? processors
							  : 1),
		.open = open_market,
		.open_context = tuning };
	tuning->teller = (struct teller){ .host = stores->redis_host,
		.user = stores->redis_user,
		.password = stores->redis_password,
		.prefix = stores->prefix,
		.port = stores->redis_port,
		.database = stores->redis_database };
}

int
run_tune(const struct tune_settings *settings, struct failure *why)
{
	struct tuning tuning;
	const struct walk_watch watch = { &tuning, show_progress };
	const struct journal_settings *stores = &settings->shared.stores;
	struct failure unkept = { 0 };
	int result = 0;

	set_up(&tuning, settings);
	if (stores->dsn != NULL)
		result = results_check(stores->dsn, stores->password, why);
	if (result == 0)
		result = walk_forward(&tuning.walk, &tuning.walk_settings, &watch, why);
	if (tuning.on_terminal)
		(void)fprintf(stderr, "\r\033[K");
	if (result == 0 && tuning.tells)
		tell(&tuning, &tuning.walk);
	/* What took so long is printed even if the database is gone by now. */
	if (result == 0) {
		int kept = keep_results(&tuning, &unkept);

		result = report(&tuning, why);
		if (result == 0 && kept != 0) {
			*why = unkept;
			result = failure_prefix(why, "the results are printed, but not kept");
		}
	}
	close_teller(&tuning);
	walk_release(&tuning.walk);
	return result;
}
