#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/buffer.h"
#include "exchange/account/read.h"
#include "tests/suite.h"

static struct failure why;
static struct account_lists lists;
static struct account_key_health health;
static struct secrets secrets;

static void
start(void)
{
	lists = (struct account_lists){ 0 };
	account_key_health_init(&health);
	secrets = (struct secrets){ 0 };
}

static void
finish(void)
{
	account_lists_release(&lists);
	secrets_release(&secrets);
}

static struct profile *
load(const char *exchange)
{
	char path[64];
	struct profile *p;

	(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", exchange);
	p = profile_load(path, &why);
	ck_assert_msg(p != NULL, "%s", why.text);
	return p;
}

static void
read_fixture(const char *exchange, const char *name, struct buffer *text)
{
	char path[128], bytes[4096];
	size_t got;
	FILE *file;

	buffer_init(text, 1024 * 1024);
	(void)snprintf(path, sizeof(path), "tests/fixtures/exchanges/%s/account_%s.json", exchange, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	while ((got = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buffer_append(text, bytes, got);
	(void)fclose(file);
}

static int
complete(const struct profile *p)
{
	return account_complete_positions(p, &lists, &why) != 0 ? -1
								: account_complete_balances(&lists, &why);
}

/* The cursor is the caller's. */
static int
read_body(
    const struct profile *p, enum account_endpoint endpoint, int status, struct slice body, char **cursor)
{
	struct http_response response = { .status = status, .body = body };
	struct account_key *key = NULL;
	int result;

	if (p->account.key_match.count > 0) {
		key = account_key_new(p, "testkey", "dGVzdHNlY3JldA==", NULL, &secrets, &why);
		ck_assert_msg(key != NULL, "%s", why.text);
	}
	result = account_read_page(p, endpoint, key, &response, &lists, &health, cursor, &why);
	account_key_free(key);
	return result;
}

static int
read_file(const struct profile *p, enum account_endpoint endpoint, int status, const char *name)
{
	struct buffer text;
	char *cursor;
	int result;

	read_fixture(p->name, name, &text);
	result = read_body(p, endpoint, status, buffer_slice(&text), &cursor);
	free(cursor);
	buffer_release(&text);
	return result;
}

static int
read_text(const struct profile *p, enum account_endpoint endpoint, const char *text)
{
	char *cursor;
	int result = read_body(p, endpoint, 200, SLICE(text), &cursor);

	free(cursor);
	return result;
}

static void
append_number(struct buffer *out, const char *name, double number)
{
	if (isnan(number))
		buffer_format(out, " %s ?", name);
	else
		buffer_format(out, " %s %.10g", name, number);
}

/* All that is in the lists, one line each. */
static const char *
lists_text(void)
{
	static char text[4096];
	char a[DECIMAL_TEXT], b[DECIMAL_TEXT];
	struct buffer out;

	buffer_init(&out, sizeof(text) - 1);
	for (size_t i = 0; i < lists.balance_count; i++)
		buffer_format(&out, "%s %s+%s\n", lists.balances[i].asset,
		    decimal_text(lists.balances[i].free, a), decimal_text(lists.balances[i].locked, b));
	for (size_t i = 0; i < lists.position_count; i++) {
		const struct account_position *p = &lists.positions[i];

		buffer_format(&out, "%s %s %s%s", p->symbol.text, account_side_name(p->side),
		    decimal_text(p->quantity, a), p->inverse ? " inverse" : "");
		append_number(&out, "worth", p->notional);
		append_number(&out, "at", p->mark);
		append_number(&out, "pnl", p->unrealized_pnl);
		buffer_string(&out, "\n");
	}
	ck_assert(!out.failed);
	if (out.length > 0)
		memcpy(text, out.text, out.length);
	text[out.length] = '\0';
	buffer_release(&out);
	return text;
}

static const struct {
	const char *exchange;
	enum account_endpoint endpoint;
	const char *file, *text;
} accounts[] = {
	{ "binance", ACCOUNT_BALANCES, "balances", "BTC 0.1+0.2\nSHIB 123456789.12+0\nUSDT 1250.5+0\n" },
	{ "binance", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "binanceusdm", ACCOUNT_BALANCES, "balances", "USDT 103.12345678+0\n" },
	{ "binanceusdm", ACCOUNT_POSITIONS, "positions",
	    "BTC/USDT long 0.02 worth 730 at 36500 pnl 10\nETH/USDT short 1.5 worth 3000 at 2000 pnl 15.5\n" },
	{ "binanceusdm", ACCOUNT_POSITIONS, "positions_hedge",
	    "BTC/USDT long 0.03 worth 1095 at 36500 pnl 5\nBTC/USDT short 0.01 worth 365 at 36500 pnl -1\n"
	    "BTC/USDT-240329 long 0.001 worth 37 at 37000 pnl 0.5\n" },
	{ "binanceusdm", ACCOUNT_POSITIONS, "positions_empty", "" },
	{ "upbit", ACCOUNT_BALANCES, "balances", "BTC 0.00012345+0\nKRW 1000000+50000\n" },
	{ "upbit", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "bithumb", ACCOUNT_BALANCES, "balances", "BTC 0.00012345+0\nKRW 1000000+50000\n" },
	{ "bithumb", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "bybit", ACCOUNT_BALANCES, "balances", "BTC 1.25+0.25\nUSDT 1000.000000000000000001+0\n" },
	{ "bybit", ACCOUNT_POSITIONS, "positions_page1",
	    "BTC/USDT short 0.003 worth 109.5015 at 36500.5 pnl ?\n"
	    "ETH/USDT long 0.5 worth 540.325 at 1080.65 pnl 3.4\n" },
	{ "bybit", ACCOUNT_POSITIONS, "positions_page2",
	    "XRP/USDT long 100 worth 60 at 0.6 pnl -1.5\nXRP/USDT short 40 worth 24 at 0.6 pnl 0.6\n" },
	{ "bybit", ACCOUNT_POSITIONS, "positions_empty", "" },
	{ "okx", ACCOUNT_BALANCES, "balances", "BTC 0.1+0.2\nUSDT 18.21006347+10\n" },
	{ "okx", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "okx", ACCOUNT_POSITIONS, "positions",
	    "BTC/USD long 300 inverse worth 300 at 36510 pnl 0.0001\n"
	    "BTC/USDT short 0.25 worth 9125 at 36500 pnl -1.5\n"
	    "ETH/USDT short 1.25 worth 2500 at 2000 pnl 2.5\n" },
	{ "okx", ACCOUNT_POSITIONS, "positions_empty", "" },
	{ "kraken", ACCOUNT_BALANCES, "balances", "BTC 0.4012+0.8423\nETH 0+0.5\nUSD 17185.45+8249.76\n" },
	{ "kraken", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "kraken", ACCOUNT_POSITIONS, "positions",
	    "BTC/USD long 16.62212861 worth 498921.5 at ? pnl 248554.2042\n"
	    "ETH/BTC short 0.15 worth 0.0105 at ? pnl -0.0001\n" },
	{ "kraken", ACCOUNT_POSITIONS, "balances_empty", "" },
	{ "coinbase", ACCOUNT_BALANCES, "balances_page1", "BTC 1.23+0.01\n" },
	{ "coinbase", ACCOUNT_BALANCES, "balances_page2", "USDC 0.000000000000000001+5\n" },
	{ "coinbase", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "gate", ACCOUNT_BALANCES, "balances", "ETH 968.8+0\nUSDT 0.1+0.2\n" },
	{ "gate", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "gate", ACCOUNT_POSITIONS, "positions",
	    "BTC/USDT short 0.0012 worth 43.8 at 36500 pnl -0.4\nETH/USDT long 0.3 worth 600 at 2000 pnl 1.2\n" },
	{ "gate", ACCOUNT_POSITIONS, "positions_hedge",
	    "BTC/USDT long 0.0005 worth 18.25 at 36500 pnl 0.1\n"
	    "BTC/USDT short 0.0012 worth 43.8 at 36500 pnl -0.4\n" },
	{ "gate", ACCOUNT_POSITIONS, "positions_empty", "" },
	{ "bitget", ACCOUNT_BALANCES, "balances", "USDT 100.5+20.25\n" },
	{ "bitget", ACCOUNT_BALANCES, "balances_empty", "" },
	{ "bitget", ACCOUNT_POSITIONS, "positions",
	    "BTC/USDT long 0.002 worth 74.718 at 37359 pnl 0.007\n"
	    "BTC/USDT short 0.001 worth 37.359 at 37359 pnl -0.01\n" },
	{ "bitget", ACCOUNT_POSITIONS, "positions_empty", "" },
};

START_TEST(an_account_holds_what_the_exchange_says)
{
	struct profile *p = load(accounts[_i].exchange);

	ck_assert_ptr_nonnull(p->account.reads[accounts[_i].endpoint].path);
	if (p->account.position_contracts)
		ck_assert_int_eq(read_file(p, ACCOUNT_INSTRUMENTS, 200, "instruments"), 0);
	ck_assert_msg(read_file(p, accounts[_i].endpoint, 200, accounts[_i].file) == 0, "%s", why.text);
	ck_assert_msg(complete(p) == 0, "%s", why.text);
	ck_assert_str_eq(lists_text(), accounts[_i].text);
	profile_free(p);
}
END_TEST

static const struct {
	const char *exchange, *file;
	int status;
	enum failure_kind kind;
	const char *advice; /* is in the text */
} refusals[] = {
	{ "binance", "clock", 400, FAILURE_REJECTED,
	    "-1021 Timestamp for this request is outside of the "
	    "recvWindow.; check the clock of this machine" },
	{ "binance", "signature", 400, FAILURE_AUTH, "check the secret" },
	{ "upbit", "expired", 401, FAILURE_AUTH, "the key has expired" },
	{ "upbit", "ip", 401, FAILURE_AUTH, "IP address" },
	{ "bithumb", "permission", 403, FAILURE_AUTH, "allow the key to read" },
	{ "bithumb", "clock", 401, FAILURE_REJECTED, "check the clock" },
	{ "bybit", "ip", 200, FAILURE_AUTH, "IP address" },
	{ "bybit", "expired", 200, FAILURE_AUTH, "the key has expired" },
	{ "okx", "clock", 401, FAILURE_REJECTED, "check the clock" },
	{ "okx", "ip", 401, FAILURE_AUTH, "IP address" },
	{ "kraken", "nonce", 200, FAILURE_REJECTED, "a key that nothing else uses" },
	/* Its code and its message are one text. */
	{ "kraken", "permission", 200, FAILURE_AUTH,
	    "HTTP 200 EGeneral:Permission denied; allow the key to read" },
	{ "coinbase", "permission", 403, FAILURE_AUTH, "allow the key to read" },
	{ "gate", "clock", 400, FAILURE_REJECTED, "check the clock" },
	{ "gate", "ip", 403, FAILURE_AUTH, "IP address" },
	{ "bitget", "clock", 400, FAILURE_REJECTED, "check the clock" },
	{ "bitget", "signature", 400, FAILURE_AUTH, "check the secret" },
	{ "bitget", "ip", 400, FAILURE_AUTH, "IP address" },
};

START_TEST(a_refusal_says_what_to_do_about_it)
{
	struct profile *p = load(refusals[_i].exchange);

	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, refusals[_i].status, refusals[_i].file), -1);
	ck_assert_msg(why.kind == refusals[_i].kind, "%s: %s", failure_kind_name(why.kind), why.text);
	ck_assert_msg(strstr(why.text, refusals[_i].advice) != NULL, "%s", why.text);
	profile_free(p);
}
END_TEST

START_TEST(a_code_with_an_advice_need_not_be_among_those_of_auth_too)
{
	struct profile *p = load("bybit");

	p->auth_failed.count = 0;
	ck_assert_int_eq(
	    read_text(p, ACCOUNT_BALANCES, "{\"retCode\":10010,\"retMsg\":\"Unmatched IP\"}"), -1);
	ck_assert_int_eq(why.kind, FAILURE_AUTH);
	ck_assert_msg(strstr(why.text, "this machine's IP address") != NULL, "%s", why.text);
	profile_free(p);
}
END_TEST

START_TEST(an_error_that_is_no_json_is_a_refusal_too)
{
	struct profile *p = load("coinbase");
	char *cursor;

	ck_assert_int_eq(read_body(p, ACCOUNT_BALANCES, 401, SLICE("Unauthorized\n"), &cursor), -1);
	ck_assert_int_eq(why.kind, FAILURE_AUTH);
	ck_assert_msg(strstr(why.text, "HTTP 401 Unauthorized") != NULL, "%s", why.text);
	ck_assert_msg(strstr(why.text, "check the key") != NULL, "%s", why.text);
	ck_assert_int_eq(read_body(p, ACCOUNT_BALANCES, 502, (struct slice){ NULL, 0 }, &cursor), -1);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	profile_free(p);
}
END_TEST

static const struct {
	const char *exchange, *key, *passphrase;
	const char *before, *behind; /* of the key in the answer */
} repeated[] = {
	/* Each would be cut within the key. */
	{ "binance", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", NULL, "{\"code\":\"",
	    "\"}" },
	{ "binance", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", NULL,
	    "{\"code\":-1,\"msg\":\"GET:"
	    "/api/v3/account?recvWindow=5000&timestamp=1700000000000&signature="
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef&key=",
	    "\"}" },
	{ "okx", "testkey", "correct horse battery staple",
	    "{\"code\":\"1\",\"msg\":\"of all the headers that you have sent to this server today, and which it has "
	    "looked at with much care, this one and this one alone is one that it does not like at all, dear "
	    "client: ",
	    "\"}" },
	{ "okx", "testkey", "a-passphrase-of-ours",
	    "<html><body>1111111111222222222233333333334444444444555555555566666666667777777777888888888899999999990000"
	    "000000111111111122222222223333333333444444444455555555556666666666777777777788",
	    "</body>" },
};

START_TEST(a_refusal_repeats_no_part_of_the_key)
{
	struct profile *p = load(repeated[_i].exchange);
	const char *passphrase = repeated[_i].passphrase,
		   *secret = passphrase ? passphrase : repeated[_i].key;
	struct account_key *key = account_key_new(p, repeated[_i].key, "AAAA", passphrase, &secrets, &why);
	struct http_response response = { .status = 401 };
	char body[1024], piece[5] = "", *cursor;

	ck_assert_msg(key != NULL, "%s", why.text);
	(void)snprintf(body, sizeof(body), "%s%s%s", repeated[_i].before, secret, repeated[_i].behind);
	response.body = SLICE(body);
	ck_assert_int_eq(
	    account_read_page(p, ACCOUNT_BALANCES, key, &response, &lists, &health, &cursor, &why), -1);
	memcpy(piece, secret, sizeof(piece) - 1);
	ck_assert_msg(strstr(why.text, piece) == NULL, "%s", why.text);
	ck_assert_msg(strstr(why.text, "refused: HTTP 401 ") == why.text, "%s", why.text);
	account_key_free(key);
	profile_free(p);
}
END_TEST

#define LONG_KEY "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"

static const struct {
	const char *exchange, *text;
	const char *error;
} rows_with_a_key[] = {
	/* Each would be cut within the key. */
	{ "binance", "{\"balances\":[{\"asset\":\"BTC\",\"free\":\"" LONG_KEY "\",\"locked\":\"0\"}]}",
	    "row 1: '/free' is not a number: '\"***" },
	{ "kraken", "{\"error\":[],\"result\":{\"" LONG_KEY "\":{\"balance\":\"1\"}}}", "row '***" },
	{ "kraken",
	    "{\"error\":[],\"result\":{\"" LONG_KEY "\":{\"balance\":\"0\",\"hold_trade\":\"0\"},"
	    "\"" LONG_KEY "\":{\"balance\":\"0\",\"hold_trade\":\"0\"}}}",
	    "the answer has the key '***" },
};

START_TEST(a_row_that_cannot_be_read_repeats_no_part_of_the_key)
{
	struct profile *p = load(rows_with_a_key[_i].exchange);
	struct account_key *key = account_key_new(p, LONG_KEY, "AAAA", NULL, &secrets, &why);
	struct http_response response = { .status = 200, .body = SLICE(rows_with_a_key[_i].text) };
	char *cursor;

	ck_assert_msg(key != NULL, "%s", why.text);
	ck_assert_int_eq(
	    account_read_page(p, ACCOUNT_BALANCES, key, &response, &lists, &health, &cursor, &why), -1);
	ck_assert_msg(strstr(why.text, "vmPU") == NULL, "%s", why.text);
	ck_assert_msg(strstr(why.text, rows_with_a_key[_i].error) == why.text, "%s", why.text);
	account_key_free(key);
	profile_free(p);
}
END_TEST

START_TEST(a_message_means_the_same_whatever_follows_it)
{
	struct profile *p = load("kraken");
	char body[512], *cursor;

	(void)snprintf(body, sizeof(body), "{\"error\":[\"EGeneral:Permission denied%0300d\"]}", 0);
	ck_assert_int_eq(read_body(p, ACCOUNT_BALANCES, 200, SLICE(body), &cursor), -1);
	ck_assert_int_eq(why.kind, FAILURE_AUTH);
	ck_assert_msg(strstr(why.text, "allow the key to read") != NULL, "%s", why.text);
	profile_free(p);
}
END_TEST

START_TEST(an_answer_that_did_not_come_is_its_own_failure)
{
	struct profile *p = load("gate");
	struct http_response response = { .status = 200,
		.failure = { FAILURE_TIMEOUT, "no answer in time" } };
	char *cursor;

	ck_assert_int_eq(
	    account_read_page(p, ACCOUNT_BALANCES, NULL, &response, &lists, &health, &cursor, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
	profile_free(p);
}
END_TEST

/* Of files, or of texts where `file` is NULL. */
static const struct {
	const char *exchange;
	enum account_endpoint endpoint;
	const char *file, *text, *error;
} unreadable[] = {
	{ "binance", ACCOUNT_BALANCES, "balances_missing", NULL, "no list of balances at '/balances'" },
	{ "bitget", ACCOUNT_POSITIONS, "positions_null", NULL, "no list of positions at '/data'" },
	{ "bitget", ACCOUNT_POSITIONS, "positions_object", NULL, "no list of positions at '/data'" },
	{ "kraken", ACCOUNT_BALANCES, "balances_no_result", NULL, "no object of balances at '/result'" },
	{ "kraken", ACCOUNT_BALANCES, NULL, "{\"error\":[],\"result\":[]}", "no object of balances" },
	{ "kraken", ACCOUNT_BALANCES, NULL, "{\"result\":{}}", "has no '/error'" },
	{ "kraken", ACCOUNT_POSITIONS, "positions_twice", NULL, "TF5GVO-T7ZZ2-6NBKBI' twice" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "{}", "no list of balances" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "", "empty" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\"", "no JSON" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\",\"balance\":\"1\",\"locked\":\"0\"},3]",
	    "row 2: '/balance' is missing" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\",\"balance\":\"one\",\"locked\":\"0\"}]",
	    "row 1: '/balance' is not a number: '\"one\"'" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\",\"balance\":\"\",\"locked\":\"0\"}]",
	    "row 1: '/balance' is not a number" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\",\"balance\":true,\"locked\":\"0\"}]",
	    "row 1: '/balance' is not a number" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\",\"balance\":\"NaN\",\"locked\":\"0\"}]",
	    "row 1: '/balance' is not a number" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"BTC\",\"balance\":\"1\"}]",
	    "row 1: '/locked' is missing" },
	{ "upbit", ACCOUNT_BALANCES, NULL, "[{\"currency\":\"B C\",\"balance\":\"1\",\"locked\":\"0\"}]",
	    "row 1: '/currency' is no name of an asset" },
	{ "upbit", ACCOUNT_BALANCES, NULL,
	    "[{\"currency\":\"BTC\",\"balance\":\"1\",\"balance\":\"2\",\"locked\":\"0\"}]",
	    "'balance' twice" },
	{ "binanceusdm", ACCOUNT_POSITIONS, NULL,
	    "[{\"symbol\":\"?\",\"positionSide\":\"BOTH\",\"positionAmt\":\"1\"}]",
	    "row 1: '/symbol' is no name of a market: '?'" },
	{ "binanceusdm", ACCOUNT_POSITIONS, NULL, "[{\"symbol\":\"BTCUSDT\",\"positionAmt\":\"1\"}]",
	    "row 1: '/positionSide' does not tell a side" },
	{ "binanceusdm", ACCOUNT_POSITIONS, NULL,
	    "[{\"symbol\":\"BTCUSDT\",\"positionSide\":\"LONG\",\"positionAmt\":\"-1\"}]", "is negative" },
	/* A side that nobody knows is not a long. */
	{ "binanceusdm", ACCOUNT_POSITIONS, NULL,
	    "[{\"symbol\":\"BTCUSDT\",\"positionSide\":\"short\",\"positionAmt\":\"1\"}]",
	    "row 1: '/positionSide' is not one of the known sides: 'short'" },
	{ "bybit", ACCOUNT_POSITIONS, NULL,
	    "{\"retCode\":0,\"result\":{\"category\":\"linear\",\"nextPageCursor\":\"\",\"list\":[{\"symbol\":\"BTCUSDT\",\"side\":\"\","
	    "\"size\":\"1\"}]}}",
	    "row 1: '/side' is not one of the known sides: ''" },
	{ "kraken", ACCOUNT_POSITIONS, NULL,
	    "{\"error\":[],\"result\":{\"T\":{\"pair\":\"XXBTZUSD\",\"type\":\"SELL\",\"vol\":\"1\",\"vol_closed\":\"0\"}}}",
	    "row 'T': '/type' is not one of the known sides: 'SELL'" },
	{ "kraken", ACCOUNT_POSITIONS, NULL,
	    "{\"error\":[],\"result\":{\"T\":{\"pair\":\"XXBTZUSD\",\"type\":\"buy\",\"vol\":\"1\",\"vol_closed\":\"2\"}}}",
	    "row 'T': '/vol_closed' is more than there was" },
	{ "bybit", ACCOUNT_POSITIONS, NULL,
	    "{\"retCode\":0,\"result\":{\"category\":\"linear\",\"list\":[]}}",
	    "'/result/nextPageCursor' to go on" },
	{ "binance", ACCOUNT_LOCK, NULL, "{\"data\":{}}", "has no '/data/isLocked'" },
	{ "upbit", ACCOUNT_KEY, NULL, "[]", "our key is not in the list" },
	{ "bybit", ACCOUNT_KEY, NULL, "{\"retCode\":0,\"result\":{\"apiKey\":\"another\",\"ips\":[]}}",
	    "the answer is about another key" },
	{ "bybit", ACCOUNT_KEY, NULL, "{\"retCode\":0,\"result\":{\"ips\":[]}}",
	    "the answer is about another key" },
	{ "kraken", ACCOUNT_KEY, NULL, "{\"error\":[],\"result\":{\"apiKey\":\"another\"}}",
	    "the answer is about another key" },
	{ "bybit", ACCOUNT_POSITIONS, NULL,
	    "{\"retCode\":0,\"result\":{\"nextPageCursor\":\"\",\"list\":[]}}", "'/result/category" },
	{ "upbit", ACCOUNT_KEY, NULL, "[{\"access_key\":\"testkey\",\"expire_at\":\"soon\"}]",
	    "not a time: 'soon'" },
};

START_TEST(what_cannot_be_read_is_a_failure_and_never_flat)
{
	struct profile *p = load(unreadable[_i].exchange);
	int result = unreadable[_i].file != NULL
			 ? read_file(p, unreadable[_i].endpoint, 200, unreadable[_i].file)
			 : read_text(p, unreadable[_i].endpoint, unreadable[_i].text);

	ck_assert_int_eq(result, -1);
	ck_assert_msg(why.kind == FAILURE_PROTOCOL, "%s", why.text);
	ck_assert_msg(strstr(why.text, unreadable[_i].error) != NULL, "%s", why.text);
	ck_assert_str_eq(lists_text(), "");
	profile_free(p);
}
END_TEST

START_TEST(a_page_that_fails_midway_leaves_the_pages_before_alone)
{
	struct profile *p = load("upbit");

	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 200, "balances"), 0);
	ck_assert_int_eq(
	    read_text(p, ACCOUNT_BALANCES, "[{\"currency\":\"ETH\",\"balance\":\"1\",\"locked\":\"0\"},{}]"),
	    -1);
	ck_assert_int_eq(complete(p), 0);
	ck_assert_str_eq(lists_text(), "BTC 0.00012345+0\nKRW 1000000+50000\n");
	profile_free(p);
}
END_TEST

static const struct {
	const char *exchange;
	enum account_endpoint endpoint;
	const char *file, *cursor;
} cursors[] = {
	{ "bybit", ACCOUNT_POSITIONS, "positions_page1", "BTCUSDT,1700000000200,0" },
	{ "bybit", ACCOUNT_POSITIONS, "positions_page2", NULL },
	{ "coinbase", ACCOUNT_BALANCES, "balances_page1", "789100" },
	{ "coinbase", ACCOUNT_BALANCES, "balances_page2", NULL },
	{ "upbit", ACCOUNT_BALANCES, "balances", NULL },
};

START_TEST(a_page_tells_how_to_ask_for_the_next_one)
{
	struct profile *p = load(cursors[_i].exchange);
	struct buffer text;
	char *cursor;

	read_fixture(p->name, cursors[_i].file, &text);
	ck_assert_int_eq(read_body(p, cursors[_i].endpoint, 200, buffer_slice(&text), &cursor), 0);
	ck_assert_pstr_eq(cursor, cursors[_i].cursor);
	free(cursor);
	buffer_release(&text);
	profile_free(p);
}
END_TEST

/* As in a URL: decoded once, but for characters that nothing may hold. */
static const struct {
	const char *told, *cursor;
} encoded[] = {
	{ "a%2Cb", "a,b" },
	{ "a%26b", "a&b" }, /* which account.c refuses */
	{ "a%252Cb", "a%2Cb" },
	{ "a%00b", "a%00b" },
	{ "100%", "100%" },
};

START_TEST(a_cursor_is_decoded_once)
{
	struct profile *p = load("coinbase");
	char text[128], *cursor;

	(void)snprintf(text, sizeof(text), "{\"accounts\":[],\"cursor\":\"%s\"}", encoded[_i].told);
	ck_assert_int_eq(read_body(p, ACCOUNT_BALANCES, 200, SLICE(text), &cursor), 0);
	ck_assert_pstr_eq(cursor, encoded[_i].cursor);
	free(cursor);
	profile_free(p);
}
END_TEST

START_TEST(pages_add_up)
{
	struct profile *p = load("coinbase");

	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 200, "balances_page1"), 0);
	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 200, "balances_page2"), 0);
	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 200, "balances_page1"), 0);
	ck_assert_int_eq(complete(p), 0);
	ck_assert_str_eq(lists_text(), "BTC 2.46+0.02\nUSDC 0.000000000000000001+5\n");
	profile_free(p);
}
END_TEST

