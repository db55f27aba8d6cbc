#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/decimal.h"
#include "probes/postgres/postgres.h"
#include "probes/redis/redis.h"

/*
 * Which positions the bot believes to have: rows of the view
 * arbwatch.open_positions in Postgres, or fields of one hash in Redis.  docs/engine.md is
 * the contract with the bot.
 */
#define ENGINE_VIEW "arbwatch.open_positions"
#define ENGINE_HASH "arbwatch:open_positions"

enum { ENGINE_EXCHANGE = 64, ENGINE_SYMBOL = 64, ENGINE_ROWS_MAX = 50000 };

enum engine_market { ENGINE_MARKET_UNKNOWN, ENGINE_MARKET_SPOT, ENGINE_MARKET_DERIVATIVE };

/* In Postgres several rows may tell of one exchange, symbol and side: they count together.  In Redis that is
 * an error (positions/engine_view.c). */
struct engine_row {
	char exchange[ENGINE_EXCHANGE]; /* as written there */
	char symbol[ENGINE_SYMBOL];
	bool is_short;
	struct decimal quantity; /* above 0: rows of 0 are passed over */
	enum engine_market market;
	double entry_price;    /* NaN: not told */
	double unrealized_pnl; /* NaN: not told */
};

struct engine_reading {
	bool read;               /* the list is there, whole, even if it is empty */
	struct engine_row *rows; /* owned */
	size_t row_count;
	size_t row_room;
	double updated_at; /* Unix time the bot says it wrote this (of all rows the newest; those of 0 count);
			      negative: not told */
	struct failure failure;
};

/* Whether `view` is SCHEMA.VIEW as SQL writes it: my_schema.positions, "My Schema".positions. */
int engine_check_view(const char *view, struct failure *why);

/*
 * One query, or one HGETALL, in a connection of its own, read-only, before the
 * deadline (and a tenth of a second).  What is wrong with the schema is
 * FAILURE_REJECTED and names relation and column: missing, of another type, NULL, or a value that makes no
 * sense, and what is expected.  More than ENGINE_ROWS_MAX rows or 16 MiB are refused.
 */
void engine_read_postgres(struct postgres_target *target, const char *view, struct deadline deadline,
    struct engine_reading *reading);
void engine_read_redis(const struct redis_target *target, const char *hash, struct deadline deadline,
    struct engine_reading *reading);

/* Not one row is there any more; the failure stays. */
void engine_reading_release(struct engine_reading *reading);

#endif /* ENGINE_ENGINE_H */
