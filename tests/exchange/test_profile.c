#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange/profile/profile.h"
#include "tests/suite.h"

static struct failure why;

/* Begun from the root of the repository, as tests/run_all.sh does. */
START_TEST(every_profile_of_the_repository_loads_under_its_file_s_name)
{
	glob_t found;

	ck_assert_int_eq(glob("exchanges/*.yaml", 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, 10);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct profile *p = profile_load(found.gl_pathv[i], &why);
		char path[128];

		ck_assert_msg(p != NULL, "%s", why.text);
		(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", p->name);
		ck_assert_str_eq(path, found.gl_pathv[i]);
		ck_assert_msg(strncmp(p->base_url, "https://", 8) == 0, "%s: %s", path, p->base_url);
		ck_assert(p->endpoints[ENDPOINT_BOOK].per_symbol);
		ck_assert_ptr_nonnull(p->account.reads[ACCOUNT_BALANCES].path);
		ck_assert_msg(p->book_timestamp.count > 0 || p->trade_timestamp != NULL,
		    "%s: nothing tells the age of a book", path);
		profile_free(p);
	}
	globfree(&found);
}
END_TEST

static const struct {
	const char *profile, *symbol, *native;
} symbols[] = {
	{ "binance", "BTC/USDT", "BTCUSDT" }, { "upbit", "BTC/KRW", "KRW-BTC" },
	{ "okx", "BTC/USDT", "BTC-USDT" }, { "gate", "BTC/USDT", "BTC_USDT" },
	{ "kraken", "BTC/USD", "XBTUSD" }, { "kraken", "DOGE/BTC", "XDGXBT" },
	{ "kraken", "BTCX/USD", "BTCXUSD" }, { "binance", "币安人生/USDT", "币安人生USDT" },
	{ "binance", "BTCUSDT", NULL }, { "binance", "/USDT", NULL }, { "binance", "BTC/", NULL },
	{ "binance", "BTC/USDT/KRW", NULL }, { "binance", "BTC/US DT", NULL },
	{ "binance", "BTC&limit=1/USDT", NULL }, { "binance", "BTC\n/USDT", NULL },
	{ "binance", "BTC\xff/USDT", NULL }, { "binance", "", NULL },
	{ "binance", "AAAAAAAAAAAAAAAA/BBBBBBBBBBBBBBBB", NULL }, /* longer than the room for it */
};

START_TEST(a_symbol_gets_the_spelling_of_the_exchange)
{
	char path[64], native[32];
	struct profile *p;
	int result;

	(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", symbols[_i].profile);
	p = profile_load(path, &why);
	ck_assert_msg(p != NULL, "%s", why.text);
	result = profile_symbol(p, symbols[_i].symbol, native, sizeof(native));
	if (symbols[_i].native == NULL) {
		ck_assert_int_eq(result, -1);
	} else {
		ck_assert_int_eq(result, 0);
		ck_assert_str_eq(native, symbols[_i].native);
	}
	profile_free(p);
}
END_TEST

START_TEST(a_profile_says_what_its_file_says)
{
	struct profile *p = profile_load("exchanges/binance.yaml", &why);

	ck_assert_msg(p != NULL, "%s", why.text);
	ck_assert_uint_eq(p->test_hosts.count, 3);
	ck_assert_str_eq(p->test_hosts.items[0], "testnet.binance.vision");
	ck_assert_int_eq(p->endpoints[ENDPOINT_BOOK].weight, 5);
	ck_assert_int_eq(p->endpoints[ENDPOINT_SYMBOLS].every_runs, 40);
	ck_assert_int_eq(p->ok_kind, OK_ABSENT);
	ck_assert_int_eq(p->time_unit, UNIT_MS);
	ck_assert(!p->time_from_date_header);
	ck_assert_uint_eq(p->auth_failed.count, 3);
	ck_assert_str_eq(p->auth_failed.items[2], "-2015");
	ck_assert_uint_eq(p->banned.count, 0);
	ck_assert_uint_eq(p->limit_count, 1);
	ck_assert_str_eq(p->limits[0].name, "weight_1m");
	ck_assert_int_eq(p->limits[0].semantics, LIMIT_USED);
	ck_assert_double_eq(p->limits[0].ceiling, 6000);
	ck_assert_int_eq(p->limits[0].window_seconds, 60);
	ck_assert_str_eq(p->ban_until_after, "banned until ");
	ck_assert_int_eq(p->default_ban_seconds, 120);
	ck_assert_str_eq(p->auth.prehash, "{query}");
	ck_assert_uint_eq(p->auth.query.count, 3);
	profile_free(p);
}
END_TEST

/* Each in doubt is not live here; in paper the doubt goes the other way (test_account). */
static const struct {
	const char *profile, *url;
	bool live;
	enum profile_place place;
} hosts[] = {
	{ "binance", NULL, true, PLACE_LIVE },
	{ "binance", "https://API1.binance.com", true, PLACE_LIVE },
	{ "binance", "https://api-gcp.binance.com:443/x", true, PLACE_LIVE },
	{ "binance", "https://demo-api.binance.com", false, PLACE_TEST },
	{ "binance", "https://testnet.binance.vision:8443", false, PLACE_LIVE },
	{ "binance", "https://fapi.binance.com", false, PLACE_LIVE },
	{ "binance", "https://api.binance.com.example.com", false, PLACE_LIVE },
	{ "binance", "http://127.0.0.1:9180/binance", false, PLACE_OURS },
	{ "binance", "https://10.0.0.1", false, PLACE_LIVE },
	{ "binance", "nonsense", false, PLACE_LIVE },
	{ "binanceusdm", NULL, true, PLACE_LIVE },
	{ "binanceusdm", "https://demo-fapi.binance.com", false, PLACE_TEST },
	{ "binanceusdm", "https://testnet.binancefuture.com", false, PLACE_LIVE },
	{ "bitget", NULL, true, PLACE_LIVE },
	{ "bithumb", NULL, true, PLACE_LIVE },
	{ "bybit", "https://api.bytick.com", true, PLACE_LIVE },
	{ "bybit", "https://api-demo.bybit.com", false, PLACE_TEST },
	{ "bybit", "https://api-testnet.bybit.com", false, PLACE_TEST },
	{ "coinbase", NULL, true, PLACE_LIVE },
	{ "coinbase", "https://api-sandbox.coinbase.com", false, PLACE_TEST },
	{ "gate", NULL, true, PLACE_LIVE },
	{ "gate", "https://api-testnet.gateapi.io", false, PLACE_TEST },
	{ "kraken", NULL, true, PLACE_LIVE },
	{ "kraken", "https://demo-futures.kraken.com", false, PLACE_LIVE },
	{ "okx", "https://eea.okx.com", true, PLACE_LIVE },
	{ "upbit", "https://sg-api.upbit.com", true, PLACE_LIVE },
};

START_TEST(a_profile_knows_its_live_hosts_and_its_test_hosts)
{
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		const char *url = hosts[i].url;
		char path[64];
		struct profile *p;

		(void)snprintf(path, sizeof(path), "exchanges/%s.yaml", hosts[i].profile);
		p = profile_load(path, &why);
		ck_assert_msg(p != NULL, "%s", why.text);
		ck_assert_msg(profile_is_live(p, url) == hosts[i].live, "%s: %s", path, url);
		ck_assert_msg(profile_place(p, url, NULL, 0) == hosts[i].place, "%s: %s", path, url);
		profile_free(p);
	}
}
END_TEST

/* Line by line, so that the tables below can say where something is. */
static const char whole[] = "name: own\n"                           /* 1 */
			    "base_url: https://api.example.com\n"   /* 2 */
			    "symbol: {format: '{BASE}-{QUOTE}'}\n"  /* 3 */
			    "endpoints:\n"                          /* 4 */
			    "  time: {path: /time, weight: 1}\n"    /* 5 */
			    "  book:\n"                             /* 6 */
			    "    path: '/book?s={symbol}'\n"        /* 7 */
			    "    weight: 2\n"                       /* 8 */
			    "ok: {rule: absent, pointer: /error}\n" /* 9 */
			    "time:\n"                               /* 10 */
			    "  source: json\n"                      /* 11 */
			    "  pointer: /t\n"                       /* 12 */
			    "  unit: ms\n"                          /* 13 */
			    "book:\n"                               /* 14 */
			    "  bids: /b\n"                          /* 15 */
			    "  asks: /a\n"                          /* 16 */
			    "  bid_price: /0\n"                     /* 17 */
			    "  ask_price: /0\n"                     /* 18 */
			    "retry:\n"                              /* 19 */
			    "  throttle_status: ['429']\n"          /* 20 */
			    "  default_ban: 2m\n"                   /* 21 */
			    "auth: {scheme: none}\n";               /* 22 */

/* With it, the account begins in line 23. */
#define UNSIGNED "auth: {scheme: none}\n"
#define SCHEME   "auth: {scheme: hmac, algorithm: sha256, secret_encoding: raw, timestamp: ms, "
#define SIGNED   SCHEME "headers: ['A: {key}'], prehash: '{query}', encoding: hex}\n"
#define BALANCES "  balances: {path: /balances, weight: 1, list: /b, asset: /a, free: /f}\n"

static const struct {
	const char *from, *to; /* "" for `from`: `to` comes behind the end, from line 23 on */
	const char *error;     /* behind "FILE:"; NULL: it loads */
} edits[] = {
	{ "", "", NULL },
	{ "https://api.example.com", "http://127.0.0.1:8080/own", NULL },
	{ "https://api.example.com", "http://[::1]:8080", NULL },
	{ "https://api.example.com", "http://localhost", NULL },
	{ "  source: json\n  pointer: /t\n  unit: ms\n", "  source: date_header\n", NULL },
	{ "", "limits:\n  w: {header: X-W, counts: used, ceiling: 10, window: 1s, scope: ip}\n", NULL },
	{ "", "colour: blue\n", "23: colour: unknown key" },
	{ "", "limits: 3\n", "23: limits: unknown key" },
	{ "weight: 2", "wait: 2", "8: endpoints.book.wait: unknown key" },
	{ "  book:\n    path", "  boook:\n    path", "7: endpoints.boook.path: unknown key" },
	{ "/t\n", "t\n", "12: time.pointer: not a JSON pointer" },
	{ "/t\n", "/a~2\n", "12: time.pointer: not a JSON pointer" },
	{ "bids: /b", "bids:", "15: book.bids: no value" },
	{ "bids: /b", "bids: [/b]", "15: book.bids: a list is not expected" },
	{ "['429']", "'429'", "20: retry.throttle_status: a list is expected" },
	{ "['429']", "['429', '4290']", "20: retry.throttle_status: not an HTTP status" },
	{ "unit: ms", "unit: minutes", "13: time.unit: 'minutes' is not one of: auto s ms us ns iso8601" },
	{ "source: json", "source: clock", "11: time.source: 'clock' is not one of: json date_header" },
	{ "rule: absent", "rule: always", "9: ok.rule: 'always' is not one of: absent equals empty" },
	{ "rule: absent", "rule: equals", "9: ok.value: missing" },
	{ "rule: absent, pointer: /error", "rule: empty", "9: ok.pointer: missing" },
	{ "scheme: none", "scheme: magic", "22: auth.scheme: 'magic' is not one of: none hmac jwt" },
	{ "", "errors: {code: [/c], message: [], unknown_symbol: ['-1121']}\n", NULL },
	{ "", "limits:\n  w: {ceiling: 15, window: 15s, scope: ip}\n", NULL },
	{ "", "limits:\n  w: {ceiling: 15, window: 15s, scope: endpoint}\n", NULL },
	{ "", "limits:\n  w: {window: 15s, scope: ip}\n", "24: limits.w.ceiling: missing" },
	{ "",
	    "limits:\n  w: {ceiling: 15, window: 15s, scope: ip}\n  x: {ceiling: 1, window: 1s, scope: ip}\n",
	    NULL },
	{ "", "limits:\n  w: {ceiling: 15, window: 15s, scope: ip}\n  x: {window: 1s, scope: ip}\n",
	    "25: limits.x.ceiling: missing" },
	{ "", "limits:\n  w: {ceiling_header: X-C, window: 15s, scope: ip}\n",
	    "24: limits.w.header: missing" },
	{ "", "limits:\n  w: {key: sec, ceiling: 15, window: 15s, scope: ip}\n",
	    "24: limits.w.header: missing" },
	{ "", "limits:\n  w: {counts: used, ceiling: 15, window: 15s, scope: ip}\n",
	    "24: limits.w.header: missing" },
	{ "", "limits:\n  w: {ceiling: 15, window: 15s, scope: book}\n",
	    "24: limits.w.scope: 'book' is not one of" },
	{ "weight: 2", "weight: 2\n    every_runs: 2", "9: endpoints.book.every_runs: unknown key" },
	{ "{path: /time, weight: 1}", "{path: /time, weight: 1, every_runs: 5}",
	    "5: endpoints.time.every_runs: unknown key" },
	{ "'{BASE}-{QUOTE}'", "'{BASE}-{QUOTE}{foo}'", "3: symbol.format: not one {BASE}" },
	{ "'{BASE}-{QUOTE}'", "'{BASE}-{QUOTE}{}'", "3: symbol.format: not one {BASE}" },
	{ "'{BASE}-{QUOTE}'", "'{{BASE}{QUOTE}'", "3: symbol.format: not one {BASE}" },
	{ "'/book?s={symbol}'", "\"/book?s={symbol}\\x01\"", "7: endpoints.book.path: not a path" },
	{ "'/book?s={symbol}'", "\"/book\\x7f?s={symbol}\"", "7: endpoints.book.path: not a path" },
	{ "name: own", "name: owner", "1: name: not the file's own, which is 'own'" },
	{ "weight: 2", "weight: -2", "8: endpoints.book.weight: not a whole number" },
	{ "weight: 2", "weight: two", "8: endpoints.book.weight: not a whole number" },
	{ "    weight: 2\n", "", "7: endpoints.book.weight: missing" },
	{ "default_ban: 2m", "default_ban: 120", "21: retry.default_ban: not a duration" },
	{ "default_ban: 2m", "default_ban: 1ms", "21: retry.default_ban: not a duration" },
	{ "  default_ban: 2m\n", "", "20: retry.default_ban: missing" },
	{ "name: own", "name: Own Exchange", "1: name: not a name" },
	{ "name: own\n", "", "1: name: missing" },
	{ "base_url: https://api.example.com\n", "", "1: base_url: missing" },
	{ "https://api.example.com", "http://api.example.com", "2: base_url: the URL is not https://" },
	{ "https://api.example.com", "http://127.0.0.1.example.com", "2: base_url: the URL is not https://" },
	{ "https://api.example.com", "ftp://api.example.com", "2: base_url: the URL does not begin" },
	{ "https://api.example.com", "https://api.example.com/", "2: base_url: the URL ends with a slash" },
	{ "https://api.example.com", "https://u:p@api.example.com", "2: base_url: the URL has a user" },
	{ "https://api.example.com", "https://api.example.com?x=1", "2: base_url: the URL has a user" },
	{ "https://api.example.com", "example", "2: base_url: " },
	{ "'{BASE}-{QUOTE}'", "'{BASE}'", "3: symbol.format: not one {BASE}" },
	{ "'{BASE}-{QUOTE}'", "'{BASE}-{QUOTE'", "3: symbol.format: not one {BASE}" },
	{ "symbol: {format: '{BASE}-{QUOTE}'}", "symbol: {rename: [BTC]}",
	    "3: symbol.rename: not of the form" },
	{ "symbol: {format: '{BASE}-{QUOTE}'}", "symbol: {rename: []}", "3: symbol.format: missing" },
	{ "/book?s={symbol}", "/book?s={sym}", "7: endpoints.book.path: only {symbol}" },
	{ "/book?s={symbol}", "/book", "7: endpoints.book.path: {symbol} is missing" },
	{ "/book?s={symbol}", "book?s={symbol}", "7: endpoints.book.path: not a path" },
	{ "  time: {path: /time, weight: 1}\n", "", "6: endpoints.time.path: missing" },
	{ "  unit: ms\n", "", "11: time.unit: missing" },
	{ "  asks: /a\n", "", "15: book.asks: missing" },
	{ "  bids: /b\n", "  bids: /b\n  timestamp: [/x]\n", "15: book.unit: missing" },
	{ "", "trade: {timestamp: /x, unit: s}\n", "5: endpoints.trade.path: missing" },
	{ "  book:\n", "  trade: {path: '/t?s={symbol}', weight: 1}\n  book:\n",
	    "1: trade.timestamp: missing" },
	{ "  book:\n", "  status: {path: '/t', weight: 1}\n  book:\n", "1: status.pointer: missing" },
	{ "  book:\n", "  symbols: {path: '/t', weight: 1}\n  book:\n", "1: symbols.list: missing" },
	{ "", "limits:\n  w: {header: X-W, counts: used, window: 1s, scope: ip}\n",
	    "24: limits.w.ceiling: missing" },
	{ "", "limits:\n  w: {header: X-W, ceiling: 5, window: 1s, scope: ip}\n",
	    "24: limits.w.counts: missing" },
	{ "", "limits:\n  w: {header: X W}\n", "24: limits.w.header: not a name of letters" },
	{ "", "limits:\n  w: {ceiling: 0}\n", "24: limits.w.ceiling: not a number above 0" },
	{ "", "limits:\n  w: {ceiling: NaN}\n", "24: limits.w.ceiling: not a number above 0" },
	{ "", "limits:\n  W!: {ceiling: 1}\n", "24: limits.W!.ceiling: unknown key" },
	{ "scheme: none", "scheme: hmac", "22: auth.algorithm: missing" },
	{ "scheme: none", "scheme: none, prehash: '{secret}'", "22: auth.prehash: an unknown token" },
	{ "scheme: none", "scheme: none, headers: ['X {key}']",
	    "22: auth.headers: not of the form 'Name: value'" },
	{ "scheme: none",
	    "scheme: jwt, algorithm: sha256, secret_encoding: raw, timestamp: ms, headers: ['A: {token}'], "
	    "claims: ['a={key}']",
	    "22: auth.algorithm: not one of: HS256" },
	{ "", "time.unit: ms\n", "23: time.unit: the key is there twice" },
	{ "",
	    "endpoints.trade.path: '/t?s={symbol}'\nendpoints.trade.weight: 1\ntrade: {timestamp: /x, unit: s}\n",
	    NULL },
	{ "", "endpoints.trade.path: /t\nendpoints.trade.weight: 1\ntrade: {timestamp: /x, unit: s}\n",
	    "23: endpoints.trade.path: {symbol} is missing" },
	{ "path: /time", "path: '/time?s={symbol}'", "5: endpoints.time.path: {symbol} is not allowed" },
	{ "  book:\n", "  ping: {path: '/p/{symbol}', weight: 1}\n  book:\n",
	    "6: endpoints.ping.path: {symbol} is not allowed" },
	{ "", "errors: {code: [/c], message: [/m], auth: [a, b], ip: [b]}\n", NULL },
	{ "", "account:\n" BALANCES, "24: account.balances: it must be signed, but auth.scheme says none" },
	{ UNSIGNED, SIGNED "account:\n" BALANCES, NULL },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /b, weight: 1, list: /b, keyed: true, total: /t, locked: /l}\n",
	    NULL },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /b, weight: 1, list: /b, free: /f}\n",
	    "24: account.balances.asset: missing" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /b, weight: 1, list: /b, asset: /a}\n",
	    "24: account.balances: one of free and total is expected" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /b, weight: 1, list: /b, asset: /a, total: /t, fallback_total: /u}\n",
	    "24: account.balances.free: missing" },
	{ UNSIGNED, SIGNED "account:\n  key: {path: /k, weight: 1, inner: /keys}\n",
	    "24: account.key.list: missing" },
	{ UNSIGNED, SIGNED "account:\n  balances: {weight: 1, list: /b, asset: /a, free: /f}\n",
	    "24: account.balances.path: missing" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /b, list: /b, asset: /a, free: /f}\n",
	    "24: account.balances.weight: missing" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /b, weight: 1, asset: /a, free: /f}\n",
	    "24: account.balances.list: missing" },
	{ UNSIGNED, SIGNED "account:\n  balances: {colour: blue}\n",
	    "24: account.balances.colour: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  orders: {path: /b}\n", "24: account.orders.path: unknown key" },
	{ UNSIGNED, SIGNED "account: 3\n", "23: account: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: '/b?s={symbol}'}\n",
	    "24: account.balances.path: there is one request for all symbols" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: b}\n", "24: account.balances.path: not a path" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /api/v3/order}\n",
	    "24: account.balances.path: not a path that only reads" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /sapi/v1/capital/Withdraw/apply}\n",
	    "24: account.balances.path: not a path that only reads" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /v5/position/set-leverage}\n",
	    "24: account.balances.path: not a path that only reads" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /api/v3/%6frder}\n",
	    "24: account.balances.path: not a path that only reads" },
	{ UNSIGNED, SIGNED "account:\n  balances: {path: /a/../b}\n",
	    "24: account.balances.path: not a path that only reads" },
	{ UNSIGNED, SIGNED "account:\n  balances: {method: DELETE}\n",
	    "24: account.balances.method: 'DELETE' is not one of: GET POST" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: '/0/private/BalanceEx?a=b', method: POST, weight: 1, list: /r, keyed: true, total: /t}\n",
	    NULL },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /0/private/AddExport, method: POST, weight: 1, list: /r, keyed: true, total: /t}\n",
	    "24: account.balances.method: POST is only for the few calls" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /b, method: GET, weight: 1, list: /b, asset: /a, free: /f, cursor: /c}\n",
	    "24: account.balances.cursor_parameter: missing" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /b, weight: 1, list: /b, asset: /a, free: /f, cursor_parameter: c}\n",
	    "24: account.balances.cursor: missing" },
	{ UNSIGNED, SIGNED "account:\n  balances: {cursor_parameter: 'a=b&c'}\n",
	    "24: account.balances.cursor_parameter: not a name of letters" },
	{ UNSIGNED, SIGNED "account:\n  positions: {path: /p, weight: 1, list: /l, symbol: /s}\n",
	    "24: account.positions.quantity: missing" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  positions: {path: /p, weight: 1, list: /l, symbol: /s, quantity: /q, side: /d, long: [l]}\n",
	    "24: account.positions.short: missing" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  positions: {path: /p, weight: 1, list: /l, symbol: /s, quantity: /q, long: [l], short: [s]}\n",
	    "24: account.positions.side: missing" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  positions: {path: /p, weight: 1, list: /l, symbol: /s, quantity: /q, signed: [s]}\n",
	    "24: account.positions.side: missing" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  positions: {path: /p, weight: 1, list: /l, symbol: /s, quantity: /q, contracts: true}\n",
	    "24: account.instruments.path: missing" },
	{ UNSIGNED, SIGNED "account:\n  instruments: {path: /p, weight: 1, list: /l, symbol: /s}\n",
	    "24: account.instruments.size: missing" },
	{ "", "account:\n  instruments: {path: /p, weight: 1, list: /l, symbol: /s, size: /z}\n", NULL },
	{ UNSIGNED, SIGNED "account:\n  key: {path: /k, weight: 1, expiry: /e}\n",
	    "24: account.key.expiry_unit: missing" },
	{ UNSIGNED, SIGNED "account:\n  key: {path: /k, weight: 1, match: /m, ip_restricted: /i}\n", NULL },
	{ UNSIGNED, SIGNED "account:\n  key: {path: /k, weight: 1, addresses: /a}\n", NULL },
	{ UNSIGNED, SIGNED "account:\n  key: {path: /k, weight: 1, addresses: /a, ip_restricted: /i}\n",
	    "24: account.key.addresses: give only one of ip_restricted and addresses" },
	{ UNSIGNED, SIGNED "account:\n  key: {path: /k, weight: 1, ip_restricted: '/a:b,,c'}\n",
	    "24: account.key.ip_restricted: no word behind the ':', or an empty one" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /k, weight: 1, also: [/l, /m?a=b], list: /b, asset: /a, free: /f}\n",
	    NULL },
	{ UNSIGNED, SIGNED "account:\n  balances: {also: [/l, /order]}\n",
	    "24: account.balances.also: not a path that only reads" },
	{ UNSIGNED, SIGNED "account:\n  balances: {also: [/l]}\n", "24: account.balances.path: missing" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  balances: {path: /0/private/Balance, also: [/x], method: POST, weight: 1, list: /b, asset: /a, free: /f}\n",
	    "24: account.balances.method: POST is only for the few calls" },
	{ UNSIGNED, SIGNED "account:\n  lock: {also: [/l]}\n", "24: account.lock.also: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  key: {also: [/l]}\n", "24: account.key.path: missing" },
	{ UNSIGNED, SIGNED "account:\n  key: {keyed: true}\n", "24: account.key.keyed: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  key: {cursor: /c}\n", "24: account.key.cursor: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  lock: {list: /l}\n", "24: account.lock.list: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  lock: {keyed: true}\n", "24: account.lock.keyed: unknown key" },
	{ UNSIGNED, SIGNED "account:\n  lock: {cursor: /c}\n", "24: account.lock.cursor: unknown key" },
	{ "",
	    "endpoints.status: {path: /s, weight: 1}\n"
	    "status: {pointer: /s, list: /l, maintenance: [m]}\n",
	    NULL },
	{ "",
	    "endpoints.status: {path: /s, weight: 1}\n"
	    "status: {pointer: /s, list: /l, maintenance: [m], healthy: [h]}\n",
	    "24: status.healthy: has no effect beside status.list" },
	{ "", "book.bid_size: /1\n", "15: book.ask_size: missing" },
	{ "", "book.ask_size: /1\n", "15: book.bid_size: missing" },
	{ UNSIGNED, SIGNED "account:\n  key: {permissions: ['read=/r', 'fly=/f']}\n",
	    "24: account.key.permissions: the permission is not one of" },
	{ UNSIGNED, SIGNED "account:\n  key: {permissions: ['read']}\n",
	    "24: account.key.permissions: not of the form" },
	{ UNSIGNED, SIGNED "account:\n  key: {permissions: ['read=r']}\n",
	    "24: account.key.permissions: not a JSON pointer" },
	{ UNSIGNED, SIGNED "account:\n  key: {ip_restricted: '!/a:'}\n",
	    "24: account.key.ip_restricted: no word" },
	{ UNSIGNED,
	    SIGNED
	    "account:\n  key: {path: /k, weight: 1, ip_restricted: '!/a:b', permissions: ['read=!/r:s:t']}\n",
	    NULL },
	{ UNSIGNED, SIGNED "account:\n  lock: {path: /k, weight: 1}\n", "24: account.lock.locked: missing" },
};

