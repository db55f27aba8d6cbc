/*
 * SCAN may name a key twice: 64 bits of a keyed hash tell which ones have been.  A key may go away between
 * SCAN and HMGET, which then has no value at all, and so has a hash whose fields are all misspelt: EXISTS
 * tells the one from the other.
 */

#include <stdlib.h>

#include "common/text/text.h"
#include "engine/state_answers.h"

enum { SLOTS = 4096 /* to begin with */ };

/* Seen --------------------------------------------------------------- */

/* Where the hash is, or has its place. */
static uint64_t *
seen_slot(const struct state_seen *seen, uint64_t hash)
{
	size_t slot = hash & (seen->room - 1);

	while (seen->slots[slot] != 0 && seen->slots[slot] != hash)
		slot = (slot + 1) & (seen->room - 1);
	return &seen->slots[slot];
}

static int
seen_grow(struct state_seen *seen)
{
	struct state_seen larger = { .room = seen->room > 0 ? 2 * seen->room : SLOTS };

	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return -1;
	for (size_t i = 0; i < seen->room; i++)
		if (seen->slots[i] != 0)
			*seen_slot(&larger, seen->slots[i]) = seen->slots[i];
	free(seen->slots);
	seen->slots = larger.slots;
	seen->room = larger.room;
	return 0;
}

int
state_first_seen(struct state_seen *seen, struct slice key)
{
	uint64_t hash = hash_text(seen->key, key.at, key.length), *slot;

	/* That is an empty slot. */
	if (hash == 0)
		hash = 1;
	if (seen->count >= seen->room / 5 * 4 && seen_grow(seen) != 0)
		return -1;
	slot = seen_slot(seen, hash);
	if (*slot != 0)
		return 0;
	*slot = hash;
	seen->count++;
	return 1;
}

/* Faults ------------------------------------------------------------- */

/* Reports the first fault of each kind, and counts the others. */
void
state_add_fault(struct state_reader *r, enum state_kind kind, struct slice key, const struct failure *why)
{
	struct state_fault *fault = &r->state->faults[kind];
	struct failure shown;

	if (fault->keys++ > 0)
		return;
	fault->why = *why;
	redis_session_mask(&r->session, fault->why.text);
	/* A long one is not cut: it might hold a piece of a secret. */
	if (key.length < sizeof(fault->subject))
		(void)failure_set(&shown, FAILURE_REJECTED, "%.*s", SLICE_ARGS(key));
	else
		(void)failure_set(&shown, FAILURE_REJECTED, "a key of %zu bytes", key.length);
	redis_session_mask(&r->session, shown.text);
	text_format(fault->subject, sizeof(fault->subject), "%s", shown.text);
}

/* Answers ------------------------------------------------------------ */

static int
take_values(struct state_reader *r, const struct asked *asked, const struct slice values[], bool any)
{
	enum state_kind kind = asked->parsed.kind;
	enum fields_verdict verdict;
	struct failure why;

	if (kind < STATE_ENTRIES)
		verdict = fields_read(kind, values, r->entries.now, r->state, &why);
	else if (entries_add(&r->entries, &asked->parsed, values, &verdict, &why) != 0)
		return failure_set(r->session.why, FAILURE_LOCAL, "out of memory");
	if (verdict == FIELDS_WELL && !any) {
		verdict = FIELDS_FAULTY;
		(void)failure_set(
		    &why, FAILURE_REJECTED, "the hash has none of the fields that docs/engine.md gives it");
	}
	if (verdict != FIELDS_WELL)
		state_add_fault(r, kind, asked->key, &why);
	return 0;
}

