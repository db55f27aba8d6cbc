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
#include <string.h>

#include "common/text/array.h"
#include "exchange/account/rows.h"

enum { FIELD_TEXT = 256 };

static const struct slice nothing = { NULL, 0 };

void
account_shown(const struct account_key *key, struct slice text, char shown[ACCOUNT_SHOWN])
{
	enum { SHOWN = 40, LOOKED_AT = 1024 };
	char *values[ACCOUNT_SENT], whole[LOOKED_AT];
	const struct secrets sent = account_key_sent(key, values);

	(void)snprintf(whole, sizeof(whole), "%.*s", SLICE_ARGS(text));
	secrets_mask(&sent, whole);
	(void)snprintf(shown, ACCOUNT_SHOWN, "%.*s%s", SHOWN, whole, strlen(whole) > SHOWN ? "..." : "");
}

/* "row 3: REASON", or "row 'XXBT': REASON"; rows are counted from 1. */
static int
fail_row(const struct account_row *row, struct failure *why, const char *pointer, const char *reason,
    struct slice text)
{
	const char *quote = text.at != NULL ? "'" : "";
	char name[ACCOUNT_SHOWN], shown[ACCOUNT_SHOWN];

	account_shown(row->ours, text, shown);
	if (row->key.at == NULL)
		return failure_set(why, FAILURE_PROTOCOL, "row %zu: '%s' %s%s%s%s", row->index + 1, pointer,
		    reason, quote, shown, quote);
	account_shown(row->ours, row->key, name);
	return failure_set(
	    why, FAILURE_PROTOCOL, "row '%s': '%s' %s%s%s%s", name, pointer, reason, quote, shown, quote);
}

static struct slice
get(const struct account_row *row, const char *pointer)
{
	return json_scan_get(row->scan, row->body, pointer);
}

/* Strings and numbers are both read as text: as a double a JSON number would lose digits. */
static int
read_decimal(const struct account_row *row, const char *pointer, struct decimal *number, struct failure *why)
{
	struct slice value = get(row, pointer), text;
	enum scan_kind kind = json_scan_kind(value);
	char buffer[FIELD_TEXT];

	if (kind == SCAN_NOTHING)
		return fail_row(row, why, pointer, "is missing", value);
	if ((kind != SCAN_STRING && kind != SCAN_NUMBER) ||
	    !json_scan_text(value, buffer, sizeof(buffer), &text) || !decimal_parse(text, number))
		return fail_row(row, why, pointer, "is not a number: ", value);
	return 0;
}

/* A part that may be left empty: then it is 0. */
static int
read_part(const struct account_row *row, const char *pointer, struct decimal *number, struct failure *why)
{
	*number = (struct decimal){ 0, 0 };
	return pointer == NULL || slice_is(get(row, pointer), "\"\"")
		   ? 0
		   : read_decimal(row, pointer, number, why);
}

/* NaN: not told. */
static double
read_double(const struct account_row *row, const char *pointer)
{
	double number;

	return answer_number(get(row, pointer), &number) ? number : NAN;
}

