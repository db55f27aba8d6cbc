#include <stdlib.h>
#include <string.h>

#include "collectors/exchange_health/venues.h"

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* Books -------------------------------------------------------------- */

static int
add_books(struct venue *venue, const struct exchange_setting *setting, struct failure *why)
{
	*venue = (struct venue){ .name = setting->name,
		.base_url = setting->base_url,
		.profile = setting->profile,
		.symbols = (const char *const *)setting->symbols,
		.books = calloc(setting->symbol_count + 1, sizeof(*venue->books)) };
	if (venue->books == NULL)
		return out_of_memory(why);
	for (; venue->book_count < setting->symbol_count; venue->book_count++)
		venue->books[venue->book_count] =
		    (struct book){ .symbol = venue->symbols[venue->book_count], .history.tradable = -1 };
	return 0;
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

/* Whether the last that this endpoint said is that something is not open. */
static bool
is_closed(const struct venue *venue, int endpoint)
{
	if (endpoint == ENDPOINT_STATUS)
		return venue->history.maintenance;
	for (size_t i = 0; endpoint == ENDPOINT_SYMBOLS && i < venue->book_count; i++)
		if (venue->books[i].history.tradable == 0)
			return true;
	return false;
}

void
venue_choose(const struct venue *venue, struct exchange_target *target)
{
	*target = (struct exchange_target){ .profile = venue->profile,
		.base_url = venue->base_url,
		.symbols = venue->symbols,
		.symbol_count = venue->book_count };
	for (int e = 0; e < ENDPOINTS; e++) {
		const struct profile_endpoint *endpoint = &venue->profile->endpoints[e];
		int64_t every = endpoint->every_run || endpoint->every_runs < 1 ? 1 : endpoint->every_runs;

		target->asked[e] =
		    venue->endpoints[e] && ((int64_t)venue->history.runs % every == 0 || is_closed(venue, e));
	}
}

/* The heaviest run, which asks everything, is what counts. */
static int
check_weight(const struct venue *venue, int64_t limit, const struct options *given, struct failure *why)
{
	struct exchange_target target;
	int weight;

	venue_choose(venue, &target);
	weight = exchange_weight(&target);
	if (weight > limit)
		return options_failure(given, "weight.limit", 0, why,
		    "a run on %s costs %d of its rate limit (order books: %zu), and %lld is the most: ask for "
		    "fewer, or raise it",
		    venue->name, weight, venue->book_count, (long long)limit);
	return 0;
}

static int
check_load(const struct venues *v, const struct options *given, size_t *books, struct failure *why)
{
	int64_t limit;

	*books = 0;
	if (options_integer(given, "weight.limit", 1, 1000000, &limit, why) != 0)
		return -1;
	for (size_t i = 0; i < v->count; i++) {
		*books += v->items[i].book_count;
		if (check_weight(&v->items[i], limit, given, why) != 0)
			return -1;
	}
	if (*books > BOOKS_MAX)
		return options_failure(
		    given, "symbol", 0, why, "%zu order books, and %d are the most", *books, (int)BOOKS_MAX);
	return 0;
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
	size_t books;

	if (exchange_settings_read(&v->settings, given, why) != 0 ||
	    take_room(v, v->settings.count, why) != 0)
		return -1;
	for (; v->count < v->settings.count; v->count++)
		if (add_books(&v->items[v->count], &v->settings.items[v->count], why) != 0)
			return -1;
	for (size_t i = 0; i < v->count; i++) {
		choose_endpoints(&v->items[i]);
		if (!has_endpoints(&v->items[i]))
			return options_failure(given, "exchange", i, why,
			    "%s: nothing can be asked of it without a --symbol", v->items[i].name);
	}
	if (check_load(v, given, &books, why) != 0 || number_bases(v, books, why) != 0)
		return -1;
	v->seconds = calloc((books + 1) * ENDPOINTS, sizeof(*v->seconds));
	return v->seconds != NULL ? 0 : out_of_memory(why);
}

void
venues_release(struct venues *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i].books);
	free(v->items);
	free(v->movers);
	free(v->seconds);
	free(v->targets);
	free(v->readings);
	exchange_settings_release(&v->settings);
}
