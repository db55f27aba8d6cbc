/*
 * One run of public requests: prepare() makes the requests of all targets, http_ask() sends them together
 * and has the answers read, complete_books() joins what several answers say of one book.  All go into one
 * http_ask(), so that an exchange that hangs delays no other one.
 *
 * Answers are read while others are still on their way, because one of them may be a ban or a 429.  From
 * then on nothing more may go to that exchange: requests during a ban make it longer (Binance: 2 minutes to
 * 3 days).
 *
 * A question that is not sent still has its place in `requests`, with its failure, so that counts and
 * indexes hold.  URLs and tables belong to struct public_run and end with the run; requests and books
 * belong to the reading; bodies belong to the HTTP client.
 */

#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "exchange/public/exchange.h"
#include "exchange/public/read.h"

enum {
	LONGEST_URL = 2048,
	NATIVE = 64,
	BODY_LIMIT = 256 * 1024,
	SYMBOLS_LIMIT = 4 * 1024 * 1024, /* of a list of all symbols */
	READ_AT_ONCE = 64 * 1024, /* a longer body is read when all is over: other answers would wait */
};

/* One target while it is asked. */
struct public_venue {
	const struct exchange_target *target;
	struct exchange_reading *reading;
	char (*natives)[NATIVE];    /* one per symbol; "" for what is no pair */
	struct asked_symbol *asked; /* the same, and what a list of all symbols says of them */
	double *trades;             /* time of the last trade, one per symbol */
	bool refuses;               /* an answer of this run was a ban, or asked for fewer requests */
	const char *wanted[HTTP_HEADERS + 1];
};

/* Which request of which venue an HTTP request stands for. */
struct question {
	struct public_venue *venue;
	struct request_reading *request;
	bool taken; /* its answer is read */
};

struct public_run {
	struct public_venue *venues;
	size_t venue_count;
	struct question *questions;
	struct http_request *requests; /* their URLs are ours */
	struct http_response *responses;
	size_t count;
};

static size_t
calls_of(const struct exchange_target *target, int endpoint)
{
	const struct profile_endpoint *asked = &target->profile->endpoints[endpoint];

	if (!target->asked[endpoint] || asked->path == NULL)
		return 0;
	return asked->per_symbol ? target->symbol_count : 1;
}

static size_t
count_requests(const struct exchange_target *target)
{
	size_t count = 0;

	for (int e = 0; e < ENDPOINTS; e++)
		count += calls_of(target, e);
	return count;
}

int64_t
exchange_endpoint_weight(const struct exchange_target *target, enum endpoint endpoint)
{
	return (int64_t)calls_of(target, (int)endpoint) * target->profile->endpoints[endpoint].weight;
}

int64_t
exchange_weight(const struct exchange_target *target)
{
	int64_t weight = 0;

	for (int e = 0; e < ENDPOINTS; e++)
		weight += exchange_endpoint_weight(target, (enum endpoint)e);
	return weight;
}

/* Owned by the caller; NULL: too long, or no memory. */
static char *
make_url(const struct exchange_target *target, int endpoint, const char *native)
{
	const char *path = target->profile->endpoints[endpoint].path, *token = strstr(path, "{symbol}");
	struct buffer url;
	char *text = NULL;

	buffer_init(&url, LONGEST_URL);
	buffer_string(&url, target->base_url != NULL ? target->base_url : target->profile->base_url);
	if (token != NULL) {
		buffer_append(&url, path, (size_t)(token - path));
		profile_encode(&url, SLICE(native));
		path = token + strlen("{symbol}");
	}
	buffer_append(&url, path, strlen(path) + 1);
	if (!url.failed)
		text = strdup(url.text);
	buffer_release(&url);
	return text;
}

/* -1: no memory.  What was allocated is in `venue` or `reading`, and released with these. */
static int
prepare_venue(
    struct public_venue *venue, const struct exchange_target *target, struct exchange_reading *reading)
{
	size_t symbols = target->symbol_count + 1, requests = count_requests(target) + 1; /* never 0 bytes */

