#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text/buffer.h"
#include "demo/paper_exchange/account.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venues/venue.h"

/* OKX v5: www.okx.com.  "BTC-USDT-SWAP" is the contract on "BTC-USDT", with the same book; answers state no
 * limit.
 */
static const struct listing listings[LISTINGS] = {
	{ "BTC-USDT", "BTC", "USDT", 950050, 1, 1, 90000000, 8, 0, MARKET_OKX },
	{ "ETH-USDT", "ETH", "USDT", 325020, 1, 2, 30000000, 6, 1, MARKET_OKX },
	{ "XRP-USDT", "XRP", "USDT", 25002, 1, 4, 400000000, 6, 2, MARKET_OKX },
};
/* How much of the base one contract is; of the inverse one, how many USD. */
static const struct contract {
	const char *size;
	int power; /* of ten, the same */
} contracts[LISTINGS] = { { "0.01", -2 }, { "0.1", -1 }, { "100", 2 } };
static const struct contract inverse_contract = { "100", 2 };
static const struct contract made_up_contracts[] = { { "1", 0 }, { "0.1", -1 }, { "10", 1 }, { "0.01", -2 },
	{ "100", 2 } };
enum { MADE_UP_CONTRACTS = sizeof(made_up_contracts) / sizeof(made_up_contracts[0]) };

static const char inverse_id[] = "BTC-USD-SWAP";
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

static void
server_time(const struct call *call, struct answer *answer)
{
	succeed(answer, json_pack("[{s:o}]", "ts", json_whole(call->now_ms)));
}

static void
system_status(const struct call *call, struct answer *answer)
{
	int64_t since = call->faults[FAULT_MAINTENANCE].since_ms;
	json_t *events = json_array();

	if (call->faults[FAULT_MAINTENANCE].on)
		(void)json_array_append_new(
		    events, json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:s, s:s, s:s, s:s}", "title",
				"System upgrade", "state", "ongoing", "begin", json_whole(since), "end",
				json_whole(since + 3600000), "href", "", "serviceType", "5", "system",
				"unified", "scheDesc", "", "maintType", "1", "env", "1"));
	succeed(answer, events);
}

/* The listing of "BTC-USDT" and of "BTC-USDT-SWAP"; the inverse contract has the same book as these. */
static const struct listing *
find(const struct call *call, const char *id)
{
	struct slice name = SLICE(id != NULL ? id : "");
	char native[24];

	if (slice_is(name, inverse_id))
		return &listings[0];
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
	call_book(call, listing, &book, LEVELS);
	succeed(answer,
	    json_pack("[{s:o, s:o, s:o, s:I}]", "asks", book_side(&book, book.asks, count, level_four),
		"bids", book_side(&book, book.bids, count, level_four), "ts", json_whole(book.time_ms),
		"seqId", (json_int_t)book.sequence));
}

static json_t *
spot_instrument(const struct call *call, const struct listing *listing)
{
	char tick[UNITS_TEXT], lot[UNITS_TEXT];

	units_text(tick, listing->step, listing->price_decimals);
	units_text(lot, 1, listing->quantity_decimals);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
	    "instType", "SPOT", "instId", listing->native, "state",
	    call_halted(call, listing) ? "suspend" : "live", "tickSz", tick, "lotSz", lot, "minSz", lot,
	    "lever", "", "listTime", "1611907686000", "baseCcy", listing->base, "quoteCcy", listing->quote,
	    "uly", "", "settleCcy", "", "ctVal", "", "ctType", "", "ctValCcy", "");
}

/* "BTC-USDT-SWAP", of base and quote. */
static json_t *
swap_instrument(const char *base, const char *quote, const struct contract *contract, bool suspended)
{
	bool inverse = strcmp(quote, "USD") == 0;
	char id[NATIVE_TEXT], underlying[NATIVE_TEXT];
	json_t *told;

	(void)snprintf(underlying, sizeof(underlying), "%s-%s", base, quote);
	(void)snprintf(id, sizeof(id), "%s-%s%s", base, quote, swap_suffix);
	told = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "instType", "SWAP", "instId", id,
	    "state", suspended ? "suspend" : "live", "tickSz", "0.01", "lotSz", "0.01", "minSz", "0.01",
	    "lever", "100", "listTime", "1611907686000");
	(void)json_object_update_new(
	    told, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "uly", underlying, "instFamily",
		      underlying, "baseCcy", "", "quoteCcy", "", "settleCcy", inverse ? base : quote, "ctVal",
		      contract->size, "ctMult", "1", "ctType", inverse ? "inverse" : "linear", "ctValCcy",
		      inverse ? quote : base));
	return told;
}

