#ifndef ENGINE_STATE_ANSWERS_H
#define ENGINE_STATE_ANSWERS_H

#include "engine/state_entries.h"
#include "probes/redis/session.h"
#include "textfile/hash.h"

/*
 * One reading of the bot's state, and what Redis's answers do to it: for state.c and state_answers.c alone.
 * A function that returns -1 fills the session's `why`.
 */
enum {
	STATE_BATCH = 250,  /* keys that are asked of at once, and COUNT of SCAN */
	STATE_FORMAT = 512, /* room for HMGET with all fields of a kind */
	STATE_PATTERN = 2 * STATE_PREFIX + 2,
	STATE_CURSOR = 24,                   /* room for 64 bits in digits */
	STATE_ROUND_BYTES = 8 * 1024 * 1024, /* of the answers to one batch and one SCAN */
};

/* Hashes of the keys that have been seen: open addressing in a power of two of slots, 0 for an empty one. */
struct state_seen {
	struct hash_key key;
	uint64_t *slots;
	size_t room, count;
};

struct asked {
	struct slice key;
	struct entry_key parsed;
};

struct state_reader {
	const struct engine_state_settings *settings;
	struct engine_state *state;
	struct redis_session session;
	struct entries entries;
	struct state_seen seen;
	char pattern[STATE_PATTERN], rights[STATE_PATTERN + 128];
	char single_keys[STATE_ENTRIES][STATE_PREFIX + 16];
	char hmget[STATE_KINDS][STATE_FORMAT];
	size_t field_counts[STATE_KINDS];
	struct asked batch[STATE_BATCH];
	size_t batch_count;
	redisReply *page; /* the keys that the last SCAN found; those from `next` on have not been asked of */
	size_t next;
	char cursor[STATE_CURSOR]; /* "": the scan is complete */
};

/* Reports the first fault of each kind of key, and counts the others. */
void state_add_fault(
    struct state_reader *r, enum state_kind kind, struct slice key, const struct failure *why);

/* 1: for the first time, 0: again, -1: out of memory. */
int state_first_seen(struct state_seen *seen, struct slice key);

/* The answer to HMGET.  `*absent`: no value at all, and nothing was taken.  0 or -1. */
int state_take_hash(
    struct state_reader *r, const struct asked *asked, const redisReply *answer, bool *absent);

/* Keys of the batch, by their places in it, that were absent: whether they are there with other fields.  0 or
 * -1. */
int state_take_absent(struct state_reader *r, size_t absent[], size_t count);

/* The answer to SCAN, which takes the place of the page before.  -1: it stays the caller's. */
int state_take_page(struct state_reader *r, redisReply *answer);

#endif /* ENGINE_STATE_ANSWERS_H */
