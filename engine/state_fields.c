/*
 * Which keys the bot has, and which fields, in one table: the same that docs/engine.md shows to the bot's
 * author. Asking for these fields and no others bounds the work of Redis, whatever else a hash holds.
 */

#include <math.h>
#include <stddef.h>

#include "engine/state_fields.h"
#include "engine/state_values.h"

/* Their places are the values of state_feed.connected. */
static const char *const connected_words[] = { "0", "1", NULL };

/* The field of each bucket: engine_bounds, as the bot writes them. */
static const char *const bucket_fields[ENGINE_BOUNDS + 1] = { "le_0.0001", "le_0.00025", "le_0.0005",
	"le_0.001", "le_0.0025", "le_0.005", "le_0.01", "le_0.025", "le_0.05", "le_0.1", "le_0.25", "le_0.5",
	"le_1", "le_2.5", "le_5", "le_10", "le_inf" };

#define ENGINE(member) offsetof(struct engine_state, member)
#define FEED(member)   offsetof(struct state_feed, member)
#define GUARD(member)  offsetof(struct state_guard, member)
#define LIMIT(member)  offsetof(struct state_limit, member)
#define ROUTE(member)  offsetof(struct state_route, member)

/* A stamp or a word without which an entry means nothing is required; the rest may be missing. */
/* clang-format off */
static const struct field_rule rules[STATE_KINDS][16] = {
	[STATE_ENGINE] = {
		{ .name = "heartbeat_at", FIELD_STAMP, ENGINE(heartbeat_at), .required = true },
		{ .name = "env", FIELD_NAME, ENGINE(env) },
		{ .name = "started_at", FIELD_STAMP, ENGINE(started_at) },
		{ .name = "restarts", FIELD_COUNT, ENGINE(restarts) },
		{ .name = "state", FIELD_WORD, ENGINE(run_state), .words = run_state_names },
		{ .name = "loop_lag", FIELD_NUMBER, ENGINE(loop_lag), .most = 1e6 },
		{ .name = "errors", FIELD_COUNT, ENGINE(errors) },
		{ .name = "log_debug", FIELD_COUNT, ENGINE(log_lines[0]) },
		{ .name = "log_info", FIELD_COUNT, ENGINE(log_lines[1]) },
		{ .name = "log_warning", FIELD_COUNT, ENGINE(log_lines[2]) },
		{ .name = "log_error", FIELD_COUNT, ENGINE(log_lines[3]) },
		{ .name = "log_critical", FIELD_COUNT, ENGINE(log_lines[4]) },
		{ .name = "cpu_seconds", FIELD_NUMBER, ENGINE(cpu_seconds), .most = 1e12 },
		{ .name = "memory_bytes", FIELD_COUNT, ENGINE(memory_bytes) },
	},
	[STATE_LOOP] = {
		{ .name = "le_", FIELD_HISTOGRAM, ENGINE(loop) },
	},
	[STATE_INVENTORY] = {
		{ .name = "updated_at", FIELD_STAMP, ENGINE(inventory.updated_at), .required = true },
		{ .name = "imbalance", FIELD_NUMBER, ENGINE(inventory.imbalance), .least = -1, .most = 1 },
		{ .name = "rebalances", FIELD_COUNT, ENGINE(inventory.rebalances) },
		{ .name = "rebalance_failures", FIELD_COUNT, ENGINE(inventory.rebalance_failures) },
		{ .name = "rebalance_failures_in_a_row", FIELD_COUNT,
		    ENGINE(inventory.rebalance_failures_in_a_row) },
		{ .name = "syncs", FIELD_COUNT, ENGINE(inventory.syncs) },
		{ .name = "sync_failures", FIELD_COUNT, ENGINE(inventory.sync_failures) },
		{ .name = "synced_at", FIELD_STAMP, ENGINE(inventory.synced_at) },
	},
	[STATE_UNIVERSE] = {
		{ .name = "updated_at", FIELD_STAMP, ENGINE(universe.updated_at), .required = true },
		{ .name = "mode", FIELD_WORD, ENGINE(universe.mode), .words = universe_mode_names },
		{ .name = "symbols", FIELD_COUNT, ENGINE(universe.symbols) },
		{ .name = "changes", FIELD_COUNT, ENGINE(universe.changes) },
	},
	[STATE_SNAPSHOTS] = {
		{ .name = "saved", FIELD_COUNT, ENGINE(snapshots.saved) },
		{ .name = "failed", FIELD_COUNT, ENGINE(snapshots.failed) },
		{ .name = "restored", FIELD_COUNT, ENGINE(snapshots.restored) },
		{ .name = "saved_at", FIELD_STAMP, ENGINE(snapshots.saved_at) },
	},
	[STATE_TUNING] = {
		{ .name = "updated_at", FIELD_STAMP, ENGINE(tuning.updated_at), .required = true },
		{ .name = "done", FIELD_COUNT, ENGINE(tuning.done) },
		{ .name = "planned", FIELD_COUNT, ENGINE(tuning.planned) },
		{ .name = "best_score", FIELD_NUMBER, ENGINE(tuning.best_score),
		    .least = -1e300, .most = 1e300 },
	},
	[STATE_ENTRIES + ENTRY_FEED] = {
		{ .name = "updated_at", FIELD_STAMP, FEED(updated_at), .required = true },
		{ .name = "connected", FIELD_WORD, FEED(connected), .words = connected_words },
		{ .name = "message_at", FIELD_STAMP, FEED(message_at) },
		{ .name = "reconnects", FIELD_COUNT, FEED(reconnects) },
		{ .name = "messages", FIELD_COUNT, FEED(messages) },
		{ .name = "gaps", FIELD_COUNT, FEED(gaps) },
		{ .name = "le_", FIELD_HISTOGRAM, FEED(latency) },
	},
	[STATE_ENTRIES + ENTRY_GUARD] = {
		{ .name = "updated_at", FIELD_STAMP, GUARD(updated_at), .required = true },
		{ .name = "state", FIELD_WORD, GUARD(state), .required = true, .words = guard_state_names },
		{ .name = "reason", FIELD_REASON, GUARD(reason) },
		{ .name = "triggers", FIELD_COUNT, GUARD(triggers) },
	},
	[STATE_ENTRIES + ENTRY_LIMIT] = {
		{ .name = "updated_at", FIELD_STAMP, LIMIT(updated_at), .required = true },
		{ .name = "value", FIELD_NUMBER, LIMIT(value), .required = true, .most = 1e300 },
		{ .name = "limit", FIELD_NUMBER, LIMIT(limit), .most = 1e300 },
		{ .name = "currency", FIELD_NAME, LIMIT(currency) },
	},
	[STATE_ENTRIES + ENTRY_ROUTE] = {
		{ .name = "updated_at", FIELD_STAMP, ROUTE(updated_at), .required = true },
		{ .name = "score", FIELD_NUMBER, ROUTE(score), .most = 100 },
		{ .name = "spread", FIELD_NUMBER, ROUTE(parts[SCORE_SPREAD]), .most = 100 },
		{ .name = "health", FIELD_NUMBER, ROUTE(parts[SCORE_HEALTH]), .most = 100 },
		{ .name = "fee", FIELD_NUMBER, ROUTE(parts[SCORE_FEE]), .most = 100 },
		{ .name = "inventory", FIELD_NUMBER, ROUTE(parts[SCORE_INVENTORY]), .most = 100 },
		{ .name = "decision", FIELD_WORD, ROUTE(decision), .words = decision_names },
	},
	[STATE_ENTRIES + ENTRY_SYMBOL] = {
		{ .name = "updated_at", FIELD_STAMP, offsetof(struct state_symbol, updated_at),
		    .required = true },
	},
	[STATE_ENTRIES + ENTRY_ORDERS] = {
		{ .name = "sent", FIELD_COUNT, offsetof(struct state_orders, counts[0]) },
		{ .name = "filled", FIELD_COUNT, offsetof(struct state_orders, counts[1]) },
		{ .name = "rejected", FIELD_COUNT, offsetof(struct state_orders, counts[2]) },
		{ .name = "unknown", FIELD_COUNT, offsetof(struct state_orders, counts[3]) },
	},
};
/* clang-format on */

