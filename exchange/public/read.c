/*
 * From one HTTP answer to a struct exchange_answer.
 *
 * First: is the answer a success?  The status alone does not tell, because Kraken, Bybit and OKX send
 * errors with 200; the profile's ok rule decides.  A success is read by the endpoint it belongs to; an
 * error is read for its code and message, and for the signals in them (signal.c).  What is neither, because
 * the deciding member is missing, is a protocol failure.  Only 200 can be a success: a 206 would be a part
 * of a book.
 *
 * An answer that broke off keeps the failure of the transport, and its status still counts: a 429 without
 * its body is a 429.
 */

#include <stdlib.h>
#include <string.h>

#include "exchange/public/read.h"
#include "exchange/public/value.h"
#include "json/pointer.h"

/* 1: the answer is a success; 0: it is an error; -1 with `why`: the member that tells it is missing. */
static int
is_ok(const struct profile *profile, const json_t *root, struct failure *why)
{
	const json_t *value;
	char buffer[VALUE_TEXT];
	const char *text;

	if (profile->ok_kind == OK_ALWAYS)
		return 1;
	value = json_pointer_get(root, profile->ok_pointer);
	if (profile->ok_kind == OK_ABSENT)
		return value == NULL || json_is_null(value);
	/* Kraken: "error":[] is a success. */
	if (profile->ok_kind == OK_EMPTY && json_is_array(value))
		return json_array_size(value) == 0;
	text = value_text(value, buffer);
	if (profile->ok_kind == OK_EQUALS && text != NULL)
		return strcmp(text, profile->ok_value) == 0;
	return failure_set(why, FAILURE_PROTOCOL, "the answer has no '%s'", profile->ok_pointer);
}

static int
read_server_time(const struct profile *profile, const json_t *root, struct exchange_answer *answer)
{
	double seconds;

	if (profile->time_from_date_header || profile->time_pointer == NULL)
		return 0;
	if (!value_time(json_pointer_get(root, profile->time_pointer), profile->time_unit, &seconds))
		return failure_set(&answer->failure, FAILURE_PROTOCOL, "the answer has no sane time");
	/* Whole seconds are rounded down: the time is half a second later, give or take as much. */
	answer->server_time_error = profile->time_unit == UNIT_S ? 0.5 : 0.0005;
	answer->server_time = seconds + answer->server_time_error;
	return 0;
}

/*
 * Of a list of events (OKX, Bybit) those that are over or only announced say nothing.  All are looked at: a
 * later event must not hide one that is going on.
 */
static int
read_events(const struct profile *profile, const json_t *list, struct exchange_answer *answer)
{
	const json_t *event;
	char buffer[VALUE_TEXT];
	size_t index;

	if (!json_is_array(list))
		return failure_set(&answer->failure, FAILURE_PROTOCOL, "the status has no list of events");
	json_array_foreach(list, index, event)
	{
		const char *state = value_text(json_pointer_get(event, profile->status_pointer), buffer);

		if (state == NULL)
			return failure_set(
			    &answer->failure, FAILURE_PROTOCOL, "the status has an event without a state");
		if (exchange_list_has(&profile->status_maintenance, state))
			answer->maintenance = true;
	}
	return 0;
}

static int
read_status(const struct profile *profile, const json_t *root, struct exchange_answer *answer)
{
	char buffer[VALUE_TEXT];
	const char *state;

	if (profile->status_list != NULL)
		return read_events(profile, json_pointer_get(root, profile->status_list), answer);
	state = value_text(json_pointer_get(root, profile->status_pointer), buffer);
	if (state == NULL)
		return failure_set(&answer->failure, FAILURE_PROTOCOL, "the answer has no status");
	answer->maintenance = exchange_list_has(&profile->status_maintenance, state);
	/* Any other word (Kraken: cancel_only, post_only) means that not everything works. */
	answer->restricted = !answer->maintenance && !exchange_list_has(&profile->status_healthy, state);
	return 0;
}

static int
compare_symbols(const void *name, const void *symbol)
{
	return strcmp(name, ((const struct asked_symbol *)symbol)->native);
}

/* The symbols that are looked for in a list, and how many names of any it had. */
struct symbol_search {
	const struct profile *profile;
	struct asked_symbol *symbols;
	size_t count;
	size_t names, others;
	bool twice; /* one that is looked for */
};

/* Besides 1, 0 and -1, while a list is read: no row of this symbol has come yet. */
enum { NOT_LISTED = -2 };

/* One row: sets what is known of its symbol, if that was asked for.  Without a state it stays unknown. */
static void
read_symbol(struct symbol_search *search, const json_t *entry)
{
	const struct profile *profile = search->profile;
	char buffer[VALUE_TEXT];
	const char *name = json_string_value(json_pointer_get(entry, profile->symbol_name)), *state;
	struct asked_symbol *symbol = NULL;

	if (name != NULL && search->count > 0)
		symbol = bsearch(name, search->symbols, search->count, sizeof(*symbol), compare_symbols);
	search->names += name != NULL;
	search->others += name != NULL && symbol == NULL;
	if (symbol == NULL)
		return;
	/* If the rows differ, nobody could say which one counts. */
	search->twice = search->twice || symbol->tradable != NOT_LISTED;
	state = profile->symbol_state != NULL
		    ? value_text(json_pointer_get(entry, profile->symbol_state), buffer)
		    : "";
	symbol->tradable = state == NULL ? -1
			   : profile->symbol_state == NULL
			       ? 1
			       : exchange_list_has(&profile->symbol_tradable, state);
}