static json_t *
list_swaps(const struct call *call)
{
	const struct fault_setting *many = &call->faults[FAULT_POSITIONS];
	json_t *list = json_array();
	struct position made_up;

	for (size_t i = 0; i < LISTINGS; i++)
		(void)json_array_append_new(list, swap_instrument(listings[i].base, listings[i].quote,
						      &contracts[i], call_halted(call, &listings[i])));
	(void)json_array_append_new(
	    list, swap_instrument("BTC", "USD", &inverse_contract, call_halted(call, &listings[0])));
	for (size_t i = 1; many->on && i <= (size_t)many->number; i++) {
		made_up_position(i, false, &made_up);
		(void)json_array_append_new(list,
		    swap_instrument(made_up.base, "USDT", &made_up_contracts[i % MADE_UP_CONTRACTS], false));
	}
	return list;
}

/* Without the rows that are not `wanted` (NULL: all are). */
static void
keep_instrument(json_t *list, const char *wanted)
{
	for (size_t i = json_array_size(list); wanted != NULL && i-- > 0;)
		if (strcmp(json_string_value(json_object_get(json_array_get(list, i), "instId")), wanted) !=
		    0)
			(void)json_array_remove(list, i);
}

static void
instruments(const struct call *call, struct answer *answer)
{
	const char *type = call_argument(call, "instType");
	bool swap = type != NULL && strcmp(type, "SWAP") == 0,
	     spot = type != NULL && strcmp(type, "SPOT") == 0;
	bool dated = type != NULL && strcmp(type, "FUTURES") == 0; /* it lists none of these */
	json_t *list;

	if (!swap && !spot && !dated) {
		(void)answer_error(call, answer, 400, "51000", "Parameter instType error");
		return;
	}
	list = swap ? list_swaps(call) : json_array();
	for (size_t i = 0; spot && i < LISTINGS; i++)
		(void)json_array_append_new(list, spot_instrument(call, &listings[i]));
	keep_instrument(list, call_argument(call, "instId"));
	succeed(answer, list);
}

static json_t *
detail_of(const struct call *call, const struct holding *holding)
{
	amount total = holding->free + holding->locked;

	return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:o}", "ccy", holding->asset, "eq",
	    json_amount(total, 8), "cashBal", json_amount(total, 8), "availBal",
	    json_amount(holding->free, 8), "availEq", json_amount(holding->free, 8), "frozenBal",
	    json_amount(holding->locked, 8), "ordFrozen", json_amount(holding->locked, 8), "liab", "0", "upl",
	    "0", "uTime", json_whole(call->floor->started_ms));
}

static void
balance(const struct call *call, struct answer *answer)
{
	struct holdings held;
	json_t *details;

	if (!account_holdings(call, &held))
		return;
	details = json_array();
	for (size_t i = 0; i < held.count; i++)
		(void)json_array_append_new(details, detail_of(call, &held.list[i]));
	free(held.list);
	succeed(answer, json_pack("[{s:s, s:s, s:o, s:o}]", "adjEq", "", "totalEq", "0", "uTime",
			    json_whole(call->floor->started_ms), "details", details));
}

static const struct contract *
contract_of(const struct position *position, const struct valuation *value)
{
	if (position->inverse)
		return &inverse_contract;
	return value->listing != NULL ? &contracts[value->listing - listings]
				      : &made_up_contracts[position->number % MADE_UP_CONTRACTS];
}

/* Positions are counted in contracts; where there are two legs, both are positive. */
static json_t *
position_of(const struct call *call, const struct position *position, const char *id)
{
	static const char *const sides[] = { [LEG_NET] = "net", [LEG_LONG] = "long", [LEG_SHORT] = "short" };
	struct valuation value;
	double coin;
	amount contracts_held;
	char leverage[16];
	json_t *told;

	position_value(call, position, &value);
	coin = position->inverse ? value.mark : 1; /* margin and profit are in what it is settled in */
	contracts_held = amount_shift(position->quantity, -contract_of(position, &value)->power);
	if (position->leg != LEG_NET)
		contracts_held = amount_absolute(contracts_held);
	(void)snprintf(leverage, sizeof(leverage), "%d", position->leverage);
	told = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:s}", "instType", "SWAP",
	    "instId", id, "mgnMode", "cross", "posSide", sides[position->leg], "ccy",
	    position->inverse ? position->base : "USDT", "posId",
	    json_whole(INT64_C(307173036051017729) + (int64_t)position->number), "pos",
	    json_amount(contracts_held, 2), "avgPx", json_decimal(position->entry, 2), "markPx",
	    json_decimal(value.mark, 2), "upl", json_decimal(value.profit, 8), "lever", leverage);
	(void)json_object_update_new(told,
	    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "notionalUsd", json_decimal(value.notional, 8),
		"imr", json_decimal(value.margin / coin, 8), "mmr", json_decimal(value.margin / coin / 20, 8),
		"uplRatio", json_decimal(value.profit * coin / value.margin, 8), "liqPx", "", "cTime",
		json_whole(call->floor->started_ms), "uTime", json_whole(call->floor->started_ms)));
	return told;
}

