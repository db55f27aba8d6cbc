#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/buffer.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venue.h"

/* OKX v5: www.okx.com.  "BTC-USDT-SWAP" is the contract on "BTC-USDT", with the same book; no limit is told.
 */
static const struct listing listings[LISTINGS] = {
	{ "BTC-USDT", "BTC", "USDT", 950050, 1, 1, 90000000, 8 },
	{ "ETH-USDT", "ETH", "USDT", 325020, 1, 2, 30000000, 6 },
	{ "XRP-USDT", "XRP", "USDT", 25002, 1, 4, 400000000, 6 },
};
/* How much of the base one contract is. */
static const char *const contract_sizes[LISTINGS] = { "0.01", "0.1", "100" };

static const char swap_suffix[] = "-SWAP";
enum { WINDOW_MS = 30000 };

static json_t *
error(const struct call *call, const char *code, const char *message)
{
	(void)call;
	return json_pack("{s:s, s:s, s:[]}", "code", code, "msg", message, "data");
}

static void
succeed(struct answer *answer, json_t *data)
{
	answer->body = json_pack("{s:s, s:s, s:o}", "code", "0", "msg", "", "data", data);
}

static json_t *
number_text(int64_t number)
{
	char text[DECIMAL_TEXT];

	(void)snprintf(text, sizeof(text), "%" PRId64, number);
	return json_string(text);
}

static void
server_time(const struct call *call, struct answer *answer)
{
	succeed(answer, json_pack("[{s:o}]", "ts", number_text(call->now_ms)));
}

static void
system_status(const struct call *call, struct answer *answer)
{
	int64_t since = call->faults[FAULT_MAINTENANCE].since_ms;
	json_t *events = json_array();

	if (call->faults[FAULT_MAINTENANCE].on)
		(void)json_array_append_new(
		    events, json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "title",
				"System upgrade", "state", "ongoing", "begin", number_text(since), "end",
				number_text(since + 3600000), "href", "", "serviceType", "5", "system",
				"unified", "scheDesc", "", "maintType", "1", "env", "1"));
	succeed(answer, events);
}

/* The listing of "BTC-USDT" and of "BTC-USDT-SWAP". */
static const struct listing *
find(const struct call *call, const char *id)
{
	struct slice name = SLICE(id != NULL ? id : "");
	char native[24];

	if (slice_ends_with(name, swap_suffix))
		name.length -= sizeof(swap_suffix) - 1;
	(void)snprintf(native, sizeof(native), "%.*s", SLICE_ARGS(name));
	return call_listing(call, native);
}

static json_t *
level_four(const struct book *book, const char *price, const char *quantity)
{
	(void)book;
	return json_pack("[s, s, s, s]", price, quantity, "0", "1");
}

static void
books(const struct call *call, struct answer *answer)
{
	const char *id = call_argument(call, "instId");
	const struct listing *listing = find(call, id);
	size_t count = call_count(call, "sz", 1, 400);
	struct book book;

	if (id == NULL || listing == NULL) {
		(void)answer_error(call, answer, 200, id == NULL ? "50014" : "51001",
		    id == NULL ? "Parameter instId can not be empty."
			       : "Instrument ID, Instrument ID code, or Spread ID doesn't exist.");
		return;
	}
	call_book(call, listing, &book);
	succeed(answer,
	    json_pack("[{s:o, s:o, s:o, s:I}]", "asks", book_side(&book, book.asks, count, level_four),
		"bids", book_side(&book, book.bids, count, level_four), "ts", number_text(book.time_ms),
		"seqId", (json_int_t)book.sequence));
}

static json_t *
instrument(const struct call *call, size_t index, bool swap)
{
	const struct listing *listing = &listings[index];
	char id[24], tick[DECIMAL_TEXT], lot[DECIMAL_TEXT];
	json_t *told;

	(void)snprintf(id, sizeof(id), "%s%s", listing->native, swap ? swap_suffix : "");
	decimal_text(tick, listing->step, listing->price_decimals);
	decimal_text(lot, 1, listing->quantity_decimals);
	told = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "instType", swap ? "SWAP" : "SPOT",
	    "instId", id, "state", call_halted(call, listing) ? "suspend" : "live", "tickSz", tick, "lotSz",
	    swap ? "0.01" : lot, "minSz", swap ? "0.01" : lot, "lever", swap ? "100" : "", "listTime",
	    "1611907686000");
	if (swap)
		(void)json_object_update_new(
		    told, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "uly", listing->native,
			      "instFamily", listing->native, "baseCcy", "", "quoteCcy", "", "settleCcy",
			      listing->quote, "ctVal", contract_sizes[index], "ctType", "linear"));
	else
		(void)json_object_update_new(
		    told, json_pack("{s:s, s:s, s:s, s:s}", "baseCcy", listing->base, "quoteCcy",
			      listing->quote, "uly", "", "settleCcy", ""));
	return told;
}