/* A histogram is one rule and many fields, in the order in which read_histogram() takes them. */
size_t
fields_of(enum state_kind kind, const char *names[FIELDS_MOST])
{
	size_t count = 0;

	for (const struct field_rule *rule = rules[kind]; rule->name != NULL; rule++) {
		if (rule->type != FIELD_HISTOGRAM) {
			names[count++] = rule->name;
			continue;
		}
		for (int i = 0; i <= ENGINE_BOUNDS; i++)
			names[count++] = bucket_fields[i];
		names[count++] = "sum_us";
	}
	return count;
}

/* Keys ----------------------------------------------------------------- */

const char *const entry_single_keys[STATE_ENTRIES] = { "engine", "loop", "inventory", "universe", "snapshots",
	"tuning" };

/* Cut the text's beginning up to the next ':' off; without one it is all of it, and `at` of the rest NULL. */
static struct slice
cut_word(struct slice *text)
{
	const char *end = text->length > 0 ? memchr(text->at, ':', text->length) : NULL;
	struct slice word = { text->at, end != NULL ? (size_t)(end - text->at) : text->length };

	*text = end != NULL ? (struct slice){ end + 1, text->length - word.length - 1 }
			    : (struct slice){ NULL, 0 };
	return word;
}

static int
index_of(struct slice word, const char *const words[])
{
	for (int i = 0; words[i] != NULL; i++)
		if (slice_is(word, words[i]))
			return i;
	return -1;
}

