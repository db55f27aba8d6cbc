#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/text/buffer.h"
#include "demo/paper_exchange/account.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venues/venue.h"

/* Kraken spot and margin: api.kraken.com.  Errors come with status 200; answers do not state a rate limit. */
static const struct listing listings[LISTINGS] = {
	{ "XBTUSDT", "BTC", "USDT", 950200, 1, 1, 900000000, 8, 0, MARKET_KRAKEN },
	{ "ETHUSDT", "ETH", "USDT", 325080, 1, 2, 300000000, 8, 1, MARKET_KRAKEN },
	{ "XRPUSDT", "XRP", "USDT", 250100, 1, 5, 400000000, 5, 2, MARKET_KRAKEN },
};

/* What the venue calls an asset, and its alternative name. */
static const struct asset {
	const char *base, *name, *alternative;
	int decimals;
} assets[] = {
	{ "BTC", "XXBT", "XBT", 10 },
	{ "ETH", "XETH", "ETH", 10 },
	{ "XRP", "XXRP", "XRP", 8 },
	{ "USDT", "USDT", "USDT", 8 },
};
enum { ASSETS = sizeof(assets) / sizeof(assets[0]) };

static const struct asset *
asset_of(const char *base)
{
	for (size_t i = 0; i < ASSETS; i++)
		if (strcmp(assets[i].base, base) == 0)
			return &assets[i];
	return NULL;
}

/* Those of older days have names of their own. */
static const char *
asset_name(const char *asset)
{
	const struct asset *known = asset_of(asset);

	return known != NULL ? known->name : asset;
}

static json_t *
error(const struct call *call, const char *code, const char *message)
{
	(void)call;
	(void)message;
	return json_pack("{s:[s]}", "error", code);
}

static void
succeed(struct answer *answer, json_t *result)
{
	answer->body = json_pack("{s:[], s:o}", "error", "result", result);
}

static void
server_time(const struct call *call, struct answer *answer)
{
	time_t seconds = call->now_ms / 1000;
	char day[24], hour[16], text[64];
	struct tm parts;

	(void)gmtime_r(&seconds, &parts);
	(void)strftime(day, sizeof(day), "%a, %e %b", &parts);
	(void)strftime(hour, sizeof(hour), "%H:%M:%S", &parts);
	(void)snprintf(text, sizeof(text), "%s %02d %s +0000", day, parts.tm_year % 100, hour);
	succeed(answer, json_pack("{s:I, s:s}", "unixtime", (json_int_t)seconds, "rfc1123", text));
}

static void
system_status(const struct call *call, struct answer *answer)
{
	char text[TIME_TEXT];

	time_text(text, call->now_ms, false);
	succeed(
	    answer, json_pack("{s:s, s:s}", "status",
			call->faults[FAULT_MAINTENANCE].on ? "maintenance" : "online", "timestamp", text));
}

static json_t *
level_timed(const struct book *book, const char *price, const char *quantity)
{
	return json_pack("[s, s, I]", price, quantity, (json_int_t)(book->time_ms / 1000));
}

/* By its name or as "XBT/USDT". */
static const struct listing *
find_pair(const struct call *call, const char *pair)
{
	char name[24] = "", *out = name;

	for (; pair != NULL && *pair != '\0' && out < name + sizeof(name) - 1; pair++)
		if (*pair != '/')
			*out++ = *pair;
	*out = '\0';
	return call_listing(call, name);
}

static void
depth(const struct call *call, struct answer *answer)
{
	const struct listing *listing = find_pair(call, call_argument(call, "pair"));
	size_t count = call_count(call, "count", 100, 500);
	struct book book;

	if (listing == NULL) {
		(void)answer_error(call, answer, 200, "EQuery:Unknown asset pair", "");
		return;
	}
	call_book(call, listing, &book, LEVELS);
	succeed(answer, json_pack("{s:{s:o, s:o}}", listing->native, "asks",
			    book_side(&book, book.asks, count, level_timed), "bids",
			    book_side(&book, book.bids, count, level_timed)));
}

