#include <stdio.h>
#include <string.h>

#include "demo/paper_exchange/binance.h"

/* Binance spot: api.binance.com, with the /sapi of the same host. */
enum { METER_WEIGHT, METER_SAPI };
enum { WEIGHT_LIMIT = 6000, SAPI_LIMIT = 12000, ACCOUNT_UID = 354937868 };

static const struct listing listings[LISTINGS] = {
	{ "BTCUSDT", "BTC", "USDT", 9500000, 1, 2, 150000, 5 },
	{ "ETHUSDT", "ETH", "USDT", 325000, 1, 2, 40000, 4 },
	{ "XRPUSDT", "XRP", "USDT", 25000, 1, 4, 30000, 1 },
};

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
	json_t *symbols;

	if (call_argument(call, "symbol") != NULL && (only = binance_symbol(call, answer)) == NULL)
		return;
	symbols = json_array();
	for (size_t i = 0; i < LISTINGS; i++)
		if (only == NULL || only == &listings[i])
			(void)json_array_append_new(symbols, symbol_info(call, &listings[i]));
	answer->body = json_pack("{s:s, s:I, s:[{s:s, s:s, s:i, s:i}, {s:s, s:s, s:i, s:i}], s:[], s:o}",
	    "timezone", "UTC", "serverTime", (json_int_t)call->now_ms, "rateLimits", "rateLimitType",
	    "REQUEST_WEIGHT", "interval", "MINUTE", "intervalNum", 1, "limit", WEIGHT_LIMIT, "rateLimitType",
	    "RAW_REQUESTS", "interval", "MINUTE", "intervalNum", 5, "limit", 300000, "exchangeFilters",
	    "symbols", symbols);
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
	call_book(call, listing, &book);
	answer->body = json_pack("{s:I, s:o, s:o}", "lastUpdateId", (json_int_t)book.sequence, "bids",
	    book_side(&book, book.bids, count, level_pair), "asks",
	    book_side(&book, book.asks, count, level_pair));
}

static void
average_price(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	char price[DECIMAL_TEXT];
	struct book book;

	if (listing == NULL)
		return;
	call_book(call, listing, &book);
	decimal_text(price, book.middle, listing->price_decimals);
	answer->body =
	    json_pack("{s:i, s:s, s:I}", "mins", 5, "price", price, "closeTime", (json_int_t)book.time_ms);
}

static void
book_ticker(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	char text[4][DECIMAL_TEXT];
	struct book book;

	if (listing == NULL)
		return;
	call_book(call, listing, &book);
	decimal_text(text[0], book.bids[0].price, listing->price_decimals);
	decimal_text(text[1], book.bids[0].quantity, listing->quantity_decimals);
	decimal_text(text[2], book.asks[0].price, listing->price_decimals);
	decimal_text(text[3], book.asks[0].quantity, listing->quantity_decimals);
	answer->body = json_pack("{s:s, s:s, s:s, s:s, s:s}", "symbol", listing->native, "bidPrice", text[0],
	    "bidQty", text[1], "askPrice", text[2], "askQty", text[3]);
}

static void
trades(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	size_t count = call_count(call, "limit", 20, 1000);
	char price[DECIMAL_TEXT], quantity[DECIMAL_TEXT];
	struct book book;

	if (listing == NULL)
		return;
	call_book(call, listing, &book);
	answer->body = json_array();
	for (size_t i = count; i-- > 0;) {
		decimal_text(price, book.middle, listing->price_decimals);
		decimal_text(quantity, book.bids[i % LEVELS].quantity, listing->quantity_decimals);
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
	json_t *balances = json_array();

	for (size_t i = 0; i < HOLDINGS - 1; i++)
		(void)json_array_append_new(balances,
		    json_pack("{s:s, s:o, s:o}", "asset", holdings[i].asset, "free",
			json_decimal(holdings[i].free, 8), "locked", json_decimal(holdings[i].locked, 8)));
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
	    "ipRestrict", 1, "createTime", (json_int_t)call->floor->started_ms, "enableReading", 1,
	    "enableWithdrawals", 0, "enableInternalTransfer", 0, "enableMargin", 0, "enableFutures", 0,
	    "permitsUniversalTransfer", 0, "enableVanillaOptions", 0, "enableFixApiTrade", 0,
	    "enableFixReadOnly", 0, "enableSpotAndMarginTrading", 0, "enablePortfolioMarginTrading", 0);
}

/* A deeper book costs more. */
static int64_t
weight_of(const struct call *call, const struct route *route)
{
	size_t limit;

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
	{ "/api/v3/ping", "GET", binance_ping, 1, false, false },
	{ "/api/v3/time", "GET", binance_time, 1, false, true },
	{ "/api/v3/exchangeInfo", "GET", exchange_info, 20, false, true },
	{ "/api/v3/depth", "GET", depth, 5, false, false },
	{ "/api/v3/avgPrice", "GET", average_price, 2, false, false },
	{ "/api/v3/ticker/bookTicker", "GET", book_ticker, 2, false, false },
	{ "/api/v3/trades", "GET", trades, 25, false, false },
	{ "/sapi/v1/system/status", "GET", system_status, 1, false, true },
	{ "/api/v3/account", "GET", account, 20, true, false },
	{ "/sapi/v1/account/apiRestrictions", "GET", api_restrictions, 1, true, false },
	{ 0 },
};

const struct venue venue_binance = {
	.name = "binance",
	.routes = routes,
	.listings = listings,
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
	},
	.error = binance_error,
	.authorize = binance_authorize,
	.count = count,
};