/* "global", or TIER:NAME; `rest` is what is left then: the name. */
static int
parse_tier(struct entry_key *parsed, struct slice *rest, struct failure *why)
{
	int tier = index_of(cut_word(rest), guard_tier_names);

	if (tier < 0 || (tier == TIER_GLOBAL) != (rest->at == NULL))
		return failure_set(why, FAILURE_REJECTED,
		    "the key must end with :global, :exchange:NAME, :route:NAME or :symbol:NAME");
	parsed->tier = (enum guard_tier)tier;
	return 0;
}

/* It becomes a label, and people read it. */
static int
parse_name(struct entry_key *parsed, struct slice rest, struct failure *why)
{
	if (rest.length >= STATE_NAME || !value_is_text(rest))
		return failure_set(why, FAILURE_REJECTED,
		    "the name in the key must be 1 to %d bytes of UTF-8 without control characters, and without blanks around it",
		    (int)STATE_NAME - 1);
	parsed->name = rest;
	return 0;
}

/* Names may have ':' in them, so the words before are cut off one by one, and never searched from the end. */
static int
parse_rest(struct entry_key *parsed, struct slice rest, struct failure *why)
{
	static const char *const limits[] = { "daily_loss", "exposure", NULL };
	enum entry_kind kind = parsed->kind - STATE_ENTRIES;
	int limit;

	if (kind == ENTRY_LIMIT) {
		limit = index_of(cut_word(&rest), limits);
		if (limit < 0 || rest.at == NULL)
			return failure_set(why, FAILURE_REJECTED,
			    "the key must go on with daily_loss: or exposure: and a tier behind 'limit:'");
		parsed->limit = (enum state_limit_kind)limit;
	}
	if ((kind == ENTRY_LIMIT || kind == ENTRY_GUARD) && parse_tier(parsed, &rest, why) != 0)
		return -1;
	/* The global tier is one, and has no name. */
	if ((kind == ENTRY_LIMIT || kind == ENTRY_GUARD) && parsed->tier == TIER_GLOBAL)
		return 0;
	return parse_name(parsed, rest, why);
}