	*reading = (struct exchange_reading){ .retry_at = -1, .banned_until = -1, .certificate_expiry = -1 };
	for (size_t i = 0; i < HTTP_PHASES; i++)
		reading->phase_seconds[i] = -1;
	for (size_t i = 0; i < PROFILE_LIMITS; i++)
		reading->limits[i].used_ratio = -1;
	*venue = (struct public_venue){ .target = target, .reading = reading };
	answer_wanted(target->profile, venue->wanted);
	reading->requests = calloc(requests, sizeof(*reading->requests));
	reading->books = calloc(symbols, sizeof(*reading->books));
	venue->natives = calloc(symbols, sizeof(*venue->natives));
	venue->asked = calloc(symbols, sizeof(*venue->asked));
	venue->trades = calloc(symbols, sizeof(*venue->trades));
	if (reading->requests == NULL || reading->books == NULL || venue->natives == NULL ||
	    venue->asked == NULL || venue->trades == NULL)
		return -1;
	for (size_t i = 0; i < target->symbol_count; i++) {
		if (profile_symbol(target->profile, target->symbols[i], venue->natives[i], NATIVE) != 0)
			venue->natives[i][0] = '\0';
		venue->asked[i] = (struct asked_symbol){ .native = venue->natives[i], .tradable = -1 };
		venue->trades[i] = -1;
		reading->books[i] = (struct book_reading){ .timestamp = -1, .sequence = -1, .tradable = -1 };
	}
	return 0;
}

/* A symbol that has no URL is not asked: its request has failed already. */
static void
add_question(struct public_run *run, struct public_venue *venue, int endpoint, size_t symbol)
{
	bool per_symbol = venue->target->profile->endpoints[endpoint].per_symbol;
	struct request_reading *request = &venue->reading->requests[venue->reading->request_count++];
	const char *native = per_symbol ? venue->natives[symbol] : "";
	char *url = per_symbol && *native == '\0' ? NULL : make_url(venue->target, endpoint, native);

	request->endpoint = (enum endpoint)endpoint;
	request->symbol = symbol;
	if (url == NULL) {
		(void)failure_set(&request->failure, FAILURE_LOCAL,
		    "there is no URL for it: a symbol is a pair, as in 'BTC/USDT'");
		return;
	}
	run->questions[run->count] = (struct question){ .venue = venue, .request = request };
	run->requests[run->count++] = (struct http_request){
		.url = url,
		.body_limit = endpoint == ENDPOINT_SYMBOLS ? SYMBOLS_LIMIT : BODY_LIMIT,
		.wanted = venue->wanted,
	};
}

static int
prepare(struct public_run *run, const struct exchange_target targets[], size_t count,
    struct exchange_reading readings[])
{
	size_t total = 1;

	run->venues = calloc(count + 1, sizeof(*run->venues));
	if (run->venues == NULL)
		return -1;
	for (; run->venue_count < count; run->venue_count++) {
		size_t i = run->venue_count;

		total += count_requests(&targets[i]);
		if (prepare_venue(&run->venues[i], &targets[i], &readings[i]) != 0) {
			/* The venue counts although it is not complete: release() must free what it has. */
			run->venue_count++;
			return -1;
		}
	}
	run->questions = calloc(total, sizeof(*run->questions));
	run->requests = calloc(total, sizeof(*run->requests));
	run->responses = calloc(total, sizeof(*run->responses));
	if (run->questions == NULL || run->requests == NULL || run->responses == NULL)
		return -1;
	for (size_t i = 0; i < count; i++)
		for (int e = 0; e < ENDPOINTS; e++)
			for (size_t s = 0; s < calls_of(&targets[i], e); s++)
				add_question(run, &run->venues[i], e, s);
	return 0;
}

