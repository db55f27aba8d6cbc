/*
 * What fields the bot's keys have, in one table, and what may stand in them.
 */

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <strings.h>

#include "common/text/text.h"
#include "common/text/utf8.h"
#include "engine/fields.h"
#include "textfile/number.h"

enum {
	SHOWN_BYTES =
	    80, /* a longer value is not repeated: never cut, for it might hold a piece of a secret */
	REASON_BYTES = STATE_REASON - 4,
	FUTURE_SECONDS = 60, /* two clocks may differ by that */
};

/* What Unix seconds can be: 2001 to 5138.  Milliseconds are beyond it. */
static const double earliest = 1e9, latest = 1e11;

/* Up to here a double has every whole number. */
static const double count_most = 9007199254740992.0;

enum field_type {
	FIELD_COUNT,     /* double */
	FIELD_NUMBER,    /* double from `least` to `most` */
	FIELD_STAMP,     /* double */
	FIELD_WORD,      /* int: the index in `words` */
	FIELD_REASON,    /* char[STATE_REASON] */
	FIELD_NAME,      /* char[STATE_WORD] */
	FIELD_HISTOGRAM, /* several fields: struct state_histogram */
};

struct field_rule {
	const char *name; /* NULL: behind the last one */
	enum field_type type;
	size_t at; /* in the struct of the kind */
	bool required;
	double least, most;
	const char *const *words; /* ended by NULL */
};

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

/* clang-format off */
static const struct field_rule rules[STATE_KINDS][16] = {
	[STATE_ENGINE] = {
		{ "heartbeat_at", FIELD_STAMP, ENGINE(heartbeat_at), .required = true },
		{ "env", FIELD_NAME, ENGINE(env) },
		{ "started_at", FIELD_STAMP, ENGINE(started_at) },
		{ "restarts", FIELD_COUNT, ENGINE(restarts) },
		{ "state", FIELD_WORD, ENGINE(run_state), .words = run_state_names },
		{ "loop_lag", FIELD_NUMBER, ENGINE(loop_lag), .most = 1e6 },
		{ "errors", FIELD_COUNT, ENGINE(errors) },
		{ "log_debug", FIELD_COUNT, ENGINE(log_lines[0]) },
		{ "log_info", FIELD_COUNT, ENGINE(log_lines[1]) },
		{ "log_warning", FIELD_COUNT, ENGINE(log_lines[2]) },
		{ "log_error", FIELD_COUNT, ENGINE(log_lines[3]) },
		{ "log_critical", FIELD_COUNT, ENGINE(log_lines[4]) },
		{ "cpu_seconds", FIELD_NUMBER, ENGINE(cpu_seconds), .most = 1e12 },
		{ "memory_bytes", FIELD_COUNT, ENGINE(memory_bytes) },
	},
	[STATE_LOOP] = {
		{ "le_", FIELD_HISTOGRAM, ENGINE(loop) },
	},
	[STATE_INVENTORY] = {
		{ "updated_at", FIELD_STAMP, ENGINE(inventory.updated_at), .required = true },
		{ "imbalance", FIELD_NUMBER, ENGINE(inventory.imbalance), .least = -1, .most = 1 },
		{ "rebalances", FIELD_COUNT, ENGINE(inventory.rebalances) },
		{ "rebalance_failures", FIELD_COUNT, ENGINE(inventory.rebalance_failures) },
		{ "rebalance_failures_in_a_row", FIELD_COUNT, ENGINE(inventory.rebalance_failures_in_a_row) },
		{ "syncs", FIELD_COUNT, ENGINE(inventory.syncs) },
		{ "sync_failures", FIELD_COUNT, ENGINE(inventory.sync_failures) },
		{ "synced_at", FIELD_STAMP, ENGINE(inventory.synced_at) },
	},
	[STATE_UNIVERSE] = {
		{ "updated_at", FIELD_STAMP, ENGINE(universe.updated_at), .required = true },
		{ "mode", FIELD_WORD, ENGINE(universe.mode), .words = universe_mode_names },
		{ "symbols", FIELD_COUNT, ENGINE(universe.symbols) },
		{ "changes", FIELD_COUNT, ENGINE(universe.changes) },
	},
	[STATE_SNAPSHOTS] = {
		{ "saved", FIELD_COUNT, ENGINE(snapshots.saved) },
		{ "failed", FIELD_COUNT, ENGINE(snapshots.failed) },
		{ "restored", FIELD_COUNT, ENGINE(snapshots.restored) },
		{ "saved_at", FIELD_STAMP, ENGINE(snapshots.saved_at) },
	},
	[STATE_TUNING] = {
		{ "updated_at", FIELD_STAMP, ENGINE(tuning.updated_at), .required = true },
		{ "done", FIELD_COUNT, ENGINE(tuning.done) },
		{ "planned", FIELD_COUNT, ENGINE(tuning.planned) },
		{ "best_score", FIELD_NUMBER, ENGINE(tuning.best_score), .least = -1e300, .most = 1e300 },
	},
	[STATE_ENTRIES + ENTRY_FEED] = {
		{ "updated_at", FIELD_STAMP, FEED(updated_at), .required = true },
		{ "connected", FIELD_WORD, FEED(connected), .words = connected_words },
		{ "message_at", FIELD_STAMP, FEED(message_at) },
		{ "reconnects", FIELD_COUNT, FEED(reconnects) },
		{ "messages", FIELD_COUNT, FEED(messages) },
		{ "le_", FIELD_HISTOGRAM, FEED(latency) },
	},
	[STATE_ENTRIES + ENTRY_GUARD] = {
		{ "updated_at", FIELD_STAMP, GUARD(updated_at), .required = true },
		{ "state", FIELD_WORD, GUARD(state), .required = true, .words = guard_state_names },
		{ "reason", FIELD_REASON, GUARD(reason) },
		{ "triggers", FIELD_COUNT, GUARD(triggers) },
	},
	[STATE_ENTRIES + ENTRY_LIMIT] = {
		{ "updated_at", FIELD_STAMP, LIMIT(updated_at), .required = true },
		{ "value", FIELD_NUMBER, LIMIT(value), .required = true, .most = 1e300 },
		{ "limit", FIELD_NUMBER, LIMIT(limit), .most = 1e300 },
		{ "currency", FIELD_NAME, LIMIT(currency) },
	},
	[STATE_ENTRIES + ENTRY_ROUTE] = {
		{ "updated_at", FIELD_STAMP, ROUTE(updated_at), .required = true },
		{ "score", FIELD_NUMBER, ROUTE(score), .most = 100 },
		{ "spread", FIELD_NUMBER, ROUTE(parts[SCORE_SPREAD]), .most = 100 },
		{ "health", FIELD_NUMBER, ROUTE(parts[SCORE_HEALTH]), .most = 100 },
		{ "fee", FIELD_NUMBER, ROUTE(parts[SCORE_FEE]), .most = 100 },
		{ "inventory", FIELD_NUMBER, ROUTE(parts[SCORE_INVENTORY]), .most = 100 },
		{ "decision", FIELD_WORD, ROUTE(decision), .words = decision_names },
	},
	[STATE_ENTRIES + ENTRY_SYMBOL] = {
		{ "updated_at", FIELD_STAMP, offsetof(struct state_symbol, updated_at), .required = true },
	},
	[STATE_ENTRIES + ENTRY_ORDERS] = {
		{ "sent", FIELD_COUNT, offsetof(struct state_orders, counts[0]) },
		{ "filled", FIELD_COUNT, offsetof(struct state_orders, counts[1]) },
		{ "rejected", FIELD_COUNT, offsetof(struct state_orders, counts[2]) },
		{ "unknown", FIELD_COUNT, offsetof(struct state_orders, counts[3]) },
	},
};
/* clang-format on */

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

