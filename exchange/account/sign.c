/*
 * Signs one call as the profile says.
 *
 * The order of steps is given by what depends on what: the query in all its forms, then the signature over
 * the prehash (or the JWT), then what carries the signature: query or body, headers, URL.  Exchanges differ
 * in which form of the query is signed: Binance and Bybit the encoded one, Gate the one that is not
 * encoded, Bitget that with its names sorted, Upbit the hash of the decoded one.  Kraken signs a hash of
 * nonce and body.
 *
 * What is sent must be what was signed, character by character: check_call() refuses paths that could
 * change on the way.  It also refuses each POST that is not known to read.  {path} is the path of the call
 * without that of the base URL, so that a stand-in at http://127.0.0.1:8080/binance gets the signatures of
 * the real exchange.
 *
 * The JSON of a JSON Web Token (RFC 7519; Upbit, Bithumb and Coinbase) is written here and not by jansson, so
 * that its claims have the order of the profile (the vectors that the tests compare with depend on it) and
 * all of its copies can be wiped.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "common/net/url.h"
#include "common/system/time.h"
#include "exchange/account/sign.h"

static bool
in_prehash(const struct profile *profile, const char *token)
{
	return profile->auth.prehash != NULL && strstr(profile->auth.prehash, token) != NULL;
}

/* Kraken: the nonce is what the body begins with. */
static bool
nonce_in_body(const struct profile *profile)
{
	return in_prehash(profile, "{sha256bin(nonce+body)}");
}

/* Parameters that hold the signature cannot be a part of what is signed. */
static bool
after_signing(const char *template)
{
	return strstr(template, "{signature}") != NULL || strstr(template, "{token}") != NULL;
}

static int
write_time(char out[ACCOUNT_TIME], const char *unit, int64_t ms, struct failure *why)
{
	const int64_t latest_ms = INT64_C(4102444800000); /* 2100 */

	if (ms < 0 || ms > latest_ms)
		return failure_set(
		    why, FAILURE_LOCAL, "the clock of this machine is not set: nothing can be signed");
	if (strcmp(unit, "iso8601") == 0)
		(void)time_text((double)ms / 1e3, out);
	else
		(void)snprintf(out, ACCOUNT_TIME, "%" PRId64, strcmp(unit, "s") == 0 ? ms / 1000 : ms);
	return 0;
}

/*
 * Refuses a path that something on the way might change: escapes may be decoded and "/./" left out, and
 * then the path that arrives is not the one that was signed.  And a POST that is not known to read.
 */
static int
check_call(const struct profile *profile, const struct account_call *call, struct failure *why)
{
	if (strcmp(profile->auth.scheme, "none") == 0)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: its profile does not say how calls are signed", profile->name);
	if (call->path[0] != '/' || strpbrk(call->path, "?#&%{} \t\r\n\"\\") != NULL ||
	    strstr(call->path, "/.") != NULL)
		return failure_set(why, FAILURE_LOCAL, "%s: '%s' is not a path", profile->name, call->path);
	if (call->post && !profile_is_posted_read(SLICE(call->path)))
		return failure_set(why, FAILURE_LOCAL, "%s: POST %s is not one of the calls that only read",
		    profile->name, call->path);
	/* Signing would work, and the exchange would look for the nonce in vain. */
	if (!call->post && nonce_in_body(profile))
		return failure_set(why, FAILURE_LOCAL,
		    "%s: a GET has no body to hold a nonce: say method: POST", profile->name);
	return 0;
}

