#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/backtest/walk_forward.h"
#include "tests/suite.h"

/* Trains five hours and validates two: no training begins when a validation does. */
static const int64_t begin_ms = INT64_C(1780012800000), hour_ms = 3600000;
enum { HOURS = 13, FOLDS = 4, SETS = 21, SYMBOLS = 4, SPANS = 256 };

/* The seeded market, which notes from when to when it was read, and may be another one from `changes_ms` on.
 */
struct witness {
	pthread_mutex_t lock;
	struct span spans[SPANS]; /* of each opened source: its first and its last read */
	size_t count;
	int64_t ends_ms; /* 0: never */
	bool fails;
};
struct watched {
	struct witness *witness;
	struct span *span;
	struct source market;
};

/* False: there are no books any more. */
static bool
note(struct watched *watched, int64_t at_ms)
{
	if (watched->span->from_ms == 0 || at_ms < watched->span->from_ms)
		watched->span->from_ms = at_ms;
	if (at_ms > watched->span->until_ms)
		watched->span->until_ms = at_ms;
	return watched->witness->ends_ms == 0 || at_ms < watched->witness->ends_ms;
}

static int
watched_read(
    void *context, int64_t at_ms, struct depth (*books)[VENUES], struct depth *won, struct failure *why)
{
	struct watched *watched = context;
	int result = watched->market.read(watched->market.context, at_ms, books, won, why);

	if (!note(watched, at_ms))
		memset(books, 0, SYMBOLS * sizeof(*books));
	if (watched->witness->fails)
		result = failure_set(why, FAILURE_LOCAL, "there is no market today");
	return result;
}

static void
watched_read_symbol(
    void *context, size_t symbol, int64_t at_ms, struct depth books[VENUES], struct depth *won)
{
	struct watched *watched = context;

	watched->market.read_symbol(watched->market.context, symbol, at_ms, books, won);
	if (!note(watched, at_ms))
		memset(books, 0, VENUES * sizeof(*books));
}

static void
watched_close(void *context)
{
	struct watched *watched = context;

	watched->market.close(watched->market.context);
	free(watched);
}

static int
watched_open(void *context, struct source *source, struct failure *why)
{
	struct watched *watched = calloc(1, sizeof(*watched));

	ck_assert_ptr_nonnull(watched);
	watched->witness = context;
	ck_assert_int_eq(source_seeded_open(&watched->market, 1, SYMBOLS, why), 0);
	(void)pthread_mutex_lock(&watched->witness->lock);
	ck_assert_uint_lt(watched->witness->count, SPANS);
	watched->span = &watched->witness->spans[watched->witness->count++];
	(void)pthread_mutex_unlock(&watched->witness->lock);
	*source = watched->market;
	source->context = watched;
	source->read = watched_read;
	source->read_symbol = watched_read_symbol;
	source->close = watched_close;
	return 0;
}

static struct walk_settings
settings_of(struct witness *witness, size_t threads)
{
	return (struct walk_settings){ .bench = { .engine = engine_settings_default(),
					   .threads = threads,
					   .open = watched_open,
					   .open_context = witness },
		.from_ms = begin_ms,
		.until_ms = begin_ms + HOURS * hour_ms,
		.step_ms = 60000,
		.train_ms = 5 * hour_ms,
		.validate_ms = 2 * hour_ms,
		.sets = SETS,
		.refines = true };
}

static void
walk_through(struct walk *walk, const struct walk_settings *settings)
{
	struct failure why = { 0 };

	ck_assert_msg(walk_forward(walk, settings, NULL, &why) == 0, "%s", why.text);
	ck_assert_uint_eq(walk->fold_count, FOLDS);
	ck_assert_uint_eq(walk->set_count, SETS);
}

static void
assert_same_sets(const struct walk *walk, const struct walk *other, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ck_assert(search_equal(&walk->sets[i].point, &other->sets[i].point));
		ck_assert_int_eq(walk->sets[i].refined, other->sets[i].refined);
		ck_assert_uint_eq(walk->sets[i].first_fold, other->sets[i].first_fold);
	}
}

static bool
lies_in(const struct span *read, int64_t from_ms, int64_t until_ms)
{
	return read->from_ms == from_ms && read->until_ms < until_ms;
}

