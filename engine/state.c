/*
 * Reading the bot's state from Redis: pages of SCAN, and the fields that are known of each key by HMGET, in
 * one pipeline: while Redis looks for the next page it already has the questions for the last one.  So it
 * works for a fraction of a millisecond at a time, however many keys and fields there are, and others come in
 * between.  Nothing but the worst entries stays in memory.
 */

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/system/time.h"
#include "engine/state_answers.h"
#include "engine/state_values.h"

enum { PAGE = 16384 /* the most keys of one answer to SCAN */ };

int
engine_state_check_prefix(const char *prefix, struct failure *why)
{
	struct slice text = SLICE(prefix);

	if (text.length > STATE_PREFIX || !value_is_text(text))
		return failure_set(why, FAILURE_LOCAL,
		    "a prefix of keys has 1 to %d bytes of UTF-8 without control characters, and without blanks around it",
		    (int)STATE_PREFIX);
	return 0;
}

/* Rounds ------------------------------------------------------------- */

static bool
page_is_empty(const struct state_reader *r)
{
	return r->page == NULL || r->next == (size_t)r->page->element[1]->elements;
}

/* A key that SCAN has found becomes a part of the batch, if it is the contract's and has not been seen. */
static int
take_key(struct state_reader *r, struct slice key)
{
	size_t prefix = strlen(r->settings->prefix);
	struct asked *asked = &r->batch[r->batch_count];
	enum entry_key_verdict verdict;
	struct failure why;
	int first;

	if (key.length < prefix || memcmp(key.at, r->settings->prefix, prefix) != 0)
		return 0;
	verdict =
	    entry_key_parse(&asked->parsed, (struct slice){ key.at + prefix, key.length - prefix }, &why);
	if (verdict == ENTRY_KEY_OTHER)
		return 0;
	first = state_first_seen(&r->seen, key);
	if (first < 0)
		return failure_set(r->session.why, FAILURE_LOCAL, "out of memory");
	if (first == 0)
		return 0;
	if (r->seen.count > STATE_KEYS_MOST)
		return failure_set(r->session.why, FAILURE_REJECTED,
		    "more than %d keys of the bot's state begin with '%s': let old ones expire",
		    (int)STATE_KEYS_MOST, r->settings->prefix);
	asked->key = key;
	if (verdict == ENTRY_KEY_WELL) {
		r->batch_count++;
	} else {
		r->state->entries[asked->parsed.kind - STATE_ENTRIES]++;
		state_add_fault(r, asked->parsed.kind, key, &why);
	}
	return 0;
}

static int
fill_batch(struct state_reader *r)
{
	r->batch_count = 0;
	while (!page_is_empty(r) && r->batch_count < STATE_BATCH) {
		const redisReply *key = r->page->element[1]->element[r->next++];

		if (take_key(r, (struct slice){ key->str, (size_t)key->len }) != 0)
			return -1;
	}
	return 0;
}

static int
send_batch(struct state_reader *r, bool scans)
{
	struct redis_session *s = &r->session;

	for (size_t i = 0; i < r->batch_count; i++) {
		const struct asked *asked = &r->batch[i];

		if (redis_session_append(s, r->hmget[asked->parsed.kind], asked->key.at, asked->key.length) !=
		    0)
			return -1;
	}
	if (scans && redis_session_append(
			 s, "SCAN %s MATCH %s COUNT %d", r->cursor, r->pattern, (int)STATE_BATCH) != 0)
		return -1;
	return redis_session_send(s, scans ? "SCAN" : "HMGET", PAGE, STATE_ROUND_BYTES);
}

/* Ask of the batch, and for the next page if `scans`. */
static int
ask_batch(struct state_reader *r, bool scans)
{
	size_t absent[STATE_BATCH], absent_count = 0;
	redisReply *answer;

	if (send_batch(r, scans) != 0)
		return -1;
	for (size_t i = 0; i < r->batch_count; i++) {
		bool is_absent;
		int result;

		if (redis_session_next(&r->session, &answer) != 0)
			return -1;
		result = state_take_hash(r, &r->batch[i], answer, &is_absent);
		freeReplyObject(answer);
		if (result != 0)
			return -1;
		if (is_absent)
			absent[absent_count++] = i;
	}
	if (!scans)
		return state_take_absent(r, absent, absent_count);
	if (redis_session_next(&r->session, &answer) != 0)
		return -1;
	/* The batch's keys are in the page before, so that one is needed until here. */
	if (state_take_absent(r, absent, absent_count) == 0 && state_take_page(r, answer) == 0)
		return 0;
	freeReplyObject(answer);
	return -1;
}

/* The keys that are there once go first, with the first SCAN. */
static int
read_all(struct state_reader *r)
{
	uint64_t scans = 0;
	int result;

	for (size_t i = 0; i < STATE_ENTRIES; i++)
		r->batch[i] =
		    (struct asked){ .key = SLICE(r->single_keys[i]), .parsed.kind = (enum state_kind)i };
	r->batch_count = STATE_ENTRIES;
	do {
		bool ends = page_is_empty(r) && r->cursor[0] != '\0';

		scans += ends;
		result = ask_batch(r, ends);
		if (result == 0)
			result = fill_batch(r);
	} while (result == 0 && (r->batch_count > 0 || r->cursor[0] != '\0'));
	/* SCAN goes through the whole database, also through the keys of other programs. */
	if (result != 0 && r->session.why->kind == FAILURE_TIMEOUT && scans > 1)
		(void)failure_prefix(r->session.why,
		    "the database was not at its end after %llu calls of SCAN (a database of the bot's own is faster)",
		    (unsigned long long)scans);
	return result;
}