START_TEST(sums_keep_their_decimals)
{
	struct profile *p = load("binanceusdm");

	ck_assert_int_eq(
	    read_text(p, ACCOUNT_POSITIONS,
		"[{\"symbol\":\"BTCUSDT\",\"positionSide\":\"BOTH\",\"positionAmt\":\"0.1\"},"
		"{\"symbol\":\"BTCUSDT\",\"positionSide\":\"BOTH\",\"positionAmt\":0.2},"
		"{\"symbol\":\"ETHUSDT\",\"positionSide\":\"BOTH\",\"positionAmt\":\"1.000000000000000001\"}]"),
	    0);
	ck_assert_int_eq(complete(p), 0);
	ck_assert_str_eq(lists_text(), "BTC/USDT long 0.3 worth ? at ? pnl ?\n"
				       "ETH/USDT long 1.000000000000000001 worth ? at ? pnl ?\n");
	profile_free(p);
}
END_TEST

START_TEST(a_contract_of_unknown_size_is_a_failure)
{
	struct profile *p = load("okx");

	ck_assert_int_eq(read_file(p, ACCOUNT_POSITIONS, 200, "positions"), 0);
	ck_assert_int_eq(complete(p), -1);
	ck_assert_msg(strstr(why.text, "the size of a contract of") != NULL, "%s", why.text);
	account_lists_release(&lists);
	ck_assert_int_eq(read_file(p, ACCOUNT_INSTRUMENTS, 200, "instruments"), 0);
	ck_assert_int_eq(read_file(p, ACCOUNT_POSITIONS, 200, "positions_future"), 0);
	ck_assert_int_eq(complete(p), -1);
	ck_assert_msg(strstr(why.text, "BTC-USD-240329") != NULL, "%s", why.text);
	profile_free(p);
}
END_TEST

