#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "exchange/account/sign.h"
#include "tests/suite.h"

#define UUID "b2f1e3f8-2dc1-4d6f-a838-c74c49b0e39a"

static const char kraken_secret[] =
    "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
static const char binance_secret[] = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

static struct failure why;
static struct secrets secrets;

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

static struct account_key *
new_key(const struct profile *p, const char *secret)
{
	struct account_key *key = account_key_new(p, "testkey", secret, "testpass", &secrets, &why);

	ck_assert_msg(key != NULL, "%s", why.text);
	return key;
}

static struct account_call
call_of(const struct profile *p, const char *path, const char *query)
{
	return (struct account_call){ .base_url = p->base_url,
		.path = path,
		.query = query,
		.post = strncmp(path, "/0/private/", 11) == 0,
		.now_ms = 1700000000000,
		.nonce = 1700000000000,
		.uuid = UUID };
}

static void
sign(const struct profile *p, const char *secret, const struct account_call *call,
    struct account_signed *result)
{
	struct account_key *key = new_key(p, secret);

	ck_assert_msg(account_sign(p, key, call, result, &why) == 0, "%s", why.text);
	account_key_free(key);
}

static const struct vector {
	const char *profile, *path, *query, *sent; /* path, query: as it is in the URL, or the body */
	const char *headers[ACCOUNT_HEADERS + 1];
} vectors[] = {
	{ "bybit", "/v5/position/list", "category=linear&settleCoin=USDT", "category=linear&settleCoin=USDT",
	    { "X-BAPI-API-KEY: testkey", "X-BAPI-TIMESTAMP: 1700000000000", "X-BAPI-RECV-WINDOW: 5000",
		"X-BAPI-SIGN: a81f5536f55e5c748e179a26ff5bfa56e957740ec7c59616ff942a944a58a69d" } },
	{ "okx", "/api/v5/account/positions", "instType=SWAP", "instType=SWAP",
	    { "OK-ACCESS-KEY: testkey", "OK-ACCESS-SIGN: 6exLczc5fFvmSD1w+TwfMdT786L7xDOeiwFTkiNhJ/0=",
		"OK-ACCESS-TIMESTAMP: 2023-11-14T22:13:20.000Z", "OK-ACCESS-PASSPHRASE: testpass" } },
	{ "okx", "/api/v5/account/balance", "", "",
	    { "OK-ACCESS-KEY: testkey", "OK-ACCESS-SIGN: taWjVg15kI6f52wpbZlISVg+WDt9rdFiC9hdlglNOu4=",
		"OK-ACCESS-TIMESTAMP: 2023-11-14T22:13:20.000Z", "OK-ACCESS-PASSPHRASE: testpass" } },
	{ "kraken", "/0/private/OpenPositions", "", "nonce=1700000000000",
	    { "API-Key: testkey", "API-Sign: x1FhWKUbLZW5pg1eOZ9BMtgcf1Ccbl4coVLUEh/"
				  "u45Dgf0PAPvqwbg87NtccwYtdEHPz5DuT6iKj8VaV3jwoHg==" } },
	{ "gate", "/api/v4/futures/usdt/positions", "holding=true", "holding=true",
	    { "KEY: testkey", "Timestamp: 1700000000",
		"SIGN: 3eb7ec16757314a9243f6dfcf96aaf6d20ec34ad7d821b6b1836d7abf93543de0ea04439a60ebb32bb2ba"
		"bbb4cc9fb59b304e601a38c6e36f5ab0717be2bc8e0" } },
	{ "bitget", "/api/v2/mix/position/all-position", "productType=USDT-FUTURES&marginCoin=USDT",
	    "marginCoin=USDT&productType=USDT-FUTURES",
	    { "ACCESS-KEY: testkey", "ACCESS-SIGN: l3IQalrz0X0vqrcShN8N0vfQlxXSng1JtqrHma7FYiM=",
		"ACCESS-TIMESTAMP: 1700000000000", "ACCESS-PASSPHRASE: testpass" } },
};

START_TEST(a_profile_s_signature_is_the_published_or_recomputed_one)
{
	const struct vector *v = &vectors[_i];
	struct profile *p = load(v->profile);
	struct account_call call = call_of(p, v->path, v->query);
	struct account_signed sent;
	char url[256];

	sign(p, call.post ? kraken_secret : "testsecret", &call, &sent);
	(void)snprintf(url, sizeof(url), "%s%s%s%s", p->base_url, v->path,
	    call.post || *v->sent == '\0' ? "" : "?", call.post ? "" : v->sent);
	ck_assert_str_eq(sent.url, url);
	ck_assert_pstr_eq(sent.body, call.post ? v->sent : NULL);
	for (size_t i = 0; v->headers[i] != NULL || sent.headers[i] != NULL; i++)
		ck_assert_pstr_eq(sent.headers[i], v->headers[i]);
	account_signed_release(&sent);
	ck_assert_ptr_null(sent.url);
	profile_free(p);
}
END_TEST

