#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_exchange/account.h"
#include "demo/paper_exchange/venues/binance.h"

/* Binance spot: api.binance.com, with the /sapi of the same host. */
enum { METER_WEIGHT, METER_SAPI };
enum { LOCKED_MS = 600000, DAY_MS = 86400000 };
enum { WEIGHT_LIMIT = 6000, SAPI_LIMIT = 12000, ACCOUNT_UID = 354937868 };

static json_t *
symbol_info(const struct call *call, const struct listing *listing)
{
	const char *status = !call_halted(call, listing)          ? "TRADING"
			     : call->faults[FAULT_MAINTENANCE].on ? "BREAK"
								  : "HALT";

	return json_pack(
	    "{s:s, s:s, s:s, s:i, s:s, s:i, s:i, s:i, s:i, s:[s, s, s], s:b, s:b, s:b, s:b, s:b, "
	    "s:o, s:[], s:[[s]], s:s, s:[s]}",
	    "symbol", listing->native, "status", status, "baseAsset", listing->base, "baseAssetPrecision", 8,
	    "quoteAsset", listing->quote, "quotePrecision", 8, "quoteAssetPrecision", 8,
	    "baseCommissionPrecision", 8, "quoteCommissionPrecision", 8, "orderTypes", "LIMIT", "LIMIT_MAKER",
	    "MARKET", "icebergAllowed", 1, "ocoAllowed", 1, "quoteOrderQtyMarketAllowed", 1,
	    "isSpotTradingAllowed", 1, "isMarginTradingAllowed", 0, "filters", binance_filters(listing),
	    "permissions", "permissionSets", "SPOT", "defaultSelfTradePreventionMode", "EXPIRE_MAKER",
	    "allowedSelfTradePreventionModes", "EXPIRE_MAKER");
}

static void
exchange_info(const struct call *call, struct answer *answer)
{
	const struct listing *only = NULL;

	if (call_argument(call, "symbol") != NULL && (only = binance_symbol(call, answer)) == NULL)
		return;
	answer->body = json_pack("{s:s, s:I, s:[o, o], s:[], s:o}", "timezone", "UTC", "serverTime",
	    (json_int_t)call->now_ms, "rateLimits", binance_limit("REQUEST_WEIGHT", 1, WEIGHT_LIMIT),
	    binance_limit("RAW_REQUESTS", 5, 300000), "exchangeFilters", "symbols",
	    binance_symbols(call, only, symbol_info));
}

static void
depth(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	const char *wanted = call_argument(call, "symbolStatus");
	size_t count = call_count(call, "limit", 100, 5000);
	struct book book;

	if (listing == NULL)
		return;
	if (wanted != NULL && (strcmp(wanted, "TRADING") == 0) == call_halted(call, listing)) {
		(void)answer_error(call, answer, 400, "-1220", "The symbol does not match the status.");
		return;
	}
	call_book(call, listing, &book, LEVELS);
	answer->body = json_pack("{s:I, s:o, s:o}", "lastUpdateId", (json_int_t)book.sequence, "bids",
	    book_side(&book, book.bids, count, level_pair), "asks",
	    book_side(&book, book.asks, count, level_pair));
}

static void
average_price(const struct call *call, struct answer *answer)
{
	struct book book;

	if (binance_book(call, answer, &book) != NULL)
		answer->body = json_pack("{s:i, s:o, s:I}", "mins", 5, "price", binance_price(&book),
		    "closeTime", (json_int_t)book.time_ms);
}

static json_t *
ticker_24h(const struct call *call, const struct listing *listing)
{
	enum { OPEN, HIGH, LOW, LAST, CHANGE, BID, ASK, BID_QUANTITY, ASK_QUANTITY, TEXTS };
	char text[TEXTS][UNITS_TEXT];
	struct book book;
	struct day day;

	call_book(call, listing, &book, 1);
	call_day(call, &book, &day);
	const int64_t prices[] = { day.open, day.high, day.low, day.last, day.last - day.open,
		book.bids[0].price, book.asks[0].price };
	for (int i = OPEN; i <= ASK; i++)
		units_text(text[i], prices[i], listing->price_decimals);
	units_text(text[BID_QUANTITY], book.bids[0].quantity, listing->quantity_decimals);
	units_text(text[ASK_QUANTITY], book.asks[0].quantity, listing->quantity_decimals);
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, "
			 "s:I, s:I, s:I, s:I, s:I}",
	    "symbol", listing->native, "priceChange", text[CHANGE], "priceChangePercent",
	    json_decimal(100 * (double)(day.last - day.open) / (double)day.open, 3), "weightedAvgPrice",
	    json_decimal(day.quote_volume / day.base_volume, 8), "prevClosePrice", text[OPEN], "lastPrice",
	    text[LAST], "lastQty", text[BID_QUANTITY], "bidPrice", text[BID], "bidQty", text[BID_QUANTITY],
	    "askPrice", text[ASK], "askQty", text[ASK_QUANTITY], "openPrice", text[OPEN], "highPrice",
	    text[HIGH], "lowPrice", text[LOW], "volume", json_decimal(day.base_volume, 8), "quoteVolume",
	    json_decimal(day.quote_volume, 8), "openTime", (json_int_t)(book.time_ms - DAY_MS), "closeTime",
	    (json_int_t)book.time_ms, "firstId", (json_int_t)(book.sequence - DAY_MS / TICK_MS), "lastId",
	    (json_int_t)book.sequence, "count", (json_int_t)(DAY_MS / TICK_MS));
}

