/* Names and values of the bot's keys, and their metrics.  Real servers: tests/collectors/engine_state.sh. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/state_fields.h"
#include "tests/suite.h"

static const double now = 1700000000;

#define ENTRY(kind) (STATE_ENTRIES + ENTRY_##kind)
#define LETTERS25   "abcdefghijklmnopqrstuvwxy"
#define LETTERS125  LETTERS25 LETTERS25 LETTERS25 LETTERS25 LETTERS25

/* The fields of a kind, by name: "name", "value", ..., NULL. */
static enum fields_verdict
read_fields(enum state_kind kind, const char *const pairs[], void *entry, struct failure *why)
{
	struct slice values[FIELDS_MOST] = { 0 };
	const char *names[FIELDS_MOST];
	size_t count = fields_of(kind, names);

	ck_assert_uint_le(count, FIELDS_MOST);
	for (; *pairs != NULL; pairs += 2) {
		size_t i = 0;

		while (i < count && strcmp(names[i], pairs[0]) != 0)
			i++;
		ck_assert_msg(i < count, "no field %s", pairs[0]);
		values[i] = SLICE(pairs[1]);
	}
	fields_clear(kind, entry);
	return fields_read(kind, values, now, entry, why);
}

#define READ(kind, entry, why, ...) read_fields(kind, (const char *const[]){ __VA_ARGS__, NULL }, entry, why)

START_TEST(every_field_goes_to_its_place)
{
	struct failure why = { 0 };
	struct engine_state state = { 0 };
	struct state_route route;
	struct state_limit limit;
	struct state_orders orders;

	ck_assert_int_eq(READ(STATE_ENGINE, &state, &why, "heartbeat_at", "1699999999.25", "env", "paper",
			     "restarts", "3", "state", "halted", "loop_lag", "0.125", "log_debug", "1",
			     "log_critical", "5", "memory_bytes", "9007199254740992", "cpu_seconds", "1e3"),
	    FIELDS_WELL);
	ck_assert(state.heartbeat_at == 1699999999.25 && state.restarts == 3 && state.loop_lag == 0.125);
	ck_assert_int_eq(state.run_state, RUN_HALTED);
	ck_assert_str_eq(state.env, "paper");
	ck_assert(state.log_lines[0] == 1 && state.log_lines[4] == 5 && isnan(state.log_lines[2]));
	ck_assert(state.memory_bytes == 9007199254740992 && state.cpu_seconds == 1000);
	ck_assert(isnan(state.started_at) && isnan(state.errors));

	ck_assert_int_eq(READ(ENTRY(ROUTE), &route, &why, "updated_at", "1700000060", "score", "0", "spread",
			     "1", "health", "2", "fee", "3", "inventory", "100", "decision", "SKIP"),
	    FIELDS_WELL);
	ck_assert(route.score == 0 && route.parts[SCORE_SPREAD] == 1 && route.parts[SCORE_HEALTH] == 2);
	ck_assert(route.parts[SCORE_FEE] == 3 && route.parts[SCORE_INVENTORY] == 100);
	ck_assert_int_eq(route.decision, DECISION_SKIP);

	ck_assert_int_eq(
	    READ(ENTRY(LIMIT), &limit, &why, "updated_at", "1700000000", "value", "0.1", "currency", "KRW"),
	    FIELDS_WELL);
	ck_assert(limit.value == 0.1 && isnan(limit.limit));
	ck_assert_str_eq(limit.currency, "KRW");

	ck_assert_int_eq(
	    READ(ENTRY(ORDERS), &orders, &why, "sent", "4", "filled", "3", "rejected", "2", "unknown", "1"),
	    FIELDS_WELL);
	for (int i = 0; i < ORDER_STATUSES; i++)
		ck_assert(orders.counts[i] == ORDER_STATUSES - i);
}
END_TEST

