/*
 * Texts for signing: buffers that are wiped, and encodings.
 *
 * realloc() may leave the old piece behind in freed memory, where nobody wipes it.  So each buffer is as
 * large as it may become from the start, and what does not fit fails: a text that is cut would be signed
 * wrongly.
 *
 * Encodings follow what the exchanges check: RFC 3986 with capital hex digits in URLs, small hex digits in
 * signatures, base64url without padding in JWTs (RFC 7515).
 */

#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "exchange/account/sign.h"

static const char *const of_query[] = { "{query}", "{?query}", "{rawquery}", "{?rawquery}", "{sortedquery}",
	"{?sortedquery}", "{sha512hex(rawquery)}" };

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

bool
account_sign_has_token(const char *text, const char *token)
{
	return strstr(text, token) != NULL;
}

bool
account_sign_is_of_query(const char *text)
{
	for (size_t i = 0; i < sizeof(of_query) / sizeof(*of_query); i++)
		if (account_sign_has_token(text, of_query[i]))
			return true;
	return false;
}

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

void
account_sign_encode(struct buffer *out, struct slice text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		const char escape[] = { '%', digits[c >> 4], digits[c & 15] };

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c != '\0' && strchr("-._~", c) != NULL))
			buffer_append(out, text.at + i, 1);
		else
			buffer_append(out, escape, sizeof(escape));
	}
}

/* Only the first '=' of a pair stands between name and value; one more belongs to the value. */
void
account_sign_encode_query(struct buffer *out, const char *query)
{
	while (*query != '\0') {
		size_t length = strcspn(query, "&"), name = strcspn(query, "=&");

		account_sign_encode(out, (struct slice){ query, name });
		if (name < length) {
			buffer_string(out, "=");
			account_sign_encode(out, (struct slice){ query + name + 1, length - name - 1 });
		}
		query += length;
		if (*query == '&') {
			buffer_string(out, "&");
			query++;
		}
	}
}

/* By name, and where names are equal by place: qsort() does not keep their order. */
static int
compare_pairs(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t i = 0;

	/* To the first difference within the names, or to the end of one of them. */
	for (; i < x->length && i < y->length && x->at[i] == y->at[i] && x->at[i] != '='; i++)
		;
	if ((i == x->length || x->at[i] == '=') && (i == y->length || y->at[i] == '='))
		return x->at < y->at ? -1 : 1;
	if (i == x->length || x->at[i] == '=')
		return -1;
	if (i == y->length || y->at[i] == '=')
		return 1;
	return (unsigned char)x->at[i] < (unsigned char)y->at[i] ? -1 : 1;
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
