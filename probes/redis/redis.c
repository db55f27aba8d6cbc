/*
 * The probe itself.  Each PING waits for its answer before the next one is sent: a batch of them
 * would measure how much Redis gets through, and not how long one client waits.
 */

#include <string.h>

#include "probes/redis/session.h"

const char *
redis_phase_name(enum redis_phase phase)
{
	static const char *const names[REDIS_PHASES] = { "resolve", "connect", "tls", "auth" };

	return names[phase];
}

static int
ask_ping(struct redis_session *s, double *seconds)
{
	if (redisAppendCommand(s->redis, "PING") != REDIS_OK)
		return failure_set(s->why, FAILURE_LOCAL, "PING: out of memory");
	return redis_session_ask(s, "PING", "PONG", seconds);
}

void
redis_probe(
    const struct redis_target *target, size_t samples, struct deadline deadline, struct redis_result *result)
{
	struct redis_session s;
	bool open = redis_session_open(&s, target, deadline, &result->failure) == 0;

	result->ping_count = 0;
	while (open && result->ping_count < samples &&
	       ask_ping(&s, &result->ping_seconds[result->ping_count]) == 0)
		result->ping_count++;
	/* Phases that ended are results, also when the session failed. */
	memcpy(result->phase_seconds, s.phase_seconds, sizeof(s.phase_seconds));
	redis_session_close(&s);
}