int
account_sign_begin(struct signing *s, const struct profile *profile, const struct account_key *key,
    const struct account_call *call, struct failure *why)
{
	const char *unit = profile->auth.timestamp;
	const int64_t later_ms = 120000;
	char now[ACCOUNT_TIME], later[ACCOUNT_TIME], nonce[24], recv[16];
	struct url url;

	*s = (struct signing){ .profile = profile, .key = key, .post = call->post };
	(void)snprintf(nonce, sizeof(nonce), "%" PRIu64, call->nonce);
	(void)snprintf(recv, sizeof(recv), "%d", ACCOUNT_RECV_MS);
	if (write_time(now, unit, call->now_ms, why) != 0 ||
	    write_time(later, unit, call->now_ms + later_ms, why) != 0 ||
	    url_parse(&url, call->base_url, why) != 0)
		return -1;
	s->text[TOKEN_TS] = strdup(now);
	s->text[TOKEN_TS_LATER] = strdup(later);
	s->text[TOKEN_KEY] = strdup(key->name);
	s->text[TOKEN_PASS] = strdup(key->passphrase != NULL ? key->passphrase : "");
	s->text[TOKEN_RECV] = strdup(recv);
	s->text[TOKEN_NONCE] = strdup(nonce);
	s->text[TOKEN_UUID] = strdup(call->uuid != NULL ? call->uuid : "");
	s->text[TOKEN_HOST] = strdup(url.host);
	s->text[TOKEN_METHOD] = strdup(call->post ? "POST" : "GET");
	s->text[TOKEN_PATH] = strdup(call->path);
	url_release(&url);
	for (enum profile_token token = TOKEN_TS; token <= TOKEN_PATH; token++)
		if (s->text[token] == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

/* All of it is wiped, not only the signature: queries and bodies carry it too. */
void
account_sign_end(struct signing *s)
{
	for (size_t i = 0; i < TOKENS; i++)
		secret_free(s->text[i]);
	*s = (struct signing){ 0 };
}

static int
too_long(const struct profile *profile, struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL,
	    "%s: what is to be signed is longer than 8 KiB, or memory ran out", profile->name);
}

static void
append_separator(struct buffer *query)
{
	if (query->length > 0)
		buffer_string(query, "&");
}

/*
 * The whole query, not encoded, without what holds the signature.  The order of its parts is the order in
 * which they are sent.
 */
static void
append_raw(struct buffer *raw, const struct signing *s, const char *query)
{
	const struct profile_list *more = &s->profile->auth.query;

	if (nonce_in_body(s->profile)) {
		buffer_string(raw, "nonce=");
		buffer_string(raw, s->text[TOKEN_NONCE]);
	}
	if (*query != '\0') {
		append_separator(raw);
		buffer_string(raw, query);
	}
	for (size_t i = 0; i < more->count; i++)
		if (!after_signing(more->items[i])) {
			append_separator(raw);
			account_sign_template(raw, s, more->items[i]);
		}
}

/*
 * All forms of the query.  Where the sorted one is signed it is sent sorted too.  A POST has its query in
 * the body, and tokens of the query are empty then.
 */
static int
make_queries(struct signing *s, const char *query, struct failure *why)
{
	enum profile_token as_sent =
	    in_prehash(s->profile, "sortedquery}") ? TOKEN_SORTED_QUERY : TOKEN_RAW_QUERY;
	char **sent = &s->text[s->post ? TOKEN_BODY : TOKEN_QUERY], **raw = &s->text[TOKEN_RAW_QUERY];
	struct buffer text;

	account_text(&text);
	append_raw(&text, s, query);
	if ((*raw = account_text_string(&text)) == NULL ||
	    (s->text[TOKEN_SORTED_QUERY] = account_query(account_sign_sort_query, *raw)) == NULL ||
	    (*sent = account_query(account_sign_encode_query, s->text[as_sent])) == NULL)
		return too_long(s->profile, why);
	if (s->post) {
		secret_free(s->text[TOKEN_RAW_QUERY]);
		secret_free(s->text[TOKEN_SORTED_QUERY]);
		s->text[TOKEN_RAW_QUERY] = s->text[TOKEN_SORTED_QUERY] = NULL;
	}
	return 0;
}

int
account_sign_prehash(struct signing *s, struct failure *why)
{
	const struct profile_auth *auth = &s->profile->auth;
	/* Binance: a secret gives hex, a private key in its place gives base64. */
	bool base64 = strcmp(auth->encoding, "base64") == 0 ||
		      (s->key->private != NULL && strcmp(auth->secret_encoding, "pem") != 0);
	unsigned char signature[ACCOUNT_SIGNATURE];
	struct buffer text;
	size_t length = 0;
	int result;

	account_text(&text);
	account_sign_template(&text, s, auth->prehash);
	result = text.failed ? too_long(s->profile, why)
			     : account_key_sign(
				   s->key, auth->algorithm, buffer_slice(&text), signature, &length, why);
	account_text_release(&text);
	if (result != 0)
		return -1;
	account_text(&text);
	if (base64)
		account_sign_base64(&text, signature, length);
	else
		account_sign_hex(&text, signature, length);
	s->text[TOKEN_SIGNATURE] = account_text_string(&text);
	return s->text[TOKEN_SIGNATURE] != NULL ? 0 : too_long(s->profile, why);
}

/* "name=template" with the signature in it, behind `sent` (a query or a body). */
static int
append_signature(struct signing *s, char **sent, struct failure *why)
{
	const struct profile_list *more = &s->profile->auth.query;
	struct buffer text, value;
	char *made;

	account_text(&text);
	buffer_string(&text, *sent);
	for (size_t i = 0; i < more->count; i++) {
		if (!after_signing(more->items[i]))
			continue;
		account_text(&value);
		account_sign_template(&value, s, more->items[i]);
		/* account_sign_encode_query() needs a string; base64 has characters that must be encoded. */
		buffer_append(&value, "", 1);
		append_separator(&text);
		if (value.failed)
			text.failed = true;
		else
			account_sign_encode_query(&text, value.text);
		account_text_release(&value);
	}
	made = account_text_string(&text);
	if (made == NULL)
		return too_long(s->profile, why);
	secret_free(*sent);
	*sent = made;
	return 0;
}

static int
make_headers(const struct signing *s, struct account_signed *result, struct failure *why)
{
	const struct profile_list *headers = &s->profile->auth.headers;
	struct buffer text;

	if (headers->count > ACCOUNT_HEADERS)
		return failure_set(why, FAILURE_LOCAL, "%s: more than %d headers in auth.headers",
		    s->profile->name, (int)ACCOUNT_HEADERS);
	for (size_t i = 0; i < headers->count; i++) {
		account_text(&text);
		account_sign_template(&text, s, headers->items[i]);
		result->headers[i] = account_text_string(&text);
		if (result->headers[i] == NULL)
			return too_long(s->profile, why);
	}
	return 0;
}

/* Tokens ------------------------------------------------------------- */

/* Of a claim "name=template". */
static struct slice
name_of(const char *claim)
{
	return (struct slice){ claim, strcspn(claim, "=") };
}

static const char *
template_of(const char *claim)
{
	claim += strcspn(claim, "=");
	return *claim == '=' ? claim + 1 : claim;
}

/* A JSON string.  A key comes from the user: a quote in it must not end the string. */
static void
append_string(struct buffer *out, struct slice text)
{
	buffer_string(out, "\"");
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c < ' ') {
			buffer_format(out, "\\u%04x", c);
			continue;
		}
		buffer_string(out, c == '"' || c == '\\' ? "\\" : "");
		buffer_append(out, text.at + i, 1);
	}
	buffer_string(out, "\"");
}