static json_t *
pair_info(const struct call *call, const struct listing *listing)
{
	const struct asset *base = asset_of(listing->base);
	char wsname[24], tick[UNITS_TEXT];

	(void)snprintf(wsname, sizeof(wsname), "%s/%s", base->alternative, listing->quote);
	units_text(tick, listing->step, listing->price_decimals);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:[i, i], s:[i, i], s:[[i, f]], "
			 "s:[[i, f]], s:s, s:i, s:i, s:s, s:s, s:s, s:s}",
	    "altname", listing->native, "wsname", wsname, "aclass_base", "currency", "base", base->name,
	    "aclass_quote", "currency", "quote", listing->quote, "lot", "unit", "pair_decimals",
	    listing->price_decimals, "lot_decimals", listing->quantity_decimals, "lot_multiplier", 1,
	    "leverage_buy", 2, 3, "leverage_sell", 2, 3, "fees", 0, 0.4, "fees_maker", 0, 0.25,
	    "fee_volume_currency", "ZUSD", "margin_call", 80, "margin_stop", 40, "ordermin", "0.0001",
	    "costmin", "0.5", "tick_size", tick, "status",
	    !call_halted(call, listing)          ? "online"
	    : call->faults[FAULT_MAINTENANCE].on ? "maintenance"
						 : "cancel_only");
}

static void
asset_pairs(const struct call *call, struct answer *answer)
{
	const char *pair = call_argument(call, "pair");
	const struct listing *only = find_pair(call, pair);
	json_t *result;

	if (pair != NULL && only == NULL) {
		(void)answer_error(call, answer, 200, "EQuery:Unknown asset pair", "");
		return;
	}
	result = json_object();
	for (size_t i = 0; i < LISTINGS; i++)
		if (only == NULL || only == &listings[i])
			(void)json_object_set_new(result, listings[i].native, pair_info(call, &listings[i]));
	succeed(answer, result);
}

static void
asset_list(const struct call *call, struct answer *answer)
{
	json_t *result = json_object();

	(void)call;
	for (size_t i = 0; i < ASSETS; i++)
		(void)json_object_set_new(result, assets[i].name,
		    json_pack("{s:s, s:s, s:i, s:i, s:s}", "aclass", "currency", "altname",
			assets[i].alternative, "decimals", assets[i].decimals, "display_decimals", 5,
			"status", "enabled"));
	succeed(answer, result);
}

static json_t *
balance_total(const struct holding *holding)
{
	return json_amount(holding->free + holding->locked, 10);
}

static json_t *
balance_parts(const struct holding *holding)
{
	return json_pack(
	    "{s:o, s:o}", "balance", balance_total(holding), "hold_trade", json_amount(holding->locked, 10));
}

static void
each_holding(
    const struct call *call, struct answer *answer, json_t *(*describe)(const struct holding *holding))
{
	struct holdings held;
	json_t *result;

	if (!account_holdings(call, &held))
		return;
	result = json_object();
	for (size_t i = 0; i < held.count; i++)
		(void)json_object_set_new(result, asset_name(held.list[i].asset), describe(&held.list[i]));
	free(held.list);
	succeed(answer, result);
}

static void
balance(const struct call *call, struct answer *answer)
{
	each_holding(call, answer, balance_total);
}

static void
balance_ex(const struct call *call, struct answer *answer)
{
	each_holding(call, answer, balance_parts);
}