START_TEST(a_list_as_long_as_was_asked_for_may_go_on)
{
	struct profile *p = load("coinbase");

	p->account.reads[ACCOUNT_BALANCES].cursor = NULL;
	p->account.reads[ACCOUNT_BALANCES].path = "/accounts?a=b&limit=2";
	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 200, "balances_page2"), 0);
	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 200, "balances_page1"), -1);
	ck_assert_msg(strstr(why.text, "there may be more") != NULL, "%s", why.text);
	profile_free(p);
}
END_TEST

/* A body of so many rows; a row is two pieces with its number between them. */
static void
make_rows(struct buffer *text, const char *const pieces[2], size_t count)
{
	buffer_init(text, 8 * 1024 * 1024);
	buffer_string(text, "[");
	for (size_t i = 0; i < count; i++) {
		buffer_string(text, i > 0 ? "," : "");
		buffer_string(text, pieces[0]);
		buffer_format(text, "%zu", i);
		buffer_string(text, pieces[1]);
	}
	buffer_string(text, "]");
	ck_assert(!text->failed);
}

static const struct {
	const char *exchange;
	enum account_endpoint endpoint;
	size_t most;
	const char *row[2], *error;
} limits[] = {
	{ "binanceusdm", ACCOUNT_POSITIONS, ACCOUNT_POSITIONS_MAX,
	    { "{\"symbol\":\"A", "USDT\",\"positionSide\":\"BOTH\",\"positionAmt\":\"1\"}" },
	    "more than 50000 positions" },
	{ "upbit", ACCOUNT_BALANCES, ACCOUNT_BALANCES_MAX,
	    { "{\"currency\":\"A", "\",\"balance\":\"1\",\"locked\":\"0\"}" }, "more than 20000 balances" },
};