static void
release(struct public_run *run)
{
	for (size_t i = 0; i < run->venue_count; i++) {
		free(run->venues[i].natives);
		free(run->venues[i].asked);
		free(run->venues[i].trades);
	}
	for (size_t i = 0; i < run->count; i++)
		free((char *)run->requests[i].url);
	free(run->venues);
	free(run->questions);
	free(run->requests);
	free(run->responses);
}

static double
later(double a, double b)
{
	return a > b ? a : b;
}

/*
 * The skew of the exchange's clock.  It was read somewhere between our sending and the answer; the middle
 * of that time is the best guess, and half of that time the error.  `grain` is how much more the exchange's
 * own rounding may hide.  Of all answers the one with the smallest error counts.
 */
static void
set_clock(
    struct exchange_reading *reading, int64_t sent_unix_ns, int64_t told_unix_ns, double server, double grain)
{
	double sent = (double)sent_unix_ns / 1e9, received = (double)told_unix_ns / 1e9;
	double error = grain + (received - sent) / 2;

	if (sent_unix_ns <= 0 || received < sent || server < 0)
		return;
	if (reading->clock_read && reading->clock_error <= error)
		return;
	reading->clock_read = true;
	reading->clock_skew = server - (sent + received) / 2;
	reading->clock_error = error;
	reading->clock_grain = grain;
}

static void
read_transport(struct public_venue *venue, const struct http_response *response)
{
	struct exchange_reading *reading = venue->reading;
	double date;

	for (size_t i = 0; i < HTTP_PHASES; i++)
		reading->phase_seconds[i] = later(reading->phase_seconds[i], response->phase_seconds[i]);
	if (response->certificate_expiry >= 0 &&
	    (reading->certificate_expiry < 0 || response->certificate_expiry < reading->certificate_expiry))
		reading->certificate_expiry = response->certificate_expiry;
	/* Whole seconds, rounded down: the time is half a second later, give or take as much. */
	if (venue->target->profile->time_from_date_header && response->status != 0 &&
	    answer_http_date(response->date, &date))
		set_clock(reading, response->sent_unix_ns, response->received_unix_ns, date + 0.5, 0.5);
}

static void
add_signals(struct exchange_reading *reading, const struct exchange_answer *answer)
{
	/* Of several answers the worst counts: one that says nothing must not undo one that does. */
	reading->maintenance |= answer->signals.maintenance;
	reading->restricted |= answer->restricted;
	reading->throttled |= answer->signals.throttled;
	reading->retry_at = later(reading->retry_at, answer->signals.retry_at);
	reading->banned |= answer->signals.banned;
	reading->banned_until = later(reading->banned_until, answer->signals.banned_until);
	for (size_t i = 0; i < PROFILE_LIMITS; i++)
		reading->limits[i].used_ratio = later(reading->limits[i].used_ratio, answer->used_ratio[i]);
}

/* When the answer came: the end of its body, or the beginning of an answer that broke off. */
static double
arrival(const struct http_response *response)
{
	if (response->ended_unix_ns > 0)
		return (double)response->ended_unix_ns / 1e9;
	return response->received_unix_ns > 0 ? (double)response->received_unix_ns / 1e9
					      : clock_unix_seconds();
}

/* Of two answers the worse one counts. */
static void
set_tradable(struct book_reading *book, int tradable)
{
	if (book->tradable < 0 || tradable == 0)
		book->tradable = tradable;
}

