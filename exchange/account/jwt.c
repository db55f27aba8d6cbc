/*
 * JSON Web Tokens (RFC 7519) for Upbit, Bithumb and Coinbase: header and claims as base64url, signed.
 *
 * The JSON is written here and not by jansson, so that its claims have the order of the profile (the
 * vectors that the tests compare with depend on it) and all of its copies can be wiped.
 */

#include <stdbool.h>
#include <string.h>

#include "common/config/secrets.h"
#include "exchange/account/sign.h"

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

static void
append_member(struct buffer *out, const char *name, const char *text)
{
	append_string(out, SLICE(name));
	buffer_string(out, ":");
	append_string(out, SLICE(text));
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
	buffer_string(out, "{");
	append_member(out, "alg", algorithm);
	buffer_string(out, ",");
	append_member(out, "typ", "JWT");
	if (s->key->private != NULL) {
		buffer_string(out, ",");
		append_member(out, "kid", s->key->name);
		buffer_string(out, ",");
		append_member(out, "nonce", s->uuid != NULL ? s->uuid : "");
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

/*
 * A claim about a query that is not there is left out (Upbit and Bithumb want none), and so is one that
 * tells more of it: "query_hash", and then "query_hash_alg", whose name begins with the first one's.
 */
static bool
is_left_out(const struct signing *s, const char *claim)
{
	const struct profile_list *claims = &s->profile->auth.claims;
	struct slice name = name_of(claim);

	if (s->raw != NULL && *s->raw != '\0')
		return false;
	for (size_t i = 0; i < claims->count; i++) {
		struct slice other = name_of(claims->items[i]);

		if (!account_sign_is_of_query(template_of(claims->items[i])))
			continue;
		if (slice_equal(name, other) || (name.length > other.length && name.at[other.length] == '_' &&
						    strncmp(name.at, other.at, other.length) == 0))
			return true;
	}
	return false;
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

static void
append_claims(struct buffer *out, const struct signing *s)
{
	const struct profile_list *claims = &s->profile->auth.claims;
	bool first = true;

	buffer_string(out, "{");
	for (size_t i = 0; i < claims->count; i++) {
		if (is_left_out(s, claims->items[i]))
			continue;
		buffer_string(out, first ? "" : ",");
		append_claim(out, s, claims->items[i]);
		first = false;
	}
	buffer_string(out, "}");
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

int
account_sign_jwt(struct signing *s, struct failure *why)
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
	s->token = account_text_string(&token);
	return s->token != NULL
		   ? 0
		   : failure_set(why, FAILURE_LOCAL, "%s: the token is longer than 8 KiB, or memory ran out",
			 s->profile->name);
}