static void
instruments(const struct call *call, struct answer *answer)
{
	const char *type = call_argument(call, "instType"), *id = call_argument(call, "instId");
	bool swap = type != NULL && strcmp(type, "SWAP") == 0;
	json_t *list;

	if (!swap && (type == NULL || strcmp(type, "SPOT") != 0)) {
		(void)answer_error(call, answer, 400, "51000", "Parameter instType error");
		return;
	}
	list = json_array();
	for (size_t i = 0; i < LISTINGS; i++) {
		json_t *told = instrument(call, i, swap);

		if (id == NULL || strcmp(id, json_string_value(json_object_get(told, "instId"))) == 0)
			(void)json_array_append(list, told);
		json_decref(told);
	}
	succeed(answer, list);
}

static void
balance(const struct call *call, struct answer *answer)
{
	json_t *details = json_array();
	int64_t time = call->floor->started_ms;

	for (size_t i = 0; i < HOLDINGS - 1; i++) {
		const struct holding *h = &holdings[i];

		(void)json_array_append_new(details,
		    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o}", "ccy", h->asset, "eq",
			json_decimal(h->free + h->locked, 8), "cashBal", json_decimal(h->free + h->locked, 8),
			"availBal", json_decimal(h->free, 8), "availEq", json_decimal(h->free, 8),
			"frozenBal", json_decimal(h->locked, 8), "ordFrozen", json_decimal(h->locked, 8),
			"upl", "0", "uTime", number_text(time)));
	}
	succeed(answer, json_pack("[{s:s, s:s, s:o, s:o}]", "adjEq", "", "totalEq", "0", "uTime",
			    number_text(time), "details", details));
}

/* Positions are counted in contracts. */
static json_t *
position_of(const struct position *position, const struct valuation *value, int64_t since_ms)
{
	double size = strtod(contract_sizes[value->listing - listings], NULL);
	double notional = value->notional < 0 ? -value->notional : value->notional;
	double margin = notional / position->leverage;
	char id[24], leverage[16];
	json_t *told;

	(void)snprintf(id, sizeof(id), "%s%s", value->listing->native, swap_suffix);
	(void)snprintf(leverage, sizeof(leverage), "%d", position->leverage);
	told = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:s}", "instType", "SWAP",
	    "instId", id, "mgnMode", "cross", "posSide", "net", "ccy", "USDT", "posId",
	    position->quantity < 0 ? "307173036051017731" : "307173036051017730", "pos",
	    json_decimal(position->quantity / size, 2), "avgPx", json_decimal(position->entry, 2), "markPx",
	    json_decimal(value->mark, 2), "upl", json_decimal(value->profit, 8), "lever", leverage);
	(void)json_object_update_new(
	    told, json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "notionalUsd", json_decimal(notional, 8),
		      "imr", json_decimal(margin, 8), "mmr", json_decimal(margin / 20, 8), "uplRatio",
		      json_decimal(value->profit / margin, 8), "liqPx", "", "cTime", number_text(since_ms),
		      "uTime", number_text(since_ms)));
	return told;
}

static void
account_positions(const struct call *call, struct answer *answer)
{
	const char *id = call_argument(call, "instId"), *type = call_argument(call, "instType");
	const struct listing *only = id != NULL ? find(call, id) : NULL;
	json_t *list = json_array();

	for (size_t i = 0; i < POSITIONS; i++) {
		struct valuation value;

		position_value(call, &positions[i], &value);
		if ((id == NULL || value.listing == only) && (type == NULL || strcmp(type, "SWAP") == 0))
			(void)json_array_append_new(
			    list, position_of(&positions[i], &value, call->floor->started_ms));
	}
	succeed(answer, list);
}

/* "2020-12-08T09:08:57.715Z" as Unix time in ms.  0, or -1: it is none. */
static int
parse_time(const char *text, int64_t *unix_ms)
{
	struct tm parts = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int64_t ms = 0;

	if (rest == NULL)
		return -1;
	if (*rest == '.') {
		char digits[4];

		(void)snprintf(digits, sizeof(digits), "%.3s", rest + 1);
		if (strlen(digits) != 3 || number_parse(digits, &ms) != 0)
			return -1;
		rest += 4;
	}
	*unix_ms = (int64_t)timegm(&parts) * 1000 + ms;
	return strcmp(rest, "Z") == 0 ? 0 : -1;
}

