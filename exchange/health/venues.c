/*
 * Which exchanges are asked for which books and endpoints.  All memory that a run needs, besides the
 * probe's, is allocated here: later runs can hardly fail for it.
 */

#include <assert.h>
#include <stdlib.h>

#include "exchange/health/venues.h"

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* Books -------------------------------------------------------------- */

static int
add_books(struct health_venue *venue, const struct exchange_setting *setting, struct failure *why)
{
	*venue = (struct health_venue){ .name = setting->name,
		.base_url = setting->base_url,
		.profile = setting->profile,
		.symbols = (const char *const *)setting->symbols,
		.books = calloc(setting->symbol_count + 1, sizeof(*venue->books)) };
	if (venue->books == NULL)
		return out_of_memory(why);
	for (; venue->book_count < setting->symbol_count; venue->book_count++)
		venue->books[venue->book_count] =
		    (struct health_book){ .symbol = venue->symbols[venue->book_count],
			    .history.tradable = -1 };
	return 0;
}

/* Questions ---------------------------------------------------------- */

/*
 * Which endpoints are asked at all; false: none.  An answer with the time also shows that the exchange is
 * there, so no ping is needed beside it; the last trade only dates books that have no time of their own.
 */
static bool
choose_endpoints(struct health_venue *venue)
{
	const struct profile *profile = venue->profile;
	bool any = false;

	assert(profile != NULL);
	for (int e = 0; e < ENDPOINTS; e++) {
		bool wanted = profile->endpoints[e].path != NULL;

		if (e == ENDPOINT_PING)
			wanted = wanted && profile->endpoints[ENDPOINT_TIME].path == NULL;
		if (e == ENDPOINT_TRADE)
			wanted = wanted && profile->book_timestamp.count == 0;
		if (e == ENDPOINT_BOOK || e == ENDPOINT_TRADE || e == ENDPOINT_SYMBOLS)
			wanted = wanted && venue->book_count > 0;
		venue->endpoints[e] = wanted;
		any = any || wanted;
	}
	return any;
}

const char *
venue_url(const struct health_venue *venue)
{
	return venue->base_url != NULL ? venue->base_url : venue->profile->base_url;
}

/*
 * A list of symbols is heavy, and says the same for days.  But a book that was the same twice may be halted:
 * then the list is worth its weight.
 */
static bool
symbols_are_due(const struct health_venue *venue, const struct profile_endpoint *endpoint)
{
	if (endpoint->every_runs <= 1 || (int64_t)venue->history.runs % endpoint->every_runs == 0 ||
	    venue->history.symbols_failed)
		return true;
	for (size_t i = 0; i < venue->book_count; i++)
		if (venue->books[i].history.tradable <= 0 || venue->books[i].history.unchanged_runs >= 1)
			return true;
	return false;
}

void
venue_choose(const struct health_venue *venue, struct exchange_target *target)
{
	*target = (struct exchange_target){ .profile = venue->profile,
		.base_url = venue->base_url,
		.symbols = venue->symbols,
		.symbol_count = venue->book_count };
	for (int e = 0; e < ENDPOINTS; e++)
		target->asked[e] =
		    venue->endpoints[e] &&
		    (e != ENDPOINT_SYMBOLS || symbols_are_due(venue, &venue->profile->endpoints[e]));
}

/* All ---------------------------------------------------------------- */

int
venues_open(struct venues *v, const struct options *given, struct failure *why)
{
	size_t books = 0;

	if (exchange_settings_read(&v->settings, given, why) != 0)
		return -1;
	v->items = calloc(v->settings.count, sizeof(*v->items));
	v->targets = calloc(v->settings.count, sizeof(*v->targets));
	v->readings = calloc(v->settings.count, sizeof(*v->readings));
	if (v->items == NULL || v->targets == NULL || v->readings == NULL)
		return out_of_memory(why);
	for (; v->count < v->settings.count; v->count++)
		if (add_books(&v->items[v->count], &v->settings.items[v->count], why) != 0)
			return -1;
	for (size_t i = 0; i < v->count; i++) {
		books += v->items[i].book_count;
		/* Without a request there could be no failure: the exchange would look healthy for ever. */
		if (!choose_endpoints(&v->items[i]))
			return options_failure(given, "exchange", i, why,
			    "%s: nothing can be asked of it without a --symbol", v->items[i].name);
	}
	if (books > BOOKS_MAX)
		return options_failure(
		    given, "symbol", 0, why, "%zu order books, and %d are the most", books, (int)BOOKS_MAX);
	/* Each book has at most one request for each endpoint, and the venue one more of each. */
	v->seconds = calloc((books + 1) * ENDPOINTS, sizeof(*v->seconds));
	return v->seconds != NULL ? 0 : out_of_memory(why);
}

void
venues_release(struct venues *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->items[i].books);
	free(v->items);
	free(v->seconds);
	free(v->targets);
	free(v->readings);
	exchange_settings_release(&v->settings);
}