/*
 * Coinbase: "kid" says which key signed, and "nonce" makes each header another one.  It hands out keys of
 * both kinds, so that the key decides the algorithm and not the profile.
 */
static void
append_header(struct buffer *out, const struct signing *s)
{
	const char *algorithm = s->profile->auth.algorithm;

	if (s->key->private != NULL)
		algorithm = EVP_PKEY_get_base_id(s->key->private) == EVP_PKEY_ED25519 ? "EdDSA" : "ES256";
	buffer_format(out, "{\"alg\":\"%s\",\"typ\":\"JWT\"", algorithm);
	if (s->key->private != NULL) {
		buffer_string(out, ",\"kid\":");
		append_string(out, SLICE(s->key->name));
		buffer_format(out, ",\"nonce\":\"%s\"", s->text[TOKEN_UUID]);
	}
	buffer_string(out, "}");
}

/* A claim that is nothing but a time is a number: RFC 7519 demands that of "nbf" and "exp". */
static bool
is_number(const struct signing *s, const char *template)
{
	return strcmp(s->profile->auth.timestamp, "iso8601") != 0 &&
	       (strcmp(template, "{ts}") == 0 || strcmp(template, "{ts+120}") == 0);
}

static bool
is_of_query(const char *template)
{
	return strstr(template, "query}") != NULL || strstr(template, "query)") != NULL;
}

static void
append_claim(struct buffer *out, const struct signing *s, const char *claim)
{
	const char *template = template_of(claim);
	struct buffer value;

	account_text(&value);
	account_sign_template(&value, s, template);
	append_string(out, name_of(claim));
	buffer_string(out, ":");
	if (value.failed)
		out->failed = true;
	else if (is_number(s, template))
		buffer_append(out, value.text, value.length);
	else
		append_string(out, buffer_slice(&value));
	account_text_release(&value);
}

