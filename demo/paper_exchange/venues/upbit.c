#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "demo/paper_exchange/account.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venues/venue.h"

/* Upbit (Korea): api.upbit.com.  It has neither a time nor a status endpoint. */
enum { GROUP_MARKET, GROUP_ORDERBOOK, GROUP_TICKER, GROUP_TRADE, GROUP_DEFAULT };
static const struct {
	const char *name;
	int per_second;
} groups[] = { { "market", 10 }, { "orderbook", 10 }, { "ticker", 10 }, { "trade", 10 }, { "default", 30 } };

enum { MOST_MARKETS = MARKET_ASSETS + 1, LONGEST_TOKEN = 4096, UNITS = 30 };

/* Others are called as their asset. */
static const struct {
	const char *base, *korean, *english;
} names[] = {
	{ "BTC", "비트코인", "Bitcoin" },
	{ "ETH", "이더리움", "Ethereum" },
	{ "XRP", "엑스알피(리플)", "XRP" },
	{ "USDT", "테더", "Tether" },
};

/* A name that is a number is one in the JSON too. */
static json_t *
error(const struct call *call, const char *code, const char *message)
{
	int64_t number;

	(void)call;
	return json_pack("{s:{s:o, s:s}}", "error", "name",
	    number_parse(code, &number) == 0 ? json_integer((json_int_t)number) : json_string(code),
	    "message", message);
}

static json_t *
describe_market(const struct listing *listing, bool details)
{
	const char *korean = listing->base, *english = listing->base;
	json_t *market;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].base, listing->base) == 0) {
			korean = names[i].korean;
			english = names[i].english;
		}
	market = json_pack(
	    "{s:s, s:s, s:s}", "market", listing->native, "korean_name", korean, "english_name", english);
	if (details)
		(void)json_object_set_new(market, "market_event",
		    json_pack("{s:b, s:{s:b, s:b, s:b, s:b, s:b}}", "warning", 0, "caution",
			"PRICE_FLUCTUATIONS", 0, "TRADING_VOLUME_SOARING", 0, "DEPOSIT_AMOUNT_SOARING", 0,
			"GLOBAL_PRICE_DIFFERENCES", 0, "CONCENTRATION_OF_SMALL_ACCOUNTS", 0));
	return market;
}

static void
market_all(const struct call *call, struct answer *answer)
{
	const char *details = call_argument(call, "is_details");
	struct listings all = call_listings(call);

	answer->body = json_array();
	for (size_t i = 0; i < all.count; i++)
		if (!call_halted(call, all.list + i)) /* else this is how the venue says so */
			(void)json_array_append_new(answer->body,
			    describe_market(all.list + i, details != NULL && strcmp(details, "true") == 0));
}

typedef json_t *describe_book(const struct call *call, const struct book *book, size_t count);

/* For each of the markets that the argument names.  What one answers is made by `describe`. */
static void
each_market(const struct call *call, struct answer *answer, size_t count, describe_book *describe)
{
	const char *at = call_argument(call, "markets");

	answer->body = json_array();
	for (size_t i = 0; at != NULL && *at != '\0' && i < MOST_MARKETS; i++) {
		size_t length = strcspn(at, ",");
		const struct listing *listing;
		struct book book;
		char native[24];

		(void)snprintf(native, sizeof(native), "%.*s", (int)length, at);
		listing = call_listing(call, native);
		if (listing == NULL) {
			(void)answer_error(call, answer, 404, "404", "Code not found");
			return;
		}
		call_book(call, listing, &book, count);
		(void)json_array_append_new(answer->body, describe(call, &book, count));
		at += length + (at[length] == ',');
	}
	if (json_array_size(answer->body) == 0)
		(void)answer_error(call, answer, 400, "400",
		    "Missing request parameter error. Check the required parameters!");
}

