/*
 * From one row of an answer to one balance, position or instrument.
 *
 * The quantity is read first, and a row with a quantity of 0 is left out before anything else of it is
 * looked at: exchanges list hundreds of empty balances, some with odd names, and positions without a side
 * (Bybit).  A row that has a quantity must be understood completely, or the whole page fails; the error
 * says which row and which pointer.
 *
 * Quantities are exact decimals, because they are compared with the bot's to the last digit.  Value, mark
 * price and profit are doubles and may be unknown (NaN).
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/account/rows.h"

enum { FIELD_TEXT = 256, SHOWN = 40 };

/* "row 3: REASON", or "row 'XXBT': REASON"; rows are counted from 1.  Long texts are cut. */
static int
fail_row(const struct account_row *row, struct failure *why, const char *pointer, const char *reason,
    struct slice text)
{
	const char *quote = text.at != NULL ? "'" : "";
	char name[SHOWN + 8];

	if (row->key.at != NULL)
		(void)snprintf(name, sizeof(name), "'%.*s%s'",
		    row->key.length < SHOWN ? (int)row->key.length : SHOWN, row->key.at,
		    row->key.length > SHOWN ? "..." : "");
	else
		(void)snprintf(name, sizeof(name), "%zu", row->index + 1);
	return failure_set(why, FAILURE_PROTOCOL, "row %s: '%s' %s%s%.*s%s%s", name, pointer, reason, quote,
	    text.length < SHOWN ? (int)text.length : SHOWN, text.at != NULL ? text.at : "",
	    text.length > SHOWN ? "..." : "", quote);
}

/* Strings and numbers are both read as text: as a double a JSON number would lose digits. */
static int
read_decimal(const struct account_row *row, const char *pointer, struct slice value, struct decimal *number,
    struct failure *why)
{
	char buffer[FIELD_TEXT];
	struct slice text;
	enum scan_kind kind = json_scan_kind(value);

	if (kind == SCAN_NOTHING)
		return fail_row(row, why, pointer, "is missing", value);
	if ((kind != SCAN_STRING && kind != SCAN_NUMBER) ||
	    !json_scan_text(value, buffer, sizeof(buffer), &text) || !decimal_parse(text, number))
		return fail_row(row, why, pointer, "is not a number: ", value);
	return 0;
}

/* A part that may be left empty: then it is 0. */
static int
read_part(const struct account_row *row, const char *pointer, struct slice value, struct decimal *number,
    struct failure *why)
{
	*number = (struct decimal){ 0, 0 };
	if (pointer == NULL || (json_scan_kind(value) == SCAN_STRING && value.length == 2))
		return 0;
	return read_decimal(row, pointer, value, number, why);
}

/* NaN: not told. */
static double
read_double(struct slice value)
{
	double number;

	return answer_number(value, &number) ? number : NAN;
}