/* Values ------------------------------------------------------------- */

static bool
parse_number(struct slice text, double least, double most, double *number)
{
	double value;

	/* NaN and Infinity are numbers to number_valid(), and within no bounds. */
	if (!number_valid(text))
		return false;
	value = number_value(text);
	if (!(value >= least && value <= most))
		return false;
	*number = value;
	return true;
}

static bool
parse_count(struct slice text, double *count)
{
	double value;

	if (!parse_number(text, 0, count_most, &value) || value != trunc(value))
		return false;
	*count = value;
	return true;
}

/* In any case of letters. */
static bool
parse_word(struct slice text, const char *const words[], int *index)
{
	for (int i = 0; words[i] != NULL; i++)
		if (text.length == strlen(words[i]) && strncasecmp(text.at, words[i], text.length) == 0) {
			*index = i;
			return true;
		}
	return false;
}

bool
fields_is_text(struct slice text)
{
	if (text.length == 0 || !utf8_valid(text) || text.at[0] == ' ' || text.at[text.length - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return false;
	return true;
}

/* A long reason is a reason all the same: what fits of it is kept, in whole characters. */
static bool
parse_reason(struct slice text, char reason[STATE_REASON])
{
	size_t length = 0, width;

	if (text.length > 0 && !fields_is_text(text))
		return false;
	for (; length < text.length; length += width) {
		width = utf8_character(text.at + length, text.length - length);
		if (length + width > REASON_BYTES)
			break;
	}
	memcpy(reason, text.at, length);
	reason[length] = '\0';
	return true;
}

static bool
parse_name(struct slice text, char name[STATE_WORD])
{
	if (!fields_is_text(text) || text.length >= STATE_WORD)
		return false;
	memcpy(name, text.at, text.length);
	name[text.length] = '\0';
	return true;
}

static bool
parse_value(const struct field_rule *rule, struct slice text, double now, void *place)
{
	switch (rule->type) {
	case FIELD_COUNT: return parse_count(text, place);
	case FIELD_NUMBER: return parse_number(text, rule->least, rule->most, place);
	case FIELD_STAMP:
		return parse_number(
		    text, earliest, now + FUTURE_SECONDS < latest ? now + FUTURE_SECONDS : latest, place);
	case FIELD_WORD: return parse_word(text, rule->words, place);
	case FIELD_REASON: return parse_reason(text, place);
	case FIELD_NAME: return parse_name(text, place);
	case FIELD_HISTOGRAM: break;
	}
	return false;
}

/* What is wrong -------------------------------------------------------- */

static void
say_words(const char *const words[], char *to, size_t room)
{
	size_t length = 0;

	for (int i = 0; words[i] != NULL && length < room; i++)
		length += (size_t)snprintf(to + length, room - length, "%s%s",
		    i == 0                 ? ""
		    : words[i + 1] == NULL ? " or "
					   : ", ",
		    words[i]);
}

static void
say_expected(const struct field_rule *rule, char *to, size_t room)
{
	switch (rule->type) {
	case FIELD_COUNT: (void)snprintf(to, room, "a whole number of 0 or more"); break;
	case FIELD_NUMBER: (void)snprintf(to, room, "a number from %g to %g", rule->least, rule->most); break;
	case FIELD_STAMP:
		(void)snprintf(to, room, "Unix seconds (not milliseconds) of a time that has come");
		break;
	case FIELD_WORD: say_words(rule->words, to, room); break;
	case FIELD_REASON: (void)snprintf(to, room, "text without control characters"); break;
	case FIELD_NAME: (void)snprintf(to, room, "a name of 1 to %d bytes", (int)STATE_WORD - 1); break;
	case FIELD_HISTOGRAM: (void)snprintf(to, room, "a whole number"); break;
	}
}

/* A value that is too long is not repeated: see SHOWN_BYTES. */
static void
refuse(const struct field_rule *rule, const char *field, struct slice value, struct failure *why)
{
	char expected[160];

	say_expected(rule, expected, sizeof(expected));
	if (value.at == NULL)
		(void)failure_set(
		    why, FAILURE_REJECTED, "there is no field %s, which must be %s", field, expected);
	else if (value.length > SHOWN_BYTES)
		(void)failure_set(why, FAILURE_REJECTED,
		    "field %s is more than %d bytes long, and must be %s", field, (int)SHOWN_BYTES, expected);
	else
		(void)failure_set(why, FAILURE_REJECTED, "field %s is '%.*s', and must be %s", field,
		    SLICE_ARGS(value), expected);
}

/* Keys ----------------------------------------------------------------- */

/* A bucket that is missing counts 0; one that is wrong spoils them all. */
static bool
read_histogram(const struct field_rule *rule, const struct slice values[], struct state_histogram *histogram,
    struct failure *why)
{
	struct slice sum_us = values[ENGINE_BOUNDS + 1];
	struct state_histogram read = { .known = sum_us.at != NULL };
	double value;

	for (int i = 0; i <= ENGINE_BOUNDS; i++) {
		if (values[i].at == NULL)
			continue;
		if (!parse_count(values[i], &value)) {
			refuse(rule, bucket_fields[i], values[i], why);
			return false;
		}
		read.counts[i] = (uint64_t)value;
		read.known = true;
	}
	/* The age of data can be below 0, if clocks differ.  Without a sum an average would be 0. */
	if (read.known) {
		if (sum_us.at == NULL || !parse_number(sum_us, -count_most, count_most, &value)) {
			refuse(rule, "sum_us", sum_us, why);
			return false;
		}
		read.sum_seconds = value / 1e6;
	}
	*histogram = read;
	return true;
}

void
fields_clear(enum state_kind kind, void *entry)
{
	for (const struct field_rule *rule = rules[kind]; rule->name != NULL; rule++) {
		void *place = (char *)entry + rule->at;

		switch (rule->type) {
		case FIELD_COUNT:
		case FIELD_NUMBER:
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

	for (const struct field_rule *rule = rules[kind]; rule->name != NULL; rule++) {
		enum fields_verdict fault = rule->required ? FIELDS_LOST : FIELDS_FAULTY;
		struct failure ignored, *told = fault > verdict ? why : &ignored;
		void *place = (char *)entry + rule->at;
		bool well;

		if (rule->type == FIELD_HISTOGRAM) {
			well = read_histogram(rule, values, place, told);
		} else {
			well = values->at == NULL ? !rule->required : parse_value(rule, *values, now, place);
			if (!well)
				refuse(rule, rule->name, *values, told);
		}
		if (!well && fault > verdict)
			verdict = fault;
		values++;
	}
	return verdict;
}