enum entry_key_verdict
entry_key_parse(struct entry_key *parsed, struct slice key, struct failure *why)
{
	struct slice rest = key;
	int kind = index_of(cut_word(&rest), entry_kind_names);

	if (kind < 0 || rest.at == NULL)
		return ENTRY_KEY_OTHER;
	*parsed = (struct entry_key){ .kind = STATE_ENTRIES + (enum state_kind)kind, .name = SLICE("") };
	return parse_rest(parsed, rest, why) == 0 ? ENTRY_KEY_WELL : ENTRY_KEY_FAULTY;
}

/* Fields of a key ------------------------------------------------------- */

/* A bucket that is missing counts 0; one that is wrong spoils them all. */
static bool
read_histogram(const struct slice values[], struct state_histogram *histogram, struct failure *why)
{
	static const struct field_rule bucket = { .type = FIELD_COUNT }, sum = { .type = FIELD_SUM };
	struct slice sum_us = values[ENGINE_BOUNDS + 1];
	struct state_histogram read = { .known = sum_us.at != NULL };
	double value;

	for (int i = 0; i <= ENGINE_BOUNDS; i++) {
		if (values[i].at == NULL)
			continue;
		if (!value_parse(&bucket, values[i], 0, &value)) {
			value_refuse(&bucket, bucket_fields[i], values[i], why);
			return false;
		}
		read.counts[i] = (uint64_t)value;
		read.known = true;
	}
	/* The age of data can be below 0, if clocks differ.  Without a sum an average would be 0. */
	if (read.known) {
		if (sum_us.at == NULL || !value_parse(&sum, sum_us, 0, &value)) {
			value_refuse(&sum, "sum_us", sum_us, why);
			return false;
		}
		read.sum_seconds = value / 1e6;
	}
	*histogram = read;
	return true;
}

/* Each type has a value of its own for what is not known, because 0 is a value. */
void
fields_clear(enum state_kind kind, void *entry)
{
	for (const struct field_rule *rule = rules[kind]; rule->name != NULL; rule++) {
		void *place = (char *)entry + rule->at;

		switch (rule->type) {
		case FIELD_COUNT:
		case FIELD_NUMBER:
		case FIELD_SUM:
		case FIELD_STAMP: *(double *)place = (double)NAN; break;
		case FIELD_WORD: *(int *)place = -1; break;
		case FIELD_NAME:
		case FIELD_REASON: *(char *)place = '\0'; break;
		case FIELD_HISTOGRAM: memset(place, 0, sizeof(struct state_histogram)); break;
		}
	}
}

enum fields_verdict
fields_read(enum state_kind kind, const struct slice values[], double now, void *entry, struct failure *why)
{
	enum fields_verdict verdict = FIELDS_WELL;
	struct failure ignored = { 0 };

	/* The worst fault is reported; the fields behind it still count. */
	for (const struct field_rule *rule = rules[kind]; rule->name != NULL; rule++) {
		enum fields_verdict fault = rule->required ? FIELDS_LOST : FIELDS_FAULTY;
		struct failure *told = fault > verdict ? why : &ignored;
		void *place = (char *)entry + rule->at;
		bool well;

		if (rule->type == FIELD_HISTOGRAM) {
			well = read_histogram(values, place, told);
		} else {
			well = values->at == NULL ? !rule->required : value_parse(rule, *values, now, place);
			if (!well)
				value_refuse(rule, rule->name, *values, told);
		}
		if (!well && fault > verdict)
			verdict = fault;
		/* An empty one would be one that is missing, for which there is a default. */
		if (!well && rule->type == FIELD_NAME)
			memcpy(place, "?", sizeof("?"));
		values++;
	}
	return verdict;
}