/* The array with room for one more, or NULL. */
static void *
grow(void *items, size_t *room, size_t count, size_t size, size_t most, const char *what, struct failure *why)
{
	void *grown = NULL;

	/* A hostile answer must not fill the memory. */
	if (count >= most)
		(void)failure_set(why, FAILURE_PROTOCOL, "more than %zu %s", most, what);
	else if ((grown = array_reserve(items, room, count + 1, size)) == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	return grown;
}

/*
 * Takes a suffix off that says what the asset is kept for ("ADA.S" is staked ADA at Kraken): it is owned all
 * the same.  True: it cannot be traded with for now.
 */
static bool
take_suffix(const struct profile_list *suffixes, struct slice *name)
{
	for (size_t i = 0; i < suffixes->count; i++) {
		const char *suffix = suffixes->items[i];
		size_t length = strcspn(suffix, "=");

		if (name->length <= length || memcmp(name->at + name->length - length, suffix, length) != 0)
			continue;
		name->length -= length;
		return strcmp(suffix + length, "=locked") == 0;
	}
	return false;
}

/* The common name of the asset, from a member of the row or from the key of the row. */
static int
read_asset(const struct account_row *row, char asset[SYMBOL_ASSET], bool *locked, struct failure *why)
{
	const char *pointer = row->profile->account.balance_asset;
	char buffer[FIELD_TEXT];
	struct symbol symbol;
	struct slice text = nothing;
	bool told = pointer != NULL ? json_scan_string(get(row, pointer), buffer, sizeof(buffer), &text)
				    : json_scan_key(row->key, buffer, sizeof(buffer), &text);

	*locked = told && take_suffix(&row->profile->account.asset_suffixes, &text);
	if (!told || !symbol_read_asset(row->profile, text, &symbol))
		return fail_row(row, why, pointer != NULL ? pointer : "(key)",
		    told ? "is no name of an asset: " : "is no name of an asset", text);
	memcpy(asset, symbol.base, SYMBOL_ASSET);
	return 0;
}

/* Adds the parts that the row tells: rows of accounts that cannot borrow do not have them. */
static int
add_parts(const struct account_row *row, const struct profile_list *pointers, struct decimal *sum,
    struct failure *why)
{
	struct decimal part;

	for (size_t i = 0; i < pointers->count; i++) {
		enum scan_kind kind = json_scan_kind(get(row, pointers->items[i]));

		if (kind == SCAN_NOTHING || kind == SCAN_NULL)
			continue;
		if (read_part(row, pointers->items[i], &part, why) != 0)
			return -1;
		if (!decimal_add(*sum, part, sum))
			return fail_row(row, why, pointers->items[i], "has too many digits", nothing);
	}
	return 0;
}

/* What of the asset is ours: free and locked. */
static int
read_amounts(const struct account_row *row, struct account_balance *balance, struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	bool is_free =
	    account->balance_free != NULL &&
	    (account->balance_fallback == NULL || !slice_is(get(row, account->balance_free), "\"\""));
	const char *amount = is_free                          ? account->balance_free
			     : account->balance_total != NULL ? account->balance_total
							      : account->balance_fallback;
	struct decimal told = { 0, 0 }, owed = { 0, 0 };

	if (read_decimal(row, amount, &told, why) != 0 ||
	    read_part(row, account->balance_locked, &balance->locked, why) != 0 ||
	    add_parts(row, &account->balance_margin, &balance->locked, why) != 0 ||
	    add_parts(row, &account->balance_owed, &owed, why) != 0)
		return -1;
	/* A fallback total below 0 has in its sign already what is owed (OKX). */
	if (!is_free && amount == account->balance_fallback && decimal_sign(told) < 0)
		owed = (struct decimal){ 0, 0 };
	/* Margin may be covered by other assets: no more of this one is locked than there is. */
	if (!is_free && account->balance_margin.count > 0 && decimal_compare(balance->locked, told) > 0)
		balance->locked = decimal_sign(told) > 0 ? told : (struct decimal){ 0, 0 };
	/* What is borrowed is not ours.  Where the exchange tells the total, free is what is left of it. */
	if (!decimal_subtract(told, owed, &balance->free) ||
	    (!is_free && !decimal_subtract(balance->free, balance->locked, &balance->free)))
		return fail_row(row, why, amount, "has too many digits", nothing);
	return 0;
}

int
account_row_balance(const struct account_row *row, struct account_lists *lists, struct failure *why)
{
	struct account_balance balance = { .asset = "" }, *grown;
	bool locked;

	if (read_amounts(row, &balance, why) != 0)
		return -1;
	/* An empty balance needs no name. */
	if (decimal_sign(balance.free) == 0 && decimal_sign(balance.locked) == 0)
		return 0;
	if (read_asset(row, balance.asset, &locked, why) != 0)
		return -1;
	if (locked) {
		if (!decimal_add(balance.locked, balance.free, &balance.locked))
			return fail_row(row, why, "(locked)", "has too many digits", nothing);
		balance.free = (struct decimal){ 0, 0 };
	}
	if ((grown = grow(lists->balances, &lists->balance_room, lists->balance_count, sizeof(balance),
		 ACCOUNT_BALANCES_MAX, "balances", why)) == NULL)
		return -1;
	lists->balances = grown;
	lists->balances[lists->balance_count++] = balance;
	return 0;
}

/* The quantity without what of it is closed (Kraken), with its sign. */
static int
read_quantity(const struct account_row *row, struct decimal *quantity, struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	struct decimal closed;
	int sign;

	if (read_decimal(row, account->position_quantity, quantity, why) != 0 ||
	    read_part(row, account->position_closed, &closed, why) != 0)
		return -1;
	sign = decimal_sign(*quantity);
	if (sign < 0)
		closed = decimal_negative(closed);
	if (!decimal_subtract(*quantity, closed, quantity))
		return fail_row(row, why, account->position_quantity, "has too many digits", nothing);
	/* Past 0 it would turn a long position into a short one. */
	if (decimal_sign(*quantity) == -sign && sign != 0)
		return fail_row(row, why, account->position_closed,
		    "is more than there was: ", get(row, account->position_closed));
	return 0;
}

/*
 * Takes the sign off the quantity.  A word for the side that the profile does not know is an error and not
 * "long": the wrong side is the worst mistake that can be made here.
 */
static int
read_side(
    const struct account_row *row, struct decimal *quantity, enum account_side *side, struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	bool negative = decimal_sign(*quantity) < 0, is_long, is_short;
	struct slice value = get(row, account->position_side);
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
read_market(const struct account_row *row, struct account_position *position, struct failure *why)
{
	const char *pointer = row->profile->account.position_symbol;
	char buffer[FIELD_TEXT];
	struct slice text = nothing;
	bool told = json_scan_string(get(row, pointer), buffer, sizeof(buffer), &text);

	if (!told || text.length >= sizeof(position->native) ||
	    !symbol_read(row->profile, text, &position->symbol))
		return fail_row(
		    row, why, pointer, told ? "is no name of a market: " : "is no name of a market", text);
	memcpy(position->native, text.at, text.length);
	position->native[text.length] = '\0';
	return 0;
}

int
account_row_position(const struct account_row *row, struct account_lists *lists, struct failure *why)
{
	const struct profile_account *account = &row->profile->account;
	struct account_position position = { .inverse = row->inverse }, *grown;

	if (read_quantity(row, &position.quantity, why) != 0)
		return -1;
	/* A position of 0 needs neither a name nor a side. */
	if (decimal_sign(position.quantity) == 0)
		return 0;
	if (read_side(row, &position.quantity, &position.side, why) != 0 ||
	    read_market(row, &position, why) != 0 ||
	    (grown = grow(lists->positions, &lists->position_room, lists->position_count, sizeof(position),
		 ACCOUNT_POSITIONS_MAX, "positions", why)) == NULL)
		return -1;
	/* Binance gives the value of a short as a negative number. */
	position.notional = fabs(read_double(row, account->position_notional));
	position.mark = read_double(row, account->position_mark);
	/* A price of 0 would make the value of the position 0: it counts as not told. */
	if (!(position.mark > 0))
		position.mark = NAN;
	position.unrealized_pnl = read_double(row, account->position_pnl);
	lists->positions = grown;
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
	const struct profile_account *account = &row->profile->account;
	struct account_instrument instrument = { .inverse = false }, *grown;
	char buffer[FIELD_TEXT];
	struct slice text;
	int inverse = 0;

	if (read_decimal(row, account->instrument_size, &instrument.size, why) != 0 ||
	    decimal_sign(instrument.size) <= 0 ||
	    !json_scan_string(get(row, account->instrument_symbol), buffer, sizeof(buffer), &text) ||
	    text.length >= sizeof(instrument.native))
		return 0;
	if (account->instrument_inverse != NULL)
		inverse = answer_flag(row->scan, row->body, account->instrument_inverse);
	if (inverse < 0)
		return 0;
	grown = grow(lists->instruments, &lists->instrument_room, lists->instrument_count, sizeof(instrument),
	    ACCOUNT_INSTRUMENTS_MAX, "instruments", why);
	if (grown == NULL)
		return -1;
	memcpy(instrument.native, text.at, text.length);
	instrument.native[text.length] = '\0';
	instrument.inverse = inverse == 1;
	lists->instruments = grown;
	lists->instruments[lists->instrument_count++] = instrument;
	return 0;
}
