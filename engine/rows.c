/*
 * From the texts of one position to a struct engine_row, the same for Postgres and Redis, so that both mean
 * the same by the same words.
 *
 * What the bot believes is compared with the exchanges to the last digit, so nothing is guessed: a negative
 * quantity is not "short", "buy" is not "long", milliseconds are not seconds.  The error says which column
 * it is, what was found and what is expected.  All rules are in one table, `columns`, and docs/engine.md
 * repeats them for the bot's author.
 *
 * Values are text until they are here, because a double would lose digits of a quantity.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/utf8.h"
#include "engine/rows.h"
#include "textfile/number.h"

enum {
	FIRST_ROOM = 64,
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

/* In the order of enum engine_column.  `type` is what Postgres calls it, `expected` ends the error text. */
static const struct {
	const char *name;
	const char *type;
	const char *expected;
	bool required;
} columns[ENGINE_COLUMNS] = {
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

const char *
engine_column_name(enum engine_column column)
{
	return columns[column].name;
}

const char *
engine_column_type(enum engine_column column)
{
	return columns[column].type;
}

bool
engine_column_required(enum engine_column column)
{
	return columns[column].required;
}

void
engine_reading_init(struct engine_reading *reading)
{
	*reading = (struct engine_reading){ .updated_at = -1 };
}

void
engine_reading_clear_rows(struct engine_reading *reading)
{
	free(reading->rows);
	reading->rows = NULL;
	reading->row_count = reading->row_room = 0;
}

/* The failure and the time that it took stay. */
void
engine_reading_discard(struct engine_reading *reading)
{
	engine_reading_clear_rows(reading);
	reading->updated_at = -1;
	reading->read = false;
}

void
engine_reading_release(struct engine_reading *reading)
{
	if (reading != NULL)
		engine_reading_discard(reading);
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
	const char *name = columns[column].name, *expected = columns[column].expected;

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
	if (text.at == NULL && !columns[column].required)
		return 0;
	/* The reader of Postgres lets the server cut texts: one of that length may be a piece. */
	if (text.at == NULL || text.length >= ENGINE_TEXT || !parse_value(reading, row, column, text))
		return refuse(column, text, noun, why);
	return 0;
}

int
engine_rows_add(struct engine_reading *reading, const struct engine_row *row, struct failure *why)
{
	if (reading->row_count == ENGINE_ROWS_MAX)
		return failure_set(why, FAILURE_REJECTED,
		    "more than %d positions: leave out those that are closed", (int)ENGINE_ROWS_MAX);
	if (reading->row_count == reading->row_room) {
		size_t room = reading->row_room == 0 ? FIRST_ROOM : 2 * reading->row_room;
		struct engine_row *rows = realloc(reading->rows, room * sizeof(*rows));

		if (rows == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
		reading->rows = rows;
		reading->row_room = room;
	}
	reading->rows[reading->row_count++] = *row;
	return 0;
}