static json_t *
orderbook_of(const struct call *call, const struct book *book, size_t count)
{
	const struct listing *l = book->listing;
	json_t *units = json_array();
	double bids = 0, asks = 0;

	(void)call;
	for (size_t i = 0; i < count && i < LEVELS; i++) {
		double bid = units_value(book->bids[i].quantity, l->quantity_decimals);
		double ask = units_value(book->asks[i].quantity, l->quantity_decimals);

		bids += bid;
		asks += ask;
		(void)json_array_append_new(
		    units, json_pack("{s:f, s:f, s:f, s:f}", "ask_price",
			       units_value(book->asks[i].price, l->price_decimals), "bid_price",
			       units_value(book->bids[i].price, l->price_decimals), "ask_size", ask,
			       "bid_size", bid));
	}
	return json_pack("{s:s, s:I, s:f, s:f, s:o, s:i}", "market", l->native, "timestamp",
	    (json_int_t)book->time_ms, "total_ask_size", asks, "total_bid_size", bids, "orderbook_units",
	    units, "level", 0);
}

static void
orderbook(const struct call *call, struct answer *answer)
{
	const char *level = call_argument(call, "level");

	if (level != NULL && strtod(level, NULL) != 0)
		answer->body = json_array(); /* a level that is not supported: nothing, with 200 */
	else
		each_market(call, answer, call_count(call, "count", UNITS, UNITS), orderbook_of);
}

/* What its day began with is what the last 24 hours did. */
static json_t *
ticker_of(const struct call *call, const struct book *book, size_t count)
{
	int decimals = book->listing->price_decimals;
	double open, last, change;
	struct day day;

	(void)count;
	call_day(call, book, &day);
	open = units_value(day.open, decimals);
	last = units_value(day.last, decimals);
	change = units_value(day.last - day.open, decimals);
	return json_pack(
	    "{s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
	    "market", book->listing->native, "trade_timestamp", (json_int_t)book->time_ms, "timestamp",
	    (json_int_t)book->time_ms, "opening_price", open, "high_price", units_value(day.high, decimals),
	    "low_price", units_value(day.low, decimals), "trade_price", last, "prev_closing_price", open,
	    "change",
	    change > 0   ? "RISE"
	    : change < 0 ? "FALL"
			 : "EVEN",
	    "change_price", fabs(change), "change_rate", fabs(change) / open, "signed_change_price", change,
	    "signed_change_rate", change / open, "trade_volume",
	    units_value(book->bids[0].quantity, book->listing->quantity_decimals), "acc_trade_price",
	    day.quote_volume, "acc_trade_price_24h", day.quote_volume, "acc_trade_volume", day.base_volume,
	    "acc_trade_volume_24h", day.base_volume);
}

static void
ticker(const struct call *call, struct answer *answer)
{
	each_market(call, answer, 1, ticker_of);
}

/* Of the quote currencies that a caller names there is KRW alone. */
static void
ticker_all(const struct call *call, struct answer *answer)
{
	const char *quotes = call_argument(call, "quote_currencies");
	struct listings all = call_listings(call);
	struct book book;

	answer->body = json_array();
	for (size_t i = 0; i < all.count && (quotes == NULL || strstr(quotes, "KRW") != NULL); i++) {
		if (call_halted(call, all.list + i))
			continue;
		call_book(call, all.list + i, &book, 1);
		(void)json_array_append_new(answer->body, ticker_of(call, &book, 1));
	}
}

static void
accounts(const struct call *call, struct answer *answer)
{
	struct holdings held;

	if (!account_holdings(call, &held))
		return;
	answer->body = json_array();
	for (size_t i = 0; i < held.count; i++)
		(void)json_array_append_new(answer->body,
		    json_pack("{s:s, s:o, s:o, s:s, s:b, s:s}", "currency", held.list[i].asset, "balance",
			json_amount(held.list[i].free, 8), "locked", json_amount(held.list[i].locked, 8),
			"avg_buy_price", "0", "avg_buy_price_modified", 1, "unit_currency", "KRW"));
	free(held.list);
}