/* The window stands before the time in Binance's own example. */
static const struct {
	const char *query, *encoded, *signature;
} official[] = {
	{ "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1",
	    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1",
	    "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71" },
	{ "symbol=\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93\xef\xbc\x94\xef\xbc\x95\xef\xbc\x96&side=BUY&"
	  "type=LIMIT&"
	  "timeInForce=GTC&quantity=1&price=0.1",
	    "symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&"
	    "timeInForce=GTC&quantity=1&price=0.1",
	    "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3" },
};

START_TEST(binance_s_official_examples_come_out)
{
	struct profile *p = load("binance");
	struct account_call call = call_of(p, "/api/v3/account", official[_i].query);
	struct account_signed sent;
	char url[512];

	p->auth.query =
	    (struct profile_list){ { "recvWindow={recv}", "timestamp={ts}", "signature={signature}" }, 3 };
	call.now_ms = 1499827319559;
	sign(p, binance_secret, &call, &sent);
	(void)snprintf(url, sizeof(url),
	    "https://api.binance.com/api/v3/account?%s&recvWindow=5000&timestamp=1499827319559&signature=%s",
	    official[_i].encoded, official[_i].signature);
	ck_assert_str_eq(sent.url, url);
	ck_assert_ptr_null(sent.body);
	ck_assert_str_eq(sent.headers[0], "X-MBX-APIKEY: testkey");
	account_signed_release(&sent);
	profile_free(p);
}
END_TEST

START_TEST(binance_signs_time_and_window)
{
	struct profile *p = load("binance");
	struct account_call call = call_of(p, "/api/v3/account", "timestamp=1700000000000&recvWindow=10000");
	struct account_signed sent;

	p->auth.query = (struct profile_list){ { "signature={signature}" }, 1 };
	sign(p, "testsecret", &call, &sent);
	ck_assert_str_eq(sent.url,
	    "https://api.binance.com/api/v3/account?timestamp=1700000000000&recvWindow=10000"
	    "&signature=8e4b66ac13b25a40ae878a403212a27fe7c52814c8a360208aaeef2525e77612");
	account_signed_release(&sent);
	profile_free(p);

	p = load("binance");
	call = call_of(p, "/api/v3/account", "");
	sign(p, "testsecret", &call, &sent);
	ck_assert_ptr_nonnull(
	    strstr(sent.url, "/api/v3/account?timestamp=1700000000000&recvWindow=5000&signature="));
	account_signed_release(&sent);
	profile_free(p);
}
END_TEST

/* Nothing here can send it: the scheme alone. */
START_TEST(kraken_s_published_example_comes_out_of_the_scheme)
{
	struct profile *p = load("kraken");
	struct account_key *key = new_key(p, kraken_secret);
	struct account_call call = call_of(p, "/0/private/AddOrder", "");
	struct signing s = { 0 };

	call.nonce = UINT64_C(1616492376594);
	ck_assert_int_eq(account_sign_begin(&s, p, key, &call, &why), 0);
	s.text[TOKEN_BODY] =
	    strdup("nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25");
	ck_assert_int_eq(account_sign_prehash(&s, &why), 0);
	ck_assert_str_eq(s.text[TOKEN_SIGNATURE],
	    "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==");
	account_sign_end(&s);
	account_key_free(key);
	profile_free(p);
}
END_TEST

#define HS256_HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
#define HS512_HEADER "eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9."
#define CLAIMS                                                                                               \
	"eyJhY2Nlc3Nfa2V5IjoidGVzdGtleSIsIm5vbmNlIjoiYjJmMWUzZjgtMmRjMS00ZDZmLWE4MzgtYzc0YzQ5YjBlMzlhIn0."
#define CLAIMS_HASH                                                                                          \
	"eyJhY2Nlc3Nfa2V5IjoidGVzdGtleSIsIm5vbmNlIjoiYjJmMWUzZjgtMmRjMS00ZDZmLWE4MzgtYzc0YzQ5YjBlMzlhIiwicX" \
	"VlcnlfaGFzaCI6ImI3NDlkZmMyZTE3Zjc1ZTViNDZjODE2MWY5N2ZlN2M5Mjk4ZWQ0MTY3ZWEyMWM1Yzk0ZDE2NTczZWZkOGE4" \
	"MDEzNTE0NzBjMGZmMWE5YTNmMWU3NjNmODI0OTk2ODIxOGMwNGM1NzFjOGI0NWFhODBjZDQ1ODhlNmM0YmUwNzM4IiwicXVlcn" \
	"lfaGFzaF9hbGciOiJTSEE1MTIifQ."

static const struct {
	const char *algorithm, *query, *token;
} upbit[] = {
	{ "HS256", "", HS256_HEADER CLAIMS "7enVCRVoMlc9HDmtQqw6guwPiDuE4YPKj3lGGPSOB48" },
	{ "HS512", "",
	    HS512_HEADER CLAIMS
	    "5brxw7SkqufmUd393TgxxscXK2Q2G-8U-FQaeZs-hWNeAIg0dIVT1YtPGRxZKdHm6HR0-4Kp7hAAK81HnhNI9Q" },
	{ "HS256", "market=KRW-BTC", HS256_HEADER CLAIMS_HASH "cJsT5-wLlVfXxw5DcEcvRsI9hPJMLI6HZEuBBiJckfM" },
	{ "HS512", "market=KRW-BTC",
	    HS512_HEADER CLAIMS_HASH
	    "MblDeJ1z5Rx78A24P3AGoII8UQKo9biS8NRUJpb2zJGoilvfzVpcd4x0NNLil5LNIV40C2-KBVj8pSzgTGI1FA" },
};