START_TEST(no_more_rows_than_the_limit_are_taken)
{
	struct profile *p = load(limits[_i].exchange);
	struct buffer body;
	char *cursor = NULL;

	make_rows(&body, limits[_i].row, limits[_i].most);
	ck_assert_msg(
	    read_body(p, limits[_i].endpoint, 200, buffer_slice(&body), &cursor) == 0, "%s", why.text);
	account_lists_release(&lists);
	buffer_release(&body);
	make_rows(&body, limits[_i].row, limits[_i].most + 1);
	ck_assert_int_eq(read_body(p, limits[_i].endpoint, 200, buffer_slice(&body), &cursor), -1);
	ck_assert_msg(strstr(why.text, limits[_i].error) != NULL, "%s", why.text);
	buffer_release(&body);
	profile_free(p);
}
END_TEST

/* Permissions in the order of the enum; 1, 0 and - for not told; then the IP restriction and the lock. */
static const char *
health_text(void)
{
	static char text[64];
	char *at = text;
	int told[ACCOUNT_PERMISSIONS + 2];

	memcpy(told, health.permission, sizeof(health.permission));
	told[ACCOUNT_PERMISSIONS] = health.ip_restricted;
	told[ACCOUNT_PERMISSIONS + 1] = health.trading_locked;
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS + 2; i++)
		*at++ = told[i] < 0 ? '-' : told[i] == 0 ? '0' : '1';
	*at = '\0';
	return text;
}