static const struct {
	enum state_kind kind;
	const char *field, *value, *says;
} faults[] = {
	{ STATE_ENGINE, "heartbeat_at", "1700000000000", "Unix seconds (not milliseconds)" },
	{ STATE_ENGINE, "heartbeat_at", "1700000061", "a time that has come" },
	{ STATE_ENGINE, "heartbeat_at", "NaN", "Unix seconds" },
	{ STATE_ENGINE, "heartbeat_at", "2023-11-14T22:13:20Z",
	    "field heartbeat_at is '2023-11-14T22:13:20Z'" },
	{ STATE_ENGINE, "heartbeat_at", "0", "Unix seconds" },
	{ STATE_ENGINE, "restarts", "-1", "a whole number of 0 or more" },
	{ STATE_ENGINE, "restarts", "1.5", "a whole number of 0 or more" },
	{ STATE_ENGINE, "restarts", "9007199254740994", "a whole number" },
	{ STATE_ENGINE, "restarts", "", "field restarts is ''" },
	{ STATE_ENGINE, "restarts", "None", "field restarts is 'None'" },
	{ STATE_ENGINE, "restarts", " 1", "field restarts is ' 1'" },
	{ STATE_ENGINE, "restarts", "0x10", "field restarts is '0x10'" },
	{ STATE_ENGINE, "errors", "Infinity", "a whole number" },
	{ STATE_ENGINE, "loop_lag", "-0.1", "a number from 0 to 1e+06" },
	{ STATE_ENGINE, "cpu_seconds", "+Inf", "a number from 0" },
	{ STATE_ENGINE, "state", "run", "must be starting, running, paused, stopping, stopped or halted" },
	{ STATE_ENGINE, "env", "a long name of an env", "a name of 1 to 15 bytes" },
	{ STATE_ENGINE, "env", "li\xffve", "a name of 1 to 15 bytes" },
	{ STATE_INVENTORY, "imbalance", "1.01", "a number from -1 to 1" },
	{ STATE_INVENTORY, "imbalance", "-inf", "a number from -1 to 1" },
	{ STATE_UNIVERSE, "mode", "all", "single, fixed_list, top_n or full_market" },
	{ STATE_TUNING, "best_score", "nan", "a number" },
	{ STATE_LOOP, "le_0.0001", "-1", "field le_0.0001 is '-1'" },
	{ STATE_LOOP, "le_inf", "x", "field le_inf is 'x'" },
	{ STATE_LOOP, "sum_us", "NaN", "field sum_us is 'NaN'" },
	{ ENTRY(FEED), "connected", "2", "must be 0 or 1" },
	{ ENTRY(FEED), "connected", "true", "must be 0 or 1" },
	{ ENTRY(FEED), "message_at", "1", "Unix seconds" },
	{ ENTRY(FEED), "le_5", "1e300", "field le_5" },
	{ ENTRY(GUARD), "state", "blocked", "must be ok, degrade, cooldown or block" },
	{ ENTRY(GUARD), "reason", "two\nlines", "text without control characters" },
	{ ENTRY(GUARD), "reason", "\xc3(", "text without control characters" },
	{ ENTRY(LIMIT), "value", "-1", "a number from 0" },
	{ ENTRY(LIMIT), "limit", LETTERS125, "field limit is more than 80 bytes long" },
	{ ENTRY(LIMIT), "currency", "", "a name of 1 to 15 bytes" },
	{ ENTRY(ROUTE), "score", "100.5", "a number from 0 to 100" },
	{ ENTRY(ROUTE), "decision", "hold", "must be trade or skip" },
	{ ENTRY(SYMBOL), "updated_at", "", "field updated_at is ''" },
};

union any {
	struct engine_state state;
	struct state_feed feed;
	struct state_guard guard;
};

