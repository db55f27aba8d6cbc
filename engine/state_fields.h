#ifndef ENGINE_STATE_FIELDS_H
#define ENGINE_STATE_FIELDS_H

#include "common/text/slice.h"
#include "engine/state.h"

/*
 * From the names and values in Redis to structs, for the reader of the bot's state alone.  Pure: no I/O, no
 * clock.  All rules are in one table, which docs/engine.md repeats for the bot's author.
 */
enum { FIELDS_MOST = 32 };

/* The fields that are asked of the keys of a kind, in the order of their values.  Returns how many. */
size_t fields_of(enum state_kind kind, const char *names[FIELDS_MOST]);

/* Nothing is known of `entry`: the struct of the kind's entries, or struct engine_state for what is there
 * once. */
void fields_clear(enum state_kind kind, void *entry);

enum fields_verdict {
	FIELDS_WELL,
	FIELDS_FAULTY, /* what is wrong stays unknown, the rest is there */
	FIELDS_LOST,   /* a required field is missing or wrong: an entry then says nothing */
};

/*
 * Each value, whose `at` is NULL if the field is missing, to its place in `entry`, which is clear.
 * `why` is written for the first of the worst faults (rejected): which field it is, what was found and what
 * is expected.
 */
enum fields_verdict fields_read(
    enum state_kind kind, const struct slice values[], double now, void *entry, struct failure *why);

/* The keys that are there once, by enum state_kind: "engine", "loop" and so on. */
extern const char *const entry_single_keys[STATE_ENTRIES];

struct entry_key {
	enum state_kind kind; /* STATE_ENTRIES at least */
	enum guard_tier tier;
	enum state_limit_kind limit;
	struct slice name; /* inside the key */
};

enum entry_key_verdict {
	ENTRY_KEY_OTHER,  /* none of the contract's, or one that is there once */
	ENTRY_KEY_FAULTY, /* `kind` is clear, and `why` (rejected) says what is wrong with the rest */
	ENTRY_KEY_WELL,
};

/* Of a key without its prefix. */
enum entry_key_verdict entry_key_parse(struct entry_key *parsed, struct slice key, struct failure *why);

#endif /* ENGINE_STATE_FIELDS_H */
