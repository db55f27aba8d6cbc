/*
 * Any bytes as an exchange's answer.  The first two choose the exchange, the
 * endpoint and the HTTP status, the line behind it is each header that the
 * exchange's profile looks at, and the rest is the body.  Besides not crashing:
 *
 *  - a book that is read has finite prices that are not crossed, and a time
 *    that is not ahead;
 *  - what failed gives no book, no server time and no trade;
 *  - a ban ends within a week, and not in the past;
 *  - nothing is said of a symbol but yes, no or unknown.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/public/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const exchanges[] = { "binance", "binanceusdm", "upbit", "bybit", "okx", "kraken",
	"coinbase", "bithumb", "gate", "bitget" };
enum { EXCHANGES = sizeof(exchanges) / sizeof(*exchanges) };

static const double now = 1700000001, week = 7 * 86400;

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

/* Begun from the root of the repository, as tests/fuzz/run.sh does. */
static const struct profile *
profile_of(size_t index)
{
	static struct profile *loaded[EXCHANGES];
	struct failure why;
	char path[64];

	if (loaded[index] == NULL) {
		(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", exchanges[index]);
		loaded[index] = profile_load(path, &why);
		expect(loaded[index] != NULL, why.text);
	}
	return loaded[index];
}

static void
check_times(const struct exchange_answer *a)
{
	expect(a->trade_timestamp <= now + 5, "a trade is not ahead");
	expect(
	    !a->signals.banned || (a->signals.banned_until >= now && a->signals.banned_until <= now + week),
	    "a ban ends in time");
	expect(a->signals.banned || a->signals.banned_until < 0, "without a ban there is no end of it");
	expect(a->signals.retry_at < 0 || (a->signals.retry_at >= now && a->signals.retry_at <= now + week),
	    "it may be asked again");
	for (size_t i = 0; i < PROFILE_LIMITS; i++)
		expect(a->used_ratio[i] == -1 || a->used_ratio[i] >= 0, "a ratio is a number");
}

static void
check_book(const struct exchange_answer *a)
{
	const struct book_reading *book = &a->book;

	if (!book->read)
		return;
	expect(isfinite(book->bid) && isfinite(book->ask), "prices are finite");
	expect(book->bid > 0 && book->bid < book->ask, "the book is not crossed");
	expect(book->timestamp <= now + 5, "the book is not ahead");
	expect(book->timestamp == -1 || book->timestamp >= 1420070400, "the book is not absurdly old");
	expect(isfinite(book->sequence), "the sequence is finite");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 200, 429, 418, 403 };
	struct asked_symbol symbols[] = { { "BTC-USDT", -1 }, { "BTCUSDT", -1 }, { "KRW-BTC", -1 } };
	struct http_response response = { 0 };
	struct exchange_answer answer;
	const struct profile *profile;
	enum endpoint endpoint;
	const char *text = (const char *)data + 2, *end;
	size_t header;

	if (size < 2)
		return 0;
	size -= 2;
	profile = profile_of(data[0] % EXCHANGES);
	endpoint = (enum endpoint)(data[1] % ENDPOINTS);
	if (profile->endpoints[endpoint].path == NULL)
		return 0; /* which is never asked */
	end = memchr(text, '\n', size);
	header = end != NULL ? (size_t)(end - text) : 0;
	for (size_t i = 0; i < HTTP_HEADERS; i++)
		(void)snprintf(response.wanted[i], HTTP_HEADER_VALUE, "%.*s", (int)header, text);
	response.status = statuses[data[1] / ENDPOINTS % 5];
	response.body =
	    end != NULL ? (struct slice){ end + 1, size - header - 1 } : (struct slice){ text, size };
	exchange_read(profile, endpoint, &response, now, symbols, 3, &answer);
	check_times(&answer);
	check_book(&answer);
	if (answer.failure.kind != FAILURE_NONE)
		expect(!answer.book.read && answer.server_time < 0 && answer.trade_timestamp < 0,
		    "what failed says nothing");
	for (size_t i = 0; i < 3; i++)
		expect(symbols[i].tradable >= -1 && symbols[i].tradable <= 1, "tradable or not");
	return 0;
}