static const struct {
	const char *exchange;
	enum account_endpoint endpoint;
	const char *file;
	double expiry;
	const char *text; /* read trade futures margin transfer withdraw, ip_restricted, locked */
} keys[] = {
	{ "binance", ACCOUNT_KEY, "key", -1, "1110001-" },
	{ "binance", ACCOUNT_KEY, "key_open", 1707868799, "1001110-" },
	{ "binance", ACCOUNT_LOCK, "lock", -1, "-------0" },
	{ "binance", ACCOUNT_LOCK, "lock_locked", -1, "-------1" },
	{ "upbit", ACCOUNT_KEY, "key", 1731590000, "--------" },
	{ "bithumb", ACCOUNT_KEY, "key", 1731590000, "--------" },
	{ "bybit", ACCOUNT_KEY, "key", 1705647261, "-00-100-" },
	{ "bybit", ACCOUNT_KEY, "key_bound", INFINITY, "-11-111-" },
	{ "okx", ACCOUNT_KEY, "key", -1, "10---11-" },
	{ "okx", ACCOUNT_KEY, "key_open", -1, "11---00-" },
	{ "kraken", ACCOUNT_KEY, "key", INFINITY, "10---01-" },
	{ "coinbase", ACCOUNT_KEY, "key", -1, "10--00--" },
	{ "gate", ACCOUNT_KEY, "key", -1, "------1-" },
	{ "bitget", ACCOUNT_KEY, "key", -1, "------1-" },
};

