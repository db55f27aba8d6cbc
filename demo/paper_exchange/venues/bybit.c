#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "demo/paper_exchange/account.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venues/venue.h"

/*
 * Bybit v5: api.bybit.com.  Spot and linear contracts have the same symbols, and here the same books; so has
 * the inverse contract.
 */
enum { METER_SECOND };
enum { SECOND_LIMIT = 50, MOST_ROWS = 200, FEW_ROWS = 20 };

static const struct listing listings[LISTINGS] = {
	{ "BTCUSDT", "BTC", "USDT", 950100, 1, 1, 900000, 6, 0, MARKET_BYBIT },
	{ "ETHUSDT", "ETH", "USDT", 325050, 1, 2, 300000, 5, 1, MARKET_BYBIT },
	{ "XRPUSDT", "XRP", "USDT", 25005, 1, 4, 400000, 2, 2, MARKET_BYBIT },
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
	succeed(call, answer,
	    json_pack("{s:o, s:o}", "timeSecond", json_whole(call->now_ms / 1000), "timeNano",
		json_whole(call->now_ms * 1000000)));
}

static void
system_status(const struct call *call, struct answer *answer)
{
	int64_t since = call->faults[FAULT_MAINTENANCE].since_ms;
	json_t *list = json_array();

	if (call->faults[FAULT_MAINTENANCE].on)
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:[i, i], s:[i, i], s:i, s:i}", "id",
			      "paper-1", "title", "System upgrade", "state", "ongoing", "begin",
			      json_whole(since), "end", json_whole(since + 3600000), "href", "",
			      "serviceTypes", 2, 5, "product", 1, 2, "maintainType", 2, "env", 1));
	succeed(call, answer, json_pack("{s:o}", "list", list));
}

static const char inverse_symbol[] = "BTCUSD";

static bool
is_category(const char *category, const char *name)
{
	return category != NULL && strcmp(category, name) == 0;
}

/* "spot", "linear" or "inverse"; NULL with the refusal in `answer`. */
static const char *
category_of(const struct call *call, struct answer *answer)
{
	const char *category = call_argument(call, "category");

	if (is_category(category, "spot") || is_category(category, "linear") ||
	    is_category(category, "inverse"))
		return category;
	(void)answer_error(call, answer, 200, "10001", "params error: Category is invalid");
	return NULL;
}

/* The listing whose book belongs to this symbol of a category, or NULL. */
static const struct listing *
find(const struct call *call, const char *category, const char *symbol)
{
	if (!is_category(category, "inverse"))
		return call_listing(call, symbol);
	return symbol != NULL && strcmp(symbol, inverse_symbol) == 0 ? &listings[0] : NULL;
}

static void
orderbook(const struct call *call, struct answer *answer)
{
	const char *category = category_of(call, answer);
	const char *symbol = call_argument(call, "symbol");
	const struct listing *listing = find(call, category, symbol);
	bool spot = is_category(category, "spot");
	size_t count = call_count(call, "limit", spot ? 1 : 25, spot ? 1000 : 500);
	struct book book;

	if (category == NULL)
		return;
	if (listing == NULL) {
		(void)answer_error(call, answer, 200, "10001", "params error: Symbol Invalid");
		return;
	}
	call_book(call, listing, &book, LEVELS);
	succeed(call, answer,
	    json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I}", "s", symbol, "b",
		book_side(&book, book.bids, count, level_pair), "a",
		book_side(&book, book.asks, count, level_pair), "ts", (json_int_t)call->now_ms, "u",
		(json_int_t)book.sequence, "seq", (json_int_t)book.sequence * 16, "cts",
		(json_int_t)book.time_ms));
}

static json_t *
spot_instrument(const struct call *call, const struct listing *listing)
{
	char tick[UNITS_TEXT], step[UNITS_TEXT];

	units_text(tick, listing->step, listing->price_decimals);
	units_text(step, 1, listing->quantity_decimals);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:s}, s:{s:s}}",
	    "symbol", listing->native, "baseCoin", listing->base, "quoteCoin", listing->quote, "innovation",
	    "0", "status", call_halted(call, listing) ? "Closed" : "Trading", "marginTrading", "none",
	    "lotSizeFilter", "basePrecision", step, "quotePrecision", "0.00000001", "minOrderQty", step,
	    "maxOrderQty", "100000", "minOrderAmt", "5", "maxOrderAmt", "4000000", "priceFilter", "tickSize",
	    tick);
}