/*
 * A symbol that is missing in a list has been delisted (Upbit and Bithumb say it in no other way).  So the
 * list must be beyond doubt: one without any name, or about another symbol than the one asked for, says
 * nothing of any symbol.
 */
static int
read_symbols(struct symbol_search *search, const json_t *root, struct failure *why)
{
	const json_t *list = json_pointer_get(root, search->profile->symbols_list), *entry;
	bool one = search->profile->endpoints[ENDPOINT_SYMBOLS].per_symbol;
	const char *key, *wrong = NULL;
	size_t index;

	for (size_t i = 0; i < search->count; i++)
		search->symbols[i].tradable = NOT_LISTED;
	/* A list, or one symbol itself (Coinbase, Gate), or an object with a member for each (Kraken). */
	if (json_is_array(list)) {
		json_array_foreach(list, index, entry) read_symbol(search, entry);
	} else if (json_is_string(json_pointer_get(list, search->profile->symbol_name))) {
		read_symbol(search, list);
	} else if (json_is_object(list)) {
		json_object_foreach((json_t *)list, key, entry) read_symbol(search, entry);
	} else {
		wrong = "the answer has no list of symbols";
	}
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

static void
read_document(const struct profile *profile, enum endpoint endpoint, const json_t *root, double now,
    struct asked_symbol symbols[], size_t count, struct exchange_answer *answer)
{
	struct symbol_search search = { .profile = profile, .symbols = symbols, .count = count };

	switch (endpoint) {
	case ENDPOINT_TIME: (void)read_server_time(profile, root, answer); break;
	case ENDPOINT_STATUS: (void)read_status(profile, root, answer); break;
	case ENDPOINT_BOOK:
		(void)exchange_read_book(profile, root, now, &answer->book, &answer->failure);
		break;
	case ENDPOINT_TRADE:
		(void)exchange_read_trade(profile, root, now, &answer->trade_timestamp, &answer->failure);
		break;
	case ENDPOINT_SYMBOLS: (void)read_symbols(&search, root, &answer->failure); break;
	case ENDPOINT_PING: break;
	}
}

/* Nothing is known yet but the use of the rate limit, which errors tell too. */
static void
start(const struct profile *profile, enum endpoint endpoint, const struct http_response *response,
    struct exchange_answer *answer)
{
	*answer = (struct exchange_answer){ .retry_at = -1,
		.banned_until = -1,
		.server_time = -1,
		.trade_timestamp = -1,
		.book = { .timestamp = -1, .sequence = -1, .tradable = -1 } };
	for (size_t i = 0; i < PROFILE_LIMITS; i++)
		answer->used_ratio[i] = -1;
	if (response->status != 0 && !profile->endpoints[endpoint].ignore_rate_limit)
		for (size_t i = 0; i < profile->limit_count; i++)
			answer->used_ratio[i] = exchange_read_limit(profile, &profile->limits[i], response);
}

void
exchange_read(const struct profile *profile, enum endpoint endpoint, const struct http_response *response,
    double now, struct asked_symbol symbols[], size_t symbol_count, struct exchange_answer *answer)
{
	bool whole = response->failure.kind == FAILURE_NONE && response->status != 0;
	bool success = whole && response->status == 200;
	struct complaint complaint = { "", "" };
	json_t *root = NULL;
	int ok = 0;

	start(profile, endpoint, response, answer);
	if (whole)
		root = value_document(response->body, &answer->failure);
	if (root != NULL && success)
		ok = is_ok(profile, root, &answer->failure);
	if (ok == 1) {
		read_document(profile, endpoint, root, now, symbols, symbol_count, answer);
	} else if (response->status != 0) {
		exchange_read_complaint(
		    profile, root, whole ? response->body : (struct slice){ NULL, 0 }, &complaint);
		exchange_read_signals(profile, response, &complaint, now, answer);
		/* Only of a request about one symbol: then it is clear which symbol the error means. */
		answer->unknown_symbol = profile->endpoints[endpoint].per_symbol &&
					 (endpoint == ENDPOINT_BOOK || endpoint == ENDPOINT_SYMBOLS) &&
					 exchange_is_of_class(&profile->unknown_symbol, &complaint);
		/*
		 * A document that could not be read keeps that failure, unless it came with a ban or a 429.
		 */
		if (whole && (!success || (root != NULL && ok == 0) || answer->banned || answer->throttled))
			(void)exchange_fail_rejected(profile, response, &complaint, answer);
	}
	/* Last, so that it replaces what was made of the rest. */
	if (!whole)
		answer->failure = response->failure;
	json_decref(root);
}