static void
list_positions(const struct call *call, struct answer *answer)
{
	const char *wanted = call_argument(call, "instId"), *type = call_argument(call, "instType");
	bool swaps = type == NULL || strcmp(type, "SWAP") == 0;
	struct positions open;
	json_t *list;

	if (!account_positions(call, &open))
		return;
	list = json_array();
	for (size_t i = 0; swaps && i < open.count; i++) {
		char id[NATIVE_TEXT];

		(void)snprintf(id, sizeof(id), "%s-%s%s", open.list[i].base,
		    open.list[i].inverse ? "USD" : "USDT", swap_suffix);
		if (wanted == NULL || strcmp(wanted, id) == 0)
			(void)json_array_append_new(list, position_of(call, &open.list[i], id));
	}
	free(open.list);
	succeed(answer, list);
}

static void
account_config(const struct call *call, struct answer *answer)
{
	bool hedge = call->faults[FAULT_HEDGE].on;

	succeed(answer,
	    json_pack("[{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:b}]", "uid",
		"44705892343619584", "mainUid", "44705892343619584", "acctLv", "3", "posMode",
		hedge ? "long_short_mode" : "net_mode", "label", "paper", "level", "Lv1", "roleType", "0",
		"type", "0", "perm", call->faults[FAULT_WITHDRAW].on ? "read_only,withdraw" : "read_only",
		"ip", call->faults[FAULT_NO_IP].on ? "" : "127.0.0.1", "autoLoan", 0, "greeksType", "PA",
		"enableSpotBorrow", 0));
}

/* "2020-12-08T09:08:57.715Z" as Unix time in ms.  0, or -1 if it is not such a time. */
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

static const struct route routes[] = {
	{ "/api/v5/public/time", "GET", server_time, 1, false, true, NULL },
	{ "/api/v5/system/status", "GET", system_status, 1, false, true, NULL },
	{ "/api/v5/market/books", "GET", books, 1, false, false, NULL },
	{ "/api/v5/public/instruments", "GET", instruments, 1, false, true, NULL },
	{ "/api/v5/account/balance", "GET", balance, 1, true, false, "data" },
	{ "/api/v5/account/positions", "GET", list_positions, 1, true, false, "data" },
	{ "/api/v5/account/config", "GET", account_config, 1, true, false, NULL },
	{ 0 },
};

const struct venue venue_okx = {
	.name = "okx",
	.routes = routes,
	.listings = listings,
	.market = MARKET_OKX,
	.has_positions = true,
	.plays = PLAYS(FAULT_DRIFT) | PLAYS(FAULT_POSITIONS) | PLAYS(FAULT_BALANCES) | PLAYS(FAULT_FLAT) |
		 PLAYS(FAULT_NO_LIST) | PLAYS(FAULT_HEDGE) | PLAYS(FAULT_INVERSE) | PLAYS(FAULT_DUST) |
		 PLAYS(FAULT_WITHDRAW) | PLAYS(FAULT_NO_IP),
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "404", "Not Found" },
		[TROUBLE_METHOD] = { 405, "405", "Method Not Allowed" },
		[TROUBLE_BAD_REQUEST] = { 400, "50000", "Request parameters are malformed" },
		[TROUBLE_INTERNAL] = { 500, "50026", "System error. Try again later." },
		[TROUBLE_THROTTLED] = { 429, "50011", "Too Many Requests" },
		[TROUBLE_BANNED] = { 429, "50011", "Rate limit reached. Please refer to the API documentation "
		    "and throttle requests accordingly." },
		[TROUBLE_MAINTENANCE] = { 503, "50001", "Service temporarily unavailable. Try again later." },
		[TROUBLE_PERMISSION] = { 401, "50120",
		    "This API key doesn't have permission to use this function" },
		[TROUBLE_IP] = { 401, "50110",
		    "Your IP 127.0.0.1 is not included in your API key's paper-key IP whitelist." },
		[TROUBLE_EXPIRED] = { 401, "50119", "API key doesn't exist" },
	},
	.error = error,
	.authorize = authorize,
};
