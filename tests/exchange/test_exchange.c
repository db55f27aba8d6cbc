#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "exchange/public/exchange.h"
#include "exchange/public/read.h"
#include "tests/suite.h"

/* The recorded shapes are of about 2023-11-14 22:13:20 UTC. */
static const double now = 1700000001;

static struct failure why;

static struct profile *
load(const char *exchange)
{
	char path[64];
	struct profile *p;

	(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", exchange);
	p = profile_load(path, &why);
	ck_assert_msg(p != NULL, "%s", why.text);
	return p;
}

/* Appends the file; released by the caller. */
static void
read_fixture(const char *exchange, const char *name, struct buffer *text)
{
	char path[128], bytes[4096];
	size_t got;
	FILE *file;

	buffer_init(text, 1024 * 1024);
	(void)snprintf(path, sizeof(path), "tests/fixtures/exchanges/%s/%s", exchange, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buffer_append(text, bytes, got);
	(void)fclose(file);
}

/* "Name: value", as http_ask() would keep it. */
static void
set_header(const struct profile *p, struct http_response *response, const char *line)
{
	const char *wanted[HTTP_HEADERS + 1], *colon = strchr(line, ':');

	answer_wanted(p, wanted);
	for (size_t i = 0; wanted[i] != NULL; i++)
		if (strlen(wanted[i]) == (size_t)(colon - line) &&
		    strncmp(wanted[i], line, (size_t)(colon - line)) == 0) {
			(void)snprintf(response->wanted[i], HTTP_HEADER_VALUE, "%s", colon + 2);
			return;
		}
	ck_abort_msg("%s: nobody asked for the header '%s'", p->name, line);
}

static struct asked_symbol asked;

static void
read_text(const struct profile *p, enum endpoint endpoint, int status, const char *header, struct slice body,
    struct exchange_answer *answer)
{
	struct http_response response = { .status = status, .body = body };
	static char native[64];

	if (header != NULL)
		set_header(p, &response, header);
	ck_assert_int_eq(profile_symbol(p,
			     strchr(p->symbol_format, '-') == NULL || strcmp(p->name, "okx") == 0 ||
				     strcmp(p->name, "coinbase") == 0
				 ? "BTC/USDT"
				 : "BTC/KRW",
			     native, sizeof(native)),
	    0);
	asked = (struct asked_symbol){ native, -1 };
	exchange_read(p, endpoint, &response, now, &asked, 1, answer);
}

static const struct {
	const char *exchange;
	enum endpoint endpoint;
	const char *file;
	double bid, ask, timestamp, sequence;
} books[] = {
	{ "binance", ENDPOINT_BOOK, "book.json", 36500.1, 36500.11, -1, 41234567890 },
	{ "binanceusdm", ENDPOINT_BOOK, "book.json", 36510.1, 36510.2, 1700000000.231, 3345678901234 },
	{ "upbit", ENDPOINT_BOOK, "book.json", 49120000, 49125000, 1700000000.310, -1 },
	{ "bybit", ENDPOINT_BOOK, "book.json", 36501.4, 36501.5, 1700000000.409, 18521288 },
	{ "okx", ENDPOINT_BOOK, "book.json", 36502.2, 36502.3, 1700000000.498, 9912345678 },
	{ "kraken", ENDPOINT_BOOK, "book.json", 36503.4, 36503.5, 1699999999, -1 },
	{ "coinbase", ENDPOINT_BOOK, "book.json", 36504.01, 36504.02, 1700000000.598231, -1 },
	{ "bithumb", ENDPOINT_BOOK, "book.json", 49122000, 49131000, 1700000000.705, -1 },
	{ "bithumb", ENDPOINT_BOOK, "book_microseconds.json", 49122000, 49131000, 1700000000.705123, -1 },
	{ "gate", ENDPOINT_BOOK, "book.json", 36506.1, 36506.2, 1700000000.801, 15832047712 },
	{ "bitget", ENDPOINT_BOOK, "book.json", 36507.44, 36507.45, 1700000000.913, -1 },
};

START_TEST(a_book_has_its_best_prices_time_and_sequence)
{
	struct profile *p = load(books[_i].exchange);
	struct exchange_answer answer;
	struct buffer text;

	read_fixture(p->name, books[_i].file, &text);
	read_text(p, books[_i].endpoint, 200, NULL, buffer_slice(&text), &answer);
	ck_assert_msg(answer.failure.kind == FAILURE_NONE, "%s", answer.failure.text);
	ck_assert(answer.book.read);
	ck_assert_double_eq(answer.book.bid, books[_i].bid);
	ck_assert_double_eq(answer.book.ask, books[_i].ask);
	ck_assert_double_eq_tol(answer.book.timestamp, books[_i].timestamp, 1e-6);
	ck_assert_double_eq(answer.book.sequence, books[_i].sequence);
	buffer_release(&text);
	profile_free(p);
}
END_TEST

static const struct {
	const char *exchange;
	double time, error;
} clocks[] = {
	{ "binance", 1700000000.123, 0.001 },
	{ "binanceusdm", 1700000000.250, 0.001 },
	{ "bybit", 1700000000.417, 0.001 },
	{ "okx", 1700000000.505, 0.001 },
	{ "kraken", 1700000000.5, 0.5 },
	{ "coinbase", 1700000000.611, 0.001 },
	{ "gate", 1700000000.820, 0.001 },
	{ "bitget", 1700000000.911, 0.001 },
};

START_TEST(the_server_s_time_is_read_with_its_resolution)
{
	struct profile *p = load(clocks[_i].exchange);
	struct exchange_answer answer;
	struct buffer text;

	read_fixture(p->name, "time.json", &text);
	read_text(p, ENDPOINT_TIME, 200, NULL, buffer_slice(&text), &answer);
	ck_assert_int_eq(answer.failure.kind, FAILURE_NONE);
	ck_assert_double_eq_tol(answer.server_time, clocks[_i].time, 0.0006);
	ck_assert_double_le(answer.server_time_error, clocks[_i].error);
	ck_assert_double_ge(answer.server_time_error, clocks[_i].error / 2);
	buffer_release(&text);
	profile_free(p);
}
END_TEST

/* What an answer may say of the venue, in this order of letters. */
static void
flags_of(const struct exchange_answer *answer, char flags[6])
{
	char *at = flags;

	if (answer->signals.banned)
		*at++ = 'B';
	if (answer->signals.throttled)
		*at++ = 'T';
	if (answer->signals.maintenance)
		*at++ = 'M';
	if (answer->restricted)
		*at++ = 'R';
	if (answer->unknown_symbol)
		*at++ = 'U';
	*at = '\0';
}

static const struct {
	const char *exchange;
	enum endpoint endpoint;
	const char *file;
	int status;
	const char *header;
	enum failure_kind kind;
	const char *flags; /* Banned, Throttled, Maintenance, Restricted, Unknown symbol */
	double until;      /* of the ban, or of the throttling; 0: not said */
} verdicts[] = {
	{ "binance", ENDPOINT_PING, "ping.json", 200, NULL, FAILURE_NONE, "", 0 },
	{ "binance", ENDPOINT_STATUS, "status.json", 200, NULL, FAILURE_NONE, "", 0 },
	{ "binance", ENDPOINT_STATUS, "status_maintenance.json", 200, NULL, FAILURE_NONE, "M", 0 },
	{ "binance", ENDPOINT_BOOK, "throttled.json", 429, "Retry-After: 7", FAILURE_REJECTED, "T",
	    1700000008 },
	{ "binance", ENDPOINT_BOOK, "throttled.json", 429, NULL, FAILURE_REJECTED, "T", 0 },
	{ "binance", ENDPOINT_BOOK, "throttled.json", 429, "Retry-After: 0", FAILURE_REJECTED, "T", 0 },
	{ "binance", ENDPOINT_BOOK, "bad_symbol.json", 418, "Retry-After: 0", FAILURE_REJECTED, "BU",
	    1700000121 },
	{ "binance", ENDPOINT_BOOK, "throttled.json", 429, "Retry-After: Tue, 14 Nov 2023 22:15:00 GMT",
	    FAILURE_REJECTED, "T", 1700000100 },
	{ "binance", ENDPOINT_BOOK, "banned.json", 418, "Retry-After: 7", FAILURE_REJECTED, "B", 1700000150 },
	{ "binance", ENDPOINT_BOOK, "banned.json", 429, NULL, FAILURE_REJECTED, "B", 1700000150 },
	{ "binance", ENDPOINT_BOOK, "bad_symbol.json", 418, "Retry-After: 90", FAILURE_REJECTED, "BU",
	    1700000091 },
	{ "binance", ENDPOINT_BOOK, "bad_symbol.json", 418, NULL, FAILURE_REJECTED, "BU", 1700000121 },
	{ "binance", ENDPOINT_BOOK, "bad_symbol.json", 418, "Retry-After: 999999999", FAILURE_REJECTED, "BU",
	    1700000001 + 7 * 86400 },
	{ "binance", ENDPOINT_BOOK, "bad_symbol.json", 400, NULL, FAILURE_REJECTED, "U", 0 },
	{ "binance", ENDPOINT_SYMBOLS, "bad_symbol.json", 400, NULL, FAILURE_REJECTED, "U", 0 },
	{ "binance", ENDPOINT_TIME, "bad_symbol.json", 400, NULL, FAILURE_REJECTED, "", 0 },
	{ "binance", ENDPOINT_BOOK, "bad_symbol.json", 200, NULL, FAILURE_REJECTED, "U", 0 },
	{ "binance", ENDPOINT_BOOK, "bad_key.json", 403, NULL, FAILURE_AUTH, "", 0 },
	{ "binance", ENDPOINT_BOOK, "book.json", 206, NULL, FAILURE_REJECTED, "", 0 },
	{ "binance", ENDPOINT_TIME, "time.json", 206, NULL, FAILURE_REJECTED, "", 0 },
	{ "binance", ENDPOINT_BOOK, "book.json", 302, NULL, FAILURE_REJECTED, "", 0 },
	{ "binance", ENDPOINT_BOOK, "book.json", 503, NULL, FAILURE_REJECTED, "", 0 },
	{ "binanceusdm", ENDPOINT_BOOK, "throttled.json", 429, "Retry-After: 3", FAILURE_REJECTED, "T",
	    1700000004 },
	{ "upbit", ENDPOINT_BOOK, "book_empty.json", 200, NULL, FAILURE_PROTOCOL, "", 0 },
	{ "upbit", ENDPOINT_BOOK, "not_found.json", 404, NULL, FAILURE_REJECTED, "U", 0 },
	{ "upbit", ENDPOINT_BOOK, "bad_key.json", 401, NULL, FAILURE_AUTH, "", 0 },
	{ "upbit", ENDPOINT_BOOK, "throttled.json", 429, NULL, FAILURE_REJECTED, "T", 0 },
	{ "upbit", ENDPOINT_BOOK, "throttled.txt", 429, NULL, FAILURE_REJECTED, "T", 0 },
	{ "upbit", ENDPOINT_BOOK, "throttled.txt", 418, NULL, FAILURE_REJECTED, "B", 1700000601 },
	{ "bybit", ENDPOINT_STATUS, "status.json", 200, NULL, FAILURE_NONE, "", 0 },
	{ "bybit", ENDPOINT_STATUS, "status_maintenance.json", 200, NULL, FAILURE_NONE, "M", 0 },
	{ "bybit", ENDPOINT_BOOK, "throttled.json", 200, "X-Bapi-Limit-Reset-Timestamp: 1700000004500",
	    FAILURE_REJECTED, "T", 1700000004.5 },
	{ "bybit", ENDPOINT_BOOK, "banned.txt", 403, NULL, FAILURE_REJECTED, "B", 1700000601 },
	{ "bybit", ENDPOINT_BOOK, "bad_key.json", 200, NULL, FAILURE_AUTH, "", 0 },
	{ "okx", ENDPOINT_STATUS, "status.json", 200, NULL, FAILURE_NONE, "", 0 },
	{ "okx", ENDPOINT_STATUS, "status_maintenance.json", 200, NULL, FAILURE_NONE, "M", 0 },
	{ "okx", ENDPOINT_BOOK, "throttled.json", 429, NULL, FAILURE_REJECTED, "T", 0 },
	{ "okx", ENDPOINT_BOOK, "throttled.json", 200, NULL, FAILURE_REJECTED, "T", 0 },
	{ "okx", ENDPOINT_BOOK, "bad_key.json", 401, NULL, FAILURE_AUTH, "", 0 },
	{ "okx", ENDPOINT_BOOK, "maintenance.json", 503, NULL, FAILURE_REJECTED, "M", 0 },
	{ "kraken", ENDPOINT_STATUS, "status.json", 200, NULL, FAILURE_NONE, "", 0 },
	{ "kraken", ENDPOINT_STATUS, "status_maintenance.json", 200, NULL, FAILURE_NONE, "M", 0 },
	{ "kraken", ENDPOINT_STATUS, "status_restricted.json", 200, NULL, FAILURE_NONE, "R", 0 },
	{ "kraken", ENDPOINT_BOOK, "throttled.json", 200, NULL, FAILURE_REJECTED, "T", 0 },
	{ "kraken", ENDPOINT_BOOK, "banned.json", 200, NULL, FAILURE_REJECTED, "B", 1700000901 },
	{ "kraken", ENDPOINT_BOOK, "bad_symbol.json", 200, NULL, FAILURE_REJECTED, "U", 0 },
	{ "kraken", ENDPOINT_BOOK, "bad_key.json", 200, NULL, FAILURE_AUTH, "", 0 },
	{ "kraken", ENDPOINT_BOOK, "maintenance.json", 200, NULL, FAILURE_REJECTED, "M", 0 },
	{ "coinbase", ENDPOINT_BOOK, "not_found.json", 404, NULL, FAILURE_REJECTED, "U", 0 },
	{ "coinbase", ENDPOINT_BOOK, "bad_key.txt", 401, NULL, FAILURE_AUTH, "", 0 },
	{ "bithumb", ENDPOINT_BOOK, "bad_key.json", 200, NULL, FAILURE_AUTH, "", 0 },
	{ "gate", ENDPOINT_BOOK, "throttled.json", 429, "X-Gate-RateLimit-Reset-Timestamp: 1700000003",
	    FAILURE_REJECTED, "T", 1700000003 },
	{ "gate", ENDPOINT_BOOK, "bad_key.json", 401, NULL, FAILURE_AUTH, "", 0 },
	{ "bitget", ENDPOINT_BOOK, "throttled.json", 429, NULL, FAILURE_REJECTED, "T", 0 },
	{ "bitget", ENDPOINT_BOOK, "bad_key.json", 400, NULL, FAILURE_AUTH, "", 0 },
};

START_TEST(an_answer_gets_its_verdict)
{
	struct profile *p = load(verdicts[_i].exchange);
	struct exchange_answer answer;
	struct buffer text;
	char flags[6];
	double until;

	read_fixture(p->name, verdicts[_i].file, &text);
	read_text(
	    p, verdicts[_i].endpoint, verdicts[_i].status, verdicts[_i].header, buffer_slice(&text), &answer);
	ck_assert_msg(answer.failure.kind == verdicts[_i].kind, "%s: %s %s", verdicts[_i].file,
	    failure_kind_name(answer.failure.kind), answer.failure.text);
	flags_of(&answer, flags);
	ck_assert_str_eq(flags, verdicts[_i].flags);
	ck_assert(!answer.book.read);
	until = answer.signals.banned ? answer.signals.banned_until : answer.signals.retry_at;
	ck_assert(!answer.signals.banned || answer.signals.retry_at < 0);
	ck_assert_double_eq_tol(until, verdicts[_i].until > 0 ? verdicts[_i].until : -1, 1e-6);
	buffer_release(&text);
	profile_free(p);
}
END_TEST

static const struct {
	const char *exchange, *file;
	int tradable;
} states[] = {
	{ "binance", "symbols.json", 1 },
	{ "binance", "symbols_halted.json", 0 },
	{ "binanceusdm", "symbols.json", 0 },
	{ "upbit", "symbols.json", 1 },
	{ "upbit", "symbols_delisted.json", 0 },
	{ "bybit", "symbols.json", 1 },
	{ "okx", "symbols.json", 1 },
	{ "okx", "symbols_halted.json", 0 },
	{ "kraken", "symbols.json", 1 },
	{ "kraken", "symbols_halted.json", 0 },
	{ "coinbase", "symbols.json", 1 },
	{ "coinbase", "symbols_halted.json", 0 },
	{ "bithumb", "symbols.json", 1 },
	{ "gate", "symbols.json", 1 },
	{ "gate", "symbols_halted.json", 0 },
	{ "bitget", "symbols.json", 1 },
	{ "bitget", "symbols_halted.json", 0 },
};

START_TEST(a_symbol_is_tradable_or_not)
{
	struct profile *p = load(states[_i].exchange);
	struct exchange_answer answer;
	struct buffer text;

	read_fixture(p->name, states[_i].file, &text);
	read_text(p, ENDPOINT_SYMBOLS, 200, NULL, buffer_slice(&text), &answer);
	ck_assert_msg(answer.failure.kind == FAILURE_NONE, "%s", answer.failure.text);
	ck_assert_int_eq(asked.tradable, states[_i].tradable);
	buffer_release(&text);
	profile_free(p);
}
END_TEST

/* What tells nothing of the symbol that was asked for. */
static const struct {
	const char *exchange, *body;
} unlisted[] = {
	{ "upbit", "[]" },
	{ "upbit", "[1,2]" },
	{ "upbit", "[{\"x\":1}]" },
	{ "upbit", "{}" },
	{ "upbit", "[{\"market\":7}]" },
	{ "binance", "{\"symbols\":[]}" },
	{ "binance", "{\"symbols\":[{}]}" },
	{ "binance", "{\"symbols\":[{\"symbol\":\"ETHUSDT\",\"status\":\"TRADING\"}]}" },
	{ "coinbase", "{}" },
	{ "coinbase", "{\"product_id\":\"ETH-USDT\",\"status\":\"online\"}" },
	{ "kraken", "{\"error\":[],\"result\":{}}" },
	{ "kraken",
	    "{\"error\":[],\"result\":{\"XETHZUSD\":{\"altname\":\"ETHUSD\",\"status\":\"online\"}}}" },
	{ "bybit", "{\"retCode\":0,\"result\":{\"list\":[]}}" },
	/* Which of both would count? */
	{ "binance", "{\"symbols\":[{\"symbol\":\"BTCUSDT\",\"status\":\"BREAK\"},"
		     "{\"symbol\":\"BTCUSDT\",\"status\":\"TRADING\"}]}" },
	{ "upbit", "[{\"market\":\"KRW-BTC\"},{\"market\":\"KRW-ETH\"},{\"market\":\"KRW-BTC\"}]" },
};

START_TEST(a_list_without_a_name_or_about_another_symbol_says_nothing)
{
	struct profile *p = load(unlisted[_i].exchange);
	struct exchange_answer answer;

	read_text(p, ENDPOINT_SYMBOLS, 200, NULL, SLICE(unlisted[_i].body), &answer);
	ck_assert_msg(answer.failure.kind == FAILURE_PROTOCOL, "%s", failure_kind_name(answer.failure.kind));
	ck_assert_int_eq(asked.tradable, -1);
	profile_free(p);
}
END_TEST

static const struct {
	const char *exchange, *header, *second;
	double used; /* negative: not said */
} limits[] = {
	{ "binance", "X-MBX-USED-WEIGHT-1M: 1500", NULL, 0.25 },
	{ "binance", "X-MBX-USED-WEIGHT-1M: 9000", NULL, 1.5 },
	{ "binance", "X-MBX-USED-WEIGHT-1M: -5", NULL, -1 },
	{ "binance", "X-MBX-USED-WEIGHT-1M: many", NULL, -1 },
	{ "binance", "X-MBX-USED-WEIGHT-1M: 15x", NULL, -1 },
	{ "binance", NULL, NULL, -1 },
	{ "binanceusdm", "X-MBX-USED-WEIGHT-1M: 600", NULL, 0.25 },
	{ "upbit", "Remaining-Req: group=orderbook; min=1800; sec=7", NULL, 0.3 },
	{ "upbit", "Remaining-Req: group=default; min=899; sec=29", NULL, 0 },
	{ "upbit", "Remaining-Req: group=default; min=899", NULL, -1 },
	{ "upbit", "Remaining-Req: group=default;sec=0", NULL, 1 },
	{ "bybit", "X-Bapi-Limit-Status: 30", "X-Bapi-Limit: 120", 0.75 },
	{ "bybit", "X-Bapi-Limit-Status: 30", "X-Bapi-Limit: 0", -1 },
	{ "bybit", "X-Bapi-Limit-Status: 30", NULL, -1 },
	{ "gate", "X-Gate-RateLimit-Requests-Remain: 150", "X-Gate-RateLimit-Limit: 200", 0.25 },
	{ "bitget", "X-Mbx-Used-Remain-Limit: 19", NULL, 0.05 },
};

START_TEST(a_rate_limit_is_read_from_its_headers)
{
	struct profile *p = load(limits[_i].exchange);
	struct http_response response = { .status = 200, .body = SLICE("[]") };
	struct exchange_answer answer;
	size_t told = 0;

	/* Those that no header tells of come first. */
	while (p->limits[told].header == NULL)
		told++;
	if (limits[_i].header != NULL)
		set_header(p, &response, limits[_i].header);
	if (limits[_i].second != NULL)
		set_header(p, &response, limits[_i].second);
	exchange_read(p, ENDPOINT_BOOK, &response, now, NULL, 0, &answer);
	ck_assert_double_eq_tol(answer.used_ratio[told], limits[_i].used, 1e-12);
	profile_free(p);
}
END_TEST

#define USDM(bids, asks) "{\"lastUpdateId\":5,\"T\":1700000000231,\"bids\":" bids ",\"asks\":" asks "}"
#define ASKS             "[[\"2\",\"1\"]]"
#define AT(time)         "{\"lastUpdateId\":5,\"T\":" time ",\"bids\":[[\"1\",\"1\"]],\"asks\":" ASKS "}"

static const char *const hostile[] = {
	"",
	" ",
	"nonsense",
	"<html><body>502</body></html>",
	"{\"lastUpdateId\":5,\"T\":1700000000231,\"bids\":[[\"1\",",
	USDM("[[\"NaN\",\"1\"]]", ASKS),
	USDM("[[\"Inf\",\"1\"]]", ASKS),
	USDM("[[\"-Inf\",\"1\"]]", ASKS),
	USDM("[[\"1e999\",\"1\"]]", ASKS),
	USDM("[[1e999,\"1\"]]", ASKS),
	USDM("[[NaN,\"1\"]]", ASKS),
	USDM("[[\"-1\",\"1\"]]", ASKS),
	USDM("[[-1,\"1\"]]", ASKS),
	USDM("[[\"0\",\"1\"]]", ASKS),
	USDM("[[\"\",\"1\"]]", ASKS),
	USDM("[[\"0x1\",\"1\"]]", ASKS),
	USDM("[[null,\"1\"]]", ASKS),
	USDM("[[true,\"1\"]]", ASKS),
	USDM("[[[1],\"1\"]]", ASKS),
	USDM("[[\"1\",\"1\"],[\"NaN\",\"1\"]]", ASKS),
	USDM("[[\"1\",\"0\"]]", ASKS),
	USDM("[[\"1\",0.00]]", ASKS),
	USDM("[[\"1\",\"-1\"]]", ASKS),
	USDM("[[\"1\",\"\"]]", ASKS),
	USDM("[[\"1\"]]", ASKS),
	USDM("[]", ASKS),
	USDM("{}", ASKS),
	USDM("null", ASKS),
	USDM("[[]]", ASKS),
	USDM("[7]", ASKS),
	USDM("[[\"2\",\"1\"]]", ASKS),
	USDM("[[\"3\",\"1\"]]", ASKS),
	USDM("[[99999999999999999999999999,\"1\"]]", ASKS),
	USDM("[[\"1\",\"\xff\"]]", ASKS),
	USDM("[[\"1\",\"\\u0000\"]]", ASKS),
	USDM("[[\"1\",\"\\ud800\"]]", ASKS),
	USDM("[[\"1\",\"1\"]],\"bids\":[[\"1.5\",\"1\"]]", ASKS),
	USDM("[[\"1\",\"1\"]]", ASKS) "{}",
	AT("1700000006500"),
	AT("9223372036854775807"),
	AT("1420070399000"),
	AT("0"),
	AT("-1700000000231"),
	AT("1700000000"),
	AT("1700000000231000"),
	AT("\"2023-11-14\""),
	AT("\"NaN\""),
	AT("null"),
	AT("{}"),
};

START_TEST(a_hostile_book_is_a_protocol_failure)
{
	struct profile *p = load("binanceusdm");
	struct exchange_answer answer;

	read_text(p, ENDPOINT_BOOK, 200, NULL, SLICE(hostile[_i]), &answer);
	ck_assert_msg(answer.failure.kind == FAILURE_PROTOCOL, "%s is %s", hostile[_i],
	    failure_kind_name(answer.failure.kind));
	ck_assert_str_ne(answer.failure.text, "");
	ck_assert(!answer.book.read);
	/* The same without what is wrong is a book. */
	read_text(p, ENDPOINT_BOOK, 200, NULL, SLICE(USDM("[[\"1\",\"1\"]]", ASKS)), &answer);
	ck_assert_msg(answer.book.read, "%s", answer.failure.text);
	profile_free(p);
}
END_TEST

static void
repeat(struct buffer *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buffer_string(out, text);
}

static const char *const deep[] = { "[", "{\"a\":", "[{\"a\":" };

START_TEST(deep_nesting_is_a_protocol_failure_at_any_depth)
{
	struct profile *p = load("binanceusdm");
	struct exchange_answer answer;
	struct buffer text;

	for (size_t times = 33; times <= 1000000; times *= 31) {
		buffer_init(&text, 64 * 1024 * 1024);
		repeat(&text, deep[_i], times);
		read_text(p, ENDPOINT_BOOK, 200, NULL, buffer_slice(&text), &answer);
		ck_assert_int_eq(answer.failure.kind, FAILURE_PROTOCOL);
		ck_assert_ptr_nonnull(strstr(answer.failure.text, "32 levels"));
		buffer_release(&text);
	}
	profile_free(p);
}
END_TEST

START_TEST(of_a_hundred_thousand_symbols_only_those_asked_for_are_seen)
{
	struct profile *p = load("upbit");
	struct asked_symbol symbols[] = { { "KRW-BTC", -1 }, { "KRW-ETH", -1 }, { "KRW-XRP", -1 } };
	struct http_response response = { .status = 200 };
	struct exchange_answer answer;
	struct buffer text;

	buffer_init(&text, 64 * 1024 * 1024);
	buffer_string(&text, "[");
	for (int i = 0; i < 100000; i++)
		buffer_format(&text, "{\"market\":\"KRW-X%d\\\"} evil 1\\n\"},", i);
	buffer_string(&text, "{\"market\":\"KRW-ETH\"}]");
	response.body = buffer_slice(&text);
	exchange_read(p, ENDPOINT_SYMBOLS, &response, now, symbols, 3, &answer);
	ck_assert_msg(answer.failure.kind == FAILURE_NONE, "%s", answer.failure.text);
	ck_assert_int_eq(symbols[0].tradable, 0);
	ck_assert_int_eq(symbols[1].tradable, 1);
	ck_assert_int_eq(symbols[2].tradable, 0);
	buffer_release(&text);
	profile_free(p);
}
END_TEST

START_TEST(the_content_of_a_book_tells_whether_it_moved)
{
	struct profile *p = load("binanceusdm");
	struct exchange_answer first, again, later, moved;

	read_text(p, ENDPOINT_BOOK, 200, NULL, SLICE(AT("1700000000231")), &first);
	read_text(p, ENDPOINT_BOOK, 200, NULL, SLICE(AT("1700000000231")), &again);
	read_text(p, ENDPOINT_BOOK, 200, NULL, SLICE(AT("1700000000999")), &later);
	read_text(p, ENDPOINT_BOOK, 200, NULL, SLICE(USDM("[[\"1\",\"2\"]]", ASKS)), &moved);
	ck_assert_uint_eq(first.book.content, again.book.content);
	ck_assert_uint_eq(first.book.content, later.book.content);
	ck_assert_uint_ne(first.book.content, moved.book.content);
	profile_free(p);
}
END_TEST

START_TEST(an_answer_that_did_not_come_whole_keeps_its_failure_and_its_signals)
{
	struct profile *p = load("binance");
	struct http_response response = { .status = 429, .failure = { FAILURE_PROTOCOL, "cut off" } };
	struct exchange_answer answer;

	exchange_read(p, ENDPOINT_BOOK, &response, now, NULL, 0, &answer);
	ck_assert_int_eq(answer.failure.kind, FAILURE_PROTOCOL);
	ck_assert(answer.signals.throttled);
	response = (struct http_response){ .failure = { FAILURE_TIMEOUT, "no answer" } };
	exchange_read(p, ENDPOINT_BOOK, &response, now, NULL, 0, &answer);
	ck_assert_int_eq(answer.failure.kind, FAILURE_TIMEOUT);
	ck_assert(!answer.signals.throttled && !answer.signals.banned && !answer.signals.maintenance);
	profile_free(p);
}
END_TEST

static const char *const exchanges[] = { "binance", "binanceusdm", "bitget", "bithumb", "bybit", "coinbase",
	"gate", "kraken", "okx", "upbit" };

START_TEST(status_418_is_a_ban_on_every_exchange)
{
	struct profile *p = load(exchanges[_i]);
	struct exchange_answer answer;

	read_text(p, ENDPOINT_BOOK, 418, NULL, SLICE("I'm a teapot"), &answer);
	ck_assert(answer.signals.banned);
	ck_assert_double_eq(answer.signals.banned_until, now + p->default_ban_seconds);
	profile_free(p);
}
END_TEST

/* Here the test is the network: it knows the URLs, and what they answer. */
struct line {
	const char *url;
	struct http_response response;
};

static struct line *lines;
static size_t line_count;
static size_t sent_count, at_once = 16;
static size_t sent_most = SIZE_MAX; /* then the deadline comes */
static char sent[16][128];

static struct http_response
answer_of(const char *url)
{
	for (size_t i = 0; i < line_count; i++)
		if (strcmp(lines[i].url, url) == 0)
			return lines[i].response;
	return (struct http_response){ .failure = { FAILURE_CONNECT, "no such line" },
		.phase_seconds = { -1, -1, -1, -1, -1 },
		.certificate_expiry = -1 };
}

/* So many at once, and the next ones when all of these have their answers. */
void
http_ask(struct http_client *client, const struct http_request requests[], size_t count,
    const struct http_watch *watch, struct deadline deadline, struct http_response responses[])
{
	struct http_request next;
	size_t done = 0;

	(void)client;
	(void)deadline;
	for (size_t i = 0; i < count; i++) {
		responses[i] = (struct http_response){ .failure = { FAILURE_REJECTED, "not sent" } };
		responses[i].sent = i < sent_most && watch->may_send(watch->context, i);
		if (responses[i].sent) {
			ck_assert_uint_lt(sent_count, 16);
			(void)snprintf(sent[sent_count++], sizeof(sent[0]), "%s", requests[i].url);
			responses[i] = answer_of(requests[i].url);
			responses[i].sent = true;
		}
		if (i + 1 < count && (i + 1) % at_once != 0)
			continue;
		for (; done <= i; done++)
			ck_assert(!responses[done].sent ||
				  !watch->answered(watch->context, done, &responses[done], &next));
	}
}

static void
probe(const struct exchange_target *target, struct line *network, size_t count,
    struct exchange_reading *reading)
{
	lines = network;
	line_count = count;
	sent_count = 0;
	ck_assert_int_eq(
	    exchange_probe(NULL, target, 1, deadline_in(INT64_C(20000000000)), reading, &why), 0);
}

#define WHOLE(text)                                                                                          \
	.status = 200, .body = { text, sizeof(text) - 1 }, .sent_unix_ns = INT64_C(1700000000000000000),     \
	.received_unix_ns = INT64_C(1700000000100000000), .ended_unix_ns = INT64_C(1700000000400000000),     \
	.certificate_expiry = -1

START_TEST(binance_is_asked_for_each_symbol_and_its_trades_date_its_books)
{
	struct line network[] = {
		{ "http://127.0.0.1:1/binance/api/v3/time",
		    { WHOLE("{\"serverTime\":1700000000700}"), .phase_seconds = { -1, 0.01, -1, 0.2, 0 } } },
		{ "http://127.0.0.1:1/binance/api/v3/depth?symbol=BTCUSDT&limit=5",
		    { WHOLE("{\"lastUpdateId\":5,\"bids\":[[\"1\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}"),
			.phase_seconds = { -1, 0.03, -1, 0.1, 0 }, .seconds = 0.13 } },
		{ "http://127.0.0.1:1/binance/api/v3/avgPrice?symbol=BTCUSDT",
		    { WHOLE("{\"closeTime\":1699999999450}"), .phase_seconds = { -1, -1, -1, 0.1, 0 } } },
		{ "http://127.0.0.1:1/binance/api/v3/exchangeInfo?symbol=BTCUSDT",
		    { WHOLE("{\"symbols\":[{\"symbol\":\"BTCUSDT\",\"status\":\"BREAK\"}]}"),
			.phase_seconds = { -1, -1, -1, 0.1, 0 } } },
	};
	const char *const names[] = { "BTC/USDT", "ÄÖ/USDT", "what?", NULL };
	struct profile *p = load("binance");
	struct exchange_target target = { .profile = p,
		.base_url = "http://127.0.0.1:1/binance",
		.symbols = names,
		.symbol_count = 3,
		.asked = { [ENDPOINT_TIME] = true,
		    [ENDPOINT_BOOK] = true,
		    [ENDPOINT_TRADE] = true,
		    [ENDPOINT_SYMBOLS] = true } };
	struct exchange_reading r;

	/* One time, and for each symbol book, trade and state; no pair is no request. */
	probe(&target, network, LENGTH(network), &r);
	ck_assert_uint_eq(r.request_count, 10);
	ck_assert_uint_eq(sent_count, 7);
	ck_assert_str_eq(sent[2], "http://127.0.0.1:1/binance/api/v3/depth?symbol=%C3%84%C3%96USDT&limit=5");
	/* What could not be sent cost nothing. */
	ck_assert_int_eq(r.weight, 1 + 2 * (5 + 2 + 20));
	ck_assert_int_eq(exchange_weight(&target), 1 + 3 * (5 + 2 + 20));
	ck_assert(r.books[0].read);
	ck_assert_double_eq_tol(r.books[0].timestamp, 1699999999.45, 1e-6);
	ck_assert_int_eq(r.books[0].tradable, 0);
	ck_assert(!r.books[1].read);
	ck_assert_int_eq(r.books[1].tradable, -1);
	ck_assert_int_eq(r.requests[2].failure.kind, FAILURE_CONNECT);
	ck_assert_int_eq(r.requests[3].failure.kind, FAILURE_LOCAL);
	ck_assert_int_eq(r.requests[1].status, 200);
	ck_assert_double_eq(r.requests[1].seconds, 0.13);
	ck_assert_double_eq_tol(r.requests[1].arrived, 1700000000.4, 1e-6);
	ck_assert_double_eq(r.phase_seconds[HTTP_CONNECT], 0.03);
	ck_assert_double_eq(r.phase_seconds[HTTP_FIRST_BYTE], 0.2);
	ck_assert_double_lt(r.phase_seconds[HTTP_TLS], 0);
	/* 0.7 s is theirs, 0.2 s the middle of ours. */
	ck_assert(r.clock_read);
	ck_assert_double_eq_tol(r.clock_skew, 0.5, 0.001);
	ck_assert_double_eq_tol(r.clock_error, 0.2, 0.001);
	exchange_readings_release(&r, 1);
	profile_free(p);
}
END_TEST

START_TEST(a_request_that_the_deadline_cut_off_before_it_was_sent_cost_nothing)
{
	const char *const names[] = { "BTC/USDT", "ETH/USDT", NULL };
	struct profile *p = load("binance");
	struct exchange_target target = { .profile = p,
		.symbols = names,
		.symbol_count = 2,
		.asked = { [ENDPOINT_TIME] = true, [ENDPOINT_BOOK] = true } };
	struct exchange_reading r;

	sent_most = 2;
	probe(&target, NULL, 0, &r);
	sent_most = SIZE_MAX;
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_int_eq(r.weight, 1 + 5);
	/* It failed all the same: the exchange was too slow for all of them. */
	ck_assert_uint_eq(r.request_count, 3);
	ck_assert(!r.requests[2].dropped);
	ck_assert_int_ne(r.requests[2].failure.kind, FAILURE_NONE);
	exchange_readings_release(&r, 1);
	profile_free(p);
}
END_TEST

START_TEST(upbit_s_clock_comes_from_the_date_header_and_its_symbols_from_one_list)
{
	struct line network[] = {
		{ "https://api.upbit.com/v1/orderbook?markets=KRW-BTC&count=5",
		    { WHOLE("[{\"market\":\"KRW-BTC\",\"timestamp\":1700000000310,\"orderbook_units\":"
			    "[{\"ask_price\":2,\"bid_price\":1,\"ask_size\":1,\"bid_size\":1}]}]"),
			.date = "Tue, 14 Nov 2023 22:13:21 GMT",
			.wanted = { "", "group=orderbook; sec=2" } } },
		{ "https://api.upbit.com/v1/orderbook?markets=KRW-ETH&count=5",
		    { .status = 418,
			.body = SLICE("slow down"),
			.certificate_expiry = 1800000000,
			.sent_unix_ns = INT64_C(1700000000000000000),
			.received_unix_ns = INT64_C(1700000000200000000),
			.ended_unix_ns = INT64_C(1700000000400000000) } },
		{ "https://api.upbit.com/v1/market/all?is_details=true",
		    { WHOLE("[{\"market\":\"KRW-BTC\"},{\"market\":\"KRW-DOGE\"}]"),
			.wanted = { "", "group=market; sec=9" } } },
	};
	const char *const names[] = { "ETH/KRW", "BTC/KRW", NULL };
	struct profile *p = load("upbit");
	struct exchange_target target = { .profile = p,
		.symbols = names,
		.symbol_count = 2,
		.asked = { [ENDPOINT_BOOK] = true, [ENDPOINT_TIME] = true, [ENDPOINT_SYMBOLS] = true } };
	struct exchange_reading r;

	probe(&target, network, LENGTH(network), &r);
	ck_assert_uint_eq(r.request_count, 3);
	ck_assert(r.books[1].read && !r.books[0].read);
	ck_assert_int_eq(r.books[1].tradable, 1);
	ck_assert_int_eq(r.books[0].tradable, 0);
	ck_assert(r.banned);
	ck_assert_double_eq_tol(r.banned_until, 1700000000.4 + 600, 1e-3);
	ck_assert_double_eq_tol(r.limits[0].used_ratio, 0.8, 1e-12);
	ck_assert_double_eq(r.certificate_expiry, 1800000000);
	ck_assert(r.clock_read);
	/* The date is in the headers: between 0 and 0.1 s of ours, 1 to 2 s of theirs. */
	ck_assert_double_eq_tol(r.clock_skew, 1.45, 1e-6);
	ck_assert_double_eq_tol(r.clock_error, 0.55, 1e-6);
	exchange_readings_release(&r, 1);
	profile_free(p);
}
END_TEST

START_TEST(a_symbol_that_the_exchange_does_not_know_is_not_tradable)
{
	struct line network[] = {
		{ "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5",
		    { WHOLE("{\"lastUpdateId\":5,\"bids\":[[\"1\",\"1\"]],\"asks\":[[\"2\",\"1\"]]}") } },
		{ "https://api.binance.com/api/v3/depth?symbol=OLDUSDT&limit=5",
		    { .status = 400, .body = SLICE("{\"code\":-1121,\"msg\":\"Invalid symbol.\"}") } },
		{ "https://api.binance.com/api/v3/depth?symbol=ODDUSDT&limit=5",
		    { .status = 400, .body = SLICE("{\"code\":-1100,\"msg\":\"Illegal characters.\"}") } },
	};
	const char *const names[] = { "BTC/USDT", "OLD/USDT", "ODD/USDT", NULL };
	struct profile *p = load("binance");
	struct exchange_target target = {
		.profile = p, .symbols = names, .symbol_count = 3, .asked = { [ENDPOINT_BOOK] = true }
	};
	struct exchange_reading r;

	probe(&target, network, LENGTH(network), &r);
	ck_assert_int_eq(r.books[0].tradable, -1);
	ck_assert_int_eq(r.books[1].tradable, 0);
	ck_assert_int_eq(r.books[2].tradable, -1);
	ck_assert(!r.books[1].read);
	exchange_readings_release(&r, 1);
	profile_free(p);
}
END_TEST

/* What ends all asking, and the exchange it is said by. */
static const struct {
	const char *exchange;
	int status;
	const char *body;
	bool banned;
} refusals[] = {
	{ "binance", 418, "{\"code\":-1003,\"msg\":\"banned until 1700000600000\"}", true },
	{ "binance", 429, "", false },
	{ "kraken", 200, "{\"error\":[\"EAPI:Rate limit exceeded\"]}", false },
	{ "kraken", 200, "{\"error\":[\"EGeneral:Temporary lockout\"]}", true },
	{ "bybit", 200, "{\"retCode\":10006,\"retMsg\":\"Too many visits!\"}", false },
	{ "okx", 429, "{\"code\":\"50011\",\"msg\":\"Too Many Requests\"}", false },
};

START_TEST(after_a_ban_or_a_throttle_signal_what_waits_is_not_sent)
{
	const char *const names[] = { "BTC/USDT", "ETH/USDT", "XRP/USDT", "SOL/USDT", NULL };
	struct profile *p = load(refusals[_i].exchange);
	struct exchange_target target = {
		.profile = p, .symbols = names, .symbol_count = 4, .asked = { [ENDPOINT_BOOK] = true }
	};
	struct line network = { .response = { .status = refusals[_i].status,
				    .body = SLICE(refusals[_i].body),
				    .received_unix_ns = INT64_C(1700000000000000000) } };
	struct exchange_reading r;
	char refused[sizeof(sent[0])];

	/* The first round is to learn the URLs; then the second book is refused. */
	at_once = 2;
	probe(&target, &network, 0, &r);
	ck_assert_uint_eq(sent_count, 4);
	exchange_readings_release(&r, 1);
	(void)snprintf(refused, sizeof(refused), "%s", sent[1]);
	network.url = refused;
	probe(&target, &network, 1, &r);
	at_once = 16;
	ck_assert_uint_eq(sent_count, 2);
	ck_assert_uint_eq(r.request_count, 4);
	ck_assert(refusals[_i].banned ? r.banned : r.throttled);
	ck_assert(!r.requests[0].dropped && !r.requests[1].dropped);
	ck_assert(r.requests[2].dropped && r.requests[3].dropped);
	ck_assert_int_eq(r.requests[3].failure.kind, FAILURE_REJECTED);
	ck_assert_int_eq(r.weight, 2 * p->endpoints[ENDPOINT_BOOK].weight);
	exchange_readings_release(&r, 1);
	profile_free(p);
}
END_TEST

START_TEST(what_was_not_asked_is_not_known)
{
	struct profile *p = load("okx");
	struct exchange_target target = { .profile = p };
	struct exchange_reading r;

	probe(&target, NULL, 0, &r);
	ck_assert_uint_eq(r.request_count, 0);
	ck_assert_uint_eq(sent_count, 0);
	ck_assert(!r.clock_read && !r.banned && !r.throttled && !r.maintenance && !r.restricted);
	ck_assert_double_lt(r.retry_at, 0);
	ck_assert_double_lt(r.banned_until, 0);
	ck_assert_double_lt(r.certificate_expiry, 0);
	ck_assert_int_eq(r.weight, 0);
	exchange_readings_release(&r, 1);
	profile_free(p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("exchange");
	TCase *answers = tcase_create("answers"), *attacks = tcase_create("attacks"),
	      *probes = tcase_create("probes");

	tcase_add_loop_test(answers, a_book_has_its_best_prices_time_and_sequence, 0, LENGTH(books));
	tcase_add_loop_test(answers, the_server_s_time_is_read_with_its_resolution, 0, LENGTH(clocks));
	tcase_add_loop_test(answers, an_answer_gets_its_verdict, 0, LENGTH(verdicts));
	tcase_add_loop_test(answers, status_418_is_a_ban_on_every_exchange, 0, LENGTH(exchanges));
	tcase_add_loop_test(answers, a_symbol_is_tradable_or_not, 0, LENGTH(states));
	tcase_add_loop_test(
	    answers, a_list_without_a_name_or_about_another_symbol_says_nothing, 0, LENGTH(unlisted));
	tcase_add_loop_test(answers, a_rate_limit_is_read_from_its_headers, 0, LENGTH(limits));
	tcase_add_test(answers, the_content_of_a_book_tells_whether_it_moved);
	tcase_add_test(answers, an_answer_that_did_not_come_whole_keeps_its_failure_and_its_signals);
	tcase_add_loop_test(attacks, a_hostile_book_is_a_protocol_failure, 0, LENGTH(hostile));
	tcase_add_loop_test(attacks, deep_nesting_is_a_protocol_failure_at_any_depth, 0, LENGTH(deep));
	tcase_add_test(attacks, of_a_hundred_thousand_symbols_only_those_asked_for_are_seen);
	tcase_set_timeout(attacks, 60);
	tcase_add_test(probes, binance_is_asked_for_each_symbol_and_its_trades_date_its_books);
	tcase_add_test(probes, a_request_that_the_deadline_cut_off_before_it_was_sent_cost_nothing);
	tcase_add_test(probes, upbit_s_clock_comes_from_the_date_header_and_its_symbols_from_one_list);
	tcase_add_loop_test(
	    probes, after_a_ban_or_a_throttle_signal_what_waits_is_not_sent, 0, LENGTH(refusals));
	tcase_add_test(probes, a_symbol_that_the_exchange_does_not_know_is_not_tradable);
	tcase_add_test(probes, what_was_not_asked_is_not_known);
	suite_add_tcase(suite, answers);
	suite_add_tcase(suite, attacks);
	suite_add_tcase(suite, probes);
	return run_suite(suite);
}
