/* Which entries of the bot's state are kept, in which order, and how they are counted. */

#include <stdio.h>
#include <stdlib.h>

#include "contract/limits.h"
#include "engine/state_entries.h"
#include "tests/suite.h"

#define NOW  "1700000000"
#define OLD  "1699999900"
#define AGO9 "1699999991"

/* A key with the values of its fields in the order of its kind; NULL: no such field. */
struct line {
	const char *key, *values[8];
};

static enum fields_verdict
add(struct entries *entries, const struct line *line)
{
	struct slice values[FIELDS_MOST] = { 0 };
	struct failure why = { 0 };
	enum fields_verdict verdict;
	struct entry_key key;

	ck_assert_int_eq(entry_key_parse(&key, SLICE(line->key), &why), ENTRY_KEY_WELL);
	for (size_t i = 0; i < 8; i++)
		if (line->values[i] != NULL)
			values[i] = SLICE(line->values[i]);
	ck_assert_int_eq(entries_add(entries, &key, values, &verdict, &why), 0);
	return verdict;
}

static void
read_lines(struct engine_state *state, size_t most, const struct line *lines, int count)
{
	struct entries entries = { .most = most, .now = 1700000000, .oldest = 1699999970, .state = state };

	for (int i = 0; i < count; i++)
		(void)add(&entries, &lines[i]);
	entries_finish(&entries);
}

static const struct line guards[] = {
	{ "guard:symbol:b", { NOW, "ok" } },
	{ "guard:symbol:a", { NOW, "ok" } },
	{ "guard:route:stale", { OLD, "block", NULL, "7" } },
	{ "guard:route:z", { NOW, "block" } },
	{ "guard:exchange:y", { NOW, "block" } },
	{ "guard:symbol:c", { NOW, "degrade" } },
	{ "guard:symbol:d", { NOW, "cooldown" } },
	{ "guard:symbol:faulty", { NOW, "closed" } },
	{ "guard:global", { NOW, "ok", NULL, "x" } },
};

START_TEST(guards_are_kept_by_state_then_tier_then_name)
{
	static const char *const order[] = { "y", "z", "d", "c", "", "a", "b", "stale" };
	struct engine_state state = { 0 };

	read_lines(&state, 100, guards, LENGTH(guards));
	ck_assert_uint_eq(state.counts[ENTRY_GUARD], LENGTH(order));
	for (int i = 0; i < LENGTH(order); i++)
		ck_assert_str_eq(state.guards[i].name, order[i]);
	ck_assert(state.guards[7].stale && state.guards[7].triggers == 7 && !state.guards[0].stale);
	ck_assert_uint_eq(state.entries[ENTRY_GUARD], 9);
	ck_assert_uint_eq(state.stale[ENTRY_GUARD], 1);
	ck_assert_uint_eq(state.dropped[ENTRY_GUARD], 0);
	ck_assert_uint_eq(state.guards_by_state[TIER_SYMBOL][GUARD_OK], 2);
	ck_assert_uint_eq(state.guards_by_state[TIER_ROUTE][GUARD_BLOCK], 1);
	ck_assert_uint_eq(state.guards_by_state[TIER_GLOBAL][GUARD_OK], 1);
	engine_state_release(&state);
}
END_TEST

static const struct line limits[] = {
	{ "limit:exposure:symbol:none", { NOW, "1000000" } },
	{ "limit:exposure:symbol:half", { NOW, "50", "100" } },
	{ "limit:daily_loss:global", { NOW, "9", "10", "KRW" } },
	{ "limit:exposure:symbol:stale", { OLD, "1000", "1" } },
	{ "limit:exposure:symbol:zero", { NOW, "0.1", "0" } },
	{ "limit:exposure:symbol:nothing", { NOW, "0", "0" } },
};

START_TEST(limits_are_kept_by_how_much_of_them_is_used)
{
	static const char *const order[] = { "zero", "", "half", "nothing", "none" };
	struct engine_state state = { 0 };

	read_lines(&state, 100, limits, LENGTH(limits));
	ck_assert_uint_eq(state.counts[ENTRY_LIMIT], LENGTH(order));
	for (int i = 0; i < LENGTH(order); i++)
		ck_assert_str_eq(state.limits[i].name, order[i]);
	ck_assert_str_eq(state.limits[1].currency, "KRW");
	ck_assert_str_eq(state.limits[0].currency, "USDT");
	ck_assert_int_eq(state.limits[1].kind, STATE_DAILY_LOSS);
	ck_assert_uint_eq(state.entries[ENTRY_LIMIT], 6);
	ck_assert_uint_eq(state.stale[ENTRY_LIMIT], 1);
	/* It is stale and not dropped. */
	ck_assert_uint_eq(state.dropped[ENTRY_LIMIT], 0);
	engine_state_release(&state);
}
END_TEST

static const struct line feeds[] = {
	{ "feed:new", { NOW, "1", NOW } },
	{ "feed:unknown", { NOW } },
	{ "feed:old", { NOW, "1", AGO9 } },
	{ "feed:down", { NOW, "0", NOW } },
	{ "feed:stale", { OLD, "0", AGO9 } },
	{ "symbol:new", { NOW } },
	{ "symbol:stale", { OLD } },
	{ "symbol:old", { AGO9 } },
	{ "route:unknown", { NOW, NULL, NULL, NULL, NULL, NULL, "skip" } },
	{ "route:good", { NOW, "99.5", NULL, NULL, NULL, NULL, "trade" } },
	{ "route:bad", { NOW, "0.5" } },
	{ "route:stale", { OLD, "0", NULL, NULL, NULL, NULL, "skip" } },
	{ "orders:b", { "1" } },
	{ "orders:a", { "2" } },
};

