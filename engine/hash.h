#ifndef ENGINE_HASH_H
#define ENGINE_HASH_H

#include "engine/rows.h"

/*
 * The fields of the engine's hash, "EXCHANGE|SYMBOL|SIDE[|MARKET]" with a
 * quantity each, and updated_at, for the reader of Redis alone.  Pure.
 */
#define ENGINE_HASH_SEPARATOR '|'

/* One field and its value.  -1 with `why` (rejected), which names the field. */
int engine_hash_add(
    struct engine_reading *reading, struct slice field, struct slice value, struct failure *why);

/*
 * When all are there: updated_at must be among them, and no position may be told
 * twice, in other letters or with other separators.  Rows of 0 go.
 */
int engine_hash_complete(struct engine_reading *reading, struct failure *why);

#endif /* ENGINE_HASH_H */
