/* probe_redis URL COUNT: what redis_latency's own probe reads, each round trip in seconds, one per line. */

#include <stdio.h>
#include <stdlib.h>

#include "probes/redis/redis.h"

enum { MOST = 100000 };

int
main(int argc, char *argv[])
{
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct redis_target *target;
	struct redis_result result;

	if (count < 1 || count > MOST)
		return 2;
	result.ping_seconds = calloc((size_t)count, sizeof(double));
	target = redis_target_new(argv[1], NULL, NULL, &secrets, &why);
	if (target == NULL || result.ping_seconds == NULL)
		return EXIT_FAILURE;
	redis_probe(target, (size_t)count, deadline_in(INT64_C(60000000000)), &result);
	for (size_t i = 0; i < result.ping_count; i++)
		printf("%.9f\n", result.ping_seconds[i]);
	redis_target_free(target);
	free(result.ping_seconds);
	secrets_release(&secrets);
	return result.failure.kind == FAILURE_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