/* The key is 165 days old. */
static void
api_keys(const struct call *call, struct answer *answer)
{
	int64_t until_ms = account_expiry(call, call->floor->started_ms + INT64_C(200) * 86400 * 1000);
	char text[TIME_TEXT], expiry[TIME_TEXT + 8];

	time_text(text, until_ms + INT64_C(9) * 3600 * 1000, false);
	(void)snprintf(expiry, sizeof(expiry), "%.*s+09:00", (int)strcspn(text, "Z"), text);
	answer->body = json_pack("[{s:s, s:s}]", "access_key", paper_key, "expire_at", expiry);
}

/* Our key may not manage pockets, as a key that only reads should not. */
static void
pocket_keys(const struct call *call, struct answer *answer)
{
	(void)answer_error(call, answer, 403, "out_of_scope", "권한이 부족합니다.");
}

/* The decoded JSON of one part of a token; NULL if it is not base64url of JSON. */
static json_t *
token_part(struct slice part)
{
	unsigned char text[LONGEST_TOKEN];
	long length = base64_decode(part, true, text, sizeof(text));

	return length < 0 ? NULL
			  : json_loadb((const char *)text, (size_t)length, JSON_REJECT_DUPLICATES, NULL);
}

static bool
token_signed(json_t *header, struct slice text, const char *signature)
{
	const char *algorithm = json_string_value(json_object_get(header, "alg"));
	char expected[DIGEST_TEXT];
	struct digest digest;

	if (algorithm == NULL || (strcmp(algorithm, "HS256") != 0 && strcmp(algorithm, "HS512") != 0))
		return false;
	digest = digest_keyed(
	    strcmp(algorithm, "HS512") == 0 ? HASH_SHA512 : HASH_SHA256, SLICE(paper_secret), text);
	digest_base64url(&digest, expected);
	return same_secret(signature, expected);
}

/* The claims of a token that is signed with our secret; NULL: it is not. */
static json_t *
token_claims(const char *token)
{
	const char *first = strchr(token, '.');
	const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
	json_t *header, *claims = NULL;

	if (second == NULL || strlen(token) > LONGEST_TOKEN)
		return NULL;
	header = token_part((struct slice){ token, (size_t)(first - token) });
	if (token_signed(header, (struct slice){ token, (size_t)(second - token) }, second + 1))
		claims = token_part((struct slice){ first + 1, (size_t)(second - first - 1) });
	json_decref(header);
	return claims;
}

/* What is hashed is the query as it reads when decoded. */
static bool
query_matches(const struct call *call, json_t *claims)
{
	const char *hash = json_string_value(json_object_get(claims, "query_hash"));
	const char *algorithm = json_string_value(json_object_get(claims, "query_hash_alg"));
	char expected[DIGEST_TEXT], *query;
	struct digest digest;

	if (*call->query == '\0')
		return hash == NULL;
	if (hash == NULL || (algorithm != NULL && strcmp(algorithm, "SHA512") != 0))
		return false;
	query = strdup(call->query);
	if (query == NULL || percent_decode(query, 0) != 0) {
		free(query);
		return false;
	}
	digest = digest_of(HASH_SHA512, SLICE(query));
	free(query);
	digest_hex(&digest, expected);
	return same_secret(hash, expected);
}

static bool
refuse(const struct call *call, struct answer *answer, const char *name, const char *message)
{
	return answer_error(call, answer, 401, name, message);
}

static bool
check_claims(const struct call *call, struct answer *answer, json_t *claims)
{
	const char *key = json_string_value(json_object_get(claims, "access_key"));
	const char *nonce = json_string_value(json_object_get(claims, "nonce"));

	if (!same_secret(key, paper_key))
		return refuse(call, answer, "invalid_access_key", "잘못된 엑세스 키입니다.");
	if (nonce == NULL || *nonce == '\0')
		return refuse(call, answer, "jwt_verification", "Jwt 토큰 검증에 실패했습니다.");
	if (!query_matches(call, claims))
		return refuse(
		    call, answer, "invalid_query_payload", "Jwt의 query를 검증하는데 실패하였습니다.");
	if (!ledger_take_nonce(&call->floor->ledger, call->index, nonce))
		return refuse(call, answer, "nonce_used", "이미 사용한 nonce값 입니다.");
	return true;
}