static json_t *
margin_position(const struct call *call, const struct position *position, bool by_market, bool reckon)
{
	const struct asset *base = asset_of(position->base);
	double cost = amount_value(amount_absolute(position->quantity)) * position->entry;
	char leverage[16], pair[NATIVE_TEXT];
	struct valuation value;
	json_t *told;

	position_value(call, position, &value);
	(void)snprintf(leverage, sizeof(leverage), "%d.00000", position->leverage);
	(void)snprintf(pair, sizeof(pair), "%sUSDT", base != NULL ? base->alternative : position->base);
	told = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s, s:o}", "pair", pair, "type",
	    position->quantity < 0 ? "sell" : "buy", "cost", json_decimal(cost, 5), "fee", "0.00000", "vol",
	    json_amount(amount_absolute(position->quantity), 8), "vol_closed", "0.00000000", "margin",
	    json_decimal(cost / position->leverage, 5));
	if (reckon)
		(void)json_object_update_new(
		    told, json_pack("{s:o, s:o}", "value", json_decimal(value.notional, 5), "net",
			      json_decimal(value.profit, 4)));
	if (by_market)
		(void)json_object_update_new(
		    told, json_pack("{s:s, s:s}", "positions", "1", "leverage", leverage));
	else
		(void)json_object_update_new(told,
		    json_pack("{s:s, s:s, s:f, s:s, s:s, s:s, s:s}", "ordertxid", "OPAPER-EXCHA-NGE001",
			"posstatus", "open", "time", (double)call->floor->started_ms / 1000, "ordertype",
			"market", "terms", "0.0100% per 4 hours", "misc", "", "oflags", ""));
	return told;
}

static bool
form_says(const struct arguments *form, const char *name, const char *value)
{
	const char *given = arguments_find(form, name);

	return given != NULL && strcmp(given, value) == 0;
}

static void
open_positions(const struct call *call, struct answer *answer)
{
	struct positions open;
	struct arguments form;
	bool by_market, reckon;
	json_t *result;

	if (arguments_parse(&form, call->body.at) != 0)
		return;
	by_market = form_says(&form, "consolidation", "market");
	reckon = form_says(&form, "docalcs", "true");
	arguments_release(&form);
	if (!account_positions(call, &open))
		return;
	result = by_market ? json_array() : json_object();
	for (size_t i = 0; i < open.count; i++) {
		json_t *position = margin_position(call, &open.list[i], by_market, reckon);
		char id[32];

		(void)snprintf(id, sizeof(id), "TPAPER-%05zu-POSITN", open.list[i].number);
		(void)(by_market ? json_array_append_new(result, position)
				 : json_object_set_new(result, id, position));
	}
	free(open.list);
	succeed(answer, result);
}

static void
api_key_info(const struct call *call, struct answer *answer)
{
	const char *key = call->header(call, "API-Key");
	int64_t since = call->floor->started_ms / 1000;

	succeed(
	    answer, json_pack("{s:s, s:s, s:o, s:i, s:[s, s, s*], s:s, s:o, s:s, s:s, s:o, s:o, s:[s*], s:o}",
			"apiKeyName", "paper", "apiKey", key, "nonce", json_whole(call->now_ms),
			"nonceWindow", 0, "permissions", "query-funds", "query-open-trades",
			call->faults[FAULT_WITHDRAW].on ? "withdraw-funds" : NULL, "iban",
			"AA00 PAPE REXC HANG", "validUntil", json_whole(account_expiry(call, 0) / 1000),
			"queryFrom", "0", "queryTo", "0", "createdTime", json_whole(since), "modifiedTime",
			json_whole(since), "ipAllowlist", call->faults[FAULT_NO_IP].on ? NULL : "127.0.0.1",
			"lastUsed", json_whole(call->now_ms / 1000)));
}

/* path ++ SHA-256(nonce ++ body), keyed with the secret as bytes. */
static bool
signature_holds(const struct call *call, const char *nonce)
{
	char expected[DIGEST_TEXT];
	struct buffer inner, outer;
	struct digest digest;
	bool holds;

	buffer_init(&inner, 32768);
	buffer_string(&inner, nonce);
	buffer_append(&inner, call->body.at, call->body.length);
	digest = digest_of(HASH_SHA256, buffer_slice(&inner));
	buffer_init(&outer, 4096);
	buffer_string(&outer, call->path);
	buffer_append(&outer, (const char *)digest.bytes, digest.length);
	digest = digest_keyed(HASH_SHA512, SLICE(paper_secret), buffer_slice(&outer));
	digest_base64(&digest, expected);
	holds = !inner.failed && !outer.failed && same_secret(call->header(call, "API-Sign"), expected);
	buffer_release(&inner);
	buffer_release(&outer);
	return holds;
}

