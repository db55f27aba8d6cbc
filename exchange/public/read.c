/*
 * From one HTTP answer to a struct exchange_answer.
 *
 * First: is the answer a success?  The status alone does not tell, because Kraken, Bybit and OKX send
 * errors with 200; the profile's ok rule decides.  A success is read by the endpoint it belongs to; an
 * error is read for its code and message, and for the signals in them.  An answer without the deciding
 * member is a protocol failure.  Only 200 can be a success: a 206 would be a part of a book.
 *
 * An answer that broke off keeps the failure of the transport, and its status still counts: a 429 without
 * its body is a 429.
 *
 * A book that looks good and is not is worse than none: prices that nobody stands for look like a profit.
 * So one fault makes the whole book unread: an empty side, a price that is not above 0, a size below 0, bids
 * that reach the asks, a timestamp that cannot be.  Nothing is repaired, and nothing is left out but levels
 * of size 0, where no order stands.  The time decides whether the book is old, so it must be the book's own.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/public/read.h"

enum { LEVELS = 5 }; /* looked at, of each side */

/* Seconds that a time may be ahead of our clock, because clocks differ.  More would look fresh for ever. */
static const double ahead_at_most = 5;

/* Book --------------------------------------------------------------- */

/* FNV-1a of 64 bits: it need not resist an attack, only be the same in every run and on every machine. */
static void
add_to_hash(uint64_t *hash, struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		*hash = (*hash ^ (unsigned char)text.at[i]) * UINT64_C(1099511628211);
}

/*
 * The best price of a side: the highest or the lowest of its first levels, so that nothing depends on their
 * order.  All of these must be sound, not only the best one.  The hash is of the levels alone and not of
 * the time of the book: a book that stands still must not look as if it moved.
 */
static int
read_side(struct json_scan *scan, const char *list, const char *price, const char *size, bool bids,
    double *best, uint64_t *hash, struct failure *why)
{
	const char *side = bids ? "bids" : "asks";
	struct slice key, level;
	struct json_rows rows;
	double number, amount;
	size_t count = 0;

	if (json_rows_begin(json_scan_get(scan, scan->text, list), &rows) && !rows.object)
		while (count < LEVELS && json_rows_next(&rows, &key, &level)) {
			if (size != NULL && !answer_number(json_scan_get(scan, level, size), &amount))
				return failure_set(
				    why, FAILURE_PROTOCOL, "the book's %s have a level without a size", side);
			/* No order stands there: Upbit and Bithumb pad a thin side, with a price or without.
			 */
			if (size != NULL && amount == 0)
				continue;
			if ((size != NULL && !(amount > 0)) ||
			    !answer_number(json_scan_get(scan, level, price), &number) || !(number > 0))
				return failure_set(why, FAILURE_PROTOCOL,
				    "the book's %s have a level without a price and a size above 0", side);
			if (count == 0 || (bids ? number > *best : number < *best))
				*best = number;
			add_to_hash(hash, level);
			count++;
		}
	return count > 0 ? 0 : failure_set(why, FAILURE_PROTOCOL, "the book has no %s", side);
}

/* A wrong unit gives a time far away, which answer_time() or the check against our clock finds. */
static int
read_time(struct slice value, enum time_unit unit, double now, double *seconds, struct failure *why)
{
	double read;

	if (!answer_time(value, unit, &read))
		return failure_set(why, FAILURE_PROTOCOL,
		    "a timestamp is missing, not a number, or outside of 2015 to 2100");
	if (read > now + ahead_at_most)
		return failure_set(
		    why, FAILURE_PROTOCOL, "a timestamp is %.3f s ahead of our clock", read - now);
	*seconds = read;
	return 0;
}

/* Where each level has a time of its own (Kraken), the book is as new as the newest of them. */
static int
read_times(
    const struct profile *profile, struct json_scan *scan, double now, double *latest, struct failure *why)
{
	const struct profile_list *pointers = &profile->book_timestamp;

	for (size_t i = 0; i < pointers->count; i++) {
		struct slice value = json_scan_get(scan, scan->text, pointers->items[i]);
		double seconds = 0;

		if (value.at == NULL)
			continue; /* fewer levels than there are pointers */
		if (read_time(value, profile->book_unit, now, &seconds, why) != 0)
			return -1;
		if (seconds > *latest)
			*latest = seconds;
	}
	return pointers->count == 0 || *latest >= 0
		   ? 0
		   : failure_set(why, FAILURE_PROTOCOL, "the book has no timestamp");
}