START_TEST(a_key_has_its_expiry_and_permissions)
{
	struct profile *p = load(keys[_i].exchange);

	ck_assert_msg(read_file(p, keys[_i].endpoint, 200, keys[_i].file) == 0, "%s", why.text);
	ck_assert_msg(health.expiry == keys[_i].expiry, "%f", health.expiry);
	ck_assert_str_eq(health_text(), keys[_i].text);
	profile_free(p);
}
END_TEST

START_TEST(key_and_lock_leave_what_the_other_told)
{
	struct profile *p = load("binance");

	ck_assert_int_eq(read_file(p, ACCOUNT_LOCK, 200, "lock_locked"), 0);
	ck_assert_int_eq(read_file(p, ACCOUNT_KEY, 200, "key"), 0);
	ck_assert_str_eq(health_text(), "11100011");
	profile_free(p);
}
END_TEST

/* One value of an answer in every form that it may come in, and what it then says. */
#define OKX_PERM "{\"code\":\"0\",\"data\":[{\"ip\":\"203.0.113.7\",\"perm\":@}]}"
#define OKX_IP   "{\"code\":\"0\",\"data\":[{\"perm\":\"read_only\",\"ip\":@}]}"
#define BYBIT    "{\"retCode\":0,\"result\":{\"apiKey\":\"testkey\",\"readOnly\":0,\"expiredAt\":\"\","
#define BYBIT_WALLET                                                                                         \
	BYBIT "\"permissions\":{\"Spot\":[],\"ContractTrade\":[],\"Wallet\":@},\"ips\":[\"203.0.113.7\"]}}"
#define BYBIT_IPS   BYBIT "\"permissions\":{\"Spot\":[],\"ContractTrade\":[],\"Wallet\":[]},\"ips\":@}}"
#define KRAKEN      "{\"error\":[],\"result\":{\"apiKey\":\"testkey\",\"validUntil\":\"0\","
#define KRAKEN_MAY  KRAKEN "\"ipAllowlist\":[\"203.0.113.7\"],\"permissions\":@}}"
#define KRAKEN_IP   KRAKEN "\"permissions\":[\"query-funds\"],\"ipAllowlist\":@}}"
#define BINANCE_MAY "{\"ipRestrict\":true,\"enableWithdrawals\":@}"
#define BINANCE_IP  "{\"enableWithdrawals\":false,\"ipRestrict\":@}"
#define GATE_IP     "{\"ip_whitelist\":@}"
#define BITGET_IP   "{\"code\":\"00000\",\"data\":{\"ips\":@}}"
#define LOCK        "{\"data\":{\"isLocked\":@}}"