static bool
check(const struct call *call, struct answer *answer, const char *nonce)
{
	const char *key = call->header(call, "API-Key");
	bool second = same_secret(key, paper_key_second);
	int64_t number;

	if (!second && !same_secret(key, paper_key))
		return answer_error(call, answer, 200, "EAPI:Invalid key", "");
	if (number_parse(nonce, &number) != 0)
		return answer_error(call, answer, 200, "EAPI:Invalid nonce", "");
	if (!signature_holds(call, nonce))
		return answer_error(call, answer, 200, "EAPI:Invalid signature", "");
	if (!ledger_raise_nonce(&call->floor->ledger, call->index, second, (uint64_t)number))
		return answer_error(call, answer, 200, "EAPI:Invalid nonce", "");
	return true;
}

static bool
authorize(const struct call *call, struct answer *answer)
{
	struct arguments form;
	bool holds;

	if (arguments_parse(&form, call->body.at) != 0)
		return answer_error(call, answer, 200, "EGeneral:Invalid arguments", "");
	holds = check(call, answer, arguments_find(&form, "nonce"));
	arguments_release(&form);
	return holds;
}

static const struct route routes[] = {
	{ "/0/public/Time", "GET", server_time, 1, false, true, NULL },
	{ "/0/public/SystemStatus", "GET", system_status, 1, false, true, NULL },
	{ "/0/public/Depth", "GET", depth, 1, false, false, NULL },
	{ "/0/public/AssetPairs", "GET", asset_pairs, 1, false, true, NULL },
	{ "/0/public/Assets", "GET", asset_list, 1, false, true, NULL },
	{ "/0/private/Balance", "POST", balance, 1, true, false, "result" },
	{ "/0/private/BalanceEx", "POST", balance_ex, 1, true, false, "result" },
	{ "/0/private/OpenPositions", "POST", open_positions, 1, true, false, "result" },
	{ "/0/private/GetApiKeyInfo", "POST", api_key_info, 1, true, false, NULL },
	{ 0 },
};

const struct venue venue_kraken = {
	.name = "kraken",
	.routes = routes,
	.listings = listings,
	.market = MARKET_KRAKEN,
	.has_positions = true,
	.plays = PLAYS(FAULT_DRIFT) | PLAYS(FAULT_POSITIONS) | PLAYS(FAULT_BALANCES) | PLAYS(FAULT_FLAT) |
		 PLAYS(FAULT_NO_LIST) | PLAYS(FAULT_DUST) | PLAYS(FAULT_WITHDRAW) | PLAYS(FAULT_NO_IP) |
		 PLAYS(FAULT_EXPIRY),
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "EGeneral:Unknown method", "" },
		[TROUBLE_METHOD] = { 405, "EGeneral:Unknown method", "" },
		[TROUBLE_BAD_REQUEST] = { 400, "EGeneral:Invalid arguments", "" },
		[TROUBLE_INTERNAL] = { 500, "EGeneral:Internal error", "" },
		[TROUBLE_THROTTLED] = { 200, "EAPI:Rate limit exceeded", "" },
		[TROUBLE_BANNED] = { 200, "EGeneral:Temporary lockout", "" },
		[TROUBLE_MAINTENANCE] = { 200, "EService:Unavailable", "" },
		[TROUBLE_PERMISSION] = { 200, "EGeneral:Permission denied", "" },
		[TROUBLE_EXPIRED] = { 200, "EAPI:Invalid key", "" },
	},
	.error = error,
	.authorize = authorize,
};