/* Room for one more, or -1. */
static int
grow(
    void **items, size_t *room, size_t count, size_t size, size_t most, const char *what, struct failure *why)
{
	size_t wanted = *room == 0 ? 64 : *room * 2;
	void *grown;

	/* A hostile answer must not fill the memory. */
	if (count >= most)
		return failure_set(why, FAILURE_PROTOCOL, "more than %zu %s", most, what);
	if (count < *room)
		return 0;
	grown = realloc(*items, wanted * size);
	if (grown == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	*items = grown;
	*room = wanted;
	return 0;
}

/* The common name of the asset, from a member of the row or from the key of the row. */
static int
read_asset(const struct account_row *row, struct slice value, char asset[SYMBOL_ASSET], struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	const char *pointer = account->balance_asset != NULL ? account->balance_asset : "(key)";
	char buffer[FIELD_TEXT];
	struct symbol symbol;
	struct slice text;
	bool told = account->balance_asset != NULL ? json_scan_string(value, buffer, sizeof(buffer), &text)
						   : json_scan_key(row->key, buffer, sizeof(buffer), &text);

	if (!told)
		return fail_row(row, why, pointer, "is no name of an asset", value);
	if (!symbol_read_asset(row->profile, text, &symbol))
		return fail_row(row, why, pointer, "is no name of an asset: ", text);
	memcpy(asset, symbol.base, SYMBOL_ASSET);
	return 0;
}

int
account_row_balance(const struct account_row *row, struct account_lists *lists, struct failure *why)
{
	enum { ASSET, AMOUNT, LOCKED, FIELDS };
	const struct profile_account *account = &row->profile->account;
	const char *amount = account->balance_free != NULL ? account->balance_free : account->balance_total;
	const char *const pointers[FIELDS] = { account->balance_asset, amount, account->balance_locked };
	struct account_balance balance = { .asset = "" };
	struct slice found[FIELDS];

	json_scan_members(row->scan, row->body, pointers, FIELDS, found);
	if (read_decimal(row, amount, found[AMOUNT], &balance.free, why) != 0 ||
	    read_part(row, account->balance_locked, found[LOCKED], &balance.locked, why) != 0)
		return -1;
	/* The exchange tells the total: free is what is left of it. */
	if (account->balance_free == NULL && !decimal_subtract(balance.free, balance.locked, &balance.free))
		return fail_row(row, why, amount, "has too many digits", (struct slice){ NULL, 0 });
	/* An empty balance needs no name. */
	if (decimal_sign(balance.free) == 0 && decimal_sign(balance.locked) == 0)
		return 0;
	if (read_asset(row, found[ASSET], balance.asset, why) != 0 ||
	    grow((void **)&lists->balances, &lists->balance_room, lists->balance_count, sizeof(balance),
		ACCOUNT_BALANCES_MAX, "balances", why) != 0)
		return -1;
	lists->balances[lists->balance_count++] = balance;
	return 0;
}

enum { SYMBOL, QUANTITY, CLOSED, SIDE, NOTIONAL, MARK, PNL, POSITION_FIELDS };

/* The quantity without what of it is closed (Kraken), with its sign. */
static int
read_quantity(const struct account_row *row, const char *const pointers[], const struct slice found[],
    struct decimal *quantity, struct failure *why)
{
	struct decimal closed;
	int sign;

	if (read_decimal(row, pointers[QUANTITY], found[QUANTITY], quantity, why) != 0 ||
	    read_part(row, pointers[CLOSED], found[CLOSED], &closed, why) != 0)
		return -1;
	sign = decimal_sign(*quantity);
	if (sign < 0)
		closed = decimal_negative(closed);
	if (!decimal_subtract(*quantity, closed, quantity))
		return fail_row(
		    row, why, pointers[QUANTITY], "has too many digits", (struct slice){ NULL, 0 });
	/* Past 0 it would turn a long position into a short one. */
	if (decimal_sign(*quantity) == -sign && sign != 0)
		return fail_row(row, why, pointers[CLOSED], "is more than there was: ", found[CLOSED]);
	return 0;
}

/*
 * Takes the sign off the quantity.  A word for the side that the profile does not know is an error and not
 * "long": the wrong side is the worst mistake that can be made here.
 */
static int
read_side(const struct account_row *row, struct slice value, struct decimal *quantity,
    enum account_side *side, struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	bool negative = decimal_sign(*quantity) < 0, is_long, is_short;
	char word[ANSWER_TEXT];

	*quantity = decimal_absolute(*quantity);
	*side = negative ? SIDE_SHORT : SIDE_LONG;
	if (account->position_side == NULL)
		return 0;
	if (!answer_text(value, word))
		return fail_row(row, why, account->position_side, "does not tell a side", value);
	is_long = answer_list_has(&account->side_long, word);
	is_short = answer_list_has(&account->side_short, word);
	/* Word and sign say different things.  A negative short is common (Binance in hedge mode). */
	if (is_long && negative)
		return fail_row(
		    row, why, account->position_quantity, "is negative, and the side is ", SLICE(word));
	if (!is_long && !is_short && !answer_list_has(&account->side_signed, word))
		return fail_row(
		    row, why, account->position_side, "is not one of the known sides: ", SLICE(word));
	if (is_short)
		*side = SIDE_SHORT;
	return 0;
}

/* Our name of the market, and the exchange's own, by which the instruments are found. */
static int
read_market(
    const struct account_row *row, struct slice value, struct account_position *position, struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	char buffer[FIELD_TEXT];
	struct slice text;

	if (!json_scan_string(value, buffer, sizeof(buffer), &text))
		return fail_row(row, why, account->position_symbol, "is no name of a market", value);
	if (text.length >= sizeof(position->native) || !symbol_read(row->profile, text, &position->symbol))
		return fail_row(row, why, account->position_symbol, "is no name of a market: ", text);
	memcpy(position->native, text.at, text.length);
	position->native[text.length] = '\0';
	position->inverse = row->inverse;
	for (size_t i = 0; i < account->position_inverse.count; i++)
		if (slice_ends_with(text, account->position_inverse.items[i]))
			position->inverse = true;
	return 0;
}

int
account_row_position(const struct account_row *row, struct account_lists *lists, struct failure *why)
{
	const struct profile_account *a = &row->profile->account;
	const char *const pointers[POSITION_FIELDS] = { [SYMBOL] = a->position_symbol,
		[QUANTITY] = a->position_quantity,
		[CLOSED] = a->position_closed,
		[SIDE] = a->position_side,
		[NOTIONAL] = a->position_notional,
		[MARK] = a->position_mark,
		[PNL] = a->position_pnl };
	struct slice found[POSITION_FIELDS];
	struct account_position position = { .inverse = false };

	json_scan_members(row->scan, row->body, pointers, POSITION_FIELDS, found);
	if (read_quantity(row, pointers, found, &position.quantity, why) != 0)
		return -1;
	/* A position of 0 needs neither a name nor a side. */
	if (decimal_sign(position.quantity) == 0)
		return 0;
	if (read_side(row, found[SIDE], &position.quantity, &position.side, why) != 0 ||
	    read_market(row, found[SYMBOL], &position, why) != 0 ||
	    grow((void **)&lists->positions, &lists->position_room, lists->position_count, sizeof(position),
		ACCOUNT_POSITIONS_MAX, "positions", why) != 0)
		return -1;
	/* Binance gives the value of a short as a negative number. */
	position.notional = fabs(read_double(found[NOTIONAL]));
	position.mark = read_double(found[MARK]);
	/* A price of 0 would make the value of the position 0: it counts as not told. */
	if (!(position.mark > 0))
		position.mark = NAN;
	position.unrealized_pnl = read_double(found[PNL]);
	lists->positions[lists->position_count++] = position;
	return 0;
}

/*
 * An instrument that cannot be read is left out, because most instruments have no position.  If one of
 * these has, the positions fail later, because its size is not known (complete.c).
 */
int
account_row_instrument(const struct account_row *row, struct account_lists *lists, struct failure *why)
{
	enum { NAME, SIZE, FIELDS };
	const struct profile_account *account = &row->profile->account;
	const char *const pointers[FIELDS] = { account->instrument_symbol, account->instrument_size };
	struct account_instrument instrument = { .inverse = false };
	struct slice found[FIELDS], text;
	char buffer[FIELD_TEXT];
	int inverse = 0;

	json_scan_members(row->scan, row->body, pointers, FIELDS, found);
	if (read_decimal(row, account->instrument_size, found[SIZE], &instrument.size, why) != 0 ||
	    decimal_sign(instrument.size) <= 0 ||
	    !json_scan_string(found[NAME], buffer, sizeof(buffer), &text) ||
	    text.length >= sizeof(instrument.native))
		return 0;
	if (account->instrument_inverse != NULL)
		inverse = answer_flag(row->scan, row->body, account->instrument_inverse);
	if (inverse < 0)
		return 0;
	if (grow((void **)&lists->instruments, &lists->instrument_room, lists->instrument_count,
		sizeof(instrument), ACCOUNT_INSTRUMENTS_MAX, "instruments", why) != 0)
		return -1;
	memcpy(instrument.native, text.at, text.length);
	instrument.native[text.length] = '\0';
	instrument.inverse = inverse == 1;
	lists->instruments[lists->instrument_count++] = instrument;
	return 0;
}