static json_t *
best_of(const struct call *call, const struct listing *listing)
{
	struct book book;

	call_book(call, listing, &book, 1);
	return binance_best(&book);
}

/* `names` is a list in JSON, as the venue wants it. */
static void
describe_named(const struct call *call, struct answer *answer, const char *names,
    json_t *(*describe)(const struct call *call, const struct listing *listing))
{
	json_t *list = json_loads(names, 0, NULL), *name;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > MARKET_ASSETS) {
		(void)answer_error(
		    call, answer, 400, "-1100", "Illegal characters found in parameter 'symbols'.");
		json_decref(list);
		return;
	}
	answer->body = json_array();
	json_array_foreach(list, i, name)
	{
		const struct listing *listing = call_listing(call, json_string_value(name));

		if (listing == NULL) {
			(void)answer_error(call, answer, 400, "-1121", "Invalid symbol.");
			break;
		}
		(void)json_array_append_new(answer->body, describe(call, listing));
	}
	json_decref(list);
}

/* Of one symbol ("symbol"), of some ("symbols"), or of all. */
static void
describe_tickers(const struct call *call, struct answer *answer,
    json_t *(*describe)(const struct call *call, const struct listing *listing))
{
	const char *names = call_argument(call, "symbols");
	const struct listing *listing;

	if (names != NULL) {
		describe_named(call, answer, names, describe);
	} else if (call_argument(call, "symbol") == NULL) {
		answer->body = binance_symbols(call, NULL, describe);
	} else {
		listing = binance_symbol(call, answer);
		answer->body = listing != NULL ? describe(call, listing) : answer->body;
	}
}

static void
day_ticker(const struct call *call, struct answer *answer)
{
	describe_tickers(call, answer, ticker_24h);
}

static void
book_ticker(const struct call *call, struct answer *answer)
{
	describe_tickers(call, answer, best_of);
}

static void
trades(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	size_t count = call_count(call, "limit", 20, 1000);
	char price[UNITS_TEXT], quantity[UNITS_TEXT];
	struct book book;

	if (listing == NULL)
		return;
	call_book(call, listing, &book, LEVELS);
	answer->body = json_array();
	for (size_t i = count; i-- > 0;) {
		units_text(price, book.middle, listing->price_decimals);
		units_text(quantity, book.bids[i % LEVELS].quantity, listing->quantity_decimals);
		(void)json_array_append_new(
		    answer->body, json_pack("{s:I, s:s, s:s, s:I, s:b, s:b}", "id",
				      (json_int_t)(book.sequence - (int64_t)i), "price", price, "qty",
				      quantity, "time", (json_int_t)(book.time_ms - (int64_t)i * TICK_MS),
				      "isBuyerMaker", (int)(i % 2), "isBestMatch", 1));
	}
}

static void
system_status(const struct call *call, struct answer *answer)
{
	int maintenance = call->faults[FAULT_MAINTENANCE].on;

	answer->body = json_pack(
	    "{s:i, s:s}", "status", maintenance, "msg", maintenance ? "system_maintenance" : "normal");
}

static void
account(const struct call *call, struct answer *answer)
{
	struct holdings held;
	json_t *balances;

	if (!account_holdings(call, &held))
		return;
	balances = json_array();
	for (size_t i = 0; i < held.count; i++)
		(void)json_array_append_new(balances,
		    json_pack("{s:s, s:o, s:o}", "asset", held.list[i].asset, "free",
			json_amount(held.list[i].free, 8), "locked", json_amount(held.list[i].locked, 8)));
	free(held.list);
	answer->body = json_pack("{s:i, s:i, s:i, s:i, s:b, s:b, s:b, s:b, s:b, s:I, s:s, s:o, s:[s], s:i}",
	    "makerCommission", 10, "takerCommission", 10, "buyerCommission", 0, "sellerCommission", 0,
	    "canTrade", 1, "canWithdraw", 0, "canDeposit", 1, "brokered", 0, "requireSelfTradePrevention", 0,
	    "updateTime", (json_int_t)call->floor->started_ms, "accountType", "SPOT", "balances", balances,
	    "permissions", "SPOT", "uid", ACCOUNT_UID);
}

static void
api_restrictions(const struct call *call, struct answer *answer)
{
	answer->body = json_pack("{s:b, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b}",
	    "ipRestrict", !call->faults[FAULT_NO_IP].on, "createTime", (json_int_t)call->floor->started_ms,
	    "enableReading", 1, "enableWithdrawals", (int)call->faults[FAULT_WITHDRAW].on,
	    "enableInternalTransfer", 0, "enableMargin", 0, "enableFutures", 0, "permitsUniversalTransfer", 0,
	    "enableVanillaOptions", 0, "enableFixApiTrade", 0, "enableFixReadOnly", 0,
	    "enableSpotAndMarginTrading", 0, "enablePortfolioMarginTrading", 0);
	/* Not every key has it. */
	if (call->faults[FAULT_EXPIRY].on)
		(void)json_object_set_new(answer->body, "tradingAuthorityExpirationTime",
		    json_integer((json_int_t)account_expiry(call, 0)));
}