static int
read_book(const struct profile *profile, struct json_scan *scan, double now, struct book_reading *book,
    struct failure *why)
{
	struct book_reading read = { .read = true,
		.timestamp = -1,
		.sequence = -1,
		.tradable = -1,
		.content = UINT64_C(14695981039346656037) };
	struct slice sequence = { NULL, 0 };

	if (read_side(scan, profile->book_bids, profile->bid_price, profile->bid_size, true, &read.bid,
		&read.content, why) != 0 ||
	    read_side(scan, profile->book_asks, profile->ask_price, profile->ask_size, false, &read.ask,
		&read.content, why) != 0)
		return -1;
	if (read.bid >= read.ask)
		return failure_set(
		    why, FAILURE_PROTOCOL, "the book is crossed: bid %g, ask %g", read.bid, read.ask);
	if (read_times(profile, scan, now, &read.timestamp, why) != 0)
		return -1;
	/* Without a number (OKX has books like that) the levels tell whether the book changes. */
	if (profile->book_sequence != NULL)
		sequence = json_scan_get(scan, scan->text, profile->book_sequence);
	if (json_scan_kind(sequence) != SCAN_NOTHING && json_scan_kind(sequence) != SCAN_NULL &&
	    (!answer_number(sequence, &read.sequence) || read.sequence < 0))
		return failure_set(why, FAILURE_PROTOCOL, "the book has no sequence number");
	*book = read;
	return 0;
}

/* A market without a trade yet has no time of one (Binance): then its age is not known. */
static int
read_trade(const struct profile *profile, struct json_scan *scan, double now, struct exchange_answer *answer)
{
	struct slice value = json_scan_get(scan, scan->text, profile->trade_timestamp);

	return json_scan_kind(value) == SCAN_NOTHING
		   ? 0
		   : read_time(value, profile->trade_unit, now, &answer->trade_timestamp, &answer->failure);
}

/* Time and status ---------------------------------------------------- */

static int
read_server_time(const struct profile *profile, struct json_scan *scan, struct exchange_answer *answer)
{
	double seconds;

	if (profile->time_from_date_header || profile->time_pointer == NULL)
		return 0;
	if (!answer_time(
		json_scan_get(scan, scan->text, profile->time_pointer), profile->time_unit, &seconds))
		return failure_set(&answer->failure, FAILURE_PROTOCOL,
		    "the exchange's time is missing, not a number, or outside of 2015 to 2100");
	/* Whole seconds are rounded down: the time is half a second later, give or take as much. */
	answer->server_time_error = profile->time_unit == UNIT_S ? 0.5 : 0.0005;
	answer->server_time = seconds + answer->server_time_error;
	return 0;
}

static bool
rule_names(const char *words, struct slice value)
{
	char text[ANSWER_TEXT];

	if (strcmp(words, "*") == 0)
		return true;
	for (size_t length; answer_text(value, text); words += length + 1) {
		length = strcspn(words, ",");
		if (slice_is((struct slice){ words, length }, text))
			return true;
		if (words[length] == '\0')
			break;
	}
	return false;
}

/*
 * Whether the event is only about what one of the rules names: another environment, a product that nobody
 * reads here, some accounts.  All values there must be named; an event that tells none is about everything.
 */
static bool
is_only_about(struct json_scan *scan, struct slice event, const struct profile_list *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const char *rule = rules->items[i], *words = strchr(rule, ':') + 1;
		char pointer[ANSWER_TEXT];
		size_t named = 0, others = 0;
		struct slice value, key, item;
		struct json_rows rows;

		(void)snprintf(pointer, sizeof(pointer), "%.*s", (int)(words - rule - 1), rule);
		value = json_scan_get(scan, event, pointer);
		if (json_scan_kind(value) == SCAN_LIST && json_rows_begin(value, &rows))
			while (json_rows_next(&rows, &key, &item))
				*(rule_names(words, item) ? &named : &others) += 1;
		else if (json_scan_kind(value) == SCAN_NUMBER ||
			 (json_scan_kind(value) == SCAN_STRING && value.length > 2))
			*(rule_names(words, value) ? &named : &others) += 1;
		if (named > 0 && others == 0)
			return true;
	}
	return false;
}

/*
 * Of a list of events (OKX, Bybit) those that are over or only announced say nothing.  All are looked at: a
 * later event must not hide one that is going on.
 */
