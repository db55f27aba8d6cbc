#ifndef ENGINE_FIELDS_H
#define ENGINE_FIELDS_H

#include "common/text/slice.h"
#include "engine/state.h"

/*
 * From the values of a key's fields to a struct, for the reader of the bot's state alone.  Pure: no I/O, no
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
 * Each value, of which `at` NULL says that there is no such field, to its place in `entry`, which is clear.
 * `why` is written for the first of the worst faults (rejected): which field it is, what was found and what
 * is expected.
 */
enum fields_verdict fields_read(
    enum state_kind kind, const struct slice values[], double now, void *entry, struct failure *why);

/* Text that may become a label and be printed: UTF-8 without control characters, and no blanks around it. */
bool fields_is_text(struct slice text);

#endif /* ENGINE_FIELDS_H */
