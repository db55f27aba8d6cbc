/*
 * The one question about the bot that preflight has.  engine/state.c reads all the rest, and needs more
 * rights.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/config/secrets.h"
#include "engine/heartbeat.h"
#include "engine/state_fields.h"
#include "probes/redis/session.h"

enum { ANSWER_BYTES = 65536 };

static const char rights[] =
    "give the user the right to read the bot's heartbeat, as in 'ACL SETUSER name +hmget ~arbwatch:*'";

static int
parse_answer(const redisReply *answer, size_t count, struct engine_heartbeat *heartbeat, struct failure *why)
{
	struct slice values[FIELDS_MOST] = { 0 };
	struct engine_state state;
	enum fields_verdict verdict;

	if (answer->type != REDIS_REPLY_ARRAY || answer->elements != count)
		return failure_set(why, FAILURE_PROTOCOL,
		    "HMGET: the answer does not have one value for each field");
	for (size_t i = 0; i < count; i++)
		if (answer->element[i]->type == REDIS_REPLY_STRING) {
			values[i] =
			    (struct slice){ answer->element[i]->str, (size_t)answer->element[i]->len };
			heartbeat->written = true;
		}
	if (!heartbeat->written)
		return 0;
	fields_clear(STATE_ENGINE, &state);
	verdict = fields_read(STATE_ENGINE, values, clock_unix_seconds(), &state, why);
	memcpy(heartbeat->env, state.env, sizeof(state.env));
	if (verdict == FIELDS_LOST)
		return -1;
	/* Another field that makes no sense is engine_state's business. */
	heartbeat->at = state.heartbeat_at;
	return 0;
}

static int
ask(struct redis_session *s, const char *key, struct engine_heartbeat *heartbeat)
{
	const char *fields[FIELDS_MOST];
	size_t count = fields_of(STATE_ENGINE, fields), length = 0;
	char command[512];
	redisReply *answer = NULL;
	int result = -1;

	s->rights = rights;
	for (size_t i = 0; i < count; i++)
		length += (size_t)snprintf(
		    command + length, sizeof(command) - length, "%s %s", i == 0 ? "HMGET %s" : "", fields[i]);
	if (redis_session_append(s, command, key) == 0 &&
	    redis_session_send(s, "HMGET", count, ANSWER_BYTES) == 0 && redis_session_next(s, &answer) == 0) {
		if (answer->type == REDIS_REPLY_ERROR) {
			result = redis_session_error(s, answer, secret_shown(key), s->why);
		} else {
			result = parse_answer(answer, count, heartbeat, s->why);
			if (result != 0)
				(void)failure_prefix(s->why, "%s", secret_shown(key));
		}
	}
	if (result != 0)
		redis_session_mask(s, s->why->text);
	freeReplyObject(answer);
	return result;
}

int
engine_read_heartbeat(const struct redis_target *target, const char *prefix, struct deadline deadline,
    struct engine_heartbeat *heartbeat, struct failure *why)
{
	char key[STATE_PREFIX + 16];
	struct redis_session s;
	int result;

	*heartbeat = (struct engine_heartbeat){ .at = (double)NAN };
	(void)snprintf(key, sizeof(key), "%sengine", prefix);
	result = redis_session_open(&s, target, deadline, why);
	heartbeat->reached = result == 0;
	if (result == 0)
		result = ask(&s, key, heartbeat);
	redis_session_close(&s);
	return result;
}