static int
read_events(const struct profile *profile, struct json_scan *scan, struct exchange_answer *answer)
{
	struct slice key, event;
	struct json_rows rows;
	char state[ANSWER_TEXT];

	if (!json_rows_begin(json_scan_get(scan, scan->text, profile->status_list), &rows) || rows.object)
		return failure_set(&answer->failure, FAILURE_PROTOCOL, "the status has no list of events");
	while (json_rows_next(&rows, &key, &event)) {
		if (!answer_text(json_scan_get(scan, event, profile->status_pointer), state))
			return failure_set(
			    &answer->failure, FAILURE_PROTOCOL, "the status has an event without a state");
		if (!answer_list_has(&profile->status_maintenance, state) ||
		    is_only_about(scan, event, &profile->status_ignored))
			continue;
		if (is_only_about(scan, event, &profile->status_partial))
			answer->restricted = true;
		else
			answer->signals.maintenance = true;
	}
	return 0;
}

static int
read_status(const struct profile *profile, struct json_scan *scan, struct exchange_answer *answer)
{
	char state[ANSWER_TEXT];

	if (profile->status_list != NULL)
		return read_events(profile, scan, answer);
	if (!answer_text(json_scan_get(scan, scan->text, profile->status_pointer), state))
		return failure_set(&answer->failure, FAILURE_PROTOCOL, "the answer has no status");
	answer->signals.maintenance = answer_list_has(&profile->status_maintenance, state);
	/* Any other word (Kraken: cancel_only, post_only) means that not everything works. */
	answer->restricted =
	    !answer->signals.maintenance && !answer_list_has(&profile->status_healthy, state);
	return 0;
}

/* Symbols ------------------------------------------------------------ */

/* The symbols that are looked for in a list, and how many names of any it had. */
struct symbol_search {
	const struct profile *profile;
	struct json_scan *scan;
	struct asked_symbol *symbols;
	size_t count;
	size_t names, others;
	bool twice; /* one that is looked for */
};

/* Besides 1, 0 and -1, while a list is read: no row of this symbol has come yet. */
enum { NOT_LISTED = -2 };

/*
 * What the row says of its symbol: 1: tradable, 0: not, -1: unknown.  The state may be good while a flag
 * stops trading (Coinbase).  A state that is an empty text tells nothing: then all flags must be there.
 */
static int
read_tradable(const struct symbol_search *search, struct slice row)
{
	const struct profile *profile = search->profile;
	const struct profile_list *halted = &profile->symbol_halted;
	bool flags_known = halted->count > 0;
	char state[ANSWER_TEXT];

	for (size_t i = 0; i < halted->count; i++) {
		int flag = answer_flag(search->scan, row, halted->items[i]);

		if (flag == 1)
			return 0;
		flags_known = flags_known && flag == 0;
	}
	if (profile->symbol_state == NULL)
		return 1;
	if (!answer_text(json_scan_get(search->scan, row, profile->symbol_state), state))
		return -1;
	if (*state != '\0')
		return answer_list_has(&profile->symbol_tradable, state);
	return flags_known ? 1 : -1;
}

/* One row: sets what is known of its symbol, if that was asked for.  Without a state it stays unknown. */
static void
read_symbol(struct symbol_search *search, struct slice row)
{
	const struct profile *profile = search->profile;
	struct slice told = json_scan_get(search->scan, row, profile->symbol_name);
	char name[ANSWER_TEXT];
	bool known = false;

	if (json_scan_kind(told) != SCAN_STRING)
		return;
	/* A name that is too long cannot be one that was asked for. */
	if (!answer_text(told, name))
		*name = '\0';
	for (size_t i = 0; *name != '\0' && i < search->count; i++) {
		struct asked_symbol *symbol = &search->symbols[i];

		if (strcmp(name, symbol->native) != 0)
			continue;
		known = true;
		/* If the rows differ, nobody could say which one counts. */
		search->twice = search->twice || symbol->tradable != NOT_LISTED;
		symbol->tradable = read_tradable(search, row);
	}
	search->names++;
	search->others += !known;
}

/*
 * A symbol that is missing in a list has been delisted (Upbit and Bithumb say it in no other way).  So the
 * list must be beyond doubt: one without any name, or about another symbol than the one asked for, says
 * nothing of any symbol.
 */