enum { WITHDRAWS = ACCOUNT_PERMISSIONS - 1, RESTRICTED };
static const struct {
	const char *exchange, *answer, *value;
	int which;
	char told;
} forms[] = {
	{ "okx", OKX_PERM, "\"read_only\"", WITHDRAWS, '0' },
	{ "okx", OKX_PERM, "\"read_only, trade\"", WITHDRAWS, '0' },
	{ "okx", OKX_PERM, "[\"read_only\"]", WITHDRAWS, '0' },
	{ "okx", OKX_PERM, "\"trade,read_only,withdraw\"", WITHDRAWS, '1' },
	{ "okx", OKX_PERM, "\"READ_ONLY,WITHDRAW\"", WITHDRAWS, '1' },
	{ "okx", OKX_PERM, "\"read_only,new_word,withdraw\"", WITHDRAWS, '1' },
	{ "okx", OKX_PERM, "\"\"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "\" \"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "\"new_word\"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "\"read_only,withdrawal\"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "\"read_only;withdraw\"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "\"read_only withdraw\"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "\"trade,read_only withdraw\"", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "false", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "null", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "7", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "{}", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "{\"withdraw\":true}", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "[{\"name\":\"withdraw\"}]", WITHDRAWS, '-' },
	{ "okx", OKX_PERM, "[\"read_only\",7]", WITHDRAWS, '-' },
	{ "bybit", BYBIT_WALLET, "[]", WITHDRAWS, '0' },
	{ "bybit", BYBIT_WALLET, "[\"SubMemberTransfer\"]", WITHDRAWS, '0' },
	{ "bybit", BYBIT_WALLET, "[\"AccountTransfer\",\"SubMemberTransferList\"]", WITHDRAWS, '0' },
	{ "bybit", BYBIT_WALLET, "[\"AccountTransfer\",\"Withdraw\"]", WITHDRAWS, '1' },
	{ "bybit", BYBIT_WALLET, "[\"withdraw\"]", WITHDRAWS, '1' },
	{ "bybit", BYBIT_WALLET, "\"Withdraw\"", WITHDRAWS, '1' },
	{ "bybit", BYBIT_WALLET, "{\"Withdraw\":true}", WITHDRAWS, '-' },
	{ "bybit", BYBIT_WALLET, "true", WITHDRAWS, '-' },
	{ "bybit", BYBIT_WALLET, "null", WITHDRAWS, '-' },
	{ "kraken", KRAKEN_MAY, "[\"query-funds\",\"something-new\"]", WITHDRAWS, '0' },
	{ "kraken", KRAKEN_MAY, "[\"query-open-trades\",\"close-trades\"]", WITHDRAWS, '0' },
	{ "kraken", KRAKEN_MAY, "[\"query-funds\",\"withdraw-funds\"]", WITHDRAWS, '1' },
	{ "kraken", KRAKEN_MAY, "[\"Withdraw-Funds\"]", WITHDRAWS, '1' },
	{ "kraken", KRAKEN_MAY, "[\"query-funds\",\"withdraw\"]", WITHDRAWS, '-' },
	{ "kraken", KRAKEN_MAY, "[\"query-funds\",\"Funds-Withdrawal\"]", WITHDRAWS, '-' },
	{ "kraken", KRAKEN_MAY, "{\"withdraw-funds\":true}", WITHDRAWS, '-' },
	{ "binance", BINANCE_MAY, "false", WITHDRAWS, '0' },
	{ "binance", BINANCE_MAY, "0", WITHDRAWS, '0' },
	{ "binance", BINANCE_MAY, "\"false\"", WITHDRAWS, '0' },
	{ "binance", BINANCE_MAY, "true", WITHDRAWS, '1' },
	{ "binance", BINANCE_MAY, "1", WITHDRAWS, '1' },
	{ "binance", BINANCE_MAY, "{}", WITHDRAWS, '-' },
	{ "binance", BINANCE_MAY, "[]", WITHDRAWS, '-' },
	{ "binance", BINANCE_MAY, "\"\"", WITHDRAWS, '-' },
	{ "binance", BINANCE_MAY, "null", WITHDRAWS, '-' },
	{ "binance", BINANCE_MAY, "2", WITHDRAWS, '-' },
	{ "binance", BINANCE_IP, "true", RESTRICTED, '1' },
	{ "binance", BINANCE_IP, "\"true\"", RESTRICTED, '1' },
	{ "binance", BINANCE_IP, "false", RESTRICTED, '0' },
	{ "binance", BINANCE_IP, "\"False\"", RESTRICTED, '-' },
	{ "binance", BINANCE_IP, "\"no\"", RESTRICTED, '-' },
	{ "binance", BINANCE_IP, "\"none\"", RESTRICTED, '-' },
	{ "binance", BINANCE_IP, "\" \"", RESTRICTED, '-' },
	{ "binance", BINANCE_IP, "[false]", RESTRICTED, '-' },
	{ "binance", BINANCE_IP, "{\"a\":false}", RESTRICTED, '-' },
	{ "binance", BINANCE_IP, "-1", RESTRICTED, '-' },
	{ "okx", OKX_IP, "\"203.0.113.7\"", RESTRICTED, '1' },
	{ "okx", OKX_IP, "\"203.0.113.7, 2001:db8::/32\"", RESTRICTED, '1' },
	{ "okx", OKX_IP, "\"\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\" \"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"*\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"0.0.0.0\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"0.0.0.0/0\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"203.0.113.7,0.0.0.0/0\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"::/0\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"0.0.0.0/1,128.0.0.0/1\"", RESTRICTED, '0' },
	{ "okx", OKX_IP, "\"203.0.113.7/33\"", RESTRICTED, '-' },
	{ "okx", OKX_IP, "\"203.0.113.7/\"", RESTRICTED, '-' },
	{ "okx", OKX_IP, "\"203.0.113.7/24x\"", RESTRICTED, '-' },
	{ "okx", OKX_IP, "\"none\"", RESTRICTED, '-' },
	{ "okx", OKX_IP, "null", RESTRICTED, '-' },
	{ "okx", OKX_IP, "true", RESTRICTED, '-' },
	{ "bybit", BYBIT_IPS, "[\"203.0.113.7\",\"203.0.113.8\"]", RESTRICTED, '1' },
	{ "bybit", BYBIT_IPS, "[\"*\"]", RESTRICTED, '0' },
	{ "bybit", BYBIT_IPS, "[]", RESTRICTED, '0' },
	{ "bybit", BYBIT_IPS, "[\"\"]", RESTRICTED, '0' },
	{ "bybit", BYBIT_IPS, "\"\"", RESTRICTED, '0' },
	{ "bybit", BYBIT_IPS, "[\"0.0.0.0/0\"]", RESTRICTED, '0' },
	{ "bybit", BYBIT_IPS, "false", RESTRICTED, '-' },
	{ "bybit", BYBIT_IPS, "[[\"203.0.113.7\"]]", RESTRICTED, '-' },
	{ "kraken", KRAKEN_IP, "[\"203.0.113.0/24\"]", RESTRICTED, '1' },
	{ "kraken", KRAKEN_IP, "[\"\"]", RESTRICTED, '0' },
	{ "kraken", KRAKEN_IP, "[\"0.0.0.0/0\"]", RESTRICTED, '0' },
	{ "kraken", KRAKEN_IP, "\"*\"", RESTRICTED, '0' },
	{ "kraken", KRAKEN_IP, "{\"a\":\"203.0.113.7\"}", RESTRICTED, '-' },
	{ "gate", GATE_IP, "[\"203.0.113.7\"]", RESTRICTED, '1' },
	{ "gate", GATE_IP, "[]", RESTRICTED, '0' },
	{ "bitget", BITGET_IP, "\"203.0.113.7\"", RESTRICTED, '1' },
	{ "bitget", BITGET_IP, "\"\"", RESTRICTED, '0' },
};

