/*
 * Any bytes as one key of the bot's: its name behind the prefix in the first line, then a value a line in the
 * order of the kind's fields, "-" for one that is missing.  Besides not crashing:
 *
 *  - a name that is taken lies within the key, fits and can be a label;
 *  - what is not well says why, in text that can be printed;
 *  - numbers that are kept are finite or unknown, and texts are whole.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/text/utf8.h"
#include "engine/state_entries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static struct slice
next_line(struct slice *text)
{
	const char *end = text->length > 0 ? memchr(text->at, '\n', text->length) : NULL;
	struct slice line = { text->at, end != NULL ? (size_t)(end - text->at) : text->length };
	size_t taken = line.length + (end != NULL);

	*text = (struct slice){ text->at + taken, text->length - taken };
	return line;
}

static void
check_number(double value, double least, double most)
{
	expect(isnan(value) || (value >= least && value <= most), "a number is in its range");
}

static void
check_text(const char *text, size_t room)
{
	size_t length = strnlen(text, room);

	expect(length < room && utf8_valid((struct slice){ text, length }), "a text is whole");
}

static void
check_kept(const struct engine_state *state)
{
	for (size_t i = 0; i < state->counts[ENTRY_FEED]; i++)
		check_number(state->feeds[i].latency.sum_seconds, -1e10, 1e10);
	for (size_t i = 0; i < state->counts[ENTRY_GUARD]; i++) {
		check_text(state->guards[i].name, STATE_NAME);
		check_text(state->guards[i].reason, STATE_REASON);
		check_number(state->guards[i].triggers, 0, 1e16);
		expect(state->guards[i].state >= GUARD_OK && state->guards[i].state <= GUARD_BLOCK,
		    "a guard has a state");
	}
	for (size_t i = 0; i < state->counts[ENTRY_LIMIT]; i++) {
		check_text(state->limits[i].currency, STATE_WORD);
		check_number(state->limits[i].value, 0, 1e300);
		expect(state->limits[i].currency[0] != '\0', "a limit has a currency");
	}
	for (size_t i = 0; i < state->counts[ENTRY_ROUTE]; i++)
		check_number(state->routes[i].score, 0, 100);
	for (size_t i = 0; i < state->counts[ENTRY_SYMBOL]; i++)
		expect(state->symbols[i].updated_at >= 1e9, "a symbol has a stamp");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size }, name = next_line(&text);
	struct slice values[FIELDS_MOST] = { 0 };
	enum fields_verdict verdict;
	struct engine_state state = { 0 };
	struct entries entries = { .most = 1, .now = 1700000000, .oldest = 1699999970, .state = &state };
	struct entry_key key;
	struct failure why = { 0 };

	if (entry_key_parse(&key, name, &why) != ENTRY_KEY_WELL)
		return 0;
	expect(key.name.length < STATE_NAME && utf8_valid(key.name), "a name can be a label");
	for (int i = 0; i < FIELDS_MOST && text.length > 0; i++) {
		values[i] = next_line(&text);
		if (slice_is(values[i], "-"))
			values[i].at = NULL;
	}
	for (int again = 0; again < 3; again++) {
		expect(entries_add(&entries, &key, values, &verdict, &why) == 0, "memory is enough");
		expect((verdict == FIELDS_WELL) == (why.kind == FAILURE_NONE), "what is not well says why");
		expect(strpbrk(why.text, "\n\r\t\x1b") == NULL, "why can be printed");
	}
	entries_finish(&entries);
	expect(state.counts[key.kind - STATE_ENTRIES] <= 1, "one is kept");
	check_kept(&state);
	engine_state_release(&state);
	return 0;
}