/* All that the kind requires, so that nothing else is wrong. */
START_TEST(a_value_that_makes_no_sense_is_named_with_its_field)
{
	static const char *const well[][2] = { { "heartbeat_at", "1700000000" },
		{ "updated_at", "1700000000" }, { "state", "ok" }, { "value", "1" }, { "sum_us", "1" } };
	const char *pairs[2 * LENGTH(well) + 3], *names[FIELDS_MOST];
	size_t count = fields_of(faults[_i].kind, names), length = 0;
	struct failure why = { 0 };
	union any entry;

	for (size_t i = 0; i < count; i++)
		for (int j = 0; j < LENGTH(well); j++)
			if (strcmp(names[i], well[j][0]) == 0 &&
			    !(faults[_i].kind == STATE_ENGINE && strcmp(names[i], "state") == 0)) {
				pairs[length++] = well[j][0];
				pairs[length++] = well[j][1];
			}
	pairs[length++] = faults[_i].field;
	pairs[length++] = faults[_i].value;
	pairs[length] = NULL;
	ck_assert_int_ne(read_fields(faults[_i].kind, pairs, &entry, &why), FIELDS_WELL);
	ck_assert_msg(strstr(why.text, faults[_i].says) != NULL, "%s", why.text);
	ck_assert_msg(strstr(why.text, faults[_i].field) != NULL, "%s", why.text);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	ck_assert(strstr(why.text, LETTERS125) == NULL);
}
END_TEST

START_TEST(one_faulty_field_leaves_the_rest)
{
	struct failure why = { 0 };
	struct state_guard guard;
	struct state_feed feed;
	struct engine_state state;

	ck_assert_int_eq(READ(ENTRY(GUARD), &guard, &why, "updated_at", "1700000000", "state", "block",
			     "triggers", "many", "reason", "loss"),
	    FIELDS_FAULTY);
	ck_assert_str_eq(why.text, "field triggers is 'many', and must be a whole number of 0 or more");
	ck_assert(guard.state == GUARD_BLOCK && isnan(guard.triggers));
	ck_assert_str_eq(guard.reason, "loss");

	ck_assert_int_eq(READ(ENTRY(FEED), &feed, &why, "updated_at", "1700000000", "connected", "yes",
			     "messages", "7", "le_1", "1", "sum_us", "5"),
	    FIELDS_FAULTY);
	ck_assert(feed.connected == -1 && feed.messages == 7 && feed.latency.known);

	/* The heartbeat decides whether the bot is alive; what it counted has happened. */
	ck_assert_int_eq(READ(STATE_ENGINE, &state, &why, "errors", "5", "restarts", "x"), FIELDS_LOST);
	ck_assert_msg(strstr(why.text, "there is no field heartbeat_at") != NULL, "%s", why.text);
	ck_assert(state.errors == 5 && isnan(state.heartbeat_at));
}
END_TEST

static const struct {
	enum state_kind kind;
	const char *given, *value, *says;
} required[] = {
	{ ENTRY(FEED), "connected", "1", "there is no field updated_at" },
	{ ENTRY(GUARD), "state", "ok", "there is no field updated_at" },
	{ ENTRY(GUARD), "updated_at", "1700000000", "there is no field state, which must be ok, degrade" },
	{ ENTRY(LIMIT), "updated_at", "1700000000", "there is no field value" },
	{ ENTRY(ROUTE), "score", "1", "there is no field updated_at" },
	{ STATE_INVENTORY, "imbalance", "0", "there is no field updated_at" },
	{ STATE_UNIVERSE, "symbols", "0", "there is no field updated_at" },
	{ STATE_TUNING, "done", "0", "there is no field updated_at" },
};

START_TEST(without_a_required_field_a_key_says_nothing)
{
	struct failure why = { 0 };
	union any entry;

	ck_assert_int_eq(
	    READ(required[_i].kind, &entry, &why, required[_i].given, required[_i].value), FIELDS_LOST);
	ck_assert_msg(strstr(why.text, required[_i].says) != NULL, "%s", why.text);
}
END_TEST

START_TEST(a_long_reason_is_cut_between_characters)
{
	struct failure why = { 0 };
	struct state_guard guard;

	ck_assert_int_eq(
	    READ(ENTRY(GUARD), &guard, &why, "updated_at", "1700000000", "state", "block", "reason",
		LETTERS125 "ab"
			   "\xc3\xa9"
			   "more"),
	    FIELDS_WELL);
	ck_assert_str_eq(guard.reason, LETTERS125 "ab");
	ck_assert_int_eq(
	    READ(ENTRY(GUARD), &guard, &why, "updated_at", "1700000000", "state", "block", "reason",
		LETTERS125 "a"
			   "\xc3\xa9"
			   "more"),
	    FIELDS_WELL);
	ck_assert_str_eq(guard.reason, LETTERS125 "a"
						  "\xc3\xa9");
}
END_TEST