/* The answer with the value in the place of its '@'. */
static void
fill(char body[512], const char *answer, const char *value)
{
	const char *at = strchr(answer, '@');

	ck_assert_ptr_nonnull(at);
	(void)snprintf(body, 512, "%.*s%s%s", (int)(at - answer), answer, value, at + 1);
}

START_TEST(what_a_key_may_do_is_told_in_its_own_form_or_not_at_all)
{
	struct profile *p = load(forms[_i].exchange);
	char body[512];

	fill(body, forms[_i].answer, forms[_i].value);
	ck_assert_msg(read_text(p, ACCOUNT_KEY, body) == 0, "%s: %s", body, why.text);
	ck_assert_msg(health_text()[forms[_i].which] == forms[_i].told, "%s: %s, not %c", body, health_text(),
	    forms[_i].told);
	profile_free(p);
}
END_TEST

static const char *const no_locks[] = { "null", "{}", "[]", "\"\"", "\"maybe\"", "2" };

START_TEST(a_lock_that_is_neither_on_nor_off_is_a_failure)
{
	struct profile *p = load("binance");
	char body[512];

	fill(body, LOCK, no_locks[_i]);
	ck_assert_int_eq(read_text(p, ACCOUNT_LOCK, body), -1);
	ck_assert_int_eq(why.kind, FAILURE_PROTOCOL);
	ck_assert_int_eq(health.trading_locked, -1);
	profile_free(p);
}
END_TEST

START_TEST(an_answer_in_part_is_none)
{
	struct profile *p = load("upbit");

	ck_assert_int_eq(read_file(p, ACCOUNT_BALANCES, 206, "balances"), -1);
	ck_assert_msg(strstr(why.text, "HTTP 206") != NULL, "%s", why.text);
	profile_free(p);
}
END_TEST

START_TEST(contracts_are_inverse_where_the_whole_answer_is)
{
	struct profile *p = load("bybit");

	ck_assert_msg(read_file(p, ACCOUNT_POSITIONS, 200, "positions_inverse") == 0, "%s", why.text);
	ck_assert_int_eq(complete(p), 0);
	ck_assert_str_eq(lists_text(), "BTC/USD short 5000 inverse worth 5000 at 36500.5 pnl -0.0021\n"
				       "BTC/USD-231229 long 100 inverse worth 100 at 36512 pnl 0.0001\n");
	profile_free(p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("account_read");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, start, finish);
	tcase_add_loop_test(all, an_account_holds_what_the_exchange_says, 0, LENGTH(accounts));
	tcase_add_loop_test(all, a_refusal_says_what_to_do_about_it, 0, LENGTH(refusals));
	tcase_add_test(all, a_code_with_an_advice_need_not_be_among_those_of_auth_too);
	tcase_add_test(all, an_error_that_is_no_json_is_a_refusal_too);
	tcase_add_loop_test(all, a_refusal_repeats_no_part_of_the_key, 0, LENGTH(repeated));
	tcase_add_loop_test(
	    all, a_row_that_cannot_be_read_repeats_no_part_of_the_key, 0, LENGTH(rows_with_a_key));
	tcase_add_test(all, a_message_means_the_same_whatever_follows_it);
	tcase_add_test(all, an_answer_that_did_not_come_is_its_own_failure);
	tcase_add_loop_test(all, what_cannot_be_read_is_a_failure_and_never_flat, 0, LENGTH(unreadable));
	tcase_add_test(all, a_page_that_fails_midway_leaves_the_pages_before_alone);
	tcase_add_loop_test(all, a_cursor_is_decoded_once, 0, LENGTH(encoded));
	tcase_add_loop_test(all, a_page_tells_how_to_ask_for_the_next_one, 0, LENGTH(cursors));
	tcase_add_test(all, pages_add_up);
	tcase_add_test(all, sums_keep_their_decimals);
	tcase_add_test(all, a_contract_of_unknown_size_is_a_failure);
	tcase_add_test(all, a_list_as_long_as_was_asked_for_may_go_on);
	tcase_add_loop_test(all, no_more_rows_than_the_limit_are_taken, 0, LENGTH(limits));
	tcase_add_loop_test(all, a_key_has_its_expiry_and_permissions, 0, LENGTH(keys));
	tcase_add_test(all, key_and_lock_leave_what_the_other_told);
	tcase_add_loop_test(all, what_a_key_may_do_is_told_in_its_own_form_or_not_at_all, 0, LENGTH(forms));
	tcase_add_loop_test(all, a_lock_that_is_neither_on_nor_off_is_a_failure, 0, LENGTH(no_locks));
	tcase_add_test(all, an_answer_in_part_is_none);
	tcase_add_test(all, contracts_are_inverse_where_the_whole_answer_is);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