static void
api_trading_status(const struct call *call, struct answer *answer)
{
	bool locked = call->faults[FAULT_LOCKED].on;

	answer->body = json_pack("{s:{s:b, s:I, s:{s:i, s:i, s:i}, s:I}}", "data", "isLocked", (int)locked,
	    "plannedRecoverTime", (json_int_t)(locked ? call->faults[FAULT_LOCKED].since_ms + LOCKED_MS : 0),
	    "triggerCondition", "GCR", 150, "IFER", 150, "UFR", 300, "updateTime",
	    (json_int_t)(locked ? call->faults[FAULT_LOCKED].since_ms : call->floor->started_ms));
}

/* A deeper book costs more, and so do the tickers of all symbols. */
static int64_t
weight_of(const struct call *call, const struct route *route)
{
	size_t limit;

	if (call_argument(call, "symbol") == NULL && route->answer == day_ticker)
		return 80;
	if (call_argument(call, "symbol") == NULL && route->answer == book_ticker)
		return 4;
	if (route->answer != depth)
		return route->weight;
	limit = call_count(call, "limit", 100, 5000);
	return limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250;
}

static void
count(const struct call *call, const struct route *route, struct answer *answer)
{
	int64_t weight = route != NULL ? weight_of(call, route) : 1;

	if (strncmp(call->path, "/sapi/", 6) == 0) {
		binance_used(call, answer, "X-SAPI-USED-IP-WEIGHT-1M", METER_SAPI, weight, SAPI_LIMIT);
		return;
	}
	binance_used(call, answer, "X-MBX-USED-WEIGHT", METER_WEIGHT, weight, WEIGHT_LIMIT);
	binance_used(call, answer, "X-MBX-USED-WEIGHT-1M", METER_WEIGHT, 0, WEIGHT_LIMIT);
}

static const struct route routes[] = {
	{ "/api/v3/ping", "GET", binance_ping, 1, false, false, NULL },
	{ "/api/v3/time", "GET", binance_time, 1, false, true, NULL },
	{ "/api/v3/exchangeInfo", "GET", exchange_info, 20, false, true, NULL },
	{ "/api/v3/depth", "GET", depth, 5, false, false, NULL },
	{ "/api/v3/avgPrice", "GET", average_price, 2, false, false, NULL },
	{ "/api/v3/ticker/bookTicker", "GET", book_ticker, 2, false, false, NULL },
	{ "/api/v3/ticker/24hr", "GET", day_ticker, 2, false, false, NULL },
	{ "/api/v3/trades", "GET", trades, 25, false, false, NULL },
	{ "/paper/stream", "GET", market_stream_answer, 2, false, false, NULL },
	{ "/sapi/v1/system/status", "GET", system_status, 1, false, true, NULL },
	{ "/api/v3/account", "GET", account, 20, true, false, "balances" },
	{ "/sapi/v1/account/apiRestrictions", "GET", api_restrictions, 1, true, false, NULL },
	{ "/sapi/v1/account/apiTradingStatus", "GET", api_trading_status, 1, true, false, NULL },
	{ 0 },
};

const struct venue venue_binance = {
	.name = "binance",
	.routes = routes,
	.market = MARKET_BINANCE,
	.plays = PLAYS(FAULT_DRIFT) | PLAYS(FAULT_BALANCES) | PLAYS(FAULT_FLAT) | PLAYS(FAULT_NO_LIST) |
		 PLAYS(FAULT_DUST) | PLAYS(FAULT_WITHDRAW) | PLAYS(FAULT_NO_IP) | PLAYS(FAULT_EXPIRY) |
		 PLAYS(FAULT_LOCKED),
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "-5000", "Path is invalid" },
		[TROUBLE_METHOD] = { 405, "-5000", "Method is invalid" },
		[TROUBLE_BAD_REQUEST] = { 400, "-1100", "Illegal characters found in a parameter." },
		[TROUBLE_INTERNAL] = { 500, "-1000",
		    "An unknown error occurred while processing the request." },
		[TROUBLE_THROTTLED] = { 429, "-1003", "Too much request weight used; current limit is 6000 "
		    "request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid "
		    "polling the API." },
		[TROUBLE_BANNED] = { 418, "-1003", "Way too much request weight used; IP banned." },
		[TROUBLE_MAINTENANCE] = { 503, "-1016", "This service is no longer available." },
		[TROUBLE_PERMISSION] = { 401, "-2015", "Invalid API-key, IP, or permissions for action." },
		[TROUBLE_IP] = { 401, "-2015", "Invalid API-key, IP, or permissions for action." },
		[TROUBLE_EXPIRED] = { 401, "-2015", "Invalid API-key, IP, or permissions for action." },
	},
	.error = binance_error,
	.authorize = binance_authorize,
	.count = count,
};