START_TEST(upbit_s_tokens_are_as_two_others_made_them)
{
	struct profile *p = load("upbit");
	struct account_call call = call_of(p, "/v1/accounts", upbit[_i].query);
	struct account_signed sent;

	p->auth.algorithm = upbit[_i].algorithm;
	sign(p, "testsecret", &call, &sent);
	ck_assert_int_eq(strncmp(sent.headers[0], "Authorization: Bearer ", 22), 0);
	ck_assert_str_eq(sent.headers[0] + 22, upbit[_i].token);
	ck_assert_ptr_null(sent.headers[1]);
	account_signed_release(&sent);
	profile_free(p);
}
END_TEST

/* "header", 0; "claims", 1; "signature", 2: of the token in the first header, decoded.  Its length. */
static size_t
decode_part(const struct account_signed *sent, int part, unsigned char out[1024])
{
	const char *at = strrchr(sent->headers[0], ' ') + 1;
	char text[1024];
	size_t length, rest;

	while (part-- > 0)
		at += strcspn(at, ".") + 1;
	length = strcspn(at, ".");
	ck_assert_uint_lt(length, sizeof(text) - 4);
	for (size_t i = 0; i < length; i++)
		text[i] = (char)(at[i] == '-' ? '+' : at[i] == '_' ? '/' : at[i]);
	rest = (4 - length % 4) % 4;
	memset(text + length, '=', rest);
	ck_assert_int_ge(EVP_DecodeBlock(out, (unsigned char *)text, (int)(length + rest)), 0);
	length = (length + rest) / 4 * 3 - rest;
	out[length] = '\0';
	return length;
}

START_TEST(bithumb_s_token_holds_the_time_as_a_number)
{
	struct profile *p = load("bithumb");
	struct account_call call = call_of(p, "/v1/accounts", "");
	unsigned char claims[1024];
	struct account_signed sent;

	sign(p, "testsecret", &call, &sent);
	(void)decode_part(&sent, 1, claims);
	ck_assert_str_eq((char *)claims,
	    "{\"access_key\":\"testkey\",\"nonce\":\"" UUID "\",\"timestamp\":1700000000000}");
	ck_assert_str_eq(strrchr(sent.headers[0], '.') + 1, "fypzy4S3oiQLU9Vup9U5wWG0PLAfwYXzLaoOaqYSO5A");
	account_signed_release(&sent);
	profile_free(p);
}
END_TEST

static void
hash_hex(const char *text, char hex[129])
{
	unsigned char digest[64];

	ck_assert_int_eq(EVP_Digest(text, strlen(text), digest, NULL, EVP_sha512(), NULL), 1);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

START_TEST(the_query_is_sent_encoded_and_hashed_as_it_was)
{
	struct profile *p = load("upbit");
	struct account_call call =
	    call_of(p, "/v1/status/wallet", "states[]=a b&states[]=c+d/e&to=2024-01-01T00:00:00+09:00=");
	struct account_signed sent;
	unsigned char claims[1024];
	char hex[129];

	sign(p, "testsecret", &call, &sent);
	ck_assert_str_eq(sent.url, "https://api.upbit.com/v1/status/wallet?states%5B%5D=a%20b&states%5B%5D="
				   "c%2Bd%2Fe&to=2024-01-01T00%3A00%3A00%2B09%3A00%3D");
	hash_hex(call.query, hex);
	(void)decode_part(&sent, 1, claims);
	ck_assert_msg(strstr((char *)claims, hex) != NULL, "%s in %s", hex, claims);
	account_signed_release(&sent);
	profile_free(p);
}
END_TEST

START_TEST(sorting_goes_by_name_and_keeps_the_order_of_equal_names)
{
	struct buffer out;
	char *text;

	account_text(&out);
	account_sign_sort_query(&out, "b=1&a[]=z&ab=2&a=3&a[]=y&A=0&aa");
	text = account_text_string(&out);
	ck_assert_str_eq(text, "A=0&a=3&a[]=z&a[]=y&aa&ab=2&b=1");
	free(text);
}
END_TEST

START_TEST(a_prefix_of_the_base_url_is_sent_and_not_signed)
{
	struct profile *p = load("okx");
	struct account_call call = call_of(p, "/api/v5/account/balance", "");
	struct account_signed sent;

	call.base_url = "http://127.0.0.1:1234/okx";
	sign(p, "testsecret", &call, &sent);
	ck_assert_str_eq(sent.url, "http://127.0.0.1:1234/okx/api/v5/account/balance");
	ck_assert_str_eq(sent.headers[1], "OK-ACCESS-SIGN: taWjVg15kI6f52wpbZlISVg+WDt9rdFiC9hdlglNOu4=");
	account_signed_release(&sent);
	profile_free(p);
}
END_TEST

/* Private keys. */

static const struct {
	const char *seed, *public, *message, *signature;
} rfc8032[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
	    "d25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
	    "387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
	    "4a7c15e9716ed28dc027beceea1ec40a" },
};

