/*
 * tell_loops LOOPS [HOST PORT]: the loop of a bot that tells arbwatch all of docs/engine.md by
 * examples/tell.c, a millisecond after each other; without HOST it only counts its times.  Prints
 * microseconds per loop.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/deadline.h"
#include "examples/tell.h"

static const char *const exchanges[] = { "binance", "upbit" };

/* Once a second: as much as a bot of one symbol and two routes has to tell. */
static void
tell_all(struct teller *t, double now, struct tell_times *latency)
{
	for (size_t i = 0; i < 2; i++) {
		char key[64];

		(void)snprintf(key, sizeof(key), "feed:%s", exchanges[i]);
		tell_state(t, key, "updated_at %.3f connected 1 message_at %.3f", now, now);
		tell_count(t, key, "messages", 1000);
		tell_times(t, key, &latency[i]);
		(void)snprintf(key, sizeof(key), "guard:exchange:%s", exchanges[i]);
		tell_state(t, key, "updated_at %.3f state ok", now);
		(void)snprintf(key, sizeof(key), "orders:%s", exchanges[i]);
		tell_state(t, key, "updated_at %.3f", now);
		tell_count(t, key, "sent", 1);
		tell_count(t, key, "filled", 1);
		(void)snprintf(key, sizeof(key), "route:%s-%s:BTC", exchanges[i], exchanges[1 - i]);
		tell_state(t, key,
		    "updated_at %.3f score %.2f decision trade spread 70 health 100 fee 60 inventory 80", now,
		    77.5);
		(void)snprintf(key, sizeof(key), "limit:exposure:exchange:%s", exchanges[i]);
		tell_state(t, key, "updated_at %.3f value %.2f limit 20000 currency USDT", now, 512.25);
	}
	tell_state(t, "guard:global", "updated_at %.3f state ok", now);
	tell_state(t, "limit:daily_loss:global", "updated_at %.3f value 0 limit 50000 currency USDT", now);
	tell_state(t, "symbol:BTC/USDT", "updated_at %.3f", now);
	tell_state(t, "inventory", "updated_at %.3f imbalance 0.01 synced_at %.3f", now, now);
	tell_state(t, "universe", "updated_at %.3f mode single symbols 1", now);
	tell_state(t, "snapshots", "updated_at %.3f saved_at %.3f", now, now);
}

static void
wait_ms(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	(void)nanosleep(&ms, NULL);
}

int
main(int argc, char **argv)
{
	struct teller t = { .prefix = "arbwatch:" };
	struct tell_times loop = { 0 }, latency[2] = { 0 };
	long loops = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	double spent = 0;

	if (argc == 4) {
		t.host = argv[2];
		t.port = (int)strtol(argv[3], NULL, 10);
	} else if (argc != 2 || loops <= 0) {
		fprintf(stderr, "usage: tell_loops LOOPS [HOST PORT]\n");
		return 2;
	}
	for (long i = 0; i < loops; i++) {
		int64_t began_ns = clock_now_ns();
		double now = clock_unix_seconds();

		tell_observe(&latency[i % 2], 0.001);
		if (t.host != NULL && tell_begin(&t) == 0) {
			tell_state(
			    &t, "engine", "heartbeat_at %.3f state running loop_lag %.6f", now, 0.0001);
			tell_times(&t, "loop", &loop);
			if (i % 1000 == 0)
				tell_all(&t, now, latency);
			if (tell_end(&t) != 0)
				break;
		}
		tell_observe(&loop, clock_seconds_since(began_ns));
		spent += clock_seconds_since(began_ns);
		wait_ms();
	}
	if (t.error[0] != '\0')
		fprintf(stderr, "tell_loops: %s\n", t.error);
	else
		printf("%.3f\n", spent / (double)loops * 1e6);
	tell_close(&t);
	return t.error[0] != '\0';
}
