#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buffer.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venue.h"

/* Bybit v5: api.bybit.com.  Spot and linear contracts have the same symbols, and here the same books. */
enum { METER_SECOND };
enum { SECOND_LIMIT = 50 };

static const struct listing listings[LISTINGS] = {
	{ "BTCUSDT", "BTC", "USDT", 950100, 1, 1, 900000, 6 },
	{ "ETHUSDT", "ETH", "USDT", 325050, 1, 2, 300000, 5 },
	{ "XRPUSDT", "XRP", "USDT", 25005, 1, 4, 400000, 2 },
};

static json_t *
error(const struct call *call, const char *code, const char *message)
{
	return json_pack("{s:I, s:s, s:{}, s:{}, s:I}", "retCode", (json_int_t)strtol(code, NULL, 10),
	    "retMsg", message, "result", "retExtInfo", "time", (json_int_t)call->now_ms);
}

/* The envelope of all answers; `result` is taken over. */
static void
succeed(const struct call *call, struct answer *answer, json_t *result)
{
	answer->body = json_pack("{s:i, s:s, s:o, s:{}, s:I}", "retCode", 0, "retMsg", "OK", "result", result,
	    "retExtInfo", "time", (json_int_t)call->now_ms);
}

static void
market_time(const struct call *call, struct answer *answer)
{
	char seconds[DECIMAL_TEXT], nanoseconds[DECIMAL_TEXT];

	(void)snprintf(seconds, sizeof(seconds), "%" PRId64, call->now_ms / 1000);
	(void)snprintf(nanoseconds, sizeof(nanoseconds), "%" PRId64, call->now_ms * 1000000);
	succeed(call, answer, json_pack("{s:s, s:s}", "timeSecond", seconds, "timeNano", nanoseconds));
}

static void
system_status(const struct call *call, struct answer *answer)
{
	int64_t since = call->faults[FAULT_MAINTENANCE].since_ms;
	json_t *list = json_array();
	char begin[DECIMAL_TEXT], end[DECIMAL_TEXT];

	(void)snprintf(begin, sizeof(begin), "%" PRId64, since);
	(void)snprintf(end, sizeof(end), "%" PRId64, since + 3600000);
	if (call->faults[FAULT_MAINTENANCE].on)
		(void)json_array_append_new(list,
		    json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[i, i], s:[i], s:i, s:i}", "id", "paper-1",
			"title", "System upgrade", "state", "ongoing", "begin", begin, "end", end, "href", "",
			"serviceTypes", 2, 5, "product", 1, "maintainType", 2, "env", 1));
	succeed(call, answer, json_pack("{s:o}", "list", list));
}

/* "spot" or "linear"; NULL with the refusal in `answer`. */
static const char *
category_of(const struct call *call, struct answer *answer)
{
	const char *category = call_argument(call, "category");

	if (category != NULL && (strcmp(category, "spot") == 0 || strcmp(category, "linear") == 0))
		return category;
	(void)answer_error(call, answer, 200, "10001", "params error: Category is invalid");
	return NULL;
}

static void
orderbook(const struct call *call, struct answer *answer)
{
	const char *category = category_of(call, answer);
	const struct listing *listing = call_listing(call, call_argument(call, "symbol"));
	bool spot = category != NULL && strcmp(category, "spot") == 0;
	size_t count = call_count(call, "limit", spot ? 1 : 25, spot ? 1000 : 500);
	struct book book;

	if (category == NULL)
		return;
	if (listing == NULL) {
		(void)answer_error(call, answer, 200, "10001", "params error: Symbol Invalid");
		return;
	}
	call_book(call, listing, &book);
	succeed(call, answer,
	    json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I}", "s", listing->native, "b",
		book_side(&book, book.bids, count, level_pair), "a",
		book_side(&book, book.asks, count, level_pair), "ts", (json_int_t)call->now_ms, "u",
		(json_int_t)book.sequence, "seq", (json_int_t)book.sequence * 16, "cts",
		(json_int_t)book.time_ms));
}

static json_t *
instrument(const struct call *call, const struct listing *listing, bool spot)
{
	const char *status = call_halted(call, listing) ? "Closed" : "Trading";
	char tick[DECIMAL_TEXT], step[DECIMAL_TEXT];

	decimal_text(tick, listing->step, listing->price_decimals);
	decimal_text(step, 1, listing->quantity_decimals);
	if (spot)
		return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}, s:{s:s}}",
		    "symbol", listing->native, "baseCoin", listing->base, "quoteCoin", listing->quote,
		    "innovation", "0", "status", status, "marginTrading", "none", "lotSizeFilter",
		    "basePrecision", step, "quotePrecision", "0.00000001", "minOrderQty", step, "maxOrderQty",
		    "100000", "minOrderAmt", "5", "maxOrderAmt", "4000000", "priceFilter", "tickSize", tick);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, "
			 "s:{s:s, s:s, s:s}, s:b, s:i}",
	    "symbol", listing->native, "contractType", "LinearPerpetual", "status", status, "baseCoin",
	    listing->base, "quoteCoin", listing->quote, "settleCoin", listing->quote, "launchTime",
	    "1584230400000", "deliveryTime", "0", "leverageFilter", "minLeverage", "1", "maxLeverage",
	    "100.00", "leverageStep", "0.01", "priceFilter", "minPrice", tick, "maxPrice", "1999999.80",
	    "tickSize", tick, "lotSizeFilter", "maxOrderQty", "1190.000", "minOrderQty", step, "qtyStep",
	    step, "unifiedMarginTrade", 1, "fundingInterval", 480);
}

