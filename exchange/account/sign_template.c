/*
 * Fills in the templates of a profile: what is signed, and what is sent.
 *
 * The tokens are a closed set and no language: each exchange's rule so far is text around these values.
 * The odd ones (Kraken's hash of nonce and body) are tokens of their own.  exchange/profile/value.c has the
 * same list.
 *
 * "{?query}" has its own '?', because OKX signs path and query with the '?' between them only if there is a
 * query.
 */

#include <string.h>

#include "exchange/account/sign.h"

enum { DIGEST = 64, TOKENS = 16 };

/* As bytes a digest may hold NULs, so that templates are buffers and no strings. */
static void
append_digest(struct buffer *out, const EVP_MD *kind, const char *text, bool hex)
{
	unsigned char digest[DIGEST];
	unsigned length = 0;

	if (EVP_Digest(text, strlen(text), digest, &length, kind, NULL) != 1)
		out->failed = true;
	else if (hex)
		account_sign_hex(out, digest, length);
	else
		buffer_append(out, (const char *)digest, length);
}

static const char *
or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* Appends what the token stands for; false: it is no plain text. */
static bool
append_text(struct buffer *out, const struct signing *s, struct slice name)
{
	const struct {
		const char *name, *text;
	} known[TOKENS] = { { "ts", s->ts }, { "ts+120", s->ts_later }, { "key", s->key->name },
		{ "pass", s->key->passphrase }, { "recv", s->recv }, { "nonce", s->nonce },
		{ "uuid", s->uuid }, { "host", s->host }, { "METHOD", s->post ? "POST" : "GET" },
		{ "path", s->path }, { "query", s->query }, { "rawquery", s->raw },
		{ "sortedquery", s->sorted }, { "body", s->body }, { "signature", s->signature },
		{ "token", s->token } };
	bool question = name.length > 0 && name.at[0] == '?';

	/* All three forms of the query may have the '?' before them. */
	name.at += question;
	name.length -= question;
	for (size_t i = 0; i < TOKENS; i++)
		if (slice_is(name, known[i].name)) {
			const char *text = or_empty(known[i].text);

			buffer_string(out, question && *text != '\0' ? "?" : "");
			buffer_string(out, text);
			return true;
		}
	return false;
}

static void
append_nonce_digest(struct buffer *out, const struct signing *s)
{
	struct buffer text;

	account_text(&text);
	buffer_string(&text, s->nonce);
	buffer_string(&text, or_empty(s->body));
	buffer_append(&text, "", 1);
	if (text.failed)
		out->failed = true;
	else
		append_digest(out, EVP_sha256(), text.text, false);
	account_text_release(&text);
}

/* The profile was checked when it was loaded.  If a token is unknown all the same, nothing is signed. */
static void
append_token(struct buffer *out, const struct signing *s, struct slice name)
{
	if (append_text(out, s, name))
		return;
	if (slice_is(name, "sha512hex(body)"))
		append_digest(out, EVP_sha512(), or_empty(s->body), true);
	else if (slice_is(name, "sha512hex(rawquery)"))
		append_digest(out, EVP_sha512(), or_empty(s->raw), true);
	else if (slice_is(name, "sha256bin(nonce+body)"))
		append_nonce_digest(out, s);
	else
		out->failed = true;
}

void
account_sign_template(struct buffer *out, const struct signing *s, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "{"), token;

		buffer_append(out, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		token = strcspn(text, "}");
		append_token(out, s, (struct slice){ text + 1, token - 1 });
		text += token + (text[token] == '}');
	}
}
