#ifndef ENGINE_STATE_ENTRIES_H
#define ENGINE_STATE_ENTRIES_H

#include "engine/state_fields.h"

/*
 * The entries of the bot's state: counting them, and keeping the worst.  For the reader of the state alone.
 * Pure: no I/O, no clock.
 */

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

#endif /* ENGINE_STATE_ENTRIES_H */
