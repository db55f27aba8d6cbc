/*
 * Texts for signing: buffers that are wiped, encodings, and the templates of a profile.
 *
 * realloc() may leave the old piece behind in freed memory, where nobody wipes it.  So each buffer is as
 * large as it may become from the start, and what does not fit fails: a text that is cut would be signed
 * wrongly.
 *
 * Encodings follow what the exchanges check: RFC 3986 with capital hex digits in URLs, small hex digits in
 * signatures, base64url without padding in JWTs (RFC 7515).
 *
 * The tokens of a template are a closed set and no language: each exchange's rule so far is text around
 * these values.  "{?query}" has its own '?', because OKX signs path and query with the '?' between them only
 * if there is a query.
 */

#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "exchange/account/sign.h"

/* Texts -------------------------------------------------------------- */

void
account_text(struct buffer *b)
{
	buffer_init(b, ACCOUNT_TEXT);
	(void)buffer_reserve(b, ACCOUNT_TEXT);
}

void
account_text_release(struct buffer *b)
{
	if (b->text != NULL)
		explicit_bzero(b->text, b->length);
	buffer_release(b);
}

char *
account_text_string(struct buffer *b)
{
	char *text = b->failed || b->text == NULL ? NULL : strndup(b->text, b->length);

	account_text_release(b);
	return text;
}

/* Encodings ---------------------------------------------------------- */

void
account_sign_hex(struct buffer *out, const unsigned char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		const char pair[] = { digits[bytes[i] >> 4], digits[bytes[i] & 15] };

		buffer_append(out, pair, sizeof(pair));
	}
}

void
account_sign_base64(struct buffer *out, const unsigned char *bytes, size_t length)
{
	/* EVP_EncodeBlock() writes a NUL behind its text. */
	char *room = buffer_reserve(out, (length + 2) / 3 * 4 + 1);

	if (room != NULL)
		out->length += (size_t)EVP_EncodeBlock((unsigned char *)room, bytes, (int)length);
}

void
account_sign_base64url(struct buffer *out, const unsigned char *bytes, size_t length)
{
	size_t from = out->length;

	account_sign_base64(out, bytes, length);
	for (size_t i = from; i < out->length; i++)
		if (out->text[i] == '+' || out->text[i] == '/')
			out->text[i] = out->text[i] == '+' ? '-' : '_';
	while (out->length > from && out->text[out->length - 1] == '=')
		out->length--;
}

/* Only the first '=' of a pair stands between name and value; one more belongs to the value. */
void
account_sign_encode_query(struct buffer *out, const char *query)
{
	while (*query != '\0') {
		size_t length = strcspn(query, "&"), name = strcspn(query, "=&");

		profile_encode(out, (struct slice){ query, name });
		if (name < length) {
			buffer_string(out, "=");
			profile_encode(out, (struct slice){ query + name + 1, length - name - 1 });
		}
		query += length;
		if (*query == '&') {
			buffer_string(out, "&");
			query++;
		}
	}
}

static struct slice
name_of(const struct slice *pair)
{
	const char *equals = memchr(pair->at, '=', pair->length);

	return equals == NULL ? *pair : (struct slice){ pair->at, (size_t)(equals - pair->at) };
}

/* By name, and where names are equal by place: qsort() does not keep their order. */
static int
compare_pairs(const void *a, const void *b)
{
	struct slice x = name_of(a), y = name_of(b);
	int order = memcmp(x.at, y.at, x.length < y.length ? x.length : y.length);

	if (order == 0)
		order = (x.length > y.length) - (x.length < y.length);
	return order != 0 ? order : (x.at > y.at) - (x.at < y.at);
}

void
account_sign_sort_query(struct buffer *out, const char *query)
{
	enum { PAIRS = 64 };
	struct slice pairs[PAIRS] = { { NULL, 0 } };
	size_t count = 0;

	while (*query != '\0' && count < PAIRS) {
		pairs[count] = (struct slice){ query, strcspn(query, "&") };
		query += pairs[count].length;
		query += *query == '&';
		count++;
	}
	/* More pairs than there is room for: half of them must not be signed. */
	if (*query != '\0')
		out->failed = true;
	qsort(pairs, count, sizeof(*pairs), compare_pairs);
	for (size_t i = 0; i < count; i++) {
		buffer_string(out, i > 0 ? "&" : "");
		buffer_append(out, pairs[i].at, pairs[i].length);
	}
}

char *
account_query(void (*append)(struct buffer *out, const char *query), const char *query)
{
	struct buffer text;

	account_text(&text);
	append(&text, query);
	return account_text_string(&text);
}

char *
account_url(const char *base_url, const char *path, const char *query)
{
	struct buffer url;

	account_text(&url);
	buffer_string(&url, base_url);
	buffer_string(&url, path);
	if (*query != '\0')
		buffer_string(&url, "?");
	buffer_string(&url, query);
	return account_text_string(&url);
}

/* Templates ---------------------------------------------------------- */

bool
account_sign_uses(const struct profile_auth *auth, const char *token)
{
	const struct profile_list *const lists[] = { &auth->headers, &auth->query, &auth->claims };

	for (size_t l = 0; l < sizeof(lists) / sizeof(*lists); l++)
		for (size_t i = 0; i < lists[l]->count; i++)
			if (strstr(lists[l]->items[i], token) != NULL)
				return true;
	return auth->prehash != NULL && strstr(auth->prehash, token) != NULL;
}

/* As bytes a digest may hold NULs, so that templates are buffers and no strings. */
static void
append_digest(struct buffer *out, const EVP_MD *kind, const char *text, bool hex)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;

	if (EVP_Digest(text, strlen(text), digest, &length, kind, NULL) != 1)
		out->failed = true;
	else if (hex)
		account_sign_hex(out, digest, length);
	else
		buffer_append(out, (const char *)digest, length);
}

/* Kraken signs a hash of nonce and body. */
static void
append_nonce_digest(struct buffer *out, const char *nonce, const char *body)
{
	struct buffer text;

	account_text(&text);
	buffer_string(&text, nonce);
	buffer_string(&text, body);
	buffer_append(&text, "", 1);
	if (text.failed)
		out->failed = true;
	else
		append_digest(out, EVP_sha256(), text.text, false);
	account_text_release(&text);
}

/* A token that has no value stands for "". */
static const char *
text_of(const struct signing *s, enum profile_token token)
{
	return s->text[token] != NULL ? s->text[token] : "";
}

/* The profile was checked when it was loaded.  If a token is unknown all the same, nothing is signed. */
static void
append_token(struct buffer *out, const struct signing *s, struct slice name)
{
	enum profile_token token = profile_token(name);

	switch (token) {
	case TOKEN_SHA512_BODY: append_digest(out, EVP_sha512(), text_of(s, TOKEN_BODY), true); break;
	case TOKEN_SHA512_RAW: append_digest(out, EVP_sha512(), text_of(s, TOKEN_RAW_QUERY), true); break;
	case TOKEN_SHA256_NONCE_BODY:
		append_nonce_digest(out, text_of(s, TOKEN_NONCE), text_of(s, TOKEN_BODY));
		break;
	case TOKENS: out->failed = true; break;
	default:
		if (*name.at == '?' && *text_of(s, token) != '\0')
			buffer_string(out, "?");
		buffer_string(out, text_of(s, token));
	}
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
