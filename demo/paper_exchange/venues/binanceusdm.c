#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_exchange/account.h"
#include "demo/paper_exchange/venues/binance.h"

/* Binance USD-M futures: fapi.binance.com.  It has no status endpoint of its own. */
enum { METER_WEIGHT };
enum { WEIGHT_LIMIT = 2400 };

static const struct listing listings[LISTINGS] = {
	{ "BTCUSDT", "BTC", "USDT", 950500, 1, 1, 9000, 3, 0, MARKET_BINANCEUSDM },
	{ "ETHUSDT", "ETH", "USDT", 325100, 1, 2, 60000, 3, 1, MARKET_BINANCEUSDM },
	{ "XRPUSDT", "XRP", "USDT", 25010, 1, 4, 50000, 1, 2, MARKET_BINANCEUSDM },
};

static json_t *
symbol_info(const struct call *call, const struct listing *listing)
{
	return json_pack(
	    "{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:[], "
	    "s:o, s:[s, s], s:[s, s]}",
	    "symbol", listing->native, "pair", listing->native, "contractType", "PERPETUAL", "deliveryDate",
	    (json_int_t)4133404800000, "onboardDate", (json_int_t)1569398400000, "status",
	    call_halted(call, listing) ? "SETTLING" : "TRADING", "maintMarginPercent", "2.5000",
	    "requiredMarginPercent", "5.0000", "baseAsset", listing->base, "quoteAsset", listing->quote,
	    "marginAsset", listing->quote, "pricePrecision", listing->price_decimals, "quantityPrecision",
	    listing->quantity_decimals, "baseAssetPrecision", 8, "quotePrecision", 8, "underlyingType",
	    "COIN", "underlyingSubType", "filters", binance_filters(listing), "orderTypes", "LIMIT", "MARKET",
	    "timeInForce", "GTC", "IOC");
}

static void
exchange_info(const struct call *call, struct answer *answer)
{
	answer->body = json_pack("{s:s, s:I, s:s, s:[o], s:[], s:[], s:o}", "timezone", "UTC", "serverTime",
	    (json_int_t)call->now_ms, "futuresType", "U_MARGINED", "rateLimits",
	    binance_limit("REQUEST_WEIGHT", 1, WEIGHT_LIMIT), "exchangeFilters", "assets", "symbols",
	    binance_symbols(call, NULL, symbol_info));
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
	call_book(call, listing, &book, LEVELS);
	answer->body = json_pack("{s:I, s:I, s:I, s:o, s:o}", "lastUpdateId", (json_int_t)book.sequence, "E",
	    (json_int_t)book.time_ms + 3, "T", (json_int_t)book.time_ms, "bids",
	    book_side(&book, book.bids, (size_t)limit, level_pair), "asks",
	    book_side(&book, book.asks, (size_t)limit, level_pair));
}

static void
book_ticker(const struct call *call, struct answer *answer)
{
	struct book book;

	if (binance_book(call, answer, &book) == NULL)
		return;
	answer->body = binance_best(&book);
	(void)json_object_update_new(answer->body, json_pack("{s:I, s:I}", "time", (json_int_t)book.time_ms,
						       "lastUpdateId", (json_int_t)book.sequence));
}

static void
premium_index(const struct call *call, struct answer *answer)
{
	struct book book;

	if (binance_book(call, answer, &book) == NULL)
		return;
	answer->body = json_pack("{s:s, s:o, s:o, s:s, s:I, s:I}", "symbol", book.listing->native,
	    "markPrice", binance_price(&book), "indexPrice", binance_price(&book), "lastFundingRate",
	    "0.00010000", "nextFundingTime", ((json_int_t)call->now_ms / 28800000 + 1) * 28800000, "time",
	    (json_int_t)book.time_ms);
}

static json_t *
risk_of(const struct call *call, const struct position *position, const struct valuation *value)
{
	static const char *const sides[] = { [LEG_NET] = "BOTH", [LEG_LONG] = "LONG", [LEG_SHORT] = "SHORT" };
	double notional = position->quantity < 0 ? -value->notional : value->notional;
	char symbol[NATIVE_TEXT];
	json_t *risk;

	(void)snprintf(symbol, sizeof(symbol), "%sUSDT", position->base);
	risk = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o, s:s, s:s}", "symbol", symbol,
	    "positionSide", sides[position->leg], "positionAmt", json_amount(position->quantity, 3),
	    "entryPrice", json_decimal(position->entry, 2), "breakEvenPrice",
	    json_decimal(position->entry, 2), "markPrice", json_decimal(value->mark, 8), "unRealizedProfit",
	    json_decimal(value->profit, 8), "liquidationPrice", "0", "isolatedMargin", "0", "notional",
	    json_decimal(notional, 8), "marginAsset", "USDT", "isolatedWallet", "0");
	(void)json_object_update_new(
	    risk, json_pack("{s:o, s:o, s:o, s:s, s:i, s:s, s:s, s:I}", "initialMargin",
		      json_decimal(value->margin, 8), "maintMargin", json_decimal(value->margin / 20, 8),
		      "positionInitialMargin", json_decimal(value->margin, 8), "openOrderInitialMargin", "0",
		      "adl", 2, "bidNotional", "0", "askNotional", "0", "updateTime",
		      (json_int_t)call->floor->started_ms));
	return risk;
}

/* What the positions (of one symbol; NULL: all) come to. */
struct total {
	json_t *list;
	double profit, margin;
};

static bool
sum_positions(const struct call *call, const struct listing *only, struct total *total)
{
	struct positions open;

	if (!account_positions(call, &open))
		return false;
	*total = (struct total){ .list = json_array() };
	for (size_t i = 0; i < open.count; i++) {
		struct valuation value;

		position_value(call, &open.list[i], &value);
		if (only != NULL && only != value.listing)
			continue;
		total->profit += value.profit;
		total->margin += value.margin;
		(void)json_array_append_new(total->list, risk_of(call, &open.list[i], &value));
	}
	free(open.list);
	return true;
}

