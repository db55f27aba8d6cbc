/*
 * From the texts of one position to a struct engine_row, the same for Postgres and Redis, so that both mean
 * the same by the same words; and reading the bot's positions from a hash in Redis.
 *
 * What the bot believes is compared with the exchanges to the last digit, so nothing is guessed: a negative
 * quantity is not "short", "buy" is not "long", milliseconds are not seconds.  The error says which column
 * it is, what was found and what is expected.  All rules are in one table, `engine_columns`, and
 * docs/engine.md repeats them for the bot's author.  Values are text until they are here, because a double
 * would lose digits of a quantity.
 *
 * In Redis it is one HGETALL.  Redis deletes a hash with its last
 * field.  So no hash and no positions look the same to it, and only updated_at, which the bot writes always,
 * tells "nothing is open" from "the list was lost".  A missing updated_at is also an error because Redis
 * keeps the hash of a bot that died.  Whether two fields mean the same position ("KRW-BTC" beside "BTC/KRW")
 * only the exchange's profile can tell: positions/engine_view.c refuses that.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/array.h"
#include "common/text/utf8.h"
#include "engine/rows.h"
#include "probes/redis/session.h"
#include "textfile/number.h"

/* Rows --------------------------------------------------------------- */

enum {
	SHOWN_BYTES =
	    80, /* a longer value is not repeated: never cut, for it might hold a piece of a secret */
};

/* What Unix seconds can be: 2001 to 5138.  Milliseconds are beyond it. */
static const double earliest = 1e9, latest = 1e11;

/*
 * A name or symbol of at most `room` - 1 bytes that people can read.  It becomes a label and is printed:
 * control characters are refused, and so are blanks around it, which would make two names that look the
 * same.
 */
