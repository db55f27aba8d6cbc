/*
 * Reads an order book, and the time of the last trade.
 *
 * A book that looks good and is not is worse than none: prices that nobody stands for look like a profit.
 * So one fault makes the whole book unread: an empty side, a price or size that is not above 0, bids that
 * reach the asks, a timestamp that cannot be.  Nothing is repaired or left out.
 *
 * The time decides whether the book is old, so it must be the book's own.  A time ahead of our clock would
 * make a book look fresh for ever; a little ahead is allowed, because clocks differ.
 */

#include "exchange/public/read.h"
#include "exchange/public/value.h"
#include "json/pointer.h"

enum { LEVELS = 5 }; /* looked at, of each side */

static const double ahead_at_most = 5; /* seconds: clocks differ */

/*
 * The best price of a side: the highest or the lowest of its first levels, so that nothing depends on their
 * order.  All of these must be sound, not only the best one.
 */
static int
read_side(const struct profile *profile, const json_t *levels, bool bids, double *best, struct failure *why)
{
	const char *side = bids ? "bids" : "asks", *pointer = bids ? profile->bid_price : profile->ask_price;
	const char *size = bids ? profile->bid_size : profile->ask_size;
	size_t count = json_array_size(levels);

	if (count == 0)
		return failure_set(why, FAILURE_PROTOCOL, "the book has no %s", side);
	for (size_t i = 0; i < count && i < LEVELS; i++) {
		const json_t *level = json_array_get(levels, i);
		double price, amount = 1;

		if (!value_number(json_pointer_get(level, pointer), &price) || !(price > 0))
			return failure_set(
			    why, FAILURE_PROTOCOL, "the book's %s have a level without a sane price", side);
		/* Nobody can trade with a level of size 0. */
		if (size != NULL && (!value_number(json_pointer_get(level, size), &amount) || !(amount > 0)))
			return failure_set(
			    why, FAILURE_PROTOCOL, "the book's %s have a level without a size above 0", side);
		if (i == 0 || (bids ? price > *best : price < *best))
			*best = price;
	}
	return 0;
}

/* A wrong unit gives a time far away, which value_time() or the check against our clock finds. */
static int
read_time(const json_t *value, enum time_unit unit, double now, double *seconds, struct failure *why)
{
	double read = -1;

	if (!value_time(value, unit, &read))
		return failure_set(why, FAILURE_PROTOCOL, "a timestamp makes no sense, or is missing");
	if (read > now + ahead_at_most)
		return failure_set(
		    why, FAILURE_PROTOCOL, "a timestamp is %.3f s ahead of our clock", read - now);
	*seconds = read;
	return 0;
}

/* Where each level has a time of its own (Kraken), the book is as new as the newest of them. */
static int
read_times(const struct profile *profile, const json_t *root, double now, double *latest, struct failure *why)
{
	const struct profile_list *pointers = &profile->book_timestamp;

	*latest = -1;
	for (size_t i = 0; i < pointers->count; i++) {
		const json_t *value = json_pointer_get(root, pointers->items[i]);
		double seconds = -1;

		if (value == NULL)
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
read_sequence(const struct profile *profile, const json_t *root, double *sequence, struct failure *why)
{
	*sequence = -1;
	if (profile->book_sequence == NULL)
		return 0;
	if (!value_number(json_pointer_get(root, profile->book_sequence), sequence) || *sequence < 0)
		return failure_set(why, FAILURE_PROTOCOL, "the book has no sequence number");
	return 0;
}

/* The time of the book is left out: a book that stands still must not look as if it moved. */
static uint64_t
hash_levels(const json_t *levels, uint64_t hash)
{
	for (size_t i = 0; i < LEVELS && i < json_array_size(levels); i++)
		hash = value_hash(json_array_get(levels, i), hash);
	return hash;
}

int
exchange_read_book(const struct profile *profile, const json_t *root, double now, struct book_reading *book,
    struct failure *why)
{
	const json_t *bids = json_pointer_get(root, profile->book_bids);
	const json_t *asks = json_pointer_get(root, profile->book_asks);
	struct book_reading read = { .read = true, .tradable = -1 };

	if (read_side(profile, bids, true, &read.bid, why) != 0 ||
	    read_side(profile, asks, false, &read.ask, why) != 0)
		return -1;
	if (read.bid >= read.ask)
		return failure_set(
		    why, FAILURE_PROTOCOL, "the book is crossed: bid %g, ask %g", read.bid, read.ask);
	if (read_times(profile, root, now, &read.timestamp, why) != 0 ||
	    read_sequence(profile, root, &read.sequence, why) != 0)
		return -1;
	read.content = hash_levels(asks, hash_levels(bids, VALUE_HASH_SEED));
	*book = read;
	return 0;
}

int
exchange_read_trade(
    const struct profile *profile, const json_t *root, double now, double *timestamp, struct failure *why)
{
	return read_time(
	    json_pointer_get(root, profile->trade_timestamp), profile->trade_unit, now, timestamp, why);
}