static json_t *
contract_instrument(const struct call *call, const struct listing *listing, bool inverse)
{
	const char *settled = inverse ? listing->base : listing->quote;
	char tick[UNITS_TEXT], step[UNITS_TEXT] = "1";

	units_text(tick, listing->step, listing->price_decimals);
	if (!inverse)
		units_text(step, 1, listing->quantity_decimals);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, "
			 "s:{s:s, s:s, s:s}, s:b, s:i}",
	    "symbol", inverse ? inverse_symbol : listing->native, "contractType",
	    inverse ? "InversePerpetual" : "LinearPerpetual", "status",
	    call_halted(call, listing) ? "Closed" : "Trading", "baseCoin", listing->base, "quoteCoin",
	    inverse ? "USD" : listing->quote, "settleCoin", settled, "launchTime", "1584230400000",
	    "deliveryTime", "0", "leverageFilter", "minLeverage", "1", "maxLeverage", "100.00",
	    "leverageStep", "0.01", "priceFilter", "minPrice", tick, "maxPrice", "1999999.80", "tickSize",
	    tick, "lotSizeFilter", "maxOrderQty", "1190000", "minOrderQty", step, "qtyStep", step,
	    "unifiedMarginTrade", 1, "fundingInterval", 480);
}

static void
instruments(const struct call *call, struct answer *answer)
{
	const char *category = category_of(call, answer), *status = call_argument(call, "status");
	const char *symbol = call_argument(call, "symbol");
	bool trading = status == NULL || strcmp(status, "Trading") == 0;
	bool inverse = is_category(category, "inverse");
	json_t *list;

	if (category == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < (inverse ? 1 : LISTINGS) && trading; i++) {
		if (symbol != NULL && find(call, category, symbol) != &listings[i])
			continue;
		(void)json_array_append_new(list, is_category(category, "spot")
						      ? spot_instrument(call, &listings[i])
						      : contract_instrument(call, &listings[i], inverse));
	}
	succeed(call, answer,
	    json_pack("{s:s, s:o, s:s}", "category", category, "list", list, "nextPageCursor", ""));
}

static json_t *
coin_of(const struct holding *holding)
{
	amount total = holding->free + holding->locked;

	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "coin", holding->asset,
	    "equity", json_amount(total, 8), "walletBalance", json_amount(total, 8), "locked",
	    json_amount(holding->locked, 8), "borrowAmount", "0", "spotBorrow", "0", "accruedInterest", "0",
	    "totalOrderIM", "0", "totalPositionIM", "0", "unrealisedPnl", "0");
}

static void
wallet_balance(const struct call *call, struct answer *answer)
{
	struct holdings held;
	json_t *coins;

	if (!is_category(call_argument(call, "accountType"), "UNIFIED")) {
		(void)answer_error(call, answer, 200, "10001", "accountType only support UNIFIED.");
		return;
	}
	if (!account_holdings(call, &held))
		return;
	coins = json_array();
	for (size_t i = 0; i < held.count; i++)
		(void)json_array_append_new(coins, coin_of(&held.list[i]));
	free(held.list);
	succeed(call, answer,
	    json_pack(
		"{s:[{s:s, s:s, s:o}]}", "list", "accountType", "UNIFIED", "accountLTV", "0", "coin", coins));
}

/* Bybit states margin and profit of an inverse contract in its base. */
static json_t *
position_of(const struct call *call, const struct position *position, const char *symbol)
{
	const char *side = position->quantity == 0 ? "" : position->quantity < 0 ? "Sell" : "Buy";
	struct valuation value;
	char leverage[16];
	double cost; /* at the price of entry, which is what this venue calls the value */

	position_value(call, position, &value);
	cost = amount_value(amount_absolute(position->quantity));
	if (cost > 0)
		cost = position->inverse ? cost / position->entry : cost * position->entry;
	(void)snprintf(leverage, sizeof(leverage), "%d", position->leverage);
	return json_pack("{s:i, s:i, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, "
			 "s:o, s:I}",
	    "positionIdx", (int)position->leg, "tradeMode", 0, "symbol", symbol, "side", side, "size",
	    json_amount(amount_absolute(position->quantity), position->inverse ? 0 : 3), "avgPrice",
	    json_decimal(position->entry, 2), "positionValue", json_decimal(cost, 8), "leverage", leverage,
	    "markPrice", json_decimal(value.mark, 2), "unrealisedPnl", json_decimal(value.profit, 8),
	    "positionIM", json_decimal(cost / position->leverage, 8), "positionMM",
	    json_decimal(cost / position->leverage / 20, 8), "liqPrice", "", "bustPrice", "",
	    "positionStatus", "Normal", "createdTime", json_whole(call->floor->started_ms), "updatedTime",
	    json_whole(call->floor->started_ms), "seq", (json_int_t)position->number);
}

