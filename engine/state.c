/*
 * Reading the bot's state from Redis: pages of SCAN, and the fields that are known of each key by HMGET, in
 * one pipeline: while Redis looks for the next page it already has the questions for the last one.  So it
 * works for a fraction of a millisecond at a time, however many keys and fields there are, and others come in
 * between.  Nothing but the worst entries stays in memory.
 *
 * A key may go away between SCAN and HMGET, which then has no value at all, and so has a hash whose fields
 * are all misspelt: EXISTS tells the one from the other.
 */

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/state_answers.h"
#include "engine/state_values.h"

enum {
	PAGE = 16384,                  /* the most keys of one answer to SCAN */
	ROUND_BYTES = 8 * 1024 * 1024, /* of the answers to one batch and one SCAN */
};

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

/* Keys of the page that are the contract's, and have not been seen. */
static int
fill_batch(struct state_reader *r)
{
	size_t prefix = strlen(r->settings->prefix);

	for (r->batch_count = 0; r->page != NULL && r->next < (size_t)r->page->element[1]->elements &&
				 r->batch_count < STATE_BATCH;
	     r->next++) {
		const redisReply *name = r->page->element[1]->element[r->next];
		struct asked *asked = &r->batch[r->batch_count];
		enum entry_key_verdict verdict;
		struct failure why;
		int first;

		asked->key = (struct slice){ name->str, (size_t)name->len };
		if (asked->key.length < prefix || memcmp(name->str, r->settings->prefix, prefix) != 0)
			continue;
		first = state_first_seen(&r->seen, asked->key);
		if (first < 0)
			return failure_set(r->session.why, FAILURE_LOCAL, "out of memory");
		if (first == 0)
			continue;
		if (r->seen.count > STATE_KEYS_MOST)
			return failure_set(r->session.why, FAILURE_REJECTED,
			    "more than %d keys begin with '%s': let those that are old expire, or give the bot's state a prefix of its own",
			    (int)STATE_KEYS_MOST, r->settings->prefix);
		verdict = entry_key_parse(
		    &asked->parsed, (struct slice){ name->str + prefix, asked->key.length - prefix }, &why);
		if (verdict == ENTRY_KEY_WELL)
			r->batch_count++;
		if (verdict == ENTRY_KEY_FAULTY) {
			r->state->entries[asked->parsed.kind - STATE_ENTRIES]++;
			state_add_fault(r, asked->parsed.kind, asked->key, &why);
		}
	}
	return 0;
}

/* Whether the next SCAN goes with this batch: nothing of the page is left. */
static bool
page_ends(const struct state_reader *r)
{
	return r->cursor[0] != '\0' && (r->page == NULL || r->next == (size_t)r->page->element[1]->elements);
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
	return redis_session_send(s, scans ? "SCAN" : "HMGET", PAGE, ROUND_BYTES);
}

/* Of the keys without a value `*count` stay: those that are there. */
static int
keep_existing(struct state_reader *r, size_t keys[], size_t *count)
{
	struct redis_session *s = &r->session;
	size_t asked = *count;
	int result = 0;

	for (size_t i = 0; i < asked; i++) {
		struct slice key = r->batch[keys[i]].key;

		if (redis_session_append(s, "EXISTS %b", key.at, key.length) != 0)
			return -1;
	}
	if (asked > 0 && redis_session_send(s, "EXISTS", 1, ROUND_BYTES) != 0)
		return -1;
	*count = 0;
	for (size_t i = 0; i < asked && result == 0; i++) {
		redisReply *answer;

		if (redis_session_next(s, &answer) != 0)
			return -1;
		if (answer->type == REDIS_REPLY_ERROR)
			result = redis_session_error(s, answer, "EXISTS", s->why);
		else if (answer->type == REDIS_REPLY_INTEGER && answer->integer > 0)
			keys[(*count)++] = keys[i];
		freeReplyObject(answer);
	}
	return result;
}

/* One that is there may have come back since: only if it has no value again, at the same moment, it has other
 * fields. */
static int
take_absent(struct state_reader *r, size_t absent[], size_t count)
{
	static const struct slice nothing[FIELDS_MOST];
	struct redis_session *s = &r->session;
	int result = keep_existing(r, absent, &count);

	for (size_t i = 0; i < count && result == 0; i++) {
		const struct asked *asked = &r->batch[absent[i]];

		if (redis_session_append(s, "EXISTS %b", asked->key.at, asked->key.length) != 0)
			return -1;
		result =
		    redis_session_append(s, r->hmget[asked->parsed.kind], asked->key.at, asked->key.length);
	}
	if (result == 0 && count > 0)
		result = redis_session_send(s, "HMGET", FIELDS_MOST, ROUND_BYTES);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct asked *asked = &r->batch[absent[i]];
		redisReply *exists = NULL, *hash = NULL;
		bool is_absent;

		result = -1;
		if (redis_session_next(s, &exists) == 0 && redis_session_next(s, &hash) == 0)
			result = state_take_hash(r, asked, hash, &is_absent);
		if (result == 0 && is_absent && exists->type == REDIS_REPLY_INTEGER && exists->integer > 0)
			result = state_take_values(r, asked, nothing, false);
		freeReplyObject(exists);
		freeReplyObject(hash);
	}
	return result;
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
		return take_absent(r, absent, absent_count);
	if (redis_session_next(&r->session, &answer) != 0)
		return -1;
	/* The batch's keys are in the page before, so that one is needed until here. */
	if (take_absent(r, absent, absent_count) == 0 && state_take_page(r, answer) == 0)
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
		bool ends = page_ends(r);

		scans += ends;
		result = r->batch_count > 0 || ends ? ask_batch(r, ends) : 0;
		if (result == 0)
			result = fill_batch(r);
	} while (result == 0 && (r->batch_count > 0 || r->cursor[0] != '\0'));
	/* SCAN goes through the whole database, whoever the keys belong to. */
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
		(void)failure_set(&fault->why, first.kind,
		    "%s (and %llu more keys of this kind have a fault)", first.text,
		    (unsigned long long)fault->keys - 1);
}

/* What follows from all that was read. */
static void
judge(const struct state_reader *r)
{
	struct engine_state *state = r->state;
	double oldest = r->entries.oldest;
	const char *env = r->settings->env;

	state->inventory.stale = !(state->inventory.updated_at >= oldest);
	state->universe.stale = !(state->universe.updated_at >= oldest);
	state->tuning.stale = !(state->tuning.updated_at >= oldest);
	if (isnan(state->heartbeat_at) && state->faults[STATE_ENGINE].keys == 0)
		(void)failure_set(&state->not_alive, FAILURE_REJECTED,
		    "no bot has written '%s' yet, in this database at least", r->single_keys[STATE_ENGINE]);
	else if (state->heartbeat_at < oldest)
		(void)failure_set(&state->not_alive, FAILURE_REJECTED,
		    "the bot's last heartbeat is %.0f s old, and one that runs writes heartbeat_at at least every %.0f s",
		    r->entries.now - state->heartbeat_at, r->settings->max_age_seconds);
	else if (state->env[0] != '\0' && strcmp(state->env, env) != 0)
		(void)failure_set(&state->not_alive, FAILURE_REJECTED,
		    "the bot says that its env is '%s', and here it is '%s': is this another bot's Redis?",
		    state->env, env);
	state->alive = state->heartbeat_at >= oldest && state->not_alive.kind == FAILURE_NONE;
	for (int kind = 0; kind < STATE_KINDS; kind++)
		say_how_many(&state->faults[kind]);
}

/* Nothing is known; the failure stays. */
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
