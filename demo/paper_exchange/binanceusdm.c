#include "demo/paper_exchange/binance.h"

/* Binance USD-M futures: fapi.binance.com.  It has no status endpoint of its own. */
enum { METER_WEIGHT };
enum { WEIGHT_LIMIT = 2400 };

static const struct listing listings[LISTINGS] = {
	{ "BTCUSDT", "BTC", "USDT", 950500, 1, 1, 9000, 3 },
	{ "ETHUSDT", "ETH", "USDT", 325100, 1, 2, 60000, 3 },
	{ "XRPUSDT", "XRP", "USDT", 25010, 1, 4, 50000, 1 },
};

static json_t *
symbol_info(const struct call *call, const struct listing *listing)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:[], "
			 "s:o, s:[s, s], s:[s, s]}",
	    "symbol", listing->native, "pair", listing->native, "contractType", "PERPETUAL", "deliveryDate",
	    (json_int_t)4133404800000, "onboardDate", (json_int_t)1569398400000, "status",
	    call_halted(call, listing) ? "SETTLING" : "TRADING", "maintMarginPercent", "2.5000",
	    "requiredMarginPercent", "5.0000", "baseAsset", listing->base, "quoteAsset", listing->quote,
	    "pricePrecision", listing->price_decimals, "quantityPrecision", listing->quantity_decimals,
	    "baseAssetPrecision", 8, "quotePrecision", 8, "underlyingType", "COIN", "underlyingSubType",
	    "filters", binance_filters(listing), "orderTypes", "LIMIT", "MARKET", "timeInForce", "GTC",
	    "IOC");
}

/* The margin asset is needed to tell a linear contract from an inverse one. */
static json_t *
with_margin_asset(json_t *info, const struct listing *listing)
{
	(void)json_object_set_new(info, "marginAsset", json_string(listing->quote));
	return info;
}

static void
exchange_info(const struct call *call, struct answer *answer)
{
	json_t *symbols = json_array();

	for (size_t i = 0; i < LISTINGS; i++)
		(void)json_array_append_new(
		    symbols, with_margin_asset(symbol_info(call, &listings[i]), &listings[i]));
	answer->body = json_pack("{s:s, s:I, s:s, s:[{s:s, s:s, s:i, s:i}], s:[], s:[], s:o}", "timezone",
	    "UTC", "serverTime", (json_int_t)call->now_ms, "futuresType", "U_MARGINED", "rateLimits",
	    "rateLimitType", "REQUEST_WEIGHT", "interval", "MINUTE", "intervalNum", 1, "limit", WEIGHT_LIMIT,
	    "exchangeFilters", "assets", "symbols", symbols);
}

static bool
is_depth_limit(int64_t limit)
{
	static const int64_t allowed[] = { 5, 10, 20, 50, 100, 500, 1000 };

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (allowed[i] == limit)
			return true;
	return false;
}

static void
depth(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	int64_t limit = 500;
	struct book book;

	if (listing == NULL)
		return;
	if (call_argument(call, "limit") != NULL &&
	    (number_parse(call_argument(call, "limit"), &limit) != 0 || !is_depth_limit(limit))) {
		(void)answer_error(call, answer, 400, "-4021", "This is not a valid depth limit.");
		return;
	}
	call_book(call, listing, &book);
	answer->body = json_pack("{s:I, s:I, s:I, s:o, s:o}", "lastUpdateId", (json_int_t)book.sequence, "E",
	    (json_int_t)book.time_ms + 3, "T", (json_int_t)book.time_ms, "bids",
	    book_side(&book, book.bids, (size_t)limit, level_pair), "asks",
	    book_side(&book, book.asks, (size_t)limit, level_pair));
}

static void
book_ticker(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	struct book book;
	json_t *bid, *ask;

	if (listing == NULL)
		return;
	call_book(call, listing, &book);
	bid = book_side(&book, book.bids, 1, level_pair);
	ask = book_side(&book, book.asks, 1, level_pair);
	answer->body = json_pack("{s:s, s:O, s:O, s:O, s:O, s:I, s:I}", "symbol", listing->native, "bidPrice",
	    json_array_get(json_array_get(bid, 0), 0), "bidQty", json_array_get(json_array_get(bid, 0), 1),
	    "askPrice", json_array_get(json_array_get(ask, 0), 0), "askQty",
	    json_array_get(json_array_get(ask, 0), 1), "time", (json_int_t)book.time_ms, "lastUpdateId",
	    (json_int_t)book.sequence);
	json_decref(bid);
	json_decref(ask);
}

static void
premium_index(const struct call *call, struct answer *answer)
{
	const struct listing *listing = binance_symbol(call, answer);
	char mark[DECIMAL_TEXT];
	struct book book;

	if (listing == NULL)
		return;
	call_book(call, listing, &book);
	decimal_text(mark, book.middle, listing->price_decimals);
	answer->body = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "symbol", listing->native, "markPrice",
	    mark, "indexPrice", mark, "lastFundingRate", "0.00010000", "nextFundingTime",
	    ((json_int_t)call->now_ms / 28800000 + 1) * 28800000, "time", (json_int_t)book.time_ms);
}

