/*
 * Reads the bot's positions from a hash in Redis: one HGETALL.
 *
 * Redis deletes a hash with its last field.  So no hash and no positions look the same to it, and only
 * updated_at, which the bot writes always, tells "nothing is open" from "the list was lost".  A missing
 * updated_at is also an error because Redis keeps the hash of a bot that died.
 *
 * A hash cannot hold two rows of one position, so that two fields which mean the same ("BTC/USDT" beside
 * "btcusdt") are not added up: one of them is old, and was not removed when the bot changed its spelling.
 * Nobody can say which, so the list counts as unreadable.  engine/ knows no profiles: only case and
 * separators are compared here.  positions/engine_view.c finds "KRW-BTC" beside "BTC/KRW".
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/rows.h"
#include "probes/redis/session.h"

enum {
	PARTS = 4,
	FIELD_BYTES = ENGINE_EXCHANGE + ENGINE_SYMBOL + 32, /* a longer one is not repeated */
};

static const enum engine_column part_columns[PARTS] = { ENGINE_COLUMN_EXCHANGE, ENGINE_COLUMN_SYMBOL,
	ENGINE_COLUMN_SIDE, ENGINE_COLUMN_MARKET };

/* How many parts there are; more than PARTS: too many. */
static int
split(struct slice field, struct slice parts[PARTS])
{
	int count = 0;

	for (;;) {
		const char *end = memchr(field.at, '|', field.length);
		size_t length = end != NULL ? (size_t)(end - field.at) : field.length;

		if (count == PARTS)
			return PARTS + 1;
		parts[count++] = (struct slice){ field.at, length };
		if (end == NULL)
			return count;
		field.at += length + 1;
		field.length -= length + 1;
	}
}

static int
set_parts(struct engine_reading *reading, struct engine_row *row, struct slice field, struct failure *why)
{
	struct slice parts[PARTS];
	int count = split(field, parts);

	if (count < PARTS - 1 || count > PARTS)
		return failure_set(why, FAILURE_REJECTED,
		    "it must be updated_at, or EXCHANGE|SYMBOL|SIDE or EXCHANGE|SYMBOL|SIDE|MARKET");
	for (int i = 0; i < count; i++)
		if (engine_row_set(reading, row, part_columns[i], parts[i], "", why) != 0)
			return -1;
	return 0;
}

/* A field that is too long is not repeated in part: masking could not find a secret that is cut. */
static int
name_field(struct slice field, struct failure *why)
{
	if (field.length > FIELD_BYTES)
		return failure_prefix(why, "a field of more than %d bytes", (int)FIELD_BYTES);
	return failure_prefix(why, "field '%.*s'", SLICE_ARGS(field));
}

int
engine_hash_add(struct engine_reading *reading, struct slice field, struct slice value, struct failure *why)
{
	struct engine_row row;

	/* The one field that does not describe a position. */
	if (slice_is(field, engine_column_name(ENGINE_COLUMN_UPDATED_AT)))
		return engine_row_set(reading, NULL, ENGINE_COLUMN_UPDATED_AT, value, "", why);
	engine_row_init(&row);
	if (set_parts(reading, &row, field, why) != 0 ||
	    engine_row_set(reading, &row, ENGINE_COLUMN_QUANTITY, value, "", why) != 0)
		return name_field(field, why);
	return engine_rows_add(reading, &row, why);
}

/* Of a symbol only letters and digits count, and no letter's case. */
static int
compare_symbols(const char *a, const char *b)
{
	static const char separators[] = "-_/:. ";

	for (;; a++, b++) {
		a += strspn(a, separators);
		b += strspn(b, separators);
		if (*a == '\0' || tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return tolower((unsigned char)*a) - tolower((unsigned char)*b);
	}
}

static int
compare_rows(const void *left, const void *right)
{
	const struct engine_row *a = left, *b = right;
	int order = compare_symbols(a->symbol, b->symbol);

	if (order == 0)
		order = strcasecmp(a->exchange, b->exchange);
	if (order == 0)
		order = (int)a->is_short - (int)b->is_short;
	return order != 0 ? order : (int)a->market - (int)b->market;
}

static int
refuse_twice(const struct engine_row *a, const struct engine_row *b, struct failure *why)
{
	return failure_set(why, FAILURE_REJECTED,
	    "the fields of '%s|%s' and '%s|%s' describe the same %s position: remove the old one",
	    a->exchange, a->symbol, b->exchange, b->symbol, a->is_short ? "short" : "long");
}

int
engine_hash_complete(struct engine_reading *reading, struct failure *why)
{
	struct engine_row *rows = reading->rows;
	size_t kept = 0;

	if (reading->updated_at < 0)
		return failure_set(why, FAILURE_REJECTED,
		    "there is no field updated_at, which must be the Unix seconds of the last write");
	if (reading->row_count > 1)
		qsort(rows, reading->row_count, sizeof(*rows), compare_rows);
	/* Rows of 0 still count here: "closed" beside "open" is a contradiction too. */
	for (size_t i = 1; i < reading->row_count; i++)
		if (compare_rows(&rows[i - 1], &rows[i]) == 0)
			return refuse_twice(&rows[i - 1], &rows[i], why);
	for (size_t i = 0; i < reading->row_count; i++)
		if (decimal_sign(rows[i].quantity) > 0)
			rows[kept++] = rows[i];
	reading->row_count = kept;
	return 0;
}

/* Reading ------------------------------------------------------------ */

static const char rights[] =
    "give the user the right to read the hash, as in 'ACL SETUSER name +hgetall +select ~arbwatch:*'";

static int
add_pairs(struct engine_reading *reading, const redisReply *pairs, struct failure *why)
{
	if (pairs->elements == 0)
		return failure_set(why, FAILURE_REJECTED,
		    "there is no such hash in this database: it must be there, with updated_at at least, when no position is open too");
	if (pairs->elements % 2 != 0)
		return failure_set(why, FAILURE_PROTOCOL, "a field without a value");
	for (size_t i = 0; i < (size_t)pairs->elements; i += 2) {
		const redisReply *field = pairs->element[i], *value = pairs->element[i + 1];

		if (engine_hash_add(reading, (struct slice){ field->str, (size_t)field->len },
			(struct slice){ value->str, (size_t)value->len }, why) != 0)
			return -1;
	}
	return engine_hash_complete(reading, why);
}

static int
read_hash(struct redis_session *s, const char *hash, struct engine_reading *reading)
{
	char too_many[96];
	redisReply *pairs;
	int result = -1;

	s->rights = rights;
	(void)snprintf(too_many, sizeof(too_many), "more than %d positions: leave out those that are closed",
	    (int)ENGINE_ROWS_MAX);
	/* The one more is updated_at. */
	pairs = redis_session_array(
	    s, "HGETALL", 2 * ((size_t)ENGINE_ROWS_MAX + 1), too_many, ENGINE_BYTES_MAX, "HGETALL %s", hash);
	if (pairs != NULL)
		result = add_pairs(reading, pairs, s->why);
	if (result != 0) {
		(void)failure_prefix(s->why, "%s", secret_shown(hash));
		redis_session_mask(s, s->why->text);
	}
	freeReplyObject(pairs);
	return result;
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
	reading->seconds = clock_seconds_since(began_ns);
}