START_TEST(a_histogram_is_whole_or_unknown)
{
	struct engine_state state;
	struct failure why = { 0 };

	ck_assert_int_eq(READ(STATE_LOOP, &state, &why, "le_0.005", "3", "le_inf", "1", "sum_us", "-1500000"),
	    FIELDS_WELL);
	ck_assert(state.loop.known && state.loop.sum_seconds == -1.5);
	for (int i = 0; i <= ENGINE_BOUNDS; i++)
		ck_assert_uint_eq(state.loop.counts[i], i == 5 ? 3 : i == ENGINE_BOUNDS ? 1 : 0);
	ck_assert_int_eq(READ(STATE_LOOP, &state, &why, "le_0.005", "3"), FIELDS_FAULTY);
	ck_assert_msg(strstr(why.text, "there is no field sum_us") != NULL, "%s", why.text);
	ck_assert(!state.loop.known);
	ck_assert_int_eq(
	    READ(STATE_LOOP, &state, &why, "le_0.005", "3", "le_1", "x", "sum_us", "1"), FIELDS_FAULTY);
	ck_assert(!state.loop.known);
}
END_TEST

/* The bot names its counters by the bounds that are published. */
START_TEST(the_buckets_are_named_by_their_bounds)
{
	const char *names[FIELDS_MOST];

	ck_assert_uint_eq(fields_of(STATE_LOOP, names), ENGINE_BOUNDS + 2);
	for (int i = 0; i < ENGINE_BOUNDS; i++) {
		ck_assert_int_eq(strncmp(names[i], "le_", 3), 0);
		ck_assert(strtod(names[i] + 3, NULL) == engine_bounds[i]);
	}
	ck_assert_str_eq(names[ENGINE_BOUNDS], "le_inf");
	ck_assert_str_eq(names[ENGINE_BOUNDS + 1], "sum_us");
}
END_TEST

static const struct {
	const char *key;
	enum entry_key_verdict verdict;
	enum state_kind kind;
	const char *name;
} keys[] = {
	{ "feed:upbit", ENTRY_KEY_WELL, ENTRY(FEED), "upbit" },
	{ "guard:global", ENTRY_KEY_WELL, ENTRY(GUARD), "" },
	{ "guard:route:upbit:KRW-BTC>binance:BTC/USDT", ENTRY_KEY_WELL, ENTRY(GUARD),
	    "upbit:KRW-BTC>binance:BTC/USDT" },
	{ "limit:daily_loss:global", ENTRY_KEY_WELL, ENTRY(LIMIT), "" },
	{ "limit:exposure:symbol:BTC/USDT:USDT", ENTRY_KEY_WELL, ENTRY(LIMIT), "BTC/USDT:USDT" },
	{ "symbol:\xec\x9b\x90", ENTRY_KEY_WELL, ENTRY(SYMBOL), "\xec\x9b\x90" },
	{ "route:" LETTERS125 "ab", ENTRY_KEY_WELL, ENTRY(ROUTE), LETTERS125 "ab" },
	{ "orders:binance", ENTRY_KEY_WELL, ENTRY(ORDERS), "binance" },
	{ "engine", ENTRY_KEY_OTHER, 0, NULL },
	{ "open_positions", ENTRY_KEY_OTHER, 0, NULL },
	{ "feed", ENTRY_KEY_OTHER, 0, NULL },
	{ "feeds:upbit", ENTRY_KEY_OTHER, 0, NULL },
	{ "", ENTRY_KEY_OTHER, 0, NULL },
	{ "feed:", ENTRY_KEY_FAULTY, ENTRY(FEED), NULL },
	{ "feed: upbit", ENTRY_KEY_FAULTY, ENTRY(FEED), NULL },
	{ "route:" LETTERS125 "abc", ENTRY_KEY_FAULTY, ENTRY(ROUTE), NULL },
	{ "route:a\nb", ENTRY_KEY_FAULTY, ENTRY(ROUTE), NULL },
	{ "symbol:\xff", ENTRY_KEY_FAULTY, ENTRY(SYMBOL), NULL },
	{ "guard:", ENTRY_KEY_FAULTY, ENTRY(GUARD), NULL },
	{ "guard:global:", ENTRY_KEY_FAULTY, ENTRY(GUARD), NULL },
	{ "guard:global:x", ENTRY_KEY_FAULTY, ENTRY(GUARD), NULL },
	{ "guard:route", ENTRY_KEY_FAULTY, ENTRY(GUARD), NULL },
	{ "guard:route:", ENTRY_KEY_FAULTY, ENTRY(GUARD), NULL },
	{ "guard:upbit", ENTRY_KEY_FAULTY, ENTRY(GUARD), NULL },
	{ "limit:loss:global", ENTRY_KEY_FAULTY, ENTRY(LIMIT), NULL },
	{ "limit:exposure", ENTRY_KEY_FAULTY, ENTRY(LIMIT), NULL },
	{ "limit:exposure:", ENTRY_KEY_FAULTY, ENTRY(LIMIT), NULL },
	{ "limit:global", ENTRY_KEY_FAULTY, ENTRY(LIMIT), NULL },
};

