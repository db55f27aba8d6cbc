/*
 * The first request of a look says which symbols there are and trade, the second their volumes, the third
 * (which only Upbit needs) their best prices.  Volumes are for ranking alone, so they are doubles: in KRW
 * they are too large for `fixed`.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "demo/paper_engine/live/tickers.h"
#include "json/scan.h"

enum { LONGEST_BODY = 8 << 20, LONGEST_URL = 65536, ANSWER_MS = 10000 };

int
tickers_init(struct tickers *tickers)
{
	tickers->rate_limit_left = FIXED_ONE;
	buffer_init(&tickers->body, LONGEST_BODY);
	tickers->list = calloc(TICKERS_MOST, sizeof(*tickers->list));
	tickers->next = calloc(TICKERS_MOST, sizeof(*tickers->next));
	return tickers->list != NULL && tickers->next != NULL ? 0 : -1;
}

/* What the exchange says ------------------------------------------------- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const struct ticker *)a)->name, ((const struct ticker *)b)->name);
}

/* "BTC/USDT", from "BTCUSDT" or "KRW-BTC"; false: it is quoted in something else, or is no name. */
static bool
name_of(enum venue venue, const char *native, char name[SYMBOL_NAME])
{
	size_t length = strlen(native), base = length - 4;
	const char *at = venue == VENUE_BINANCE ? native : native + 4;

	if (length <= 4 || length >= SYMBOL_NAME - 2 ||
	    strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") < base)
		return false;
	if (venue == VENUE_BINANCE ? strcmp(native + base, "USDT") != 0 : strncmp(native, "KRW-", 4) != 0)
		return false;
	(void)snprintf(name, SYMBOL_NAME, "%.*s/USDT", (int)base, at);
	return strcmp(name, "USDT/USDT") != 0;
}

/* What is read of a row: the names of its members at each exchange. */
enum field {
	FIELD_SYMBOL,
	FIELD_STATUS,
	FIELD_VOLUME,
	FIELD_BID,
	FIELD_BID_QUANTITY,
	FIELD_ASK,
	FIELD_ASK_QUANTITY,
	FIELDS
};
static const char *const fields[VENUES][FIELDS] = {
	[VENUE_BINANCE] = { "symbol", "status", "quoteVolume", "bidPrice", "bidQty", "askPrice", "askQty" },
	[VENUE_UPBIT] = { "market", "state", "acc_trade_price_24h", "bid_price", "bid_size", "ask_price",
	    "ask_size" },
};

static void
read_members(enum venue venue, struct slice row, struct slice values[FIELDS])
{
	struct json_rows members;
	struct slice key, value;

	if (!json_rows_begin(row, &members))
		return;
	while (json_rows_next(&members, &key, &value))
		for (int i = 0; i < FIELDS; i++)
			if (slice_is(key, fields[venue][i]))
				values[i] = value;
}

/* A text, or a number as it is written; "" if the member is missing or too long. */
enum { FIELD_TEXT = 64 };
static const char *
text_of(struct slice value, char text[FIELD_TEXT])
{
	struct slice found = { 0 };

	if (value.at == NULL || !json_scan_text(value, text, FIELD_TEXT, &found) ||
	    found.length >= FIELD_TEXT)
		found.length = 0;
	if (found.length > 0)
		memmove(text, found.at, found.length);
	text[found.length] = '\0';
	return text;
}

/* Numbers are texts at one exchange, and numbers at the other. */
static void
set_number(double *number, struct slice value)
{
	char text[FIELD_TEXT];
	double read = value.at != NULL ? strtod(text_of(value, text), NULL) : *number;

	*number = read > 0 ? read : 0;
}

static void
add_ticker(struct tickers *tickers, struct slice row)
{
	struct slice values[FIELDS] = { 0 };
	struct ticker ticker = { .trades = true };
	char text[FIELD_TEXT];

	read_members(tickers->venue, row, values);
	if (tickers->next_count == TICKERS_MOST ||
	    !name_of(tickers->venue, text_of(values[FIELD_SYMBOL], text), ticker.name))
		return;
	if (tickers->venue == VENUE_BINANCE)
		ticker.trades = strcmp(text_of(values[FIELD_STATUS], text), "TRADING") == 0;
	tickers->next[tickers->next_count++] = ticker;
}

/* A book of Upbit has the prices one level deeper. */
static void
set_ticker(struct tickers *tickers, struct slice row, struct json_scan *scan)
{
	struct slice values[FIELDS] = { 0 };
	struct ticker wanted = { 0 }, *ticker;
	char text[FIELD_TEXT];

	read_members(tickers->venue, row, values);
	if (!name_of(tickers->venue, text_of(values[FIELD_SYMBOL], text), wanted.name))
		return;
	ticker = bsearch(&wanted, tickers->next, tickers->next_count, sizeof(wanted), compare_names);
	if (ticker == NULL)
		return;
	if (tickers->venue == VENUE_UPBIT)
		read_members(tickers->venue, json_scan_get(scan, row, "/orderbook_units/0"), values);
	set_number(&ticker->volume, values[FIELD_VOLUME]);
	set_number(&ticker->bid, values[FIELD_BID]);
	set_number(&ticker->bid_quantity, values[FIELD_BID_QUANTITY]);
	set_number(&ticker->ask, values[FIELD_ASK]);
	set_number(&ticker->ask_quantity, values[FIELD_ASK_QUANTITY]);
}

/* Requests ------------------------------------------------------------- */

struct request {
	const char *path; /* NULL: there are no more */
	const char *list; /* where in the answer the rows are */
	bool of_each;     /* the native names of all symbols follow */
};
static const struct request requests[VENUES][TICKER_STEPS + 1] = {
	[VENUE_BINANCE] = { { "/api/v3/exchangeInfo", "/symbols", false },
	    { "/api/v3/ticker/24hr", "", false } },
	[VENUE_UPBIT] = { { "/v1/market/all", "", false },
	    { "/v1/ticker/all?quote_currencies=KRW", "", false },
	    { "/v1/orderbook?count=1&markets=", "", true } },
};

static size_t
receive(char *text, size_t size, size_t count, void *context)
{
	struct tickers *tickers = context;

	buffer_append(&tickers->body, text, size * count);
	return tickers->body.failed ? 0 : size * count;
}

/* How much of a limit is left: "X-MBX-USED-WEIGHT-1M: 120" of 6000, "Remaining-Req: group=ticker; min=573;
 * sec=9" of 10. */
static size_t
receive_header(char *text, size_t size, size_t count, void *context)
{
	static const char used[] = "X-MBX-USED-WEIGHT-1M:", remaining[] = "Remaining-Req:";
	enum { WEIGHT_LIMIT = 6000, SECOND_LIMIT = 10 };
	struct tickers *tickers = context;
	char line[128];
	const char *seconds;
	long number = -1, limit = SECOND_LIMIT;

	(void)snprintf(line, sizeof(line), "%.*s", (int)(size * count), text);
	if (strncasecmp(line, used, sizeof(used) - 1) == 0) {
		limit = WEIGHT_LIMIT;
		number = limit - strtol(line + sizeof(used) - 1, NULL, 10);
	} else if (strncasecmp(line, remaining, sizeof(remaining) - 1) == 0 &&
		   (seconds = strstr(line, "sec=")) != NULL) {
		number = strtol(seconds + 4, NULL, 10);
	} else {
		return size * count;
	}
	number = number < 0 ? 0 : number > limit ? limit : number;
	tickers->rate_limit_left = number * FIXED_ONE / limit;
	return size * count;
}

static void
add_names(const struct tickers *tickers, struct buffer *url)
{
	for (size_t i = 0; i < tickers->next_count; i++)
		buffer_format(url, "%sKRW-%.*s", i > 0 ? "," : "", (int)strcspn(tickers->next[i].name, "/"),
		    tickers->next[i].name);
}

/* One handle for all requests of a look keeps the connection. */
static int
set_request(struct tickers *tickers, const struct request *request)
{
	struct buffer url;
	bool ok;

	buffer_init(&url, LONGEST_URL);
	buffer_format(&url, "%s%s", tickers->url, request->path);
	if (request->of_each)
		add_names(tickers, &url);
	buffer_append(&url, "", 1);
	tickers->body.length = 0;
	tickers->body.failed = false;
	ok = !url.failed && curl_easy_setopt(tickers->easy, CURLOPT_URL, url.text) == CURLE_OK &&
	     curl_easy_setopt(tickers->easy, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS) == CURLE_OK &&
	     curl_easy_setopt(tickers->easy, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	     curl_easy_setopt(tickers->easy, CURLOPT_WRITEDATA, tickers) == CURLE_OK &&
	     curl_easy_setopt(tickers->easy, CURLOPT_HEADERFUNCTION, receive_header) == CURLE_OK &&
	     curl_easy_setopt(tickers->easy, CURLOPT_HEADERDATA, tickers) == CURLE_OK &&
	     curl_multi_add_handle(tickers->multi, tickers->easy) == CURLM_OK;
	buffer_release(&url);
	return ok ? 0
		  : failure_set(
			&tickers->why, FAILURE_LOCAL, "the tickers cannot be asked for: out of memory");
}

static void
finish(struct tickers *tickers)
{
	curl_easy_cleanup(tickers->easy);
	tickers->easy = NULL;
}

void
tickers_look(struct tickers *tickers)
{
	if (tickers->easy != NULL)
		return;
	tickers->step = 0;
	tickers->easy = client_new(tickers->ca_file, tickers->error);
	if (tickers->easy == NULL || set_request(tickers, &requests[tickers->venue][0]) != 0)
		finish(tickers);
}

/* The first answer says which symbols there are, the others more about them. */
static int
read_answer(struct tickers *tickers)
{
	const struct request *request = &requests[tickers->venue][tickers->step];
	struct slice key, row;
	struct json_rows rows;
	struct json_scan scan;

	if (json_scan_open(&scan, buffer_slice(&tickers->body), &tickers->why) != 0 ||
	    !json_rows_begin(json_scan_get(&scan, scan.text, request->list), &rows) || rows.object)
		return failure_set(
		    &tickers->why, FAILURE_PROTOCOL, "its answer to %s is no list", request->path);
	if (tickers->step == 0)
		tickers->next_count = 0;
	while (json_rows_next(&rows, &key, &row))
		if (tickers->step == 0)
			add_ticker(tickers, row);
		else
			set_ticker(tickers, row, &scan);
	if (tickers->step == 0)
		qsort(tickers->next, tickers->next_count, sizeof(*tickers->next), compare_names);
	return json_scan_check(&scan, &tickers->why);
}

void
tickers_ended(struct tickers *tickers, CURLcode code)
{
	const struct request *next = &requests[tickers->venue][tickers->step + 1];

	(void)curl_multi_remove_handle(tickers->multi, tickers->easy);
	if (code != CURLE_OK) {
		(void)client_failure(tickers->easy, code, tickers->error, &tickers->why);
		finish(tickers);
		return;
	}
	if (read_answer(tickers) == 0 && next->path != NULL && tickers->next_count > 0) {
		tickers->step++;
		if (set_request(tickers, next) == 0)
			return;
	} else if (tickers->why.kind == FAILURE_NONE) {
		struct ticker *list = tickers->list;

		tickers->list = tickers->next;
		tickers->count = tickers->next_count;
		tickers->next = list;
		tickers->complete = true;
	}
	finish(tickers);
}

void
tickers_release(struct tickers *tickers)
{
	if (tickers->easy != NULL)
		(void)curl_multi_remove_handle(tickers->multi, tickers->easy);
	finish(tickers);
	free(tickers->list);
	free(tickers->next);
	buffer_release(&tickers->body);
}