static bool
parse_text(struct slice text, char *to, size_t room)
{
	if (text.length == 0 || text.length >= room || !utf8_valid(text))
		return false;
	if (text.at[0] == ' ' || text.at[text.length - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return false;
	memcpy(to, text.at, text.length);
	to[text.length] = '\0';
	return true;
}

/* Which of the words, in any case; -1: none. */
static int
word_index(struct slice text, const char *const words[], int count)
{
	for (int i = 0; i < count; i++)
		if (text.length == strlen(words[i]) && strncasecmp(text.at, words[i], text.length) == 0)
			return i;
	return -1;
}

static bool
parse_number(struct slice text, double *number)
{
	double value;

	if (!number_valid(text))
		return false;
	value = number_value(text);
	if (!isfinite(value))
		return false;
	*number = value;
	return true;
}

/* In any case of letters; false: it is another word. */
static bool
parse_side(struct slice text, bool *is_short)
{
	static const char *const words[] = { "long", "short" };
	int index = word_index(text, words, 2);

	*is_short = index == 1;
	return index >= 0;
}

static bool
parse_market(struct slice text, enum engine_market *market)
{
	static const char *const words[] = { "spot", "derivative" };
	int index = word_index(text, words, 2);

	if (index >= 0)
		*market = index == 0 ? ENGINE_MARKET_SPOT : ENGINE_MARKET_DERIVATIVE;
	return index >= 0;
}

/* The newest of all rows counts: one row that is never touched again must not make the list look old. */
static bool
parse_updated_at(struct slice text, double *updated_at)
{
	double at;

	if (!parse_number(text, &at) || at < earliest || at > latest)
		return false;
	if (at > *updated_at)
		*updated_at = at;
	return true;
}

static bool
parse_value(
    struct engine_reading *reading, struct engine_row *row, enum engine_column column, struct slice text)
{
	switch (column) {
	case ENGINE_COLUMN_EXCHANGE: return parse_text(text, row->exchange, sizeof(row->exchange));
	case ENGINE_COLUMN_SYMBOL: return parse_text(text, row->symbol, sizeof(row->symbol));
	case ENGINE_COLUMN_SIDE: return parse_side(text, &row->is_short);
	/* Never negative: with a side beside it, a sign would say something twice, or contradict it. */
	case ENGINE_COLUMN_QUANTITY:
		return decimal_parse(text, &row->quantity) && decimal_sign(row->quantity) >= 0;
	case ENGINE_COLUMN_MARKET: return parse_market(text, &row->market);
	case ENGINE_COLUMN_ENTRY_PRICE: return parse_number(text, &row->entry_price);
	case ENGINE_COLUMN_UNREALIZED_PNL: return parse_number(text, &row->unrealized_pnl);
	case ENGINE_COLUMN_UPDATED_AT: return parse_updated_at(text, &reading->updated_at);
	}
	return false;
}

const struct engine_column_rule engine_columns[ENGINE_COLUMNS] = {
	{ "exchange", "text", "a name of 1 to 63 bytes, without blanks around it", true },
	{ "symbol", "text", "a market of 1 to 63 bytes, without blanks around it", true },
	{ "side", "text", "'long' or 'short'", true },
	{ "quantity", "numeric",
	    "a number of 0 or more with at most 38 digits (what is sold is side 'short')", true },
	{ "market", "text", "'spot', 'derivative' or left out", false },
	{ "entry_price", "numeric", "a finite number or left out", false },
	{ "unrealized_pnl", "numeric", "a finite number or left out", false },
	{ "updated_at", "timestamp with time zone", "a time, in Redis Unix seconds (not milliseconds)",
	    false },
};

void
engine_reading_init(struct engine_reading *reading)
{
	*reading = (struct engine_reading){ .updated_at = -1 };
}

/* The failure stays. */
void
engine_reading_release(struct engine_reading *reading)
{
	free(reading->rows);
	reading->rows = NULL;
	reading->row_count = reading->row_room = 0;
	reading->updated_at = -1;
	reading->read = false;
}

void
engine_row_init(struct engine_row *row)
{
	memset(row, 0, sizeof(*row));
	row->entry_price = row->unrealized_pnl = (double)NAN;
}

/* A value that is too long is not repeated: see SHOWN_BYTES. */
static int
refuse(enum engine_column column, struct slice text, const char *noun, struct failure *why)
{
	const char *name = engine_columns[column].name, *expected = engine_columns[column].expected;

	if (text.at == NULL)
		return failure_set(
		    why, FAILURE_REJECTED, "%s%s is NULL, and must be %s", noun, name, expected);
	if (text.length > SHOWN_BYTES)
		return failure_set(why, FAILURE_REJECTED, "%s%s is more than %d bytes long, and must be %s",
		    noun, name, (int)SHOWN_BYTES, expected);
	return failure_set(
	    why, FAILURE_REJECTED, "%s%s is '%.*s', and must be %s", noun, name, SLICE_ARGS(text), expected);
}

int
engine_row_set(struct engine_reading *reading, struct engine_row *row, enum engine_column column,
    struct slice text, const char *noun, struct failure *why)
{
	if (text.at == NULL && !engine_columns[column].required)
		return 0;
	/* The reader of Postgres lets the server cut texts: one of that length may be a piece. */
	if (text.at == NULL || text.length >= ENGINE_TEXT || !parse_value(reading, row, column, text))
		return refuse(column, text, noun, why);
	return 0;
}

int
engine_rows_add(struct engine_reading *reading, const struct engine_row *row, struct failure *why)
{
	struct engine_row *rows;

	rows = array_reserve(reading->rows, &reading->row_room, reading->row_count + 1, sizeof(*rows));
	if (rows == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	reading->rows = rows;
	rows[reading->row_count++] = *row;
	return 0;
}

/* Redis -------------------------------------------------------------- */

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
	if (slice_is(field, engine_columns[ENGINE_COLUMN_UPDATED_AT].name))
		return engine_row_set(reading, NULL, ENGINE_COLUMN_UPDATED_AT, value, "", why);
	engine_row_init(&row);
	if (set_parts(reading, &row, field, why) != 0 ||
	    engine_row_set(reading, &row, ENGINE_COLUMN_QUANTITY, value, "", why) != 0)
		return name_field(field, why);
	return engine_rows_add(reading, &row, why);
}

int
engine_hash_complete(const struct engine_reading *reading, struct failure *why)
{
	if (reading->updated_at < 0)
		return failure_set(why, FAILURE_REJECTED,
		    "there is no field updated_at, which must be the Unix seconds of the last write");
	return 0;
}

static const char rights[] =
    "give the user the right to read the hash, as in 'ACL SETUSER name +hgetall +select ~arbwatch:*'";

static int
add_pairs(struct engine_reading *reading, const redisReply *pairs, struct failure *why)
{
	if (pairs->elements == 0)
		return failure_set(why, FAILURE_REJECTED,
		    "this database has no such hash: write it also when no position is open, with updated_at alone");
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
	struct redis_session s;

	engine_reading_init(reading);
	reading->read = redis_session_open(&s, target, deadline, &reading->failure) == 0 &&
			read_hash(&s, hash, reading) == 0;
	redis_session_close(&s);
	/* Half a list must not look like a list. */
	if (!reading->read)
		engine_reading_release(reading);
}
