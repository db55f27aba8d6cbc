/*
 * Any bytes as what an exchange answers about an account.  The first one
 * chooses the exchange, the second one the endpoint and the HTTP status; the
 * rest is the body.  Besides not crashing:
 *
 *  - what fails leaves nothing behind, and says why;
 *  - what is complete is sorted, has no zeros, and nothing twice;
 *  - json_scan takes what jansson takes, and both read the same values.
 */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "exchange/account/read.h"
#include "json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const exchanges[] = { "binance", "binanceusdm", "upbit", "bybit", "okx", "kraken",
	"coinbase", "bithumb", "gate", "bitget" };
enum { EXCHANGES = sizeof(exchanges) / sizeof(*exchanges) };

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

/* Begun from the root of the repository, as tests/fuzz/run.sh does. */
static const struct profile *
profile_of(size_t index)
{
	static struct profile *loaded[EXCHANGES];
	struct failure why;
	char path[64];

	if (loaded[index] == NULL) {
		(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", exchanges[index]);
		loaded[index] = profile_load(path, &why);
		expect(loaded[index] != NULL, why.text);
	}
	return loaded[index];
}

/* Whose name is not asked for where it is NULL. */
static const struct account_key *
key_of(const struct profile *profile)
{
	static struct account_key *keys[EXCHANGES];
	static struct secrets secrets;
	struct failure why;

	if (profile->account.key_match.count == 0)
		return NULL;
	for (size_t i = 0; i < EXCHANGES; i++) {
		if (strcmp(exchanges[i], profile->name) != 0)
			continue;
		if (keys[i] == NULL)
			/* In base64, as Kraken's are. */
			keys[i] =
			    account_key_new(profile, "testkey", "dGVzdHNlY3JldA==", NULL, &secrets, &why);
		expect(keys[i] != NULL, why.text);
		return keys[i];
	}
	return NULL;
}

static void
check_health(const struct account_key_health *health)
{
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		expect(health->permission[i] >= -1 && health->permission[i] <= 1, "yes, no, or not told");
	expect(health->ip_restricted >= -1 && health->ip_restricted <= 1, "restricted or not");
	expect(health->trading_locked >= -1 && health->trading_locked <= 1, "locked or not");
	expect(!isnan(health->expiry), "an expiry is a time");
}

static void
check_lists(const struct account_lists *lists)
{
	for (size_t i = 0; i < lists->balance_count; i++) {
		const struct account_balance *b = &lists->balances[i];

		expect(b->asset[0] != '\0', "an asset has a name");
		expect(decimal_sign(b->free) != 0 || decimal_sign(b->locked) != 0, "a balance is not zero");
		expect(i == 0 || strcmp(b[-1].asset, b->asset) < 0, "balances are sorted");
	}
	for (size_t i = 0; i < lists->position_count; i++) {
		const struct account_position *p = &lists->positions[i];
		int order = i == 0 ? -1 : strcmp(p[-1].symbol.text, p->symbol.text);

		expect(p->symbol.text[0] != '\0', "a market has a name");
		expect(decimal_sign(p->quantity) > 0, "a quantity is above zero");
		expect(isnan(p->notional) || (isfinite(p->notional) && p->notional >= 0),
		    "it is worth a number");
		expect(isnan(p->mark) || p->mark > 0, "a price is above zero");
		expect(order < 0 || (order == 0 && p[-1].side < p->side), "positions are sorted");
	}
}

static void
read_account(const struct profile *profile, enum account_endpoint endpoint, int status, struct slice body)
{
	struct http_response response = { .status = status, .body = body };
	struct account_lists lists = { 0 };
	struct account_key_health health;
	struct failure why = { .kind = FAILURE_NONE };
	char *cursor;
	int result;

	account_key_health_init(&health);
	result =
	    account_read_page(profile, endpoint, key_of(profile), &response, &lists, &health, &cursor, &why);
	expect(result == 0 || (cursor == NULL && why.kind != FAILURE_NONE && why.text[0] != '\0'),
	    "a failure says why");
	expect(result == 0 ||
		   (lists.balance_count == 0 && lists.position_count == 0 && lists.instrument_count == 0),
	    "what fails leaves nothing behind");
	expect(result != 0 || status == 200, "an error is not a success");
	check_health(&health);
	if (result == 0 && account_complete_positions(profile, &lists, &why) == 0 &&
	    account_complete_balances(&lists, &why) == 0)
		check_lists(&lists);
	account_lists_release(&lists);
	free(cursor);
}

static void compare_value(const struct json_scan *scan, struct slice value, const json_t *other);

static void
compare_string(struct slice key, const char *text, size_t length)
{
	static char buffer[65536];
	struct slice read;

	expect(json_scan_key(key, buffer, sizeof(buffer), &read), "a string is read");
	expect(slice_equal(read, (struct slice){ text, length }), "strings are the same");
}

static void
compare_rows(const struct json_scan *scan, struct slice value, const json_t *other)
{
	struct json_rows rows;
	struct slice key, item;
	size_t count = 0;

	expect(json_rows_begin(value, &rows), "there are rows");
	if (json_is_array(other)) {
		for (; json_rows_next(&rows, &key, &item); count++)
			compare_value(scan, item, json_array_get(other, count));
		expect(count == json_array_size(other), "lists are as long");
		return;
	}
	/* jansson keeps the order. */
	for (void *at = json_object_iter((json_t *)other); json_rows_next(&rows, &key, &item); count++) {
		expect(at != NULL, "objects have as many members");
		compare_string(key, json_object_iter_key(at), strlen(json_object_iter_key(at)));
		compare_value(scan, item, json_object_iter_value(at));
		at = json_object_iter_next((json_t *)other, at);
	}
	expect(count == json_object_size(other), "objects have as many members");
}

static void
compare_value(const struct json_scan *scan, struct slice value, const json_t *other)
{
	char number[512];

	switch (json_scan_kind(value)) {
	case SCAN_NULL: expect(json_is_null(other), "null"); break;
	case SCAN_TRUE: expect(json_is_true(other), "true"); break;
	case SCAN_FALSE: expect(json_is_false(other), "false"); break;
	case SCAN_NUMBER:
		expect(json_is_real(other), "a number");
		if (value.length < sizeof(number)) {
			(void)snprintf(number, sizeof(number), "%.*s", SLICE_ARGS(value));
			expect(strtod(number, NULL) == json_real_value(other), "numbers are the same");
		}
		break;
	case SCAN_STRING:
		compare_string((struct slice){ value.at + 1, value.length - 2 }, json_string_value(other),
		    json_string_length(other));
		break;
	case SCAN_LIST:
		expect(json_is_array(other), "a list");
		compare_rows(scan, value, other);
		break;
	case SCAN_OBJECT:
		expect(json_is_object(other), "an object");
		compare_rows(scan, value, other);
		break;
	case SCAN_NOTHING: expect(false, "there is something"); break;
	}
}

/* They differ where they mean to: how deep it goes, keys that are there twice, how large a number is; and
 * jansson overlooks a NUL behind a number. */
static void
compare_with_jansson(struct slice body)
{
	struct json_scan scan;
	struct failure why;
	json_error_t error;
	int result = json_scan_open(&scan, body, &why);
	json_t *root = json_loadb(body.at != NULL ? body.at : "", body.length,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);

	if (root == NULL && result == 0) {
		enum json_error_code code = json_error_code(&error);

		expect(code == json_error_duplicate_key || code == json_error_numeric_overflow, error.text);
	} else if (root != NULL && result != 0) {
		expect(strstr(why.text, "32 levels") != NULL || memchr(body.at, 0, body.length) != NULL,
		    why.text);
	} else if (root != NULL) {
		compare_value(&scan, scan.text, root);
	}
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 200, 200, 200, 401, 429 };
	struct slice body = { (const char *)data + 2, size - 2 };
	const struct profile *profile;
	enum account_endpoint endpoint;

	if (size < 2)
		return 0;
	compare_with_jansson(body);
	profile = profile_of(data[0] % EXCHANGES);
	endpoint = (enum account_endpoint)(data[1] % ACCOUNT_ENDPOINTS);
	if (profile->account.reads[endpoint].path != NULL)
		read_account(profile, endpoint, statuses[data[1] / ACCOUNT_ENDPOINTS % 5], body);
	return 0;
}