static void
read_answer(struct question *question, const struct http_response *response)
{
	struct public_venue *venue = question->venue;
	struct request_reading *request = question->request;
	const struct profile *profile = venue->target->profile;
	/* An answer about one symbol must say nothing of the others, so it sees this one only. */
	struct asked_symbol one = { venue->natives[request->symbol], -1 };
	bool per_symbol = profile->endpoints[request->endpoint].per_symbol;
	struct exchange_answer answer;

	question->taken = true;
	/* What was sent cost rate limit, answered or not. */
	if (response->sent)
		venue->reading->weight += profile->endpoints[request->endpoint].weight;
	exchange_read(profile, request->endpoint, response, arrival(response),
	    per_symbol ? &one : venue->asked, per_symbol ? 1 : venue->target->symbol_count, &answer);
	request->status = response->status;
	request->seconds = response->seconds;
	request->arrived = arrival(response);
	request->failure = answer.failure;
	read_transport(venue, response);
	add_signals(venue->reading, &answer);
	request->refused = answer.signals.banned || answer.signals.throttled;
	/* may_send() looks at it before each further request. */
	venue->refuses |= request->refused;
	/* A time in the body may have been written as late as the end of the body. */
	set_clock(venue->reading, response->sent_unix_ns, response->ended_unix_ns, answer.server_time,
	    answer.server_time_error);
	if (request->endpoint == ENDPOINT_BOOK && answer.book.read) {
		/* The list of symbols may have been read before the book: what it said stays. */
		answer.book.tradable = venue->reading->books[request->symbol].tradable;
		venue->reading->books[request->symbol] = answer.book;
	}
	if (request->endpoint == ENDPOINT_TRADE)
		venue->trades[request->symbol] = answer.trade_timestamp;
	if (request->endpoint == ENDPOINT_SYMBOLS && per_symbol)
		set_tradable(&venue->reading->books[request->symbol], one.tradable);
	if (answer.unknown_symbol)
		set_tradable(&venue->reading->books[request->symbol], 0);
}

static bool
may_send(void *context, size_t index)
{
	const struct public_run *run = context;

	return !run->questions[index].venue->refuses;
}

/*
 * An answer that may be a ban is read at once.  An error always is; a long list of symbols can wait, and
 * all other answers would have to wait for it and look slow.
 */
static bool
read_early(void *context, size_t index, const struct http_response *response, struct http_request *next)
{
	struct public_run *run = context;

	(void)next;
	if (response->status >= 400 || response->body.length <= READ_AT_ONCE)
		read_answer(&run->questions[index], response);
	return false;
}

static void
read_late(struct question *question, const struct http_response *response)
{
	read_answer(question, response);
	/* A request that we held back is no failure of the exchange. */
	question->request->dropped = !response->sent && question->venue->refuses;
}

/* What other answers say of a symbol's book: its age by the last trade, and whether it may be traded. */
static void
complete_books(struct public_venue *venue)
{
	const struct exchange_target *target = venue->target;
	bool listed = calls_of(target, ENDPOINT_SYMBOLS) > 0 &&
		      !target->profile->endpoints[ENDPOINT_SYMBOLS].per_symbol;

	for (size_t i = 0; i < target->symbol_count; i++) {
		struct book_reading *book = &venue->reading->books[i];

		if (book->read && target->profile->book_timestamp.count == 0)
			book->timestamp = venue->trades[i];
		if (listed && *venue->natives[i] != '\0')
			set_tradable(book, venue->asked[i].tradable);
	}
}

int
exchange_probe(struct http_client *client, const struct exchange_target targets[], size_t count,
    struct deadline deadline, struct exchange_reading readings[], struct failure *why)
{
	struct public_run run = { 0 };
	const struct http_watch watch = { .context = &run, .may_send = may_send, .answered = read_early };
	int result;

	memset(readings, 0, count * sizeof(*readings));
	result = prepare(&run, targets, count, readings);
	if (result == 0) {
		http_ask(client, run.requests, run.count, &watch, deadline, run.responses);
		/* Long bodies, and requests that were not sent or not answered in time. */
		for (size_t i = 0; i < run.count; i++)
			if (!run.questions[i].taken)
				read_late(&run.questions[i], &run.responses[i]);
		for (size_t i = 0; i < count; i++)
			complete_books(&run.venues[i]);
	} else {
		exchange_readings_release(readings, count);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	release(&run);
	return result;
}

void
exchange_readings_release(struct exchange_reading readings[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(readings[i].requests);
		free(readings[i].books);
		readings[i].requests = NULL;
		readings[i].books = NULL;
		readings[i].request_count = 0;
	}
}
