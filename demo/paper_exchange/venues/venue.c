#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo/paper_exchange/venues/venue.h"

const char paper_key[] = "paper-key";
const char paper_secret[] = "paper-secret-0123456789abcdef0123456789abcdef";
const char paper_passphrase[] = "paper-passphrase";

const char paper_key_second[] = "paper-key-second";
const char paper_key_ed25519[] = "paper-key-ed25519";
const unsigned char paper_public_ed25519[32] = { 0x87, 0x38, 0x62, 0xf6, 0x7c, 0xaa, 0xfc, 0xd1, 0xbc, 0x2a,
	0x5c, 0xd3, 0xb9, 0x28, 0x50, 0x00, 0xbc, 0x87, 0xc3, 0x4d, 0x8e, 0xca, 0x7d, 0x30, 0x59, 0xbd, 0x5a,
	0x39, 0x91, 0x78, 0x5e, 0x4e };

bool
venue_can_play(const struct venue *venue, enum fault fault)
{
	switch (fault) {
	case FAULT_PERMISSION: return venue->troubles[TROUBLE_PERMISSION].code != NULL;
	case FAULT_WRONG_IP: return venue->troubles[TROUBLE_IP].code != NULL;
	case FAULT_EXPIRED_KEY: return venue->troubles[TROUBLE_EXPIRED].code != NULL;
	default: return fault < FAULT_DRIFT || (venue->plays & PLAYS(fault)) != 0;
	}
}

void
answer_header(struct answer *answer, const char *name, const char *format, ...)
{
	va_list arguments;

	if (answer->header_count == ANSWER_HEADERS)
		return;
	answer->headers[answer->header_count].name = name;
	va_start(arguments, format);
	(void)vsnprintf(answer->headers[answer->header_count].value,
	    sizeof(answer->headers[answer->header_count].value), format, arguments);
	va_end(arguments);
	answer->header_count++;
}

bool
answer_error(
    const struct call *call, struct answer *answer, int status, const char *code, const char *message)
{
	json_decref(answer->body);
	market_stream_free(answer->stream);
	answer->stream = NULL;
	answer->status = status;
	answer->body = call->venue->error(call, code, message);
	return false;
}

void
answer_trouble(const struct call *call, struct answer *answer, enum trouble trouble)
{
	const struct trouble_words *words = &call->venue->troubles[trouble];

	(void)answer_error(call, answer, words->status, words->code, words->message);
}

const char *
call_argument(const struct call *call, const char *name)
{
	return arguments_find(&call->arguments, name);
}

int
number_parse(const char *text, int64_t *number)
{
	size_t digits = text != NULL ? strspn(text, "0123456789") : 0;
	long long value;

	if (digits == 0 || digits > 19 || text[digits] != '\0')
		return -1;
	errno = 0;
	value = strtoll(text, NULL, 10);
	if (errno != 0)
		return -1;
	*number = value;
	return 0;
}

size_t
call_count(const struct call *call, const char *name, size_t fallback, size_t most)
{
	int64_t number;

	if (number_parse(call_argument(call, name), &number) != 0 || number < 1 || (uint64_t)number > most)
		return fallback;
	return (size_t)number;
}

int
floor_list(struct floor *floor, size_t symbols)
{
	floor->symbols = symbols;
	for (int venue = MARKET_BINANCE; venue <= MARKET_UPBIT; venue++) {
		floor->coins[venue] = calloc(symbols + 1, sizeof(*floor->coins[venue]));
		if (floor->coins[venue] == NULL)
			return -1;
		for (size_t i = 0; i < symbols; i++)
			market_listing(&floor->coins[venue][i], (enum market_venue)venue, (int)i);
	}
	market_won(&floor->coins[MARKET_UPBIT][symbols]);
	return 0;
}

struct listings
call_listings(const struct call *call)
{
	const struct venue *venue = call->venue;

	if (venue->listings != NULL)
		return (struct listings){ venue->listings, LISTINGS };
	return (struct listings){ call->floor->coins[venue->market],
		call->floor->symbols + (venue->market == MARKET_UPBIT) };
}