static size_t
unhex(const char *hex, unsigned char *out)
{
	size_t length = strlen(hex) / 2;
	unsigned byte;

	for (size_t i = 0; i < length; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (unsigned char)byte;
	}
	return length;
}

/* As PEM; `password` NULL: without. */
static void
write_pem(EVP_PKEY *private, const char *password, char pem[4096])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int length;

	ck_assert_int_eq(
	    PEM_write_bio_PKCS8PrivateKey(bio, private, password != NULL ? EVP_aes_256_cbc() : NULL, password,
		password != NULL ? (int)strlen(password) : 0, NULL, NULL),
	    1);
	length = BIO_read(bio, pem, 4095);
	ck_assert_int_gt(length, 0);
	pem[length] = '\0';
	(void)BIO_free(bio);
}

static EVP_PKEY *
ed25519_of(const char *seed)
{
	unsigned char bytes[64];

	ck_assert_uint_eq(unhex(seed, bytes), 32);
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, 32);
}

START_TEST(ed25519_signs_as_rfc_8032_says)
{
	struct profile *p = load("binance");
	EVP_PKEY *private = ed25519_of(rfc8032[_i].seed);
	unsigned char message[64], wanted[64], made[ACCOUNT_SIGNATURE];
	struct slice text = { (char *)message, unhex(rfc8032[_i].message, message) };
	struct account_key *key;
	char pem[4096];
	size_t length;

	write_pem(private, NULL, pem);
	key = new_key(p, pem);
	ck_assert_int_eq(account_key_sign(key, "sha256", text, made, &length, &why), 0);
	ck_assert_uint_eq(length, unhex(rfc8032[_i].signature, wanted));
	ck_assert_mem_eq(made, wanted, length);
	account_key_free(key);
	EVP_PKEY_free(private);
	profile_free(p);
}
END_TEST

static bool
verifies(
    EVP_PKEY *public, const char *text, size_t text_length, const unsigned char *signature, size_t length)
{
	bool ed25519 = EVP_PKEY_get_base_id(public) == EVP_PKEY_ED25519;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good;

	ck_assert_int_eq(EVP_DigestVerifyInit(context, NULL, ed25519 ? NULL : EVP_sha256(), NULL, public), 1);
	good = EVP_DigestVerify(context, signature, length, (const unsigned char *)text, text_length) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

/* Of `length` characters in base64. */
static void
check_signs_for_binance(EVP_PKEY *private, size_t base64_length, size_t signature_length)
{
	struct profile *p = load("binance");
	struct account_call call = call_of(p, "/api/v3/account", "omitZeroBalances=true");
	struct account_signed sent;
	unsigned char signature[1024];
	char pem[4096], base64[1024] = "";
	const char *query, *at;
	size_t length = 0;

	write_pem(private, NULL, pem);
	sign(p, pem, &call, &sent);
	query = strchr(sent.url, '?') + 1;
	at = strstr(query, "&signature=");
	ck_assert_ptr_nonnull(at);
	for (const char *c = at + 11; *c != '\0' && length < 1000; c++) {
		ck_assert_msg(strchr("+/=", *c) == NULL, "not encoded: %s", at);
		base64[length++] = (char)(*c != '%'                   ? *c
					  : strncmp(c, "%2B", 3) == 0 ? '+'
					  : strncmp(c, "%2F", 3) == 0 ? '/'
								      : '=');
		c += *c == '%' ? 2 : 0;
	}
	ck_assert_uint_eq(length, base64_length);
	ck_assert_int_ge(
	    EVP_DecodeBlock(signature, (unsigned char *)base64, (int)length), (int)signature_length);
	ck_assert(verifies(private, query, (size_t)(at - query), signature, signature_length));
	ck_assert(!verifies(private, query, (size_t)(at - query) - 1, signature, signature_length));
	account_signed_release(&sent);
	EVP_PKEY_free(private);
	profile_free(p);
}

START_TEST(binance_takes_a_private_key_whose_signature_is_base64_in_the_query)
{
	check_signs_for_binance(ed25519_of(rfc8032[0].seed), 88, 64);
	/* RSASSA-PKCS1-v1_5 with SHA-256: what EVP_DigestVerify() of an RSA key demands. */
	check_signs_for_binance(EVP_RSA_gen(2048), 344, 256);
}
END_TEST

/* r || s as DER, for OpenSSL to verify. */
static size_t
pack(const unsigned char *raw, unsigned char der[128])
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *at = der;
	int length;

	ck_assert_int_eq(ECDSA_SIG_set0(pair, BN_bin2bn(raw, 32, NULL), BN_bin2bn(raw + 32, 32, NULL)), 1);
	length = i2d_ECDSA_SIG(pair, &at);
	ECDSA_SIG_free(pair);
	return (size_t)length;
}

#define COINBASE_KEY "organizations/a\"b\\c/apiKeys/1"

