#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/exchange_health/venues.h"

enum { NAME_BYTES = 64, NATIVE_BYTES = 64 };

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* Exchanges ---------------------------------------------------------- */

/* The name becomes a label and a file's name. */
static bool
is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return length > 0 && length <= NAME_BYTES && text[length] == '\0';
}

static struct venue *
find_venue(const struct venues *v, const char *name, size_t length)
{
	for (size_t i = 0; i < v->count; i++)
		if (strlen(v->items[i].name) == length && memcmp(v->items[i].name, name, length) == 0)
			return &v->items[i];
	return NULL;
}

static int
load_profile(struct venue *venue, const char *directory, struct failure *why)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s.yaml", directory, venue->name) >= (int)sizeof(path))
		return failure_set(why, FAILURE_LOCAL, "the path of its profile is too long");
	venue->profile = profile_load(path, why);
	return venue->profile != NULL ? 0 : -1;
}

static int
add_venue(struct venues *v, const struct options *given, size_t index, struct failure *why)
{
	struct venue *venue = &v->items[v->count];
	struct failure reason = { 0 };
	char *url;

	venue->name = strdup(options_item(given, "exchange", index));
	if (venue->name == NULL)
		return out_of_memory(why);
	v->count++;
	url = strchr(venue->name, '=');
	if (url != NULL)
		*url++ = '\0';
	if (!is_name(venue->name))
		return options_failure(given, "exchange", index, why,
		    "name the exchange by its profile, in small letters, as in 'binance' or "
		    "'binance=http://127.0.0.1:8080/binance'");
	if (find_venue(v, venue->name, strlen(venue->name)) != venue)
		return options_failure(given, "exchange", index, why, "'%s' is there twice", venue->name);
	if (url != NULL) {
		if (profile_check_url(url, &reason) != 0)
			return options_failure(
			    given, "exchange", index, why, "%s: %s", venue->name, reason.text);
		venue->base_url = strdup(url);
		if (venue->base_url == NULL)
			return out_of_memory(why);
	}
	if (load_profile(venue, options_text(given, "exchange.profiles"), &reason) != 0)
		return options_failure(given, "exchange", index, why, "%s: %s", venue->name, reason.text);
	return 0;
}

/* Symbols ------------------------------------------------------------ */

/* "upbit:BTC/KRW" -> whose it is; NULL: everybody's, and `*symbol` is all of it. */
static int
split_symbol(const struct venues *v, const struct options *given, size_t index, const char **symbol,
    struct venue **owner, struct failure *why)
{
	const char *text = options_item(given, "symbol", index), *colon = strchr(text, ':');

	*owner = NULL;
	*symbol = text;
	if (colon == NULL)
		return 0;
	*symbol = colon + 1;
	*owner = find_venue(v, text, (size_t)(colon - text));
	if (*owner == NULL)
		return options_failure(given, "symbol", index, why,
		    "'%s' is for an exchange that --exchange does not name", text);
	return 0;
}

static int
add_symbol(
    struct venue *venue, const char *symbol, const struct options *given, size_t index, struct failure *why)
{
	char native[NATIVE_BYTES];

	if (profile_symbol(venue->profile, symbol, native, sizeof(native)) != 0)
		return options_failure(
		    given, "symbol", index, why, "'%s' is not a pair like BTC/USDT", symbol);
	for (size_t i = 0; i < venue->book_count; i++)
		if (strcmp(venue->symbols[i], symbol) == 0)
			return options_failure(
			    given, "symbol", index, why, "'%s' is there twice for %s", symbol, venue->name);
	venue->symbols[venue->book_count] = strdup(symbol);
	if (venue->symbols[venue->book_count] == NULL)
		return out_of_memory(why);
	venue->books[venue->book_count] =
	    (struct book){ .symbol = venue->symbols[venue->book_count], .history.tradable = -1 };
	venue->book_count++;
	return 0;
}

/* Symbols of its own, if it has any; else those for everybody. */
static int
add_symbols_of(
    struct venue *venue, bool own, const struct venues *v, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "symbol");

	for (size_t i = 0; i < count; i++) {
		const char *symbol;
		struct venue *owner;

		if (split_symbol(v, given, i, &symbol, &owner, why) != 0)
			return -1;
		if (owner == (own ? venue : NULL) && add_symbol(venue, symbol, given, i, why) != 0)
			return -1;
	}
	return 0;
}

static int
add_symbols(struct venue *venue, const struct venues *v, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "symbol");

	venue->symbols = calloc(count + 1, sizeof(*venue->symbols));
	venue->books = calloc(count + 1, sizeof(*venue->books));
	if (venue->symbols == NULL || venue->books == NULL)
		return out_of_memory(why);
	if (add_symbols_of(venue, true, v, given, why) != 0)
		return -1;
	return venue->book_count > 0 ? 0 : add_symbols_of(venue, false, v, given, why);
}

static bool
same_base(const char *symbol, const char *other)
{
	size_t length = strcspn(symbol, "/");

	return strncmp(symbol, other, length) == 0 && other[length] == '/';
}

