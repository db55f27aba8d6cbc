#ifndef EXAMPLES_TELL_H
#define EXAMPLES_TELL_H

#include <stdint.h>

/*
 * How a bot in C tells arbwatch how it is (docs/engine.md), with hiredis and nothing else: copy these two
 * files.
 *
 * The loop never waits for Redis.  What there is to tell is appended while the loop works, all of it is sent
 * at the loop's end in one write, and the answers are taken when the next loop begins.  When Redis is away,
 * the bot goes on, tries again every second, and what it would have told is lost.
 */
struct redisContext;

struct teller {
	const char *host, *user, *password, *prefix; /* NULL: no user, no password; "arbwatch:" */
	int port, database;
	struct redisContext *redis; /* NULL without a connection */
	int unanswered;             /* commands */
	int64_t answer_at;          /* Unix seconds of the last answer */
	int64_t retry_at;           /* Unix seconds */
	char error[256];            /* the last one, or empty */
};

/* At the start of a loop: connect if need be, and take the answers that are there.  0, or -1: then `error`
 * says what is wrong. */
int tell_begin(struct teller *t);

/* HSET of one hash: "field %s field %.3f". */
void tell_state(struct teller *t, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* HINCRBY of a counter; with 0 it begins. */
void tell_count(struct teller *t, const char *key, const char *field, long more);

/* DEL of a hash: what it was about is gone for good. */
void tell_gone(struct teller *t, const char *key);

/* At the end of a loop.  0, or -1 with `error`. */
int tell_end(struct teller *t);

/* Times, counted in the buckets of the contract. */
enum { TELL_BOUNDS = 16 };

struct tell_times {
	long counts[TELL_BOUNDS + 1];
	double sum; /* seconds */
};

void tell_observe(struct tell_times *times, double seconds);

/* Into the hash, and all counts are 0 again. */
void tell_times(struct teller *t, const char *key, struct tell_times *times);

/* The only one that waits: for the last answers, a second at most. */
void tell_close(struct teller *t);

#endif /* EXAMPLES_TELL_H */