static void
check_coinbase(const char *secret, EVP_PKEY *public, const char *algorithm)
{
	struct profile *p = load("coinbase");
	struct account_call call = call_of(p, "/api/v3/brokerage/accounts", "limit=250");
	struct account_key *key = account_key_new(p, COINBASE_KEY, secret, NULL, &secrets, &why);
	unsigned char part[1024], der[128];
	const char *token;
	struct account_signed sent;
	json_t *json;
	size_t length;

	ck_assert_msg(key != NULL, "%s", why.text);
	ck_assert_msg(account_sign(p, key, &call, &sent, &why) == 0, "%s", why.text);
	(void)decode_part(&sent, 0, part);
	json = json_loads((char *)part, 0, NULL);
	ck_assert_msg(json != NULL, "%s", part);
	ck_assert_str_eq(json_string_value(json_object_get(json, "alg")), algorithm);
	ck_assert_str_eq(json_string_value(json_object_get(json, "kid")), COINBASE_KEY);
	ck_assert_str_eq(json_string_value(json_object_get(json, "nonce")), UUID);
	json_decref(json);
	(void)decode_part(&sent, 1, part);
	ck_assert_str_eq((char *)part,
	    "{\"iss\":\"cdp\",\"sub\":\"organizations/a\\\"b\\\\c/apiKeys/1\",\"nbf\":1700000000,"
	    "\"exp\":1700000120,\"uri\":\"GET api.coinbase.com/api/v3/brokerage/accounts\"}");
	length = decode_part(&sent, 2, part);
	ck_assert_uint_eq(length, 64);
	token = sent.headers[0] + strlen("Authorization: Bearer ");
	if (strcmp(algorithm, "ES256") == 0)
		length = pack(part, der);
	else
		memcpy(der, part, length);
	ck_assert(verifies(public, token, (size_t)(strrchr(token, '.') - token), der, length));
	ck_assert(!verifies(public, token, (size_t)(strrchr(token, '.') - token) - 1, der, length));
	account_signed_release(&sent);
	account_key_free(key);
	profile_free(p);
}

/* One r in 256 begins with a zero, and so does one s: both stay 32 bytes long. */
START_TEST(signatures_of_p_256_always_have_64_bytes)
{
	struct profile *p = load("coinbase");
	EVP_PKEY *private = EVP_EC_gen("P-256");
	unsigned char made[ACCOUNT_SIGNATURE], der[128];
	struct account_key *key;
	int leading_zeros = 0;
	char pem[4096];
	size_t length;

	write_pem(private, NULL, pem);
	key = new_key(p, pem);
	for (int i = 0; i < 20000 && (i < 1000 || leading_zeros < 4); i++) {
		ck_assert_int_eq(account_key_sign(key, "sha256", SLICE("text"), made, &length, &why), 0);
		ck_assert_uint_eq(length, 64);
		leading_zeros += (made[0] == 0) + (made[32] == 0);
		if (i < 100 || made[0] == 0 || made[32] == 0) {
			length = pack(made, der);
			ck_assert(verifies(private, "text", 4, der, length));
		}
	}
	ck_assert_int_ge(leading_zeros, 4);
	account_key_free(key);
	EVP_PKEY_free(private);
	profile_free(p);
}
END_TEST

/* As in the JSON that Coinbase hands out: on one line. */
static void
fold(const char *pem, char folded[8192])
{
	size_t length = 0;

	for (const char *c = pem; *c != '\0'; c++) {
		(void)snprintf(folded + length, 8192 - length, *c == '\n' ? "\\n" : "%c", *c);
		length += strlen(folded + length);
	}
}

START_TEST(coinbase_takes_keys_of_p_256)
{
	EVP_PKEY *private = EVP_EC_gen("P-256");
	char pem[4096], folded[8192] = "";

	write_pem(private, NULL, pem);
	check_coinbase(pem, private, "ES256");
	fold(pem, folded);
	check_coinbase(folded, private, "ES256");
	EVP_PKEY_free(private);
}
END_TEST

START_TEST(coinbase_takes_ed25519_keys_as_pem_and_as_it_hands_them_out)
{
	EVP_PKEY *private = ed25519_of(rfc8032[1].seed);
	unsigned char both[64];
	char text[4096];

	write_pem(private, NULL, text);
	check_coinbase(text, private, "EdDSA");
	(void)unhex(rfc8032[1].seed, both);
	(void)unhex(rfc8032[1].public, both + 32);
	(void)EVP_EncodeBlock((unsigned char *)text, both, 64);
	check_coinbase(text, private, "EdDSA");
	(void)EVP_EncodeBlock((unsigned char *)text, both, 32);
	check_coinbase(text, private, "EdDSA");
	EVP_PKEY_free(private);
}
END_TEST

/* What is refused. */

#define SECRET "zYxWvUtSrQpOnMlKjIhG"

