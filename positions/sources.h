#ifndef POSITIONS_SOURCES_H
#define POSITIONS_SOURCES_H

#include "common/config/options.h"
#include "common/deadline.h"
#include "engine/engine.h"
#include "positions/accounts.h"

/*
 * Everything that is asked in a run, all at once: accounts, order books, and
 * where the engine keeps its positions.
 */
enum engine_store { STORE_POSTGRES, STORE_REDIS };
enum { ENGINE_STORES = STORE_REDIS + 1 };
const char *engine_store_name(enum engine_store store); /* "postgres", "redis" */

struct sources {
	struct http_client *account_client; /* one for each of two threads */
	struct http_client *book_client;
	struct postgres_target *postgres; /* NULL: not configured */
	struct redis_target *redis;       /* NULL: not configured */
	char *view, *hash;
	bool has_store[ENGINE_STORES];
	bool has_engine; /* any of them */

	/* Of the run under way. */
	struct engine_reading engine[ENGINE_STORES];
	size_t account_count, book_count;             /* asked: the first ones of the accounts' arrays */
	struct failure account_failure, book_failure; /* memory ran out: nothing of them is there */
};

/* 0, or -1 with `why` that names the setting.  In both cases for sources_release(). */
int sources_open(
    struct sources *sources, const struct options *given, struct secrets *secrets, struct failure *why);
void sources_release(struct sources *sources);

/* Ask all of `accounts` that may be asked; what came is in their `reading` and `prices`, and in `engine`. */
void sources_read(struct sources *sources, struct accounts *accounts, struct deadline deadline, double now);

/* Free positions, or the engine's rows, once they are holdings; what else was read stays. */
void sources_clear_positions(const struct sources *sources, struct accounts *accounts);
void sources_clear_rows(struct sources *sources);

/* Free what sources_read() brought. */
void sources_clear(struct sources *sources, struct accounts *accounts);

#endif /* POSITIONS_SOURCES_H */