static int
read_symbols(struct symbol_search *search, struct failure *why)
{
	struct json_scan *scan = search->scan;
	struct slice list = json_scan_get(scan, scan->text, search->profile->symbols_list), key, row;
	bool one = search->profile->endpoints[ENDPOINT_SYMBOLS].per_symbol;
	const char *wrong = NULL;
	struct json_rows rows;

	for (size_t i = 0; i < search->count; i++)
		search->symbols[i].tradable = NOT_LISTED;
	/* A list, or one symbol itself (Coinbase, Gate), or an object with a member for each (Kraken). */
	if (!json_rows_begin(list, &rows))
		wrong = "the answer has no list of symbols";
	else if (rows.object &&
		 json_scan_kind(json_scan_get(scan, list, search->profile->symbol_name)) == SCAN_STRING)
		read_symbol(search, list);
	else
		while (json_rows_next(&rows, &key, &row))
			read_symbol(search, row);
	if (wrong == NULL && search->names == 0)
		wrong = "the answer's list of symbols has no name in it";
	if (wrong == NULL && one && search->others > 0)
		wrong = "the answer is about another symbol";
	if (wrong == NULL && search->twice)
		wrong = "the answer has a symbol twice";
	for (size_t i = 0; i < search->count; i++)
		if (wrong != NULL || search->symbols[i].tradable == NOT_LISTED)
			search->symbols[i].tradable = wrong != NULL ? -1 : 0;
	return wrong == NULL ? 0 : failure_set(why, FAILURE_PROTOCOL, "%s", wrong);
}

/* Answer ------------------------------------------------------------- */

/* Nothing is known yet but the use of the rate limit, which errors tell too. */
static void
start(const struct profile *profile, const struct http_response *response, struct exchange_answer *answer)
{
	*answer = (struct exchange_answer){ .signals = { .retry_at = -1, .banned_until = -1 },
		.server_time = -1,
		.trade_timestamp = -1,
		.book = { .timestamp = -1, .sequence = -1, .tradable = -1 } };
	for (size_t i = 0; i < PROFILE_LIMITS; i++)
		answer->used_ratio[i] = -1;
	if (response->status != 0)
		for (size_t i = 0; i < profile->limit_count; i++)
			answer->used_ratio[i] = answer_limit(profile, &profile->limits[i], response);
}

static void
read_document(const struct profile *profile, enum endpoint endpoint, struct json_scan *scan, double now,
    struct asked_symbol symbols[], size_t count, struct exchange_answer *answer)
{
	struct symbol_search search = {
		.profile = profile, .scan = scan, .symbols = symbols, .count = count
	};

	switch (endpoint) {
	case ENDPOINT_TIME: (void)read_server_time(profile, scan, answer); break;
	case ENDPOINT_STATUS: (void)read_status(profile, scan, answer); break;
	case ENDPOINT_BOOK: (void)read_book(profile, scan, now, &answer->book, &answer->failure); break;
	case ENDPOINT_TRADE: (void)read_trade(profile, scan, now, answer); break;
	case ENDPOINT_SYMBOLS: (void)read_symbols(&search, &answer->failure); break;
	case ENDPOINT_PING: break;
	}
}

void
exchange_read(const struct profile *profile, enum endpoint endpoint, const struct http_response *response,
    double now, struct asked_symbol symbols[], size_t symbol_count, struct exchange_answer *answer)
{
	bool whole = response->failure.kind == FAILURE_NONE && response->status != 0;
	bool success = whole && response->status == 200, is_document = false;
	struct complaint complaint;
	struct json_scan scan;
	struct failure twice;
	int ok = 0;

	start(profile, response, answer);
	if (whole)
		is_document = json_scan_open(&scan, response->body, &answer->failure) == 0;
	if (is_document && success)
		ok = answer_is_ok(profile, &scan, &answer->failure);
	if (ok == 1) {
		read_document(profile, endpoint, &scan, now, symbols, symbol_count, answer);
		if (json_scan_check(&scan, &twice) != 0) {
			start(profile, response, answer);
			answer->failure = twice;
			for (size_t i = 0; i < symbol_count; i++)
				symbols[i].tradable = -1;
		}
	} else if (response->status != 0) {
		answer_complaint(
		    profile, whole ? response->body : (struct slice){ NULL, 0 }, NULL, &complaint);
		answer_signals(profile, response, &complaint, now, &answer->signals);
		/* Only of a request about one symbol: then it is clear which symbol the error means. */
		answer->unknown_symbol = profile->endpoints[endpoint].per_symbol &&
					 (endpoint == ENDPOINT_BOOK || endpoint == ENDPOINT_SYMBOLS) &&
					 answer_is_of_class(&profile->unknown_symbol, &complaint);
		/* A document that could not be read keeps that failure, unless it came with a ban or a 429.
		 */
		if (whole && (!success || (is_document && ok == 0) || answer->signals.banned ||
				 answer->signals.throttled))
			(void)answer_fail(profile, response, &complaint, &answer->signals, &answer->failure);
	}
	/* Last, so that it replaces what was made of the rest. */
	if (!whole)
		answer->failure = response->failure;
}