static const struct {
	const char *profile, *key, *secret, *passphrase, *told;
} refused[] = {
	{ "okx", "testkey", SECRET, NULL, "passphrase is missing" },
	{ "okx", "testkey", SECRET, "", "passphrase is missing" },
	{ "bitget", "testkey", SECRET, NULL, "passphrase is missing" },
	{ "okx", "testkey", SECRET, "a\r\nX: y", "passphrase is too long or has a control character" },
	{ "binance", "", SECRET, NULL, "the API key is empty" },
	{ "binance", "test key", SECRET, NULL, "has a blank" },
	{ "binance", "test\r\nX: y", SECRET, NULL, "has a blank" },
	{ "binance", "testkey", "", NULL, "the secret is empty" },
	{ "binance", "testkey", SECRET "\n" SECRET, NULL, "line break" },
	{ "kraken", "testkey", "zYxWvUtSrQpOnMlKjIhG!", NULL, "not base64" },
	{ "kraken", "testkey", "zYxWvUtSrQpOnMlKjI", NULL, "not base64" },
	{ "kraken", "testkey", "zYxW=vUtSrQpOnMlKjI=", NULL, "not base64" },
	{ "kraken", "testkey", "zYxWvUtSrQpOn===", NULL, "not base64" },
	{ "kraken", "testkey", "zYxWvUtS rQpOnMl", NULL, "not base64" },
	{ "coinbase", "testkey", SECRET, NULL, "neither PEM nor" },
	{ "coinbase", "testkey", "-----BEGIN PRIVATE KEY-----\n" SECRET "\n-----END PRIVATE KEY-----\n", NULL,
	    "damaged" },
	{ "coinbase", "testkey", "-----BEGIN " SECRET, NULL, "damaged" },
	{ "binance", "testkey", "-----BEGIN PRIVATE KEY-----\n" SECRET "\n", NULL, "damaged" },
};

/* No piece of eight characters of it. */
static void
check_holds_nothing(const char *text, const char *secret)
{
	char piece[9] = "";

	for (size_t i = 0; i + 8 <= strlen(secret); i++) {
		memcpy(piece, secret + i, 8);
		ck_assert_msg(strpbrk(piece, "- \n") != NULL || strstr(text, piece) == NULL, "'%s' is in: %s",
		    piece, text);
	}
}

START_TEST(what_is_no_key_is_refused_without_repeating_it)
{
	struct profile *p = load(refused[_i].profile);
	struct account_key *key;

	why = (struct failure){ 0 };
	key = account_key_new(p, refused[_i].key, refused[_i].secret, refused[_i].passphrase, &secrets, &why);
	ck_assert_ptr_null(key);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, refused[_i].told) != NULL, "%s", why.text);
	ck_assert_msg(strncmp(why.text, p->name, strlen(p->name)) == 0, "%s", why.text);
	check_holds_nothing(why.text, refused[_i].secret);
	profile_free(p);
}
END_TEST

static void
check_kind_refused(const char *exchange, EVP_PKEY *private, const char *password, const char *told)
{
	struct profile *p = load(exchange);
	char pem[4096];

	write_pem(private, password, pem);
	why = (struct failure){ 0 };
	ck_assert_ptr_null(account_key_new(p, "testkey", pem, "testpass", &secrets, &why));
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, told) != NULL, "%s: %s", exchange, why.text);
	check_holds_nothing(why.text, pem);
	profile_free(p);
	EVP_PKEY_free(private);
}

START_TEST(a_private_key_of_the_wrong_kind_is_refused)
{
	static const char *const wanting_texts[] = { "upbit", "bithumb", "bybit", "okx", "gate", "bitget",
		"kraken" };

	check_kind_refused("binance", EVP_EC_gen("P-256"), NULL, "wrong kind");
	check_kind_refused("binance", EVP_RSA_gen(1024), NULL, "2048 to 4096");
	check_kind_refused("coinbase", EVP_RSA_gen(2048), NULL, "wrong kind");
	check_kind_refused("coinbase", EVP_EC_gen("P-384"), NULL, "wrong kind");
	check_kind_refused("coinbase", EVP_EC_gen("secp256k1"), NULL, "wrong kind");
	check_kind_refused("coinbase", EVP_EC_gen("P-256"), "hunter2hunter2", "has a password");
	for (size_t i = 0; i < sizeof(wanting_texts) / sizeof(*wanting_texts); i++)
		check_kind_refused(
		    wanting_texts[i], ed25519_of(rfc8032[0].seed), NULL, "is a private key (PEM)");
}
END_TEST

START_TEST(a_public_half_that_is_not_the_key_s_is_refused)
{
	struct profile *p = load("coinbase");
	unsigned char both[64];
	char text[128];

	(void)unhex(rfc8032[1].seed, both);
	(void)unhex(rfc8032[2].public, both + 32);
	(void)EVP_EncodeBlock((unsigned char *)text, both, 64);
	ck_assert_ptr_null(account_key_new(p, "testkey", text, NULL, &secrets, &why));
	check_holds_nothing(why.text, text);
	profile_free(p);
}
END_TEST

