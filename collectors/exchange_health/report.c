/*
 * What a run found, as metrics.  Counters are written in every run, with 0 where nothing happened
 * and also for an exchange that was not asked: rate() needs to see them begin, and the harness lets
 * the counters of an exchange go on only while a run has some series of it.  Gauges are written
 * only if this run knows the value.
 */

#include <stdio.h>

#include "collectors/exchange_health/report.h"

static void
set(struct metrics *m, enum exchange_family family, const char *const labels[], double value)
{
	metrics_set(m, &exchange_families[family], labels, value);
}

/* Every series of a counter is there from the first run on: rate() of one that appears with 1 shows nothing.
 */
static void
report_endpoint(struct metrics *m, const char *name, const char *endpoint)
{
	metrics_touch(m, &exchange_families[EXCHANGE_REQUEST_DURATION], LABELS(name, endpoint));
	metrics_add(m, &exchange_families[EXCHANGE_REQUESTS], LABELS(name, endpoint), 0);
	for (int kind = FAILURE_NONE + 1; kind < FAILURE_KINDS; kind++)
		metrics_add(m, &exchange_families[EXCHANGE_REQUEST_FAILURES],
		    LABELS(name, endpoint, failure_kind_name((enum failure_kind)kind)), 0);
}

/* Of what a server may answer, a closed set: the codes that say something, and for others their class. */
static const int told[] = { 200, 400, 401, 403, 404, 408, 409, 418, 429, 451, 500, 502, 503, 504 };
/* With the classes and "other" there are no more than HTTP_CODES in contract/exchange_health.c. */
enum { TOLD = sizeof(told) / sizeof(told[0]) };

static void
report_codes(struct metrics *m, const char *name)
{
	char code[8];

	for (size_t i = 0; i < TOLD; i++) {
		(void)snprintf(code, sizeof(code), "%d", told[i]);
		metrics_add(m, &exchange_families[EXCHANGE_HTTP_RESPONSES], LABELS(name, code), 0);
	}
}

static void
code_label(int status, char text[8])
{
	for (size_t i = 0; i < TOLD; i++)
		if (told[i] == status) {
			(void)snprintf(text, 8, "%d", status);
			return;
		}
	if (status >= 100 && status < 600)
		(void)snprintf(text, 8, "%dxx", status / 100);
	else
		(void)snprintf(text, 8, "other");
}

static void
report_request(struct metrics *m, const char *name, const struct request_reading *request)
{
	const char *endpoint = endpoint_name(request->endpoint);
	char code[8];

	/* It was never sent: neither a request nor a failure of the exchange. */
	if (request->dropped)
		return;
	metrics_add(m, &exchange_families[EXCHANGE_REQUESTS], LABELS(name, endpoint), 1);
	if (request->failure.kind != FAILURE_NONE)
		metrics_add(m, &exchange_families[EXCHANGE_REQUEST_FAILURES],
		    LABELS(name, endpoint, failure_kind_name(request->failure.kind)), 1);
	/* Without an answer the time says nothing of the exchange. */
	if (request->status == 0)
		return;
	code_label(request->status, code);
	metrics_add(m, &exchange_families[EXCHANGE_HTTP_RESPONSES], LABELS(name, code), 1);
	metrics_observe(
	    m, &exchange_families[EXCHANGE_REQUEST_DURATION], LABELS(name, endpoint), request->seconds);
}

static void
report_books(struct metrics *m, const struct health_venue *venue)
{
	for (size_t i = 0; i < venue->book_count; i++) {
		const struct book_reading *reading = &venue->reading->books[i];
		const char *symbol = venue->symbols[i];

		/* A price of the last run would look like one of now. */
		if (!reading->read)
			continue;
		set(m, EXCHANGE_BOOK_PRICE, LABELS(venue->name, symbol, "bid"), reading->bid);
		set(m, EXCHANGE_BOOK_PRICE, LABELS(venue->name, symbol, "ask"), reading->ask);
		if (venue->books[i].assessment.age >= 0)
			set(m, EXCHANGE_BOOK_AGE, LABELS(venue->name, symbol),
			    venue->books[i].assessment.age);
	}
}

static void
report_reading(struct metrics *m, const struct health_venue *venue)
{
	const struct exchange_reading *reading = venue->reading;
	const char *name = venue->name;

	for (size_t i = 0; i < reading->request_count; i++)
		report_request(m, name, &reading->requests[i]);
	for (int phase = 0; phase < HTTP_PHASES; phase++)
		if (reading->phase_seconds[phase] >= 0)
			set(m, EXCHANGE_PHASE_DURATION, LABELS(name, http_phase_name((enum http_phase)phase)),
			    reading->phase_seconds[phase]);
	for (size_t i = 0; i < venue->profile->limit_count; i++)
		if (reading->limits[i].used_ratio >= 0)
			set(m, EXCHANGE_LIMIT_USED, LABELS(name, venue->profile->limits[i].name),
			    reading->limits[i].used_ratio);
	if (reading->clock_read) {
		set(m, EXCHANGE_CLOCK_SKEW, LABELS(name), reading->clock_skew);
		set(m, EXCHANGE_CLOCK_ERROR, LABELS(name), reading->clock_error);
	}
	if (reading->certificate_expiry >= 0)
		set(m, EXCHANGE_CERTIFICATE_EXPIRY, LABELS(name), reading->certificate_expiry);
	report_books(m, venue);
}

void
report_venue(struct metrics *m, const struct health_venue *venue, bool up, double now)
{
	const char *name = venue->name;

	/* An exchange that was not asked is not up either: nothing is known to work. */
	set(m, EXCHANGE_UP, LABELS(name), up);
	set(m, EXCHANGE_WEIGHT, LABELS(name), venue->reading != NULL ? (double)venue->reading->weight : 0);
	for (int e = 0; e < ENDPOINTS; e++)
		if (venue->endpoints[e])
			report_endpoint(m, name, endpoint_name((enum endpoint)e));
	report_codes(m, name);
	if (venue->reading != NULL)
		report_reading(m, venue);
	if (up)
		set(m, EXCHANGE_LAST_SUCCESS, LABELS(name), now);
}