static char directory[] = "/tmp/arbwatch-profile.XXXXXX";
static char path[sizeof(directory) + sizeof("/own.yaml")];

static void
make_file(void)
{
	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/own.yaml", directory);
}

static void
remove_file(void)
{
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(rmdir(directory), 0);
}

static void
write_edited(const char *from, const char *to)
{
	const char *at = *from != '\0' ? strstr(whole, from) : whole + strlen(whole);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_msg(at != NULL, "'%s' is not in the text", from);
	ck_assert_int_gt(fprintf(file, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from)), 0);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_faulty_profile_is_refused_with_file_line_and_key)
{
	struct profile *p;
	char error[256];

	write_edited(edits[_i].from, edits[_i].to);
	p = profile_load(path, &why);
	if (edits[_i].error == NULL) {
		ck_assert_msg(p != NULL, "%s", why.text);
		profile_free(p);
		return;
	}
	ck_assert_msg(p == NULL, "'%s' is taken", edits[_i].to);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	(void)snprintf(error, sizeof(error), "%s:%s", path, edits[_i].error);
	ck_assert_msg(strncmp(why.text, error, strlen(error)) == 0, "%s, not %s", why.text, error);
}
END_TEST

START_TEST(a_list_has_at_most_32_items)
{
	char items[512] = "errors.auth: [";

	for (int i = 0; i <= PROFILE_LIST; i++)
		(void)snprintf(items + strlen(items), sizeof(items) - strlen(items), "e%d, ", i);
	(void)snprintf(items + strlen(items), sizeof(items) - strlen(items), "]\n");
	write_edited("", items);
	ck_assert_ptr_null(profile_load(path, &why));
	ck_assert_msg(strstr(why.text, ":23: errors.auth: more than 32 items") != NULL, "%s", why.text);
}
END_TEST