/* One key of another type ends nothing; all other errors are the same for the next key. */
static int
take_error(struct state_reader *r, const struct asked *asked, const redisReply *error)
{
	enum state_kind kind = asked->parsed.kind;
	struct failure why;
	char what[300];

	if (strncmp(error->str, "WRONGTYPE", strlen("WRONGTYPE")) != 0) {
		text_format(what, sizeof(what), "HMGET '%.*s'", SLICE_ARGS(asked->key));
		return redis_session_error(&r->session, error, what, r->session.why);
	}
	(void)failure_set(&why, FAILURE_REJECTED, "the key is not a hash: delete it, and write it by HSET");
	if (kind >= STATE_ENTRIES)
		r->state->entries[kind - STATE_ENTRIES]++;
	state_add_fault(r, kind, asked->key, &why);
	return 0;
}

/* `*absent`: there was no value at all. */
int
state_take_hash(struct state_reader *r, const struct asked *asked, const redisReply *answer, bool *absent)
{
	struct slice values[FIELDS_MOST];
	size_t count = r->field_counts[asked->parsed.kind];

	*absent = false;
	if (answer->type == REDIS_REPLY_ERROR)
		return take_error(r, asked, answer);
	if (answer->type != REDIS_REPLY_ARRAY || (size_t)answer->elements != count)
		return failure_set(
		    r->session.why, FAILURE_PROTOCOL, "HMGET: the answer does not have %zu values", count);
	*absent = true;
	for (size_t i = 0; i < count; i++) {
		const redisReply *value = answer->element[i];

		if (value->type != REDIS_REPLY_STRING && value->type != REDIS_REPLY_NIL)
			return failure_set(
			    r->session.why, FAILURE_PROTOCOL, "HMGET: a value is not a string");
		values[i] = (struct slice){ value->type == REDIS_REPLY_STRING ? value->str : NULL,
			(size_t)value->len };
		*absent = *absent && values[i].at == NULL;
	}
	return *absent ? 0 : take_values(r, asked, values, true);
}

/* The next page is here: its keys, and where SCAN goes on. */
int
state_take_page(struct state_reader *r, redisReply *answer)
{
	const redisReply *cursor, *keys;

	if (answer->type == REDIS_REPLY_ERROR)
		return redis_session_error(&r->session, answer, "SCAN", r->session.why);
	cursor = answer->type == REDIS_REPLY_ARRAY && answer->elements == 2 ? answer->element[0] : NULL;
	keys = cursor != NULL ? answer->element[1] : NULL;
	if (cursor == NULL || cursor->type != REDIS_REPLY_STRING || (size_t)cursor->len >= STATE_CURSOR ||
	    keys->type != REDIS_REPLY_ARRAY)
		return failure_set(
		    r->session.why, FAILURE_PROTOCOL, "SCAN: the answer is not a cursor and keys");
	for (size_t i = 0; i < (size_t)keys->elements; i++)
		if (keys->element[i]->type != REDIS_REPLY_STRING)
			return failure_set(r->session.why, FAILURE_PROTOCOL, "SCAN: a key is not a string");
	memcpy(r->cursor, cursor->str, (size_t)cursor->len + 1);
	if (strcmp(r->cursor, "0") == 0)
		r->cursor[0] = '\0';
	freeReplyObject(r->page);
	r->page = answer;
	r->next = 0;
	return 0;
}

/* Keys without a value ---------------------------------------------- */

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
	if (asked > 0 && redis_session_send(s, "EXISTS", 1, STATE_ROUND_BYTES) != 0)
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
int
state_take_absent(struct state_reader *r, size_t absent[], size_t count)
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
		result = redis_session_send(s, "HMGET", FIELDS_MOST, STATE_ROUND_BYTES);
	for (size_t i = 0; i < count && result == 0; i++) {
		const struct asked *asked = &r->batch[absent[i]];
		redisReply *exists = NULL, *hash = NULL;
		bool is_absent;

		result = -1;
		if (redis_session_next(s, &exists) == 0 && redis_session_next(s, &hash) == 0)
			result = state_take_hash(r, asked, hash, &is_absent);
		if (result == 0 && is_absent && exists->type == REDIS_REPLY_INTEGER && exists->integer > 0)
			result = take_values(r, asked, nothing, false);
		freeReplyObject(exists);
		freeReplyObject(hash);
	}
	return result;
}