START_TEST(everything_of_a_key_is_masked_afterwards)
{
	struct profile *p = load("okx");
	EVP_PKEY *private = EVP_EC_gen("P-256");
	char text[256], pem[4096], folded[8192] = "", *line;

	account_key_free(new_key(p, SECRET));
	(void)snprintf(text, sizeof(text), "peer says: testkey " SECRET " testpass");
	secrets_mask(&secrets, text);
	ck_assert_str_eq(text, "peer says: *** *** ***");
	profile_free(p);

	p = load("coinbase");
	write_pem(private, NULL, pem);
	/* In either form: its lines are what a peer could repeat. */
	if (_i == 1)
		fold(pem, folded);
	account_key_free(new_key(p, _i == 1 ? folded : pem));
	line = strchr(pem, '\n') + 1;
	line[strcspn(line, "\n")] = '\0';
	(void)snprintf(text, sizeof(text), "it is '%s'", line);
	secrets_mask(&secrets, text);
	ck_assert_str_eq(text, "it is '***'");
	EVP_PKEY_free(private);
	profile_free(p);
}
END_TEST

/* Signed or not, nothing but a GET comes out, or a POST that is known to read. */
static void
check_refused(const char *exchange, const char *path, bool post, const char *told)
{
	struct profile *p = load(exchange);
	struct account_key *key = new_key(p, strcmp(exchange, "kraken") == 0 ? kraken_secret : SECRET);
	struct account_call call = call_of(p, path, "a=1");
	struct account_signed sent;

	call.post = post;
	why = (struct failure){ 0 };
	ck_assert_int_eq(account_sign(p, key, &call, &sent, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_msg(strstr(why.text, told) != NULL, "%s", why.text);
	ck_assert_ptr_null(sent.url);
	ck_assert_ptr_null(sent.body);
	ck_assert_ptr_null(sent.headers[0]);
	account_signed_release(&sent);
	account_key_free(key);
	profile_free(p);
}

START_TEST(nothing_is_posted_but_what_is_known_to_read)
{
	static const char *const writes[] = { "/0/private/AddOrder", "/0/private/AddOrderBatch",
		"/0/private/CancelOrder", "/0/private/CancelAll", "/0/private/CancelAllOrdersAfter",
		"/0/private/EditOrder", "/0/private/AmendOrder", "/0/private/Withdraw",
		"/0/private/WalletTransfer", "/0/private/Balance/../AddOrder", "/0/private/BalanceEx ",
		"/0/private/balance", "/0/private/", "/0/private/GetWebSocketsToken" };

	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++)
		check_refused("kraken", writes[i], true,
		    strpbrk(writes[i], " .") != NULL ? "is not a path"
						     : "not one of the calls that only read");
	check_refused("binance", "/api/v3/order", true, "not one of the calls that only read");
	check_refused("binance", "/api/v3/account", true, "not one of the calls that only read");
	check_refused("bybit", "/v5/order/create", true, "not one of the calls that only read");
	check_refused("okx", "/api/v5/trade/order", true, "not one of the calls that only read");
	check_refused("kraken", "/0/private/Balance", false, "method: POST");
	check_refused("binance", "/api/v3/account?a=b", false, "is not a path");
	check_refused("binance", "/api/v3/account#", false, "is not a path");
	check_refused("binance", "/api/v3/account/../order", false, "is not a path");
	check_refused("binance", "@evil.example/", false, "is not a path");
	check_refused("binance", "/api/v3/account HTTP/1.1\r\nX: y", false, "is not a path");
}
END_TEST

START_TEST(every_profile_of_the_repository_signs_gets_without_a_body)
{
	glob_t found;

	ck_assert_int_eq(glob("exchanges/*.yaml", 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, 10);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct profile *p = profile_load(found.gl_pathv[i], &why);
		struct account_signed sent;
		struct account_call call;
		EVP_PKEY *private = ed25519_of(rfc8032[0].seed);
		char pem[4096];
		bool kraken, coinbase;

		ck_assert_msg(p != NULL, "%s", why.text);
		kraken = strcmp(p->name, "kraken") == 0;
		coinbase = strcmp(p->name, "coinbase") == 0;
		write_pem(private, NULL, pem);
		call = call_of(p, kraken ? "/0/private/Balance" : "/v1/read", "");
		sign(p, kraken ? kraken_secret : coinbase ? pem : SECRET, &call, &sent);
		ck_assert_msg((sent.body != NULL) == kraken, "%s", p->name);
		ck_assert_ptr_nonnull(sent.headers[0]);
		ck_assert_ptr_null(strpbrk(sent.url, " \r\n{}"));
		for (size_t h = 0; sent.headers[h] != NULL; h++) {
			ck_assert_ptr_null(strpbrk(sent.headers[h], "\r\n{}"));
			check_holds_nothing(sent.headers[h], SECRET);
		}
		check_holds_nothing(sent.url, SECRET);
		account_signed_release(&sent);
		EVP_PKEY_free(private);
		profile_free(p);
	}
	globfree(&found);
}
END_TEST

START_TEST(what_does_not_fit_is_refused_and_not_cut)
{
	struct profile *p = load("binance");
	struct account_key *key = new_key(p, SECRET);
	struct account_call call = call_of(p, "/api/v3/account", "");
	struct account_signed sent;
	char query[ACCOUNT_TEXT + 16];

	memset(query, '[', sizeof(query) - 1);
	query[sizeof(query) - 1] = '\0';
	call.query = query;
	ck_assert_int_eq(account_sign(p, key, &call, &sent, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "longer than"));
	account_signed_release(&sent);
	query[ACCOUNT_TEXT / 2] = '\0'; /* three times as long when encoded */
	ck_assert_int_eq(account_sign(p, key, &call, &sent, &why), -1);
	account_signed_release(&sent);
	query[ACCOUNT_TEXT / 4] = '\0';
	ck_assert_int_eq(account_sign(p, key, &call, &sent, &why), 0);
	account_signed_release(&sent);
	account_key_free(key);
	profile_free(p);
}
END_TEST

START_TEST(a_clock_that_is_not_set_signs_nothing)
{
	struct profile *p = load("okx");
	struct account_key *key = new_key(p, SECRET);
	struct account_call call = call_of(p, "/api/v5/account/balance", "");
	struct account_signed sent;

	call.now_ms = -1;
	ck_assert_int_eq(account_sign(p, key, &call, &sent, &why), -1);
	account_signed_release(&sent);
	call.now_ms = INT64_MAX / 2;
	ck_assert_int_eq(account_sign(p, key, &call, &sent, &why), -1);
	account_signed_release(&sent);
	account_key_free(key);
	profile_free(p);
}
END_TEST

START_TEST(a_profile_that_does_not_sign_has_no_keys)
{
	struct profile *p = load("binance");

	p->auth.scheme = "none";
	ck_assert_ptr_null(account_key_new(p, "testkey", SECRET, NULL, &secrets, &why));
	ck_assert_ptr_nonnull(strstr(why.text, "does not say how calls are signed"));
	profile_free(p);
}
END_TEST

START_TEST(nonces_grow_and_are_of_the_clock)
{
	struct profile *p = load("kraken");
	struct account_key *key = new_key(p, kraken_secret);
	uint64_t last = 0;
	time_t before = time(NULL);

	for (int i = 0; i < 10000; i++) {
		uint64_t nonce = account_key_nonce(key);

		ck_assert_uint_gt(nonce, last);
		last = nonce;
	}
	ck_assert_uint_ge(last / 1000000, (uint64_t)before);
	ck_assert_uint_le(last / 1000000, (uint64_t)time(NULL) + 1);
	key->nonce = last + UINT64_C(3600000000); /* as after the clock was set back by an hour */
	ck_assert_uint_eq(account_key_nonce(key), last + UINT64_C(3600000001));
	ck_assert_str_eq(account_key_name(key), "testkey");
	account_key_free(key);
	account_key_free(NULL);
	profile_free(p);
}
END_TEST

static void
add_vectors(Suite *s)
{
	TCase *t = tcase_create("vectors");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_profile_s_signature_is_the_published_or_recomputed_one, 0, LENGTH(vectors));
	tcase_add_loop_test(t, binance_s_official_examples_come_out, 0, LENGTH(official));
	tcase_add_test(t, binance_signs_time_and_window);
	tcase_add_test(t, kraken_s_published_example_comes_out_of_the_scheme);
	tcase_add_loop_test(t, upbit_s_tokens_are_as_two_others_made_them, 0, LENGTH(upbit));
	tcase_add_test(t, bithumb_s_token_holds_the_time_as_a_number);
	tcase_add_test(t, the_query_is_sent_encoded_and_hashed_as_it_was);
	tcase_add_test(t, sorting_goes_by_name_and_keeps_the_order_of_equal_names);
	tcase_add_test(t, a_prefix_of_the_base_url_is_sent_and_not_signed);
	tcase_add_loop_test(t, ed25519_signs_as_rfc_8032_says, 0, LENGTH(rfc8032));
	tcase_add_test(t, binance_takes_a_private_key_whose_signature_is_base64_in_the_query);
	tcase_add_test(t, signatures_of_p_256_always_have_64_bytes);
	tcase_add_test(t, coinbase_takes_keys_of_p_256);
	tcase_add_test(t, coinbase_takes_ed25519_keys_as_pem_and_as_it_hands_them_out);
	suite_add_tcase(s, t);
}

static void
add_refusals(Suite *s)
{
	TCase *t = tcase_create("refusals");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_no_key_is_refused_without_repeating_it, 0, LENGTH(refused));
	tcase_add_test(t, a_private_key_of_the_wrong_kind_is_refused);
	tcase_add_test(t, a_public_half_that_is_not_the_key_s_is_refused);
	tcase_add_loop_test(t, everything_of_a_key_is_masked_afterwards, 0, 2);
	tcase_add_test(t, nothing_is_posted_but_what_is_known_to_read);
	tcase_add_test(t, every_profile_of_the_repository_signs_gets_without_a_body);
	tcase_add_test(t, what_does_not_fit_is_refused_and_not_cut);
	tcase_add_test(t, a_clock_that_is_not_set_signs_nothing);
	tcase_add_test(t, a_profile_that_does_not_sign_has_no_keys);
	tcase_add_test(t, nonces_grow_and_are_of_the_clock);
	suite_add_tcase(s, t);
}

int
main(void)
{
	Suite *s = suite_create("account_key");
	int status;

	add_vectors(s);
	add_refusals(s);
	status = run_suite(s);
	secrets_release(&secrets);
	return status;
}