/* Preparation -------------------------------------------------------- */

/* The prefix as a pattern that matches itself alone, and everything behind it. */
static void
set_pattern(char pattern[STATE_PATTERN], const char *prefix)
{
	for (; *prefix != '\0'; prefix++) {
		if (strchr("*?[]\\^", *prefix) != NULL)
			*pattern++ = '\\';
		*pattern++ = *prefix;
	}
	memcpy(pattern, "*", 2);
}

static void
set_commands(struct state_reader *r)
{
	for (int kind = 0; kind < STATE_KINDS; kind++) {
		const char *names[FIELDS_MOST];
		size_t length = (size_t)snprintf(r->hmget[kind], STATE_FORMAT, "HMGET %%b");

		r->field_counts[kind] = fields_of(kind, names);
		for (size_t i = 0; i < r->field_counts[kind]; i++) {
			length +=
			    (size_t)snprintf(r->hmget[kind] + length, STATE_FORMAT - length, " %s", names[i]);
			assert(length < STATE_FORMAT);
		}
	}
	for (int kind = 0; kind < STATE_ENTRIES; kind++)
		(void)snprintf(r->single_keys[kind], sizeof(r->single_keys[kind]), "%s%s",
		    r->settings->prefix, entry_single_keys[kind]);
	set_pattern(r->pattern, r->settings->prefix);
	(void)snprintf(r->rights, sizeof(r->rights),
	    "give the user the rights, as in 'ACL SETUSER name +scan +hmget +exists +select ~%s'",
	    r->pattern);
}

static void
init(struct state_reader *r, const struct engine_state_settings *settings, struct engine_state *state)
{
	memset(r, 0, sizeof(*r));
	r->settings = settings;
	r->state = state;
	r->entries =
	    (struct entries){ .most = settings->entries_max, .now = clock_unix_seconds(), .state = state };
	r->entries.oldest = r->entries.now - settings->max_age_seconds;
	r->seen.key = hash_key_new();
	memcpy(r->cursor, "0", 2);
	set_commands(r);
}

static void
say_how_many(struct state_fault *fault)
{
	struct failure first = fault->why;

	if (fault->keys > 1)
		(void)failure_set(&fault->why, first.kind, "%s (and %llu more of this kind)", first.text,
		    (unsigned long long)fault->keys - 1);
}

/* Draw conclusions from all that was read. */
static void
judge(const struct state_reader *r)
{
	struct engine_state *state = r->state;
	double oldest = r->entries.oldest;
	const char *env = r->settings->env;
	char at[TIME_TEXT];

	state->inventory.stale = !(state->inventory.updated_at >= oldest);
	state->universe.stale = !(state->universe.updated_at >= oldest);
	state->tuning.stale = !(state->tuning.updated_at >= oldest);
	if (isnan(state->heartbeat_at) && state->faults[STATE_ENGINE].keys == 0)
		(void)failure_set(&state->not_alive, FAILURE_REJECTED,
		    "no bot has written '%s' yet: start it, or correct engine.prefix or the database in the URL",
		    r->single_keys[STATE_ENGINE]);
	/* Its age would make this another text in each run, and a line in the log. */
	else if (state->heartbeat_at < oldest)
		(void)failure_set(&state->not_alive, FAILURE_REJECTED,
		    "the bot's last heartbeat is of %s, and one that runs writes heartbeat_at at least every %g s",
		    time_text(state->heartbeat_at, at), r->settings->max_age_seconds);
	else if (state->env[0] != '\0' && strcmp(state->env, env) != 0)
		(void)failure_set(&state->not_alive, FAILURE_REJECTED,
		    "the bot says that its env is '%s', and here it is '%s': is this another bot's Redis?",
		    state->env, env);
	state->alive = state->heartbeat_at >= oldest && state->not_alive.kind == FAILURE_NONE;
	for (int kind = 0; kind < STATE_KINDS; kind++)
		say_how_many(&state->faults[kind]);
}

/* Forget all but the failure. */
static void
clear(struct engine_state *state)
{
	struct failure failure = state->failure;

	*state = (struct engine_state){ .failure = failure };
	for (enum state_kind kind = 0; kind < STATE_ENTRIES; kind++)
		fields_clear(kind, state);
}

void
engine_state_read(
    const struct engine_state_settings *settings, struct deadline deadline, struct engine_state *state)
{
	struct state_reader r;

	state->failure = (struct failure){ 0 };
	clear(state);
	init(&r, settings, state);
	if (redis_session_open(&r.session, settings->target, deadline, &state->failure) == 0) {
		r.session.rights = r.rights;
		state->read = read_all(&r) == 0;
		redis_session_mask(&r.session, state->failure.text);
	}
	redis_session_close(&r.session);
	freeReplyObject(r.page);
	free(r.seen.slots);
	if (state->read) {
		entries_finish(&r.entries);
		judge(&r);
	} else {
		/* Half of a state must not look like one. */
		entries_release(&r.entries);
		clear(state);
	}
}

void
engine_state_release(struct engine_state *state)
{
	free(state->feeds);
	free(state->guards);
	free(state->limits);
	free(state->routes);
	free(state->symbols);
	free(state->orders);
	*state = (struct engine_state){ 0 };
}
