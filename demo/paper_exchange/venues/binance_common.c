#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "demo/paper_exchange/sign.h"
#include "demo/paper_exchange/venues/binance.h"

json_t *
binance_error(const struct call *call, const char *code, const char *message)
{
	char text[160];

	if (call->faults[FAULT_418].on || call->faults[FAULT_BAN].on) {
		const struct fault_setting *ban =
		    &call->faults[call->faults[FAULT_418].on ? FAULT_418 : FAULT_BAN];

		(void)snprintf(text, sizeof(text),
		    "Way too much request weight used; IP banned until %" PRId64
		    ". Please use WebSocket Streams for live updates to avoid bans.",
		    ban->since_ms + ban->number * 1000);
		message = text;
	}
	return json_pack("{s:I, s:s}", "code", (json_int_t)strtol(code, NULL, 10), "msg", message);
}

/* What is signed: query and body as sent, without the signature itself. */
static void
signed_text(const struct call *call, struct buffer *payload)
{
	const char *at = call->query;

	while (*at != '\0') {
		size_t length = strcspn(at, "&");

		if (strncmp(at, "signature=", 10) != 0) {
			if (payload->length > 0)
				buffer_string(payload, "&");
			buffer_append(payload, at, length);
		}
		at += length + (at[length] == '&');
	}
	buffer_append(payload, call->body.at, call->body.length);
}

/* Hex in capitals is as good. */
static bool
hmac_holds(struct slice payload, const char *signature)
{
	struct digest digest = digest_keyed(HASH_SHA256, SLICE(paper_secret), payload);
	char given[DIGEST_TEXT], expected[DIGEST_TEXT];

	digest_hex(&digest, expected);
	if (strlen(signature) != strlen(expected))
		return false;
	(void)snprintf(given, sizeof(given), "%s", signature);
	for (char *c = given; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'F' ? *c - 'A' + 'a' : *c);
	return same_secret(given, expected);
}

/* Each key has its own kind of signature. */
static bool
signature_holds(const struct call *call, const char *key)
{
	const char *signature = call_argument(call, "signature");
	struct buffer payload;
	bool holds;

	buffer_init(&payload, 32768);
	signed_text(call, &payload);
	holds = !payload.failed &&
		(strcmp(key, paper_key_ed25519) == 0
			? ed25519_holds(paper_public_ed25519, buffer_slice(&payload), signature)
			: hmac_holds(buffer_slice(&payload), signature));
	buffer_release(&payload);
	return holds;
}

/* The venue's rule: a clock that is fast by a second fails, whatever the window. */
static bool
in_time(const struct call *call, struct answer *answer)
{
	const char *given = call_argument(call, "recvWindow");
	int64_t timestamp, window = 5000;

	if (number_parse(call_argument(call, "timestamp"), &timestamp) != 0)
		return answer_error(call, answer, 400, "-1102",
		    "Mandatory parameter 'timestamp' was not sent, was empty/null, or malformed.");
	if (given != NULL && (number_parse(given, &window) != 0 || window > 60000))
		return answer_error(call, answer, 400, "-1131", "recvWindow must be less than 60000");
	if (timestamp >= call->now_ms + 1000)
		return answer_error(call, answer, 400, "-1021",
		    "Timestamp for this request was 1000ms ahead of the server's time.");
	if (call->now_ms - timestamp > window)
		return answer_error(
		    call, answer, 400, "-1021", "Timestamp for this request is outside of the recvWindow.");
	return true;
}

bool
binance_authorize(const struct call *call, struct answer *answer)
{
	const char *key = call->header(call, "X-MBX-APIKEY");

	if (key == NULL || *key == '\0')
		return answer_error(call, answer, 401, "-2014", "API-key format invalid.");
	if (!same_secret(key, paper_key) && !same_secret(key, paper_key_ed25519))
		return answer_error(
		    call, answer, 401, "-2015", "Invalid API-key, IP, or permissions for action.");
	if (call_argument(call, "signature") == NULL)
		return answer_error(call, answer, 400, "-1102",
		    "Mandatory parameter 'signature' was not sent, was empty/null, or malformed.");
	if (!in_time(call, answer))
		return false;
	if (!signature_holds(call, key))
		return answer_error(call, answer, 400, "-1022", "Signature for this request is not valid.");
	return true;
}

void
binance_ping(const struct call *call, struct answer *answer)
{
	(void)call;
	answer->body = json_object();
}

void
binance_time(const struct call *call, struct answer *answer)
{
	answer->body = json_pack("{s:I}", "serverTime", (json_int_t)call->now_ms);
}

const struct listing *
binance_symbol(const struct call *call, struct answer *answer)
{
	const char *symbol = call_argument(call, "symbol");
	const struct listing *listing = call_listing(call, symbol);

	if (symbol == NULL || *symbol == '\0')
		(void)answer_error(call, answer, 400, "-1102",
		    "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.");
	else if (listing == NULL)
		(void)answer_error(call, answer, 400, "-1121", "Invalid symbol.");
	return listing;
}

void
binance_used(const struct call *call, struct answer *answer, const char *header, size_t meter, int64_t weight,
    int64_t limit)
{
	int64_t used =
	    ledger_use(&call->floor->ledger, call->index, meter, WEIGHT_WINDOW_MS, weight, call->now_ms);

	if (call->faults[FAULT_RATE_LIMIT].on)
		used = limit * call->faults[FAULT_RATE_LIMIT].number / 100;
	answer_header(answer, header, "%" PRId64, used);
}

json_t *
binance_filters(const struct listing *listing)
{
	char tick[UNITS_TEXT], step[UNITS_TEXT];

	units_text(tick, listing->step, listing->price_decimals);
	units_text(step, 1, listing->quantity_decimals);
	return json_pack("[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]", "filterType", "PRICE_FILTER",
	    "minPrice", tick, "maxPrice", "10000000.00000000", "tickSize", tick, "filterType", "LOT_SIZE",
	    "minQty", step, "maxQty", "90000.00000000", "stepSize", step);
}

json_t *
binance_symbols(const struct call *call, const struct listing *only,
    json_t *(*describe)(const struct call *call, const struct listing *listing))
{
	struct listings all = call_listings(call);
	json_t *symbols = json_array();

	for (size_t i = 0; i < all.count; i++)
		if (only == NULL || only == all.list + i)
			(void)json_array_append_new(symbols, describe(call, all.list + i));
	return symbols;
}

json_t *
binance_limit(const char *type, int minutes, int limit)
{
	return json_pack("{s:s, s:s, s:i, s:i}", "rateLimitType", type, "interval", "MINUTE", "intervalNum",
	    minutes, "limit", limit);
}

const struct listing *
binance_book(const struct call *call, struct answer *answer, struct book *book)
{
	const struct listing *listing = binance_symbol(call, answer);

	if (listing != NULL)
		call_book(call, listing, book, LEVELS);
	return listing;
}

json_t *
binance_price(const struct book *book)
{
	char text[UNITS_TEXT];

	units_text(text, book->middle, book->listing->price_decimals);
	return json_string(text);
}

json_t *
binance_best(const struct book *book)
{
	const struct listing *listing = book->listing;
	char text[4][UNITS_TEXT];

	units_text(text[0], book->bids[0].price, listing->price_decimals);
	units_text(text[1], book->bids[0].quantity, listing->quantity_decimals);
	units_text(text[2], book->asks[0].price, listing->price_decimals);
	units_text(text[3], book->asks[0].quantity, listing->quantity_decimals);
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "symbol", listing->native, "bidPrice", text[0],
	    "bidQty", text[1], "askPrice", text[2], "askQty", text[3]);
}