/* Which positions are asked for, and which rows of them. */
struct page {
	const char *category, *symbol, *coin;
	size_t first, rows;
};

/* "BTCUSDT%2C1767085496112%2C20": the last part is the first row.  Clients send it as it came, or encoded
 * again. */
static bool
read_cursor(const char *cursor, size_t *first)
{
	char text[96], *comma;
	int64_t number;

	*first = 0;
	if (cursor == NULL || *cursor == '\0')
		return true;
	if (snprintf(text, sizeof(text), "%s", cursor) >= (int)sizeof(text) || percent_decode(text, 0) != 0)
		return false;
	comma = strrchr(text, ',');
	if (comma == NULL || number_parse(comma + 1, &number) != 0 || number > INT32_MAX)
		return false;
	*first = (size_t)number;
	return true;
}

static bool
read_page(const struct call *call, struct answer *answer, struct page *page)
{
	*page = (struct page){ .category = call_argument(call, "category"),
		.symbol = call_argument(call, "symbol"),
		.coin = call_argument(call, "settleCoin"),
		.rows = call_count(call, "limit", FEW_ROWS, MOST_ROWS) };
	if (!is_category(page->category, "linear") && !is_category(page->category, "inverse"))
		return answer_error(call, answer, 200, "10001", "params error: Category is invalid");
	if (is_category(page->category, "linear") && page->symbol == NULL && page->coin == NULL)
		return answer_error(call, answer, 200, "10001",
		    "Missing some parameters that must be filled in, symbol or settleCoin");
	if (page->symbol != NULL && *page->symbol == '\0')
		page->symbol = NULL;
	if (!read_cursor(call_argument(call, "cursor"), &page->first))
		return answer_error(call, answer, 200, "10001", "params error: cursor is invalid");
	if (call->faults[FAULT_PAGE_FAILS].on &&
	    page->first / page->rows + 1 == (size_t)call->faults[FAULT_PAGE_FAILS].number) {
		answer_trouble(call, answer, TROUBLE_INTERNAL);
		return false;
	}
	return true;
}

static void
name_position(const struct position *position, char symbol[NATIVE_TEXT])
{
	(void)snprintf(symbol, NATIVE_TEXT, "%s%s", position->base, position->inverse ? "USD" : "USDT");
}

static bool
is_wanted(const struct page *page, const struct position *position)
{
	char symbol[NATIVE_TEXT];

	if (position->inverse != is_category(page->category, "inverse"))
		return false;
	if (page->symbol == NULL)
		return page->coin == NULL ||
		       strcmp(page->coin, position->inverse ? position->base : "USDT") == 0;
	name_position(position, symbol);
	return strcmp(page->symbol, symbol) == 0;
}

/* A symbol that is asked for by its name has a row in any case. */
static json_t *
no_position(const struct call *call, const struct page *page)
{
	const struct listing *listing = find(call, page->category, page->symbol);
	struct position none = { .inverse = is_category(page->category, "inverse"), .leverage = 10 };

	if (listing == NULL)
		return json_array();
	(void)snprintf(none.base, sizeof(none.base), "%s", listing->base);
	return json_pack("[o]", position_of(call, &none, page->symbol));
}

/* A page that is never the last one begins again with the first row after all rows were sent. */
static json_t *
page_rows(const struct call *call, const struct page *page, const struct positions *open, size_t *matching)
{
	json_t *list = json_array();
	char symbol[NATIVE_TEXT];
	size_t first;

	*matching = 0;
	for (size_t i = 0; i < open->count; i++)
		*matching += is_wanted(page, &open->list[i]);
	first = call->faults[FAULT_ENDLESS].on && *matching > 0 ? page->first % *matching : page->first;
	for (size_t i = 0, number = 0; i < open->count && number < first + page->rows; i++) {
		if (!is_wanted(page, &open->list[i]) || number++ < first)
			continue;
		name_position(&open->list[i], symbol);
		(void)json_array_append_new(list, position_of(call, &open->list[i], symbol));
	}
	return list;
}