/* The number of a book's base; `first` holds the first book of each that has one. */
static size_t
number_of_base(const struct book *book, const struct book *first[], size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		if (same_base(book->symbol, first[i]->symbol))
			return i;
	first[*count] = book;
	return (*count)++;
}

static int
number_bases(struct venues *v, size_t books, struct failure *why)
{
	const struct book **first = calloc(books + 1, sizeof(struct book *));
	size_t count = 0;

	if (first == NULL)
		return out_of_memory(why);
	for (size_t i = 0; i < v->count; i++)
		for (size_t j = 0; j < v->items[i].book_count; j++)
			v->items[i].books[j].base = number_of_base(&v->items[i].books[j], first, &count);
	free(first);
	v->base_count = count;
	v->movers = calloc(count + 1, sizeof(*v->movers));
	return v->movers != NULL ? 0 : out_of_memory(why);
}

/* Questions ---------------------------------------------------------- */

/* A server time tells that it is there, too; trades are asked for where books have no time. */
static void
choose_endpoints(struct venue *venue)
{
	const struct profile *profile = venue->profile;

	for (int e = 0; e < ENDPOINTS; e++) {
		const struct profile_endpoint *endpoint = &profile->endpoints[e];
		bool wanted = endpoint->path != NULL;

		if (e == ENDPOINT_PING)
			wanted = wanted && profile->endpoints[ENDPOINT_TIME].path == NULL;
		if (e == ENDPOINT_TRADE)
			wanted = wanted && profile->book_timestamp.count == 0;
		if (e == ENDPOINT_BOOK || e == ENDPOINT_TRADE || e == ENDPOINT_SYMBOLS)
			wanted = wanted && venue->book_count > 0;
		venue->endpoints[e] = wanted;
	}
}

/* An exchange of which nothing was asked would look healthy for ever. */
static bool
has_endpoints(const struct venue *venue)
{
	for (int e = 0; e < ENDPOINTS; e++)
		if (venue->endpoints[e])
			return true;
	return false;
}

const char *
venue_url(const struct venue *venue)
{
	return venue->base_url != NULL ? venue->base_url : venue->profile->base_url;
}

static bool
symbols_are_due(const struct venue *venue, const struct profile_endpoint *endpoint)
{
	if (endpoint->every_runs <= 1 || (int64_t)venue->history.runs % endpoint->every_runs == 0 ||
	    venue->history.symbols_failed)
		return true;
	for (size_t i = 0; i < venue->book_count; i++)
		if (venue->books[i].history.tradable <= 0)
			return true;
	return false;
}

void
venue_choose(const struct venue *venue, struct exchange_target *target)
{
	*target = (struct exchange_target){ .profile = venue->profile,
		.base_url = venue->base_url,
		.symbols = (const char *const *)venue->symbols,
		.symbol_count = venue->book_count };
	for (int e = 0; e < ENDPOINTS; e++)
		target->asked[e] =
		    venue->endpoints[e] &&
		    (e != ENDPOINT_SYMBOLS || symbols_are_due(venue, &venue->profile->endpoints[e]));
}

/* All ---------------------------------------------------------------- */

static int
take_room(struct venues *v, size_t count, struct failure *why)
{
	v->items = calloc(count, sizeof(*v->items));
	v->targets = calloc(count, sizeof(*v->targets));
	v->readings = calloc(count, sizeof(*v->readings));
	if (v->items == NULL || v->targets == NULL || v->readings == NULL)
		return out_of_memory(why);
	return 0;
}

int
venues_open(struct venues *v, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "exchange"), books = 0;

	if (count == 0)
		return failure_set(why, FAILURE_LOCAL,
		    "--exchange: name at least one exchange by its profile, as in 'binance'");
	if (count > VENUES_MAX)
		return options_failure(
		    given, "exchange", VENUES_MAX, why, "more than %d exchanges", (int)VENUES_MAX);
	if (take_room(v, count, why) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_venue(v, given, i, why) != 0)
			return -1;
	for (size_t i = 0; i < count; i++) {
		if (add_symbols(&v->items[i], v, given, why) != 0)
			return -1;
		books += v->items[i].book_count;
		choose_endpoints(&v->items[i]);
		if (!has_endpoints(&v->items[i]))
			return options_failure(given, "exchange", i, why,
			    "%s: nothing can be asked of it without a --symbol", v->items[i].name);
	}
	if (books > BOOKS_MAX)
		return options_failure(
		    given, "symbol", 0, why, "%zu order books, and %d are the most", books, (int)BOOKS_MAX);
	if (number_bases(v, books, why) != 0)
		return -1;
	v->seconds = calloc((books + 1) * ENDPOINTS, sizeof(*v->seconds));
	return v->seconds != NULL ? 0 : out_of_memory(why);
}

void
venues_release(struct venues *v)
{
	for (size_t i = 0; i < v->count; i++) {
		struct venue *venue = &v->items[i];

		for (size_t j = 0; j < venue->book_count; j++)
			free(venue->symbols[j]);
		free(venue->symbols);
		free(venue->books);
		free(venue->base_url);
		free(venue->name);
		profile_free(venue->profile);
	}
	free(v->items);
	free(v->movers);
	free(v->seconds);
	free(v->targets);
	free(v->readings);
}
