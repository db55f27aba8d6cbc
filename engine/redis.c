/*
 * Reads the bot's positions from a hash in Redis: one HGETALL, whose elements are taken as they come.
 *
 * Redis deletes a hash with its last field.  So no hash and no positions look the same to it, and only
 * updated_at, which the bot writes always, tells "nothing is open" from "the list was lost".
 */

#include <string.h>

#include "engine/hash.h"
#include "probes/redis/session.h"

enum { FIELD_ROOM = 512 }; /* bytes of a field that wait for its value; no good one is as long as that */

static const char rights[] =
    "give the user the right to read the hash, as in 'ACL SETUSER name +hgetall +select ~arbwatch:*'";

/* Between a field and its value. */
struct pairs {
	struct engine_reading *reading;
	char field[FIELD_ROOM];
	size_t field_length;
};

static int
begin(void *context, size_t count, struct failure *why)
{
	(void)context;
	if (count == 0)
		return failure_set(why, FAILURE_REJECTED,
		    "there is no such hash in this database: it must be there, with updated_at at least, when no position is open too");
	if (count % 2 != 0)
		return failure_set(why, FAILURE_PROTOCOL, "a field without a value");
	/* The one more is updated_at. */
	if (count / 2 > ENGINE_ROWS_MAX + 1)
		return failure_set(why, FAILURE_REJECTED,
		    "%zu fields, more than %d positions: leave out those that are closed", count / 2,
		    (int)ENGINE_ROWS_MAX);
	return 0;
}

static int
add_element(void *context, size_t index, struct slice text, struct failure *why)
{
	struct pairs *pairs = context;

	if (index % 2 != 0)
		return engine_hash_add(
		    pairs->reading, (struct slice){ pairs->field, pairs->field_length }, text, why);
	/* A field that long is wrong anyway, and engine_hash_add() sees that from its beginning. */
	pairs->field_length = text.length < FIELD_ROOM ? text.length : FIELD_ROOM;
	memcpy(pairs->field, text.at, pairs->field_length);
	return 0;
}

static int
read_hash(struct redis_session *s, const char *hash, struct engine_reading *reading)
{
	struct pairs pairs = { .reading = reading };
	const struct redis_elements elements = { begin, add_element, &pairs, ENGINE_BYTES_MAX };

	s->rights = rights;
	if (redisAppendCommand(s->redis, "HGETALL %s", hash) != REDIS_OK)
		return failure_set(s->why, FAILURE_LOCAL, "HGETALL: out of memory");
	if (redis_session_elements(s, "HGETALL", &elements) != 0 ||
	    engine_hash_complete(reading, s->why) != 0) {
		(void)failure_prefix(s->why, "%s", secret_shown(hash));
		redis_session_mask(s, s->why->text);
		return -1;
	}
	return 0;
}

void
engine_read_redis(const struct redis_target *target, const char *hash, struct deadline deadline,
    struct engine_reading *reading)
{
	int64_t began_ns = clock_now_ns();
	struct redis_session s;

	engine_reading_init(reading);
	reading->read = redis_session_open(&s, target, deadline, &reading->failure) == 0 &&
			read_hash(&s, hash, reading) == 0;
	redis_session_close(&s);
	/* Half a list must not look like a list. */
	if (!reading->read)
		engine_reading_discard(reading);
	reading->seconds = (double)(clock_now_ns() - began_ns) / 1e9;
}
