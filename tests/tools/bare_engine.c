/*
 * bare_engine HOST PORT PREFIX [TIMES]: the floor for the bench of engine_state.  SCAN, and HMGET with the
 * same fields for the keys of the last page, in one pipeline, by hiredis's own calls; nothing is looked at.
 * Prints how many keys there were, and the time of each read in seconds.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "common/deadline.h"

enum { COUNT = 250 };

#define BUCKETS                                                                                              \
	" le_0.0001 le_0.00025 le_0.0005 le_0.001 le_0.0025 le_0.005 le_0.01 le_0.025 le_0.05 le_0.1"        \
	" le_0.25 le_0.5 le_1 le_2.5 le_5 le_10 le_inf sum_us"

static const struct {
	const char *kind, *command;
} commands[] = {
	{ "feed:", "HMGET %b updated_at connected message_at reconnects messages gaps" BUCKETS },
	{ "guard:", "HMGET %b updated_at state reason triggers" },
	{ "limit:", "HMGET %b updated_at value limit currency" },
	{ "route:", "HMGET %b updated_at score spread health fee inventory decision" },
	{ "symbol:", "HMGET %b updated_at" },
	{ "orders:", "HMGET %b sent filled rejected unknown" },
	{ "loop", "HMGET %b" BUCKETS },
	{ "engine",
	    "HMGET %b heartbeat_at env started_at restarts state loop_lag errors log_debug log_info log_warning"
	    " log_error log_critical cpu_seconds memory_bytes" },
};

/* Ask of every key of the page.  Returns how many. */
static size_t
ask(redisContext *redis, const redisReply *keys, size_t prefix)
{
	size_t asked = 0;

	for (size_t i = 0; keys != NULL && i < (size_t)keys->elements; i++) {
		const redisReply *key = keys->element[i];
		size_t kind = 0;

		while (kind < sizeof(commands) / sizeof(commands[0]) &&
		       strncmp(key->str + prefix, commands[kind].kind, strlen(commands[kind].kind)) != 0)
			kind++;
		if (kind == sizeof(commands) / sizeof(commands[0]))
			continue;
		(void)redisAppendCommand(redis, commands[kind].command, key->str, (size_t)key->len);
		asked++;
	}
	return asked;
}

/* How many keys there were; -1: the connection broke. */
static long
read_all(redisContext *redis, const char *prefix)
{
	redisReply *page = NULL, *answer;
	char cursor[32] = "0";
	long total = 0;
	bool more = true;

	for (;;) {
		size_t asked = ask(redis, page != NULL ? page->element[1] : NULL, strlen(prefix));

		total += (long)asked;
		if (more)
			(void)redisAppendCommand(
			    redis, "SCAN %s MATCH %s* COUNT %d", cursor, prefix, (int)COUNT);
		for (; asked > 0; asked--) {
			if (redisGetReply(redis, (void **)&answer) != REDIS_OK)
				return -1;
			freeReplyObject(answer);
		}
		freeReplyObject(page);
		page = NULL;
		if (!more)
			return total;
		if (redisGetReply(redis, (void **)&page) != REDIS_OK || page == NULL)
			return -1;
		(void)snprintf(cursor, sizeof(cursor), "%s", page->element[0]->str);
		more = strcmp(cursor, "0") != 0;
	}
}

int
main(int argc, char *argv[])
{
	long times = argc > 4 ? strtol(argv[4], NULL, 10) : 1;
	redisContext *redis;

	if (argc < 4)
		return 2;
	for (long i = 0; i < times; i++) {
		int64_t began_ns = clock_now_ns();
		long keys;

		redis = redisConnect(argv[1], (int)strtol(argv[2], NULL, 10));
		if (redis == NULL || redis->err != 0)
			return EXIT_FAILURE;
		keys = read_all(redis, argv[3]);
		redisFree(redis);
		if (keys < 0)
			return EXIT_FAILURE;
		printf("%ld %.6f\n", keys, clock_seconds_since(began_ns));
	}
	return EXIT_SUCCESS;
}