static void
instruments(const struct call *call, struct answer *answer)
{
	const char *category = category_of(call, answer), *status = call_argument(call, "status");
	const char *symbol = call_argument(call, "symbol");
	bool trading = status == NULL || strcmp(status, "Trading") == 0;
	json_t *list;

	if (category == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < LISTINGS && trading; i++)
		if (symbol == NULL || strcmp(symbol, listings[i].native) == 0)
			(void)json_array_append_new(
			    list, instrument(call, &listings[i], strcmp(category, "spot") == 0));
	succeed(call, answer,
	    json_pack("{s:s, s:o, s:s}", "category", category, "list", list, "nextPageCursor", ""));
}

static void
wallet_balance(const struct call *call, struct answer *answer)
{
	const char *type = call_argument(call, "accountType");
	json_t *coins;

	if (type == NULL || strcmp(type, "UNIFIED") != 0) {
		(void)answer_error(call, answer, 200, "10001", "accountType only support UNIFIED.");
		return;
	}
	coins = json_array();
	for (size_t i = 0; i < HOLDINGS - 1; i++)
		(void)json_array_append_new(coins,
		    json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:s}", "coin", holdings[i].asset,
			"equity", json_decimal(holdings[i].free + holdings[i].locked, 8), "walletBalance",
			json_decimal(holdings[i].free + holdings[i].locked, 8), "locked",
			json_decimal(holdings[i].locked, 8), "borrowAmount", "0", "accruedInterest", "0",
			"totalOrderIM", "0", "totalPositionIM", "0", "unrealisedPnl", "0"));
	succeed(call, answer,
	    json_pack(
		"{s:[{s:s, s:s, s:o}]}", "list", "accountType", "UNIFIED", "accountLTV", "0", "coin", coins));
}

static json_t *
position_of(const struct position *position, const struct valuation *value, int64_t since_ms)
{
	double margin = (value->notional < 0 ? -value->notional : value->notional) / position->leverage;
	char leverage[16], time[DECIMAL_TEXT];

	(void)snprintf(leverage, sizeof(leverage), "%d", position->leverage);
	(void)snprintf(time, sizeof(time), "%" PRId64, since_ms);
	return json_pack("{s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:s, "
			 "s:s, s:I}",
	    "positionIdx", 0, "tradeMode", 0, "symbol", value->listing->native, "side",
	    position->quantity < 0 ? "Sell" : "Buy", "size",
	    json_decimal(position->quantity < 0 ? -position->quantity : position->quantity, 3), "avgPrice",
	    json_decimal(position->entry, 2), "positionValue", json_decimal(margin * position->leverage, 4),
	    "leverage", leverage, "markPrice", json_decimal(value->mark, 2), "unrealisedPnl",
	    json_decimal(value->profit, 4), "positionIM", json_decimal(margin, 4), "positionMM",
	    json_decimal(margin / 20, 4), "liqPrice", "", "bustPrice", "", "positionStatus", "Normal",
	    "createdTime", time, "updatedTime", time, "seq", (json_int_t)1);
}

static void
position_list(const struct call *call, struct answer *answer)
{
	const char *category = call_argument(call, "category"), *symbol = call_argument(call, "symbol");
	json_t *list;

	if (category == NULL || strcmp(category, "linear") != 0) {
		(void)answer_error(call, answer, 200, "10001", "params error: Category is invalid");
		return;
	}
	if (symbol == NULL && call_argument(call, "settleCoin") == NULL) {
		(void)answer_error(call, answer, 200, "10001",
		    "Missing some parameters that must be filled in, symbol or settleCoin");
		return;
	}
	list = json_array();
	for (size_t i = 0; i < POSITIONS; i++) {
		struct valuation value;

		position_value(call, &positions[i], &value);
		if (symbol == NULL || strcmp(symbol, value.listing->native) == 0)
			(void)json_array_append_new(
			    list, position_of(&positions[i], &value, call->floor->started_ms));
	}
	succeed(call, answer,
	    json_pack("{s:s, s:s, s:o}", "category", "linear", "nextPageCursor", "", "list", list));
}