const struct listing *
call_listing(const struct call *call, const char *native)
{
	struct listings all = call_listings(call);

	for (size_t i = 0; native != NULL && i < all.count; i++)
		if (strcmp(all.list[i].native, native) == 0)
			return all.list + i;
	return NULL;
}

bool
call_halted(const struct call *call, const struct listing *listing)
{
	const struct fault_setting *halted = &call->faults[FAULT_HALTED];
	char canonical[32];

	if (call->faults[FAULT_MAINTENANCE].on)
		return true;
	(void)snprintf(canonical, sizeof(canonical), "%s/%s", listing->base, listing->quote);
	return halted->on && (halted->text[0] == '\0' || strcmp(halted->text, listing->native) == 0 ||
				 strcmp(halted->text, canonical) == 0);
}

void
call_book(const struct call *call, const struct listing *listing, struct book *book, size_t levels)
{
	int64_t at_ms = call->wall_ms;

	if (call->faults[FAULT_MAINTENANCE].on && call->faults[FAULT_MAINTENANCE].since_ms < at_ms)
		at_ms = call->faults[FAULT_MAINTENANCE].since_ms;
	else if (call_halted(call, listing) && call->faults[FAULT_HALTED].since_ms < at_ms)
		at_ms = call->faults[FAULT_HALTED].since_ms;
	if (call->faults[FAULT_FROZEN].on && call->faults[FAULT_FROZEN].since_ms < at_ms)
		at_ms = call->faults[FAULT_FROZEN].since_ms;
	book_make(book, listing, call->floor->seed, at_ms, levels);
	book->time_ms += call->now_ms - call->wall_ms;
	if (call->faults[FAULT_STALE].on)
		book->time_ms -= call->faults[FAULT_STALE].number;
	if (call->faults[FAULT_FUTURE].on)
		book->time_ms += call->faults[FAULT_FUTURE].number;
	if (book->time_ms < 0)
		book->time_ms = 0;
}

/* Its highest and lowest price are those of the full hours, which is enough for a ticker. */
void
call_day(const struct call *call, const struct book *book, struct day *day)
{
	const struct listing *listing = book->listing;
	int64_t now_ms = book->sequence * TICK_MS;
	struct book then;

	*day = (struct day){ .high = book->middle, .low = book->middle, .last = book->middle };
	for (int hours = 1; hours <= 24; hours++) {
		book_make(&then, listing, call->floor->seed, now_ms - hours * INT64_C(3600000), 0);
		day->high = then.middle > day->high ? then.middle : day->high;
		day->low = then.middle < day->low ? then.middle : day->low;
		day->open = then.middle;
	}
	day->quote_volume = (double)market_volume(listing, call->floor->seed, now_ms);
	day->base_volume =
	    day->quote_volume / units_value(day->open / 2 + day->last / 2, listing->price_decimals);
}

json_t *
level_pair(const struct book *book, const char *price, const char *quantity)
{
	(void)book;
	return json_pack("[s, s]", price, quantity);
}

json_t *
book_side(const struct book *book, const struct level *side, size_t count, level_row *row)
{
	const struct listing *listing = book->listing;
	char price[UNITS_TEXT], quantity[UNITS_TEXT];
	json_t *rows = json_array();

	for (size_t i = 0; i < count && i < LEVELS; i++) {
		units_text(price, side[i].price, listing->price_decimals);
		units_text(quantity, side[i].quantity, listing->quantity_decimals);
		(void)json_array_append_new(rows, row(book, price, quantity));
	}
	return rows;
}

json_t *
json_decimal(double value, int decimals)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%.*f", decimals, value);
	/* No "-0.00". */
	return json_string(text + (text[strspn(text, "-0.")] == '\0' && text[0] == '-'));
}

json_t *
json_whole(int64_t value)
{
	char text[UNITS_TEXT];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	return json_string(text);
}

void
time_text(char text[TIME_TEXT], int64_t unix_ms, bool with_ms)
{
	time_t seconds = unix_ms / 1000;
	char whole[24];
	struct tm parts;

	(void)gmtime_r(&seconds, &parts);
	(void)strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts);
	if (with_ms)
		(void)snprintf(text, TIME_TEXT, "%s.%03dZ", whole, (int)(unix_ms % 1000));
	else
		(void)snprintf(text, TIME_TEXT, "%sZ", whole);
}
