/*
 * The first request of a look says which symbols there are and trade, the second their volumes, the third
 * (which only Upbit needs) their best prices.  Volumes are for ranking alone, so they are doubles: in KRW
 * they are too large for `fixed`.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "demo/paper_engine/live/tickers.h"

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

static struct ticker *
find_ticker(struct tickers *tickers, const char *native)
{
	struct ticker wanted;

	if (native == NULL || !name_of(tickers->venue, native, wanted.name))
		return NULL;
	return bsearch(&wanted, tickers->next, tickers->next_count, sizeof(wanted), compare_names);
}

/* Numbers are texts at one exchange, and numbers at the other. */
static double
number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	double number =
	    json_is_string(value) ? strtod(json_string_value(value), NULL) : json_number_value(value);

	return number > 0 ? number : 0;
}

static void
read_symbols(struct tickers *tickers, const json_t *root)
{
	bool binance = tickers->venue == VENUE_BINANCE;
	const json_t *list = binance ? json_object_get(root, "symbols") : root, *item;
	size_t i;

	tickers->next_count = 0;
	json_array_foreach(list, i, item)
	{
		const char *native = json_string_value(json_object_get(item, binance ? "symbol" : "market"));
		const char *status = json_string_value(json_object_get(item, "status"));
		struct ticker ticker = { .trades =
					     !binance || (status != NULL && strcmp(status, "TRADING") == 0) };

		if (tickers->next_count < TICKERS_MOST && native != NULL &&
		    name_of(tickers->venue, native, ticker.name))
			tickers->next[tickers->next_count++] = ticker;
	}
	qsort(tickers->next, tickers->next_count, sizeof(*tickers->next), compare_names);
}

static void
read_volumes(struct tickers *tickers, const json_t *root)
{
	bool binance = tickers->venue == VENUE_BINANCE;
	const json_t *item;
	struct ticker *ticker;
	size_t i;

	json_array_foreach(root, i, item)
	{
		ticker = find_ticker(
		    tickers, json_string_value(json_object_get(item, binance ? "symbol" : "market")));
		if (ticker == NULL)
			continue;
		ticker->volume = number_of(item, binance ? "quoteVolume" : "acc_trade_price_24h");
		ticker->bid = number_of(item, "bidPrice");
		ticker->ask = number_of(item, "askPrice");
		ticker->bid_quantity = number_of(item, "bidQty");
		ticker->ask_quantity = number_of(item, "askQty");
	}
}

static void
read_orderbooks(struct tickers *tickers, const json_t *root)
{
	const json_t *item, *best;
	struct ticker *ticker;
	size_t i;

	json_array_foreach(root, i, item)
	{
		ticker = find_ticker(tickers, json_string_value(json_object_get(item, "market")));
		best = json_array_get(json_object_get(item, "orderbook_units"), 0);
		if (ticker == NULL)
			continue;
		ticker->bid = number_of(best, "bid_price");
		ticker->ask = number_of(best, "ask_price");
		ticker->bid_quantity = number_of(best, "bid_size");
		ticker->ask_quantity = number_of(best, "ask_size");
	}
}

/* Requests ------------------------------------------------------------- */

struct request {
	const char *path; /* NULL: there are no more */
	bool of_each;     /* the native names of all symbols follow */
	void (*read)(struct tickers *tickers, const json_t *root);
};
static const struct request requests[VENUES][TICKER_STEPS + 1] = {
	[VENUE_BINANCE] = { { "/api/v3/exchangeInfo", false, read_symbols },
	    { "/api/v3/ticker/24hr", false, read_volumes } },
	[VENUE_UPBIT] = { { "/v1/market/all", false, read_symbols },
	    { "/v1/ticker/all?quote_currencies=KRW", false, read_volumes },
	    { "/v1/orderbook?count=1&markets=", true, read_orderbooks } },
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

static int
read_answer(struct tickers *tickers)
{
	json_t *root = json_loadb(tickers->body.text, tickers->body.length, JSON_REJECT_DUPLICATES, NULL);

	if (root == NULL)
		return failure_set(&tickers->why, FAILURE_PROTOCOL, "its answer to %s is no JSON",
		    requests[tickers->venue][tickers->step].path);
	requests[tickers->venue][tickers->step].read(tickers, root);
	json_decref(root);
	return 0;
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
