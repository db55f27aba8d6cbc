/*
 * bare_redis HOST PORT COUNT [--print | --again TIMES]: the floor for the bench.
 * Connect with hiredis, send COUNT PINGs one after another, end.  With --print,
 * each round trip in seconds, one per line.  With --again, all of it TIMES times,
 * 20 ms apart, and the CPU each took in microseconds, one per line.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/hiredis.h>

#include "common/deadline.h"

static int
ping(const char *host, int port, long count, int print)
{
	redisContext *redis = redisConnect(host, port);

	if (redis == NULL || redis->err != 0)
		return EXIT_FAILURE;
	for (long i = 0; i < count; i++) {
		int64_t sent = clock_now_ns();
		redisReply *reply = redisCommand(redis, "PING");

		if (print)
			printf("%.9f\n", (double)(clock_now_ns() - sent) / 1e9);
		if (reply == NULL)
			return EXIT_FAILURE;
		freeReplyObject(reply);
	}
	redisFree(redis);
	return EXIT_SUCCESS;
}

static double
cpu_us(void)
{
	struct timespec used;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static int
ping_again(const char *host, int port, long count, long times)
{
	const struct timespec nap = { .tv_nsec = 20 * 1000 * 1000 };
	int status = EXIT_SUCCESS;

	for (long i = 0; i < times && status == EXIT_SUCCESS; i++) {
		double before = cpu_us();

		status = ping(host, port, count, 0);
		printf("%.1f\n", cpu_us() - before);
		(void)nanosleep(&nap, NULL);
	}
	return status;
}

int
main(int argc, char *argv[])
{
	const char *mode = argc > 4 ? argv[4] : "";
	long count = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
	int port = argc > 3 ? (int)strtol(argv[2], NULL, 10) : 0;

	if (argc < 4)
		return 2;
	if (strcmp(mode, "--again") == 0 && argc > 5)
		return ping_again(argv[1], port, count, strtol(argv[5], NULL, 10));
	return ping(argv[1], port, count, strcmp(mode, "--print") == 0);
}