START_TEST(a_key_says_what_it_is_of)
{
	struct entry_key parsed = { 0 };
	struct failure why = { 0 };

	ck_assert_int_eq(entry_key_parse(&parsed, SLICE(keys[_i].key), &why), keys[_i].verdict);
	if (keys[_i].verdict != ENTRY_KEY_OTHER)
		ck_assert_int_eq(parsed.kind, keys[_i].kind);
	if (keys[_i].verdict == ENTRY_KEY_WELL)
		ck_assert_msg(slice_is(parsed.name, keys[_i].name), "%.*s", SLICE_ARGS(parsed.name));
	else if (keys[_i].verdict == ENTRY_KEY_FAULTY)
		ck_assert_int_eq(why.kind, FAILURE_REJECTED);
}
END_TEST

START_TEST(tiers_and_limits_are_told_apart)
{
	struct entry_key parsed;
	struct failure why = { 0 };

	(void)entry_key_parse(&parsed, SLICE("limit:exposure:exchange:okx"), &why);
	ck_assert(parsed.limit == STATE_EXPOSURE && parsed.tier == TIER_EXCHANGE);
	(void)entry_key_parse(&parsed, SLICE("limit:daily_loss:route:a"), &why);
	ck_assert(parsed.limit == STATE_DAILY_LOSS && parsed.tier == TIER_ROUTE);
	(void)entry_key_parse(&parsed, SLICE("guard:symbol:a"), &why);
	ck_assert_int_eq(parsed.tier, TIER_SYMBOL);
	(void)entry_key_parse(&parsed, SLICE("guard:global"), &why);
	ck_assert_int_eq(parsed.tier, TIER_GLOBAL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state_fields");
	TCase *fields = tcase_create("fields"), *names = tcase_create("names");

	tcase_add_test(fields, every_field_goes_to_its_place);
	tcase_add_loop_test(fields, a_value_that_makes_no_sense_is_named_with_its_field, 0, LENGTH(faults));
	tcase_add_test(fields, one_faulty_field_leaves_the_rest);
	tcase_add_loop_test(fields, without_a_required_field_a_key_says_nothing, 0, LENGTH(required));
	tcase_add_test(fields, a_long_reason_is_cut_between_characters);
	tcase_add_test(fields, a_histogram_is_whole_or_unknown);
	tcase_add_test(fields, the_buckets_are_named_by_their_bounds);
	tcase_add_loop_test(names, a_key_says_what_it_is_of, 0, LENGTH(keys));
	tcase_add_test(names, tiers_and_limits_are_told_apart);
	suite_add_tcase(suite, fields);
	suite_add_tcase(suite, names);
	return run_suite(suite);
}