START_TEST(the_others_have_their_order_too)
{
	struct engine_state state = { 0 };

	read_lines(&state, 100, feeds, LENGTH(feeds));
	ck_assert_str_eq(state.feeds[0].exchange, "down");
	ck_assert_str_eq(state.feeds[1].exchange, "old");
	ck_assert_str_eq(state.feeds[2].exchange, "new");
	ck_assert_str_eq(state.feeds[3].exchange, "unknown");
	ck_assert_str_eq(state.feeds[4].exchange, "stale");
	ck_assert_str_eq(state.symbols[0].name, "stale");
	ck_assert(state.symbols[0].stale);
	ck_assert_str_eq(state.symbols[1].name, "old");
	ck_assert_str_eq(state.routes[0].name, "bad");
	ck_assert_str_eq(state.routes[1].name, "good");
	ck_assert_str_eq(state.routes[2].name, "unknown");
	ck_assert_uint_eq(state.counts[ENTRY_ROUTE], 3);
	ck_assert_uint_eq(state.routes_by_decision[DECISION_SKIP], 1);
	ck_assert_uint_eq(state.routes_by_decision[DECISION_TRADE], 1);
	ck_assert_str_eq(state.orders[0].exchange, "a");
	engine_state_release(&state);
}
END_TEST

enum { MANY = 10000, MOST = 100 };

/* The place of each score in the order of arrival: the best first, the worst first, and mixed. */
static int
score_of(int arrival, int way)
{
	if (way == 0)
		return MANY - arrival;
	return way == 1 ? arrival + 1 : (int)((long)arrival * 7919 % MANY) + 1;
}

START_TEST(of_many_the_worst_are_kept_whatever_comes_first)
{
	struct engine_state state = { 0 };
	struct entries entries = { .most = MOST, .now = 1700000000, .state = &state };

	for (int i = 0; i < MANY; i++) {
		char key[32], score[32];
		struct line line = { key, { NOW, score } };

		snprintf(key, sizeof(key), "route:%05d", score_of(i, _i));
		snprintf(score, sizeof(score), "%.2f", score_of(i, _i) / 100.0);
		ck_assert_int_eq(add(&entries, &line), FIELDS_WELL);
		/* Memory does not grow with what comes. */
		ck_assert_uint_le(entries.kept[ENTRY_ROUTE].count, 2 * MOST);
	}
	entries_finish(&entries);
	ck_assert_uint_eq(state.counts[ENTRY_ROUTE], MOST);
	for (int i = 0; i < MOST; i++)
		ck_assert_int_eq(strtol(state.routes[i].name, NULL, 10), i + 1);
	ck_assert_uint_eq(state.entries[ENTRY_ROUTE], MANY);
	ck_assert_uint_eq(state.dropped[ENTRY_ROUTE], MANY - MOST);
	engine_state_release(&state);
}
END_TEST

START_TEST(a_cap_of_one_keeps_the_worst)
{
	struct engine_state state = { 0 };

	read_lines(&state, 1, guards, LENGTH(guards));
	ck_assert_uint_eq(state.counts[ENTRY_GUARD], 1);
	ck_assert_str_eq(state.guards[0].name, "y");
	ck_assert_uint_eq(state.dropped[ENTRY_GUARD], 7);
	engine_state_release(&state);
}
END_TEST

START_TEST(feeds_and_orders_fit_into_their_families)
{
	struct engine_state state = { 0 };
	struct entries entries = { .most = ENTRIES_MOST, .now = 1700000000, .state = &state };

	for (int i = 0; i < 2 * STATE_FEEDS_MOST + 1; i++) {
		char key[32];

		snprintf(key, sizeof(key), "feed:%d", i);
		(void)add(&entries, &(struct line){ key, { NOW } });
		snprintf(key, sizeof(key), "orders:%d", i);
		(void)add(&entries, &(struct line){ key, { "1" } });
	}
	entries_finish(&entries);
	for (int i = 0; i < 2; i++) {
		enum entry_kind kind = i == 0 ? ENTRY_FEED : ENTRY_ORDERS;

		ck_assert_uint_eq(state.counts[kind], STATE_FEEDS_MOST);
		ck_assert_uint_eq(state.dropped[kind], STATE_FEEDS_MOST + 1);
	}
	engine_state_release(&state);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state_entries");
	TCase *order = tcase_create("order"), *many = tcase_create("many");

	tcase_add_test(order, guards_are_kept_by_state_then_tier_then_name);
	tcase_add_test(order, limits_are_kept_by_how_much_of_them_is_used);
	tcase_add_test(order, the_others_have_their_order_too);
	tcase_set_timeout(many, 60);
	tcase_add_loop_test(many, of_many_the_worst_are_kept_whatever_comes_first, 0, 3);
	tcase_add_test(many, a_cap_of_one_keeps_the_worst);
	tcase_add_test(many, feeds_and_orders_fit_into_their_families);
	suite_add_tcase(suite, order);
	suite_add_tcase(suite, many);
	return run_suite(suite);
}