static void
position_risk(const struct call *call, struct answer *answer)
{
	const struct listing *only = NULL;
	struct total total;

	if (call_argument(call, "symbol") != NULL && (only = binance_symbol(call, answer)) == NULL)
		return;
	if (sum_positions(call, only, &total))
		answer->body = total.list;
}

/* Profit and margin are those of the positions in USDT; other assets have none. */
static json_t *
asset_of(const struct call *call, const struct holding *holding, const struct total *total)
{
	bool margin = strcmp(holding->asset, "USDT") == 0;
	double profit = margin ? total->profit : 0, used = margin ? total->margin : 0;
	double wallet = amount_value(holding->free + holding->locked);

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "asset", holding->asset, "walletBalance",
	    json_amount(holding->free + holding->locked, 8), "unrealizedProfit", json_decimal(profit, 8),
	    "marginBalance", json_decimal(wallet + profit, 8), "initialMargin", json_decimal(used, 8),
	    "crossWalletBalance", json_amount(holding->free + holding->locked, 8), "availableBalance",
	    json_decimal(wallet + profit - used, 8), "updateTime", (json_int_t)call->floor->started_ms);
}

static json_t *
balance_of(const struct call *call, const struct holding *holding, const struct total *total)
{
	json_t *asset = asset_of(call, holding, total), *balance;

	balance = json_pack("{s:s, s:s, s:O, s:O, s:O, s:O, s:O, s:b, s:O}", "accountAlias", "SgsR", "asset",
	    holding->asset, "balance", json_object_get(asset, "walletBalance"), "crossWalletBalance",
	    json_object_get(asset, "crossWalletBalance"), "crossUnPnl",
	    json_object_get(asset, "unrealizedProfit"), "availableBalance",
	    json_object_get(asset, "availableBalance"), "maxWithdrawAmount",
	    json_object_get(asset, "availableBalance"), "marginAvailable", 1, "updateTime",
	    json_object_get(asset, "updateTime"));
	json_decref(asset);
	return balance;
}

/* A row of each asset; NULL: out of memory.  `*usdt` is what is held of that. */
static json_t *
list_assets(const struct call *call, const struct total *total, double *usdt,
    json_t *(*describe)(const struct call *call, const struct holding *holding, const struct total *total))
{
	struct holdings held;
	json_t *list;

	*usdt = 0;
	if (!account_holdings(call, &held))
		return NULL;
	list = json_array();
	for (size_t i = 0; i < held.count; i++) {
		if (strcmp(held.list[i].asset, "USDT") == 0)
			*usdt = amount_value(held.list[i].free + held.list[i].locked);
		(void)json_array_append_new(list, describe(call, &held.list[i], total));
	}
	free(held.list);
	return list;
}

static void
account(const struct call *call, struct answer *answer)
{
	struct total total;
	json_t *assets;
	double wallet;

	if (!sum_positions(call, NULL, &total))
		return;
	assets = list_assets(call, &total, &wallet, asset_of);
	answer->body = json_pack("{s:o, s:o, s:o, s:o*, s:o}", "totalWalletBalance", json_decimal(wallet, 8),
	    "totalUnrealizedProfit", json_decimal(total.profit, 8), "totalMarginBalance",
	    json_decimal(wallet + total.profit, 8), "assets", assets, "positions", total.list);
}

static void
balance(const struct call *call, struct answer *answer)
{
	struct total total;
	double wallet;

	if (!sum_positions(call, NULL, &total))
		return;
	json_decref(total.list);
	answer->body = list_assets(call, &total, &wallet, balance_of);
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
	{ "/fapi/v1/ping", "GET", binance_ping, 1, false, false, NULL },
	{ "/fapi/v1/time", "GET", binance_time, 1, false, false, NULL },
	{ "/fapi/v1/exchangeInfo", "GET", exchange_info, 1, false, false, NULL },
	{ "/fapi/v1/depth", "GET", depth, 10, false, false, NULL },
	{ "/fapi/v1/ticker/bookTicker", "GET", book_ticker, 2, false, false, NULL },
	{ "/fapi/v1/premiumIndex", "GET", premium_index, 1, false, false, NULL },
	{ "/fapi/v3/positionRisk", "GET", position_risk, 5, true, false, "" },
	{ "/fapi/v3/account", "GET", account, 5, true, false, "assets" },
	{ "/fapi/v3/balance", "GET", balance, 5, true, false, "" },
	{ "/fapi/v1/leverageBracket", "GET", leverage_bracket, 1, true, false, NULL },
	{ 0 },
};

const struct venue venue_binanceusdm = {
	.name = "binanceusdm",
	.routes = routes,
	.listings = listings,
	.market = MARKET_BINANCEUSDM,
	.has_positions = true,
	.margin_only = true,
	.plays = PLAYS(FAULT_DRIFT) | PLAYS(FAULT_POSITIONS) | PLAYS(FAULT_BALANCES) | PLAYS(FAULT_FLAT) |
		 PLAYS(FAULT_NO_LIST) | PLAYS(FAULT_HEDGE) | PLAYS(FAULT_DUST),
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
		[TROUBLE_PERMISSION] = { 401, "-2015", "Invalid API-key, IP, or permissions for action." },
		[TROUBLE_IP] = { 401, "-2015", "Invalid API-key, IP, or permissions for action." },
		[TROUBLE_EXPIRED] = { 401, "-2015", "Invalid API-key, IP, or permissions for action." },
	},
	.error = binance_error,
	.authorize = binance_authorize,
	.count = count,
};
