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
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/config/secrets.h"
#include "common/net/url.h"
#include "exchange/account/sign.h"

/*
 * What is read with a POST; nothing else is ever sent so, whatever a profile says.
 * exchange/profile/account.c checks the same list when the profile is loaded.
 */
static const char *const posted_reads[] = { "/0/private/Balance", "/0/private/BalanceEx",
	"/0/private/OpenPositions", "/0/private/TradeBalance", "/0/private/GetApiKeyInfo" };

static bool
is_posted_read(const char *path)
{
	for (size_t i = 0; i < sizeof(posted_reads) / sizeof(*posted_reads); i++)
		if (strcmp(path, posted_reads[i]) == 0)
			return true;
	return false;
}

static bool
in_prehash(const struct profile *profile, const char *token)
{
	return profile->auth.prehash != NULL && account_sign_has_token(profile->auth.prehash, token);
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
	return account_sign_has_token(template, "{signature}") || account_sign_has_token(template, "{token}");
}

static int
write_time(char out[ACCOUNT_TIME], const char *unit, int64_t ms, struct failure *why)
{
	const int64_t latest_ms = INT64_C(4102444800000); /* 2100 */
	time_t seconds = ms / 1000;
	struct tm parts;
	char day[ACCOUNT_TIME - 8];

	if (ms < 0 || ms > latest_ms)
		return failure_set(
		    why, FAILURE_LOCAL, "the clock of this machine is not set: nothing can be signed");
	if (strcmp(unit, "iso8601") == 0) {
		(void)gmtime_r(&seconds, &parts);
		(void)strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts);
		(void)snprintf(out, ACCOUNT_TIME, "%s.%03dZ", day, (int)(ms % 1000));
	} else {
		(void)snprintf(out, ACCOUNT_TIME, "%" PRId64, strcmp(unit, "s") == 0 ? (int64_t)seconds : ms);
	}
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
		return failure_set(why, FAILURE_LOCAL, "%s: '%s' is no path", profile->name, call->path);
	if (call->post && !is_posted_read(call->path))
		return failure_set(why, FAILURE_LOCAL, "%s: POST %s is none of the calls that only read",
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
	struct url url;

	*s = (struct signing){
		.profile = profile, .key = key, .path = call->path, .post = call->post, .uuid = call->uuid
	};
	(void)snprintf(s->nonce, sizeof(s->nonce), "%" PRIu64, call->nonce);
	(void)snprintf(s->recv, sizeof(s->recv), "%d", ACCOUNT_RECV_MS);
	if (write_time(s->ts, unit, call->now_ms, why) != 0 ||
	    write_time(s->ts_later, unit, call->now_ms + later_ms, why) != 0 ||
	    url_parse(&url, call->base_url, why) != 0)
		return -1;
	s->host = strdup(url.host);
	url_release(&url);
	return s->host != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* All of it is wiped, not only the signature: queries and bodies carry it too. */
void
account_sign_end(struct signing *s)
{
	free(s->host);
	secret_free(s->query);
	secret_free(s->raw);
	secret_free(s->sorted);
	secret_free(s->body);
	secret_free(s->signature);
	secret_free(s->token);
	explicit_bzero(s, sizeof(*s));
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
		buffer_string(raw, s->nonce);
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
	bool sorted = in_prehash(s->profile, "sortedquery}");
	struct buffer text;

	account_text(&text);
	append_raw(&text, s, query);
	if ((s->raw = account_text_string(&text)) == NULL)
		return too_long(s->profile, why);
	account_text(&text);
	account_sign_sort_query(&text, s->raw);
	if ((s->sorted = account_text_string(&text)) == NULL)
		return too_long(s->profile, why);
	account_text(&text);
	account_sign_encode_query(&text, sorted ? s->sorted : s->raw);
	if ((s->query = account_text_string(&text)) == NULL)
		return too_long(s->profile, why);
	if (!s->post)
		return 0;
	s->body = s->query;
	secret_free(s->raw);
	secret_free(s->sorted);
	s->query = s->raw = s->sorted = NULL;
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
	s->signature = account_text_string(&text);
	return s->signature != NULL ? 0 : too_long(s->profile, why);
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

static int
sign(struct signing *s, const struct account_call *call, struct account_signed *result, struct failure *why)
{
	bool jwt = strcmp(s->profile->auth.scheme, "jwt") == 0;

	if (make_queries(s, call->query, why) != 0 ||
	    (jwt ? account_sign_jwt(s, why) : account_sign_prehash(s, why)) != 0 ||
	    append_signature(s, s->post ? &s->body : &s->query, why) != 0 ||
	    make_headers(s, result, why) != 0)
		return -1;
	/* Of a POST everything is in the body. */
	result->url = account_url(call->base_url, call->path, s->post ? "" : s->query);
	if (result->url == NULL)
		return too_long(s->profile, why);
	/* The caller owns it from here on, and account_sign_end() must not free it. */
	result->body = s->body;
	s->body = NULL;
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
