#ifndef ENGINE_ENTRIES_H
#define ENGINE_ENTRIES_H

#include "engine/fields.h"

/*
 * The entries of the bot's state: what a key's name says, and which entries are kept.  For the reader of the
 * state alone.  Pure: no I/O, no clock.
 */

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

/* The worst so far of one kind, in an array that grows. */
struct worst {
	void *items;
	size_t room, count;
	bool full; /* there were more than are kept, and the last one that is kept says how bad it must be */
};

struct entries {
	struct worst kept[ENTRY_KINDS];
	size_t most;                /* of each kind */
	double now, oldest;         /* a stamp before `oldest` is stale */
	struct engine_state *state; /* where they are counted */
};

/*
 * An entry by its values, as fields_read() takes them: it is counted, and kept if it is bad enough.
 * `*verdict` is that of its fields, with `why`.  -1: out of memory.
 */
int entries_add(struct entries *entries, const struct entry_key *key, const struct slice values[],
    enum fields_verdict *verdict, struct failure *why);

/* The worst of each kind become the state's, in order. */
void entries_finish(struct entries *entries);

void entries_release(struct entries *entries);

#endif /* ENGINE_ENTRIES_H */