START_TEST(an_account_is_read_as_its_file_says)
{
	struct profile *p = profile_load("exchanges/kraken.yaml", &why);

	ck_assert_msg(p != NULL, "%s", why.text);
	ck_assert_str_eq(p->account.reads[ACCOUNT_POSITIONS].path, "/0/private/OpenPositions?docalcs=true");
	ck_assert(p->account.reads[ACCOUNT_POSITIONS].post);
	ck_assert(p->account.reads[ACCOUNT_POSITIONS].keyed);
	ck_assert_ptr_null(p->account.reads[ACCOUNT_LOCK].path);
	ck_assert_ptr_null(p->account.balance_asset);
	ck_assert(p->account.holdings);
	ck_assert_str_eq(p->account.side_short.items[0], "sell");
	ck_assert_int_eq(p->account.key_expiry_unit, UNIT_S);
	ck_assert_uint_eq(p->account.key_permissions.count, 3);
	profile_free(p);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("profile");
	TCase *own = tcase_create("repository"), *files = tcase_create("files");

	tcase_add_test(own, every_profile_of_the_repository_loads_under_its_file_s_name);
	tcase_add_test(own, a_profile_says_what_its_file_says);
	tcase_add_test(own, a_profile_knows_its_live_hosts_and_its_test_hosts);
	tcase_add_test(own, an_account_is_read_as_its_file_says);
	tcase_add_loop_test(own, a_symbol_gets_the_spelling_of_the_exchange, 0, LENGTH(symbols));
	tcase_add_checked_fixture(files, make_file, remove_file);
	tcase_add_loop_test(files, a_faulty_profile_is_refused_with_file_line_and_key, 0, LENGTH(edits));
	tcase_add_test(files, a_list_has_at_most_32_items);
	suite_add_tcase(suite, own);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