/*
 * A claim about a query that is not there is left out (Upbit and Bithumb want none), and so are those
 * behind it that tell more of it: "query_hash", and then "query_hash_alg", whose name begins with the
 * first one's.
 */
static void
append_claims(struct buffer *out, const struct signing *s)
{
	const struct profile_list *claims = &s->profile->auth.claims;
	const char *raw = s->text[TOKEN_RAW_QUERY], *before = "{";
	struct slice left_out = { NULL, 0 };

	for (size_t i = 0; i < claims->count; i++) {
		const char *claim = claims->items[i];

		if ((raw == NULL || *raw == '\0') && is_of_query(template_of(claim)))
			left_out = name_of(claim);
		if (left_out.at != NULL && strncmp(claim, left_out.at, left_out.length) == 0 &&
		    strchr("=_", claim[left_out.length]) != NULL)
			continue;
		buffer_string(out, before);
		append_claim(out, s, claim);
		before = ",";
	}
	/* Without any claim there is no '{' yet. */
	buffer_string(out, *before == '{' ? "{}" : "}");
}

/* Appends the JSON that `write` writes. */
static void
append_part(
    struct buffer *token, const struct signing *s, void (*write)(struct buffer *out, const struct signing *s))
{
	struct buffer json;

	account_text(&json);
	write(&json, s);
	if (json.failed)
		token->failed = true;
	else
		account_sign_base64url(token, (const unsigned char *)json.text, json.length);
	account_text_release(&json);
}

static int
sign_jwt(struct signing *s, struct failure *why)
{
	const char *hash = strcmp(s->profile->auth.algorithm, "HS512") == 0 ? "sha512" : "sha256";
	unsigned char signature[ACCOUNT_SIGNATURE];
	struct buffer token;
	size_t length = 0;

	account_text(&token);
	append_part(&token, s, append_header);
	/* What is signed is header and claims with the dot between them (RFC 7515). */
	buffer_string(&token, ".");
	append_part(&token, s, append_claims);
	if (!token.failed &&
	    account_key_sign(s->key, hash, buffer_slice(&token), signature, &length, why) != 0) {
		account_text_release(&token);
		return -1;
	}
	buffer_string(&token, ".");
	account_sign_base64url(&token, signature, length);
	s->text[TOKEN_TOKEN] = account_text_string(&token);
	return s->text[TOKEN_TOKEN] != NULL ? 0 : too_long(s->profile, why);
}

/* Calls -------------------------------------------------------------- */

static int
sign(struct signing *s, const struct account_call *call, struct account_signed *result, struct failure *why)
{
	bool jwt = strcmp(s->profile->auth.scheme, "jwt") == 0;

	if (make_queries(s, call->query, why) != 0 ||
	    (jwt ? sign_jwt(s, why) : account_sign_prehash(s, why)) != 0 ||
	    append_signature(s, &s->text[s->post ? TOKEN_BODY : TOKEN_QUERY], why) != 0 ||
	    make_headers(s, result, why) != 0)
		return -1;
	/* Of a POST everything is in the body. */
	result->url = account_url(call->base_url, call->path, s->post ? "" : s->text[TOKEN_QUERY]);
	if (result->url == NULL)
		return too_long(s->profile, why);
	/* The caller owns it from here on, and account_sign_end() must not free it. */
	result->body = s->text[TOKEN_BODY];
	s->text[TOKEN_BODY] = NULL;
	return 0;
}

int
account_sign(const struct profile *profile, const struct account_key *key, const struct account_call *call,
    struct account_signed *result, struct failure *why)
{
	struct signing s = { 0 };
	int outcome;

	*result = (struct account_signed){ 0 };
	if (check_call(profile, call, why) != 0)
		return -1;
	outcome = account_sign_begin(&s, profile, key, call, why);
	if (outcome == 0)
		outcome = sign(&s, call, result, why);
	account_sign_end(&s);
	return outcome;
}

void
account_signed_release(struct account_signed *result)
{
	secret_free(result->url);
	secret_free(result->body);
	for (size_t i = 0; i < ACCOUNT_HEADERS; i++)
		secret_free(result->headers[i]);
	*result = (struct account_signed){ 0 };
}