static bool
signature_holds(const struct call *call, const char *timestamp)
{
	char expected[DIGEST_TEXT];
	struct buffer prehash;
	struct digest digest;
	bool whole;

	buffer_init(&prehash, 32768);
	buffer_string(&prehash, timestamp);
	buffer_string(&prehash, call->method);
	buffer_string(&prehash, call->path);
	if (*call->query != '\0')
		buffer_string(&prehash, "?");
	buffer_string(&prehash, call->query);
	buffer_append(&prehash, call->body.at, call->body.length);
	digest = digest_keyed(HASH_SHA256, SLICE(paper_secret), buffer_slice(&prehash));
	whole = !prehash.failed;
	buffer_release(&prehash);
	digest_base64(&digest, expected);
	return whole && same_secret(call->header(call, "OK-ACCESS-SIGN"), expected);
}

static bool
in_time(const struct call *call, struct answer *answer, const char *timestamp)
{
	int64_t at;

	if (parse_time(timestamp, &at) != 0)
		return answer_error(call, answer, 401, "50112", "Invalid OK-ACCESS-TIMESTAMP");
	if (at < call->now_ms - WINDOW_MS || at > call->now_ms + WINDOW_MS)
		return answer_error(call, answer, 401, "50102", "Timestamp request expired");
	return true;
}

static bool
authorize(const struct call *call, struct answer *answer)
{
	static const char *const needed[][3] = {
		{ "OK-ACCESS-KEY", "50103", "Request header OK-ACCESS-KEY can't be empty." },
		{ "OK-ACCESS-PASSPHRASE", "50104", "Request header OK-ACCESS-PASSPHRASE can't be empty." },
		{ "OK-ACCESS-SIGN", "50106", "Request header OK-ACCESS-SIGN can't be empty." },
		{ "OK-ACCESS-TIMESTAMP", "50107", "Request header OK-ACCESS-TIMESTAMP can't be empty." },
	};
	const char *timestamp = call->header(call, "OK-ACCESS-TIMESTAMP");

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (call->header(call, needed[i][0]) == NULL)
			return answer_error(call, answer, 401, needed[i][1], needed[i][2]);
	if (!same_secret(call->header(call, "OK-ACCESS-KEY"), paper_key))
		return answer_error(call, answer, 401, "50111", "Invalid OK-ACCESS-KEY");
	if (!in_time(call, answer, timestamp))
		return false;
	if (!same_secret(call->header(call, "OK-ACCESS-PASSPHRASE"), paper_passphrase))
		return answer_error(
		    call, answer, 401, "50105", "Request header OK-ACCESS-PASSPHRASE incorrect.");
	if (!signature_holds(call, timestamp))
		return answer_error(call, answer, 401, "50113", "Invalid Sign");
	return true;
}

static void
count(const struct call *call, const struct route *route, struct answer *answer)
{
	(void)call;
	(void)route;
	(void)answer;
}

static const struct route routes[] = {
	{ "/api/v5/public/time", "GET", server_time, 1, false, true },
	{ "/api/v5/system/status", "GET", system_status, 1, false, true },
	{ "/api/v5/market/books", "GET", books, 1, false, false },
	{ "/api/v5/public/instruments", "GET", instruments, 1, false, true },
	{ "/api/v5/account/balance", "GET", balance, 1, true, false },
	{ "/api/v5/account/positions", "GET", account_positions, 1, true, false },
	{ 0 },
};

const struct venue venue_okx = {
	.name = "okx",
	.routes = routes,
	.listings = listings,
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "404", "Not Found" },
		[TROUBLE_METHOD] = { 405, "405", "Method Not Allowed" },
		[TROUBLE_BAD_REQUEST] = { 400, "50000", "Request parameters are malformed" },
		[TROUBLE_INTERNAL] = { 500, "50026", "System error. Try again later." },
		[TROUBLE_THROTTLED] = { 429, "50011", "Too Many Requests" },
		[TROUBLE_BANNED] = { 429, "50011", "Rate limit reached. Please refer to the API documentation "
		    "and throttle requests accordingly." },
		[TROUBLE_MAINTENANCE] = { 503, "50001", "Service temporarily unavailable. Try again later." },
	},
	.error = error,
	.authorize = authorize,
	.count = count,
};
