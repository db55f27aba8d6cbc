#ifndef POSITIONS_ENGINE_VIEW_H
#define POSITIONS_ENGINE_VIEW_H

#include "positions/policy.h"
#include "positions/sources.h"

/*
 * What the engine believes to have, of all the places where it keeps that.
 * Pure but for memory.
 */
struct engine_view {
	struct holdings holdings;                     /* sorted, of the exchanges that are known */
	struct failure store_failures[ENGINE_STORES]; /* FAILURE_NONE: it was read, and is new enough */
	struct failure failures[EXCHANGES_MAX]; /* why nothing is known of it though the stores were read */
	bool known[EXCHANGES_MAX];
	size_t exchange_count;
	size_t unknown_rows; /* at exchanges that are not configured */
	bool told;           /* a store was read: `unknown_rows` means something */
};

/* Frees what engine_view_build() made, which may be large.  It begins all zero, and is so again. */
void engine_view_release(struct engine_view *view);

struct engine_view_input {
	const struct policy *policy;
	const struct exchange_settings *exchanges;
	const struct sources *sources;
	const struct holdings *held; /* what the exchanges say, sorted: tells assets from pairs */
};

/*
 * From what the stores said.  Both together are the engine's view; a position
 * that both have must be the same in both, else nothing is known of that
 * exchange.  If one of them was not read, nothing is known at all.  -1 with `why`: out of memory.
 */
int engine_view_build(
    struct engine_view *view, const struct engine_view_input *input, double now, struct failure *why);

#endif /* POSITIONS_ENGINE_VIEW_H */