static void
position_list(const struct call *call, struct answer *answer)
{
	struct positions open;
	struct page page;
	char cursor[96] = "";
	json_t *list;
	size_t matching;

	if (!read_page(call, answer, &page) || !account_positions(call, &open))
		return;
	list = page_rows(call, &page, &open, &matching);
	free(open.list);
	if (matching == 0 && page.symbol != NULL) {
		json_decref(list);
		list = no_position(call, &page);
	}
	if (call->faults[FAULT_ENDLESS].on || page.first + page.rows < matching)
		(void)snprintf(cursor, sizeof(cursor), "BTCUSDT%%2C%" PRId64 "%%2C%zu",
		    call->floor->started_ms, page.first + page.rows);
	succeed(call, answer,
	    json_pack("{s:s, s:s, s:o}", "category", page.category, "nextPageCursor", cursor, "list", list));
}

static void
query_api(const struct call *call, struct answer *answer)
{
	bool withdraw = call->faults[FAULT_WITHDRAW].on;
	int64_t until_ms = account_expiry(call, INT64_C(1893456000000)); /* the year 2030 */
	char expiry[TIME_TEXT];
	json_t *rights;

	time_text(expiry, until_ms, false);
	rights = json_pack("{s:[], s:[], s:[s, s*], s:[], s:[], s:[], s:[]}", "ContractTrade", "Spot",
	    "Wallet", "AccountTransfer", withdraw ? "Withdraw" : NULL, "Options", "Derivatives", "Exchange",
	    "Earn");
	succeed(call, answer,
	    json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:o, s:[s]}", "id", "1", "apiKey", paper_key,
		"readOnly", withdraw ? 0 : 1, "unified", 0, "uta", 1, "deadlineDay",
		(int)((until_ms - call->now_ms) / 86400000), "expiredAt", expiry, "permissions", rights,
		"ips", call->faults[FAULT_NO_IP].on ? "*" : "127.0.0.1"));
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
	{ "/v5/market/time", "GET", market_time, 1, false, true, NULL },
	{ "/v5/system/status", "GET", system_status, 1, false, true, NULL },
	{ "/v5/market/orderbook", "GET", orderbook, 1, false, false, NULL },
	{ "/v5/market/instruments-info", "GET", instruments, 1, false, true, NULL },
	{ "/v5/account/wallet-balance", "GET", wallet_balance, 1, true, false, "result/list" },
	{ "/v5/position/list", "GET", position_list, 1, true, false, "result/list" },
	{ "/v5/user/query-api", "GET", query_api, 1, true, false, NULL },
	{ "/v5/account/info", "GET", account_info, 1, true, false, NULL },
	{ 0 },
};

const struct venue venue_bybit = {
	.name = "bybit",
	.routes = routes,
	.listings = listings,
	.market = MARKET_BYBIT,
	.has_positions = true,
	.plays = PLAYS(FAULT_DRIFT) | PLAYS(FAULT_POSITIONS) | PLAYS(FAULT_BALANCES) | PLAYS(FAULT_FLAT) |
		 PLAYS(FAULT_NO_LIST) | PLAYS(FAULT_ENDLESS) | PLAYS(FAULT_PAGE_FAILS) | PLAYS(FAULT_HEDGE) |
		 PLAYS(FAULT_INVERSE) | PLAYS(FAULT_DUST) | PLAYS(FAULT_WITHDRAW) | PLAYS(FAULT_NO_IP) |
		 PLAYS(FAULT_EXPIRY),
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "10404", "Not Found" },
		[TROUBLE_METHOD] = { 405, "10404", "Method Not Allowed" },
		[TROUBLE_BAD_REQUEST] = { 400, "10001", "Request parameter error." },
		[TROUBLE_INTERNAL] = { 500, "10016", "Server error." },
		[TROUBLE_THROTTLED] = { 200, "10006", "Too many visits. Exceeded the API Rate Limit." },
		[TROUBLE_BANNED] = { 403, "403", "access too frequent" },
		[TROUBLE_MAINTENANCE] = { 200, "10016", "Service is restarting." },
		[TROUBLE_PERMISSION] = { 200, "10005",
		    "Permission denied, please check your API key permissions." },
		[TROUBLE_IP] = { 200, "10010", "Unmatched IP, please check your API key's bound IP addresses." },
		[TROUBLE_EXPIRED] = { 200, "33004", "Your api key has expired." },
	},
	.error = error,
	.authorize = authorize,
	.count = count,
};