START_TEST(test_no_training_reads_a_book_of_its_validation)
{
	struct witness witness = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct walk_settings settings = settings_of(&witness, 2);
	int trained[FOLDS] = { 0 }, validated[FOLDS] = { 0 };
	struct walk walk;

	walk_through(&walk, &settings);
	for (size_t i = 0; i < witness.count; i++) {
		const struct span *read = &witness.spans[i];
		int found = 0;

		for (int fold = 0; fold < FOLDS; fold++) {
			int64_t train_ms = begin_ms + 2 * fold * hour_ms,
				validate_ms = train_ms + 5 * hour_ms;
			bool trains = lies_in(read, train_ms, validate_ms);
			bool validates = lies_in(read, validate_ms, validate_ms + 2 * hour_ms);

			trained[fold] += trains;
			validated[fold] += validates;
			found += trains + validates;
		}
		ck_assert_int_eq(found, 1);
	}
	for (int fold = 0; fold < FOLDS; fold++) {
		ck_assert_int_gt(trained[fold], 0);
		ck_assert_int_gt(validated[fold], 0);
	}
	walk_release(&walk);
}
END_TEST

/* Whatever the market does from the begin of a validation on, its fold chooses the same. */
START_TEST(test_what_comes_later_changes_no_choice)
{
	struct witness one = { .lock = PTHREAD_MUTEX_INITIALIZER }, two = one;
	struct walk_settings settings = settings_of(&one, 1), other_settings = settings_of(&two, 1);
	enum { FOLD = 1 };
	struct walk walk, other;
	size_t bytes = SETS * sizeof(*walk.train);

	two.ends_ms = begin_ms + (2 * FOLD + 5) * hour_ms;
	walk_through(&walk, &settings);
	walk_through(&other, &other_settings);
	ck_assert_mem_eq(walk.folds, other.folds, (FOLD + 1) * sizeof(*walk.folds));
	ck_assert_mem_eq(walk.train, other.train, (FOLD + 1) * bytes);
	ck_assert_mem_eq(walk.validate, other.validate, FOLD * bytes);
	assert_same_sets(&walk, &other, walk.folds[FOLD].sets);
	ck_assert_mem_ne(walk.validate + FOLD * SETS, other.validate + FOLD * SETS, bytes);
	ck_assert_mem_ne(walk.train + (FOLD + 1) * SETS, other.train + (FOLD + 1) * SETS, bytes);
	walk_release(&walk);
	walk_release(&other);
}
END_TEST

START_TEST(test_threads_change_nothing)
{
	struct witness witness = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct walk_settings settings = settings_of(&witness, 1), other_settings = settings_of(&witness, 3);
	struct walk walk, other;
	size_t bytes = FOLDS * SETS * sizeof(*walk.train);

	walk_through(&walk, &settings);
	walk_through(&other, &other_settings);
	ck_assert_mem_eq(walk.folds, other.folds, FOLDS * sizeof(*walk.folds));
	assert_same_sets(&walk, &other, SETS);
	ck_assert_mem_eq(walk.train, other.train, bytes);
	ck_assert_mem_eq(walk.validate, other.validate, bytes);
	walk_release(&walk);
	walk_release(&other);
}
END_TEST

static int
distance(const struct point *a, const struct point *b)
{
	int sum = 0;

	for (size_t i = 0; i < DIMENSIONS; i++)
		sum += abs(a->at[i] - b->at[i]);
	return sum;
}

START_TEST(test_refined_sets_are_neighbours_of_good_ones)
{
	struct witness witness = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct walk_settings settings = settings_of(&witness, 1);
	struct walk walk;
	size_t refined = 0, traded = 0;

	walk_through(&walk, &settings);
	for (size_t i = 0; i < SETS; i++) {
		const struct set *set = &walk.sets[i];
		bool near = false;

		for (size_t dimension = 0; dimension < DIMENSIONS; dimension++) {
			ck_assert_int_ge(set->point.at[dimension], 0);
			ck_assert_int_lt(set->point.at[dimension], search_dimensions[dimension].count);
		}
		for (size_t other = 0; other < i; other++) {
			ck_assert(!search_equal(&set->point, &walk.sets[other].point));
			near = near || distance(&set->point, &walk.sets[other].point) == 1;
		}
		ck_assert(near || !set->refined);
		refined += set->refined;
		/* It is not measured in the folds before the one that found it. */
		for (size_t fold = 0; fold < set->first_fold; fold++)
			ck_assert_int_eq(walk.train[fold * SETS + i].trades, 0);
		traded += walk.train[set->first_fold * SETS + i].trades > 0;
	}
	ck_assert_uint_eq(refined, SETS / 2);
	ck_assert_uint_gt(traded, SETS / 2);
	walk_release(&walk);
}
END_TEST

