#ifndef ENGINE_HEARTBEAT_H
#define ENGINE_HEARTBEAT_H

#include <stdbool.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "engine/state.h"
#include "probes/redis/redis.h"

/*
 * When the bot last said that it lives, and in which env: its key `PREFIXengine` alone, by the rules of
 * state.h.
 */
struct engine_heartbeat {
	bool reached;         /* Redis let us in; if not, `why` is of the connection */
	bool written;         /* there is such a key */
	double at;            /* Unix time; NaN: not known */
	char env[STATE_WORD]; /* "": the bot does not say; "?": not a name */
};

/* In a connection of its own, which needs the right +hmget.  0, or -1 with `why`, whose text names the key;
 * what could be read is there all the same. */
int engine_read_heartbeat(const struct redis_target *target, const char *prefix, struct deadline deadline,
    struct engine_heartbeat *heartbeat, struct failure *why);

#endif /* ENGINE_HEARTBEAT_H */
