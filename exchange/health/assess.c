/*
 * From the readings of one run to what judge.c decides by.
 *
 * The age of a book is taken on the exchange's own clock, because ours may be wrong.  But a clock that
 * stands still together with its books would make them look fresh for ever.  So a clock far behind ours is
 * believed only if most other exchanges' clocks agree with it: then ours is the wrong one.
 *
 * A book that does not change is suspicious only while books of the same asset move elsewhere; so all books
 * of all venues are read before the first one is judged.
 */

#include <stdlib.h>
#include <string.h>

#include "exchange/health/assess.h"

/* How far an exchange's clock may be behind ours, beyond the error of measuring it, and still be believed. */
static const double clock_trust = 5;

/* How far clocks that are right may be from each other. */
static const double clock_agreement = 1;

static int
compare_seconds(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median of what was answered, so that a single slow answer does not count.  Negative: none came. */
static double
endpoint_latency(const struct exchange_reading *reading, enum endpoint endpoint, double seconds[])
{
	size_t count = 0;

	for (size_t i = 0; i < reading->request_count; i++)
		if (reading->requests[i].status != 0 && reading->requests[i].endpoint == endpoint)
			seconds[count++] = reading->requests[i].seconds;
	if (count == 0)
		return -1;
	qsort(seconds, count, sizeof(*seconds), compare_seconds);
	return (seconds[(count - 1) / 2] + seconds[count / 2]) / 2;
}

/* The slowest endpoint counts: slow books must not hide behind a quick answer of the time. */
static double
typical_latency(const struct exchange_reading *reading, double seconds[])
{
	double slowest = -1;

	for (int e = 0; e < ENDPOINTS; e++) {
		double latency = endpoint_latency(reading, (enum endpoint)e, seconds);

		if (latency > slowest)
			slowest = latency;
	}
	return slowest;
}

/* How old a book was when it came; the run may have lasted much longer, because of another exchange. */
static void
read_age(const struct health_venue *venue, const struct request_reading *request,
    struct book_assessment *assessment)
{
	const struct exchange_reading *reading = venue->reading;
	double timestamp = reading->books[request->symbol].timestamp;
	double skew = reading->clock_read ? reading->clock_skew : 0, arrived;

	/* A clock that stands still tells an old time, and must not make an old book young. */
	if (skew < -(clock_trust + reading->clock_error) && !venue->clock_agrees)
		skew = 0;
	arrived = request->arrived + skew;

	if (timestamp >= 0)
		assessment->age = arrived > timestamp ? arrived - timestamp : 0;
}

/* Numbers of 52 bits are exact in the file too. */
static double
mark_of(const struct book_reading *reading)
{
	return reading->sequence >= 0 ? reading->sequence
				      : (double)(reading->content & ((UINT64_C(1) << 52) - 1));
}

static bool
clocks_agree(const struct health_venue *a, const struct health_venue *b)
{
	double difference = a->reading->clock_skew - b->reading->clock_skew;

	return difference <= clock_agreement && difference >= -clock_agreement;
}

void
assess_compare_clocks(struct venues *v)
{
	for (size_t i = 0; i < v->count; i++) {
		struct health_venue *venue = &v->items[i];
		size_t told = 0, agree = 0;

		venue->clock_agrees = false;
		if (venue->reading == NULL || !venue->reading->clock_read)
			continue;
		for (size_t j = 0; j < v->count; j++) {
			const struct health_venue *other = &v->items[j];

			if (other->reading == NULL || !other->reading->clock_read)
				continue;
			told++;
			agree += clocks_agree(venue, other);
		}
		/* It agrees with itself too, so that 2 means one other clock. */
		venue->clock_agrees = agree >= 2 && 2 * agree > told;
	}
}

void
assess_read_books(struct health_venue *venue)
{
	const struct exchange_reading *reading = venue->reading;
	/* Where the time is that of the last trade, it is the arrival of that answer that counts. */
	enum endpoint timed = venue->endpoints[ENDPOINT_TRADE] ? ENDPOINT_TRADE : ENDPOINT_BOOK;

	for (size_t i = 0; i < venue->book_count; i++) {
		struct health_book *book = &venue->books[i];

		book->assessment = (struct book_assessment){ .age = -1,
			.borrowed_age = venue->profile->book_timestamp.count != 1,
			.mark = mark_of(&reading->books[i]),
			.tradable = reading->books[i].tradable };
		if (reading->books[i].read)
			judge_compare_book(&book->history, &book->assessment);
	}
	for (size_t i = 0; i < reading->request_count; i++) {
		const struct request_reading *request = &reading->requests[i];

		if (request->endpoint == timed && request->symbol < venue->book_count &&
		    reading->books[request->symbol].read)
			read_age(venue, request, &venue->books[request->symbol].assessment);
	}
}

void
assess_venue(const struct health_venue *venue, const struct exchange_target *target, double seconds[],
    struct assessment *assessment)
{
	const struct exchange_reading *reading = venue->reading;

	*assessment = (struct assessment){ .books = target->asked[ENDPOINT_BOOK] ? venue->book_count : 0,
		.latency_seconds = typical_latency(reading, seconds),
		.used_ratio = -1,
		.status_told = !venue->endpoints[ENDPOINT_STATUS],
		.maintenance = reading->maintenance,
		.restricted = reading->restricted,
		.throttled = reading->throttled,
		.retry_at = reading->retry_at,
		.banned = reading->banned,
		.banned_until = reading->banned_until,
		.certificate_expiry = reading->certificate_expiry };
	for (size_t i = 0; i < reading->request_count; i++) {
		const struct request_reading *request = &reading->requests[i];
		bool failed = request->failure.kind != FAILURE_NONE;

		/* What we held back ourselves says nothing of the exchange. */
		assessment->requests += !request->dropped;
		assessment->failures += failed && !request->dropped;
		assessment->refusals += failed && !request->dropped && request->refused;
		assessment->symbols_asked |= request->endpoint == ENDPOINT_SYMBOLS;
		assessment->symbols_failed |= request->endpoint == ENDPOINT_SYMBOLS && failed;
		assessment->status_told |= request->endpoint == ENDPOINT_STATUS && !failed;
	}
	for (size_t i = 0; i < venue->profile->limit_count; i++)
		if (reading->limits[i].used_ratio > assessment->used_ratio)
			assessment->used_ratio = reading->limits[i].used_ratio;
}

/* Whether a book of the same asset moved in this run, at another venue ("BTC/USDT" here, "BTC/KRW" there). */
static bool
moved_elsewhere(const struct venues *v, const struct health_venue *venue, const struct health_book *book)
{
	size_t base = strcspn(book->symbol, "/") + 1;

	for (const struct health_venue *other = v->items; other < v->items + v->count; other++)
		for (size_t i = 0; other != venue && other->reading != NULL && i < other->book_count; i++)
			if (other->books[i].assessment.moved &&
			    strncmp(other->books[i].symbol, book->symbol, base) == 0)
				return true;
	return false;
}

void
assess_judge_books(const struct venues *v, struct health_venue *venue, const struct judge_limits *limits,
    struct assessment *assessment)
{
	for (size_t i = 0; i < venue->book_count; i++) {
		struct health_book *book = &venue->books[i];

		/* What was not asked in this run stays as it was last told. */
		if (book->assessment.tradable >= 0)
			book->history.tradable = book->assessment.tradable;
		assessment->books_halted += book->history.tradable == 0;
		if (!venue->reading->books[i].read)
			continue;
		assessment->books_read++;
		assessment->books_standing +=
		    judge_book(limits, &book->history, &book->assessment, moved_elsewhere(v, venue, book));
	}
}