START_TEST(test_a_choice_is_the_best_in_training)
{
	struct witness witness = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct walk_settings settings = settings_of(&witness, 1);
	struct measure sum;
	struct walk walk;

	walk_through(&walk, &settings);
	for (size_t fold = 0; fold < FOLDS; fold++)
		for (size_t i = 0; i < walk.folds[fold].sets; i++)
			ck_assert_int_ge(walk.train[fold * SETS + walk.folds[fold].choice].score,
			    walk.train[fold * SETS + i].score);
	sum = walk_sum(&walk, walk.validate, 0);
	ck_assert_int_eq(sum.pnl, walk.validate[0].pnl + walk.validate[SETS].pnl +
				      walk.validate[2 * SETS].pnl + walk.validate[3 * SETS].pnl);
	ck_assert_int_eq(walk.done, walk.planned);
	walk_release(&walk);
}
END_TEST

/* The scores and guards that a tuning does not make between decisions change no trade. */
START_TEST(test_a_measurement_is_that_of_a_backtest)
{
	struct witness witness = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct bench bench = settings_of(&witness, 1).bench;
	const struct span span = { begin_ms, begin_ms + 26 * hour_ms, 60000 };
	struct failure why = { 0 };
	struct point points[8];
	struct measure measures[8];
	uint64_t random = 3;

	for (size_t i = 0; i < 8; i++)
		points[i] = search_random(&random);
	ck_assert_int_eq(measure_points(&bench, &span, points, 8, measures, NULL, &why), 0);
	for (size_t i = 0; i < 8; i++) {
		struct engine engine;
		struct replayed replayed = { .engine = &engine };
		struct source source;

		bench.engine.parameters = search_parameters(&points[i]);
		ck_assert_int_eq(engine_init(&engine, &bench.engine), 0);
		ck_assert_int_eq(source_seeded_open(&source, 1, SYMBOLS, &why), 0);
		ck_assert_int_eq(replay_run(&source, &span, &replayed, 1, NULL, &why), 0);
		ck_assert_int_eq(replayed.tally.trades, measures[i].trades);
		ck_assert_int_eq(replayed.tally.pnl, measures[i].pnl);
		/* What a day earned on average, less the deepest fall. */
		ck_assert_double_eq_tol(fixed_value(measures[i].score),
		    fixed_value(replayed.tally.pnl) * 24 / 26 - fixed_value(replayed.tally.deepest), 1e-5);
		source.close(source.context);
		engine_release(&engine);
	}
}
END_TEST

START_TEST(test_what_cannot_be_walked)
{
	struct witness witness = { .lock = PTHREAD_MUTEX_INITIALIZER };
	struct walk_settings settings = settings_of(&witness, 2);
	struct failure why = { 0 };
	struct walk walk;

	settings.train_ms = 12 * hour_ms;
	ck_assert_int_eq(walk_forward(&walk, &settings, NULL, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "no time to train"));
	walk_release(&walk);
	settings.train_ms = 5 * hour_ms;
	settings.validate_ms = 1000;
	ck_assert_int_eq(walk_forward(&walk, &settings, NULL, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "28800 folds"));
	walk_release(&walk);
	settings.validate_ms = 2 * hour_ms;
	witness.fails = true;
	ck_assert_int_eq(walk_forward(&walk, &settings, NULL, &why), -1);
	ck_assert_str_eq(why.text, "there is no market today");
	walk_release(&walk);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("walk_forward");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_test(all, test_no_training_reads_a_book_of_its_validation);
	tcase_add_test(all, test_what_comes_later_changes_no_choice);
	tcase_add_test(all, test_threads_change_nothing);
	tcase_add_test(all, test_refined_sets_are_neighbours_of_good_ones);
	tcase_add_test(all, test_a_choice_is_the_best_in_training);
	tcase_add_test(all, test_a_measurement_is_that_of_a_backtest);
	tcase_add_test(all, test_what_cannot_be_walked);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