static void
query_api(const struct call *call, struct answer *answer)
{
	succeed(call, answer,
	    json_pack("{s:s, s:s, s:i, s:i, s:i, s:s, s:{s:[], s:[s]}, s:[s]}", "id", "1", "apiKey",
		paper_key, "readOnly", 1, "unified", 0, "uta", 1, "expiredAt", "2030-01-01T00:00:00Z",
		"permissions", "Spot", "Wallet", "AccountTransfer", "ips", "127.0.0.1"));
}

static void
account_info(const struct call *call, struct answer *answer)
{
	succeed(call, answer,
	    json_pack("{s:i, s:s, s:b}", "unifiedMarginStatus", 6, "marginMode", "REGULAR_MARGIN",
		"isMasterTrader", 0));
}

static bool
signature_holds(const struct call *call, const char *timestamp, const char *window, struct buffer *origin)
{
	char expected[DIGEST_TEXT];
	struct digest digest;

	buffer_string(origin, timestamp);
	buffer_string(origin, paper_key);
	buffer_string(origin, window);
	buffer_string(origin, call->query);
	buffer_append(origin, call->body.at, call->body.length);
	digest = digest_keyed(HASH_SHA256, SLICE(paper_secret), buffer_slice(origin));
	digest_hex(&digest, expected);
	return !origin->failed && same_secret(call->header(call, "X-BAPI-SIGN"), expected);
}

static bool
in_time(const struct call *call, const char *timestamp, const char *window)
{
	int64_t at, window_ms;

	return number_parse(timestamp, &at) == 0 && number_parse(window, &window_ms) == 0 &&
	       call->now_ms - window_ms <= at && at < call->now_ms + 1000;
}

static bool
authorize(const struct call *call, struct answer *answer)
{
	const char *key = call->header(call, "X-BAPI-API-KEY"),
		   *window = call->header(call, "X-BAPI-RECV-WINDOW");
	const char *timestamp = call->header(call, "X-BAPI-TIMESTAMP");
	struct buffer origin;
	bool holds;

	if (key == NULL || timestamp == NULL || call->header(call, "X-BAPI-SIGN") == NULL)
		return answer_error(call, answer, 401, "10003", "API key is invalid.");
	if (!same_secret(key, paper_key))
		return answer_error(call, answer, 200, "10003", "API key is invalid.");
	if (window == NULL)
		window = "5000";
	if (!in_time(call, timestamp, window))
		return answer_error(call, answer, 200, "10002",
		    "invalid request, please check your server timestamp or recv_window param.");
	buffer_init(&origin, 32768);
	holds = signature_holds(call, timestamp, window, &origin);
	buffer_release(&origin);
	if (!holds)
		return answer_error(call, answer, 200, "10004",
		    "error sign! please check your signature generation algorithm.");
	return true;
}

static void
count(const struct call *call, const struct route *route, struct answer *answer)
{
	int64_t used = ledger_use(&call->floor->ledger, call->index, METER_SECOND, 1000,
	    route != NULL ? route->weight : 1, call->now_ms);
	int64_t left = SECOND_LIMIT - used;

	if (call->faults[FAULT_RATE_LIMIT].on)
		left = SECOND_LIMIT * (100 - call->faults[FAULT_RATE_LIMIT].number) / 100;
	answer_header(answer, "X-Bapi-Limit", "%d", SECOND_LIMIT);
	answer_header(answer, "X-Bapi-Limit-Status", "%" PRId64, left < 0 ? 0 : left);
	answer_header(answer, "X-Bapi-Limit-Reset-Timestamp", "%" PRId64, (call->now_ms / 1000 + 1) * 1000);
}

static const struct route routes[] = {
	{ "/v5/market/time", "GET", market_time, 1, false, true },
	{ "/v5/system/status", "GET", system_status, 1, false, true },
	{ "/v5/market/orderbook", "GET", orderbook, 1, false, false },
	{ "/v5/market/instruments-info", "GET", instruments, 1, false, true },
	{ "/v5/account/wallet-balance", "GET", wallet_balance, 1, true, false },
	{ "/v5/position/list", "GET", position_list, 1, true, false },
	{ "/v5/user/query-api", "GET", query_api, 1, true, false },
	{ "/v5/account/info", "GET", account_info, 1, true, false },
	{ 0 },
};

const struct venue venue_bybit = {
	.name = "bybit",
	.routes = routes,
	.listings = listings,
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "10404", "Not Found" },
		[TROUBLE_METHOD] = { 405, "10404", "Method Not Allowed" },
		[TROUBLE_BAD_REQUEST] = { 400, "10001", "Request parameter error." },
		[TROUBLE_INTERNAL] = { 500, "10016", "Server error." },
		[TROUBLE_THROTTLED] = { 200, "10006", "Too many visits. Exceeded the API Rate Limit." },
		[TROUBLE_BANNED] = { 403, "403", "access too frequent" },
		[TROUBLE_MAINTENANCE] = { 200, "10016", "Service is restarting." },
	},
	.error = error,
	.authorize = authorize,
	.count = count,
};