static json_t *
risk_of(const struct call *call, const struct position *position)
{
	struct valuation value;
	double margin;
	json_t *risk;

	position_value(call, position, &value);
	margin = (value.notional < 0 ? -value.notional : value.notional) / position->leverage;
	risk = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s}", "symbol",
	    value.listing->native, "positionSide", "BOTH", "positionAmt", json_decimal(position->quantity, 3),
	    "entryPrice", json_decimal(position->entry, 2), "breakEvenPrice",
	    json_decimal(position->entry, 2), "markPrice", json_decimal(value.mark, 8), "unRealizedProfit",
	    json_decimal(value.profit, 8), "liquidationPrice", "0", "isolatedMargin", "0", "notional",
	    json_decimal(value.notional, 8), "marginAsset", "USDT", "isolatedWallet", "0");
	(void)json_object_update_new(risk,
	    json_pack("{s:o, s:o, s:o, s:s, s:i, s:s, s:s, s:I}", "initialMargin", json_decimal(margin, 8),
		"maintMargin", json_decimal(margin / 20, 8), "positionInitialMargin", json_decimal(margin, 8),
		"openOrderInitialMargin", "0", "adl", 2, "bidNotional", "0", "askNotional", "0", "updateTime",
		(json_int_t)call->floor->started_ms));
	return risk;
}

static void
position_risk(const struct call *call, struct answer *answer)
{
	const char *symbol = call_argument(call, "symbol");
	const struct listing *only = NULL;

	if (symbol != NULL && (only = binance_symbol(call, answer)) == NULL)
		return;
	answer->body = json_array();
	for (size_t i = 0; i < POSITIONS; i++) {
		struct valuation value;

		position_value(call, &positions[i], &value);
		if (only == NULL || only == value.listing)
			(void)json_array_append_new(answer->body, risk_of(call, &positions[i]));
	}
}

static void
account(const struct call *call, struct answer *answer)
{
	const struct holding *usdt = &holdings[3];
	double profit = 0, margin = 0, wallet = usdt->free + usdt->locked;
	json_t *list = json_array();

	for (size_t i = 0; i < POSITIONS; i++) {
		struct valuation value;

		position_value(call, &positions[i], &value);
		profit += value.profit;
		margin += (value.notional < 0 ? -value.notional : value.notional) / positions[i].leverage;
		(void)json_array_append_new(list, risk_of(call, &positions[i]));
	}
	answer->body = json_pack("{s:o, s:o, s:o, s:[{s:s, s:o, s:o, s:o, s:o, s:o, s:I}], s:o}",
	    "totalWalletBalance", json_decimal(wallet, 8), "totalUnrealizedProfit", json_decimal(profit, 8),
	    "totalMarginBalance", json_decimal(wallet + profit, 8), "assets", "asset", "USDT",
	    "walletBalance", json_decimal(wallet, 8), "unrealizedProfit", json_decimal(profit, 8),
	    "marginBalance", json_decimal(wallet + profit, 8), "initialMargin", json_decimal(margin, 8),
	    "availableBalance", json_decimal(wallet + profit - margin, 8), "updateTime",
	    (json_int_t)call->floor->started_ms, "positions", list);
}

static void
leverage_bracket(const struct call *call, struct answer *answer)
{
	(void)call;
	answer->body = json_array();
	for (size_t i = 0; i < LISTINGS; i++)
		(void)json_array_append_new(answer->body,
		    json_pack("{s:s, s:f, s:[{s:i, s:i, s:i, s:i, s:f, s:f}]}", "symbol", listings[i].native,
			"notionalCoef", 1.0, "brackets", "bracket", 1, "initialLeverage", 75, "notionalCap",
			10000000, "notionalFloor", 0, "maintMarginRatio", 0.005, "cum", 0.0));
}

static int64_t
weight_of(const struct call *call, const struct route *route)
{
	size_t limit;

	if (route->answer != depth)
		return route->weight;
	limit = call_count(call, "limit", 500, 1000);
	return limit <= 50 ? 2 : limit <= 100 ? 5 : limit <= 500 ? 10 : 20;
}

static void
count(const struct call *call, const struct route *route, struct answer *answer)
{
	binance_used(call, answer, "X-MBX-USED-WEIGHT-1M", METER_WEIGHT,
	    route != NULL ? weight_of(call, route) : 1, WEIGHT_LIMIT);
}

static const struct route routes[] = {
	{ "/fapi/v1/ping", "GET", binance_ping, 1, false, false },
	{ "/fapi/v1/time", "GET", binance_time, 1, false, false },
	{ "/fapi/v1/exchangeInfo", "GET", exchange_info, 1, false, false },
	{ "/fapi/v1/depth", "GET", depth, 10, false, false },
	{ "/fapi/v1/ticker/bookTicker", "GET", book_ticker, 2, false, false },
	{ "/fapi/v1/premiumIndex", "GET", premium_index, 1, false, false },
	{ "/fapi/v3/positionRisk", "GET", position_risk, 5, true, false },
	{ "/fapi/v3/account", "GET", account, 5, true, false },
	{ "/fapi/v1/leverageBracket", "GET", leverage_bracket, 1, true, false },
	{ 0 },
};

const struct venue venue_binanceusdm = {
	.name = "binanceusdm",
	.routes = routes,
	.listings = listings,
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "-5000", "Path is invalid" },
		[TROUBLE_METHOD] = { 405, "-5000", "Method is invalid" },
		[TROUBLE_BAD_REQUEST] = { 400, "-1100", "Illegal characters found in a parameter." },
		[TROUBLE_INTERNAL] = { 500, "-1000",
		    "An unknown error occurred while processing the request." },
		[TROUBLE_THROTTLED] = { 429, "-1003",
		    "Too many requests; current limit of IP is 2400 requests per minute." },
		[TROUBLE_BANNED] = { 418, "-1003", "Way too many requests; IP banned." },
		[TROUBLE_MAINTENANCE] = { 503, "-1016", "This service is no longer available." },
	},
	.error = binance_error,
	.authorize = binance_authorize,
	.count = count,
};