static bool
authorize(const struct call *call, struct answer *answer)
{
	const char *header = call->header(call, "Authorization");
	json_t *claims = NULL;
	bool holds;

	if (header != NULL && strncasecmp(header, "Bearer ", 7) == 0)
		claims = token_claims(header + 7);
	if (claims == NULL)
		return refuse(call, answer, "jwt_verification", "Jwt 토큰 검증에 실패했습니다.");
	holds = check_claims(call, answer, claims);
	json_decref(claims);
	return holds;
}

/* Here a route's weight is its group. */
static void
count(const struct call *call, const struct route *route, struct answer *answer)
{
	int group = route != NULL ? route->weight : GROUP_DEFAULT;
	int64_t used = ledger_use(&call->floor->ledger, call->index, (size_t)group, 1000, 1, call->now_ms);
	int64_t left = groups[group].per_second - used;

	if (call->faults[FAULT_RATE_LIMIT].on)
		left = groups[group].per_second * (100 - call->faults[FAULT_RATE_LIMIT].number) / 100;
	answer_header(answer, "Remaining-Req", "group=%s; min=%d; sec=%" PRId64, groups[group].name,
	    60 * groups[group].per_second, left < 0 ? 0 : left);
}

static const struct route routes[] = {
	{ "/v1/market/all", "GET", market_all, GROUP_MARKET, false, false, NULL },
	{ "/v1/orderbook", "GET", orderbook, GROUP_ORDERBOOK, false, false, NULL },
	{ "/v1/ticker", "GET", ticker, GROUP_TICKER, false, false, NULL },
	{ "/v1/ticker/all", "GET", ticker_all, GROUP_TICKER, false, false, NULL },
	{ "/paper/stream", "GET", market_stream_answer, GROUP_DEFAULT, false, false, NULL },
	{ "/v1/accounts", "GET", accounts, GROUP_DEFAULT, true, false, "" },
	{ "/v1/api_keys", "GET", api_keys, GROUP_DEFAULT, true, false, NULL },
	{ "/v1/pockets/api_keys", "GET", pocket_keys, GROUP_DEFAULT, true, false, NULL },
	{ 0 },
};

const struct venue venue_upbit = {
	.name = "upbit",
	.routes = routes,
	.market = MARKET_UPBIT,
	.plays = PLAYS(FAULT_DRIFT) | PLAYS(FAULT_BALANCES) | PLAYS(FAULT_FLAT) | PLAYS(FAULT_NO_LIST) |
		 PLAYS(FAULT_DUST) | PLAYS(FAULT_EXPIRY),
	.troubles = {
		[TROUBLE_NOT_FOUND] = { 404, "404", "Not Found" },
		[TROUBLE_METHOD] = { 405, "405", "Method Not Allowed" },
		[TROUBLE_BAD_REQUEST] = { 400, "validation_error", "잘못된 파라미터" },
		[TROUBLE_INTERNAL] = { 500, "server_error", "서버에서 오류가 발생했습니다." },
		[TROUBLE_THROTTLED] = { 429, "too_many_requests", "요청 수 제한을 초과했습니다." },
		[TROUBLE_BANNED] = { 418, "418", "요청 수 제한을 반복하여 초과해 차단되었습니다." },
		[TROUBLE_MAINTENANCE] = { 503, "503", "서버 점검 중입니다." },
		[TROUBLE_PERMISSION] = { 401, "out_of_scope", "권한이 부족합니다." },
		[TROUBLE_IP] = { 401, "no_authorization_i_p", "허용되지 않은 IP 주소입니다." },
		[TROUBLE_EXPIRED] = { 401, "expired_access_key", "API 키가 만료되었습니다." },
	},
	.error = error,
	.authorize = authorize,
	.count = count,
};
