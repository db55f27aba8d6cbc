/*
 * Small things that both readers of markup need.  The limits of Telegram count UTF-16 units, so a
 * character outside of the basic plane (most emoji) counts twice.
 */

#include <ctype.h>
#include <strings.h>

#include "demo/paper_chat/markup.h"

/* Bytes that go on with a character (10xxxxxx) count nothing, so half a character may be counted as
 * well. */
size_t
markup_units(struct slice text)
{
	size_t units = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];

		units += (c & 0xC0) != 0x80 ? 1 + (size_t)(c >= 0xF0) : 0;
	}
	return units;
}

/* What Telegram makes a link of; it drops others without an error.  A host without a dot, such as
 * "localhost", makes no link, which is a surprise in tests. */
bool
markup_is_link(const char *url)
{
	static const char *const schemes[] = { "http://", "https://", "tg://", "ton://", NULL };
	size_t host;

	for (size_t i = 0; schemes[i] != NULL; i++)
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0) {
			url += strlen(schemes[i]);
			if (i >= 2)
				return *url != '\0';
			break;
		}
	host = strcspn(url, "/?#");
	return host > 0 && strcspn(url, " \t\r\n") >= host &&
	       (memchr(url, '.', host) != NULL || (*url == '[' && memchr(url, ']', host) != NULL));
}

void
markup_quote(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		switch (text.at[i]) {
		case '<': buffer_string(out, "&lt;"); break;
		case '>': buffer_string(out, "&gt;"); break;
		case '&': buffer_string(out, "&amp;"); break;
		case '"': buffer_string(out, "&quot;"); break;
		case '\'': buffer_string(out, "&#39;"); break;
		default: buffer_append(out, text.at + i, 1);
		}
}

/* UTF-8 of a number.  A surrogate becomes three bytes that are not valid UTF-8, and markup_parse()
 * refuses the whole text for it, as Telegram does. */
static size_t
encode(unsigned long c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* These four names are all that Telegram knows; a semicolon behind may be missing.  0: it is not a
 * reference, and the '&' is text. */
size_t
markup_reference(const char *text, const char **next, char out[4])
{
	static const struct {
		const char *name;
		char c;
	} named[] = { { "lt", '<' }, { "gt", '>' }, { "amp", '&' }, { "quot", '"' } };
	const char *end = text + 1;
	unsigned long c = 0;

	if (*end == '#') {
		bool hex = end[1] == 'x';

		end += hex ? 2 : 1;
		for (; hex ? isxdigit((unsigned char)*end) : isdigit((unsigned char)*end); end++)
			/* Past the last character it stops to grow, so that no number of digits can
			 * overflow. */
			c = c < 0x110000 ? c * (hex ? 16UL : 10UL) +
					       (unsigned long)(isdigit((unsigned char)*end)
								   ? *end - '0'
								   : tolower((unsigned char)*end) - 'a' + 10)
					 : c;
		if (c >= 0x10FFFF || end - text >= 10)
			return 0;
	} else {
		while (isalpha((unsigned char)*end))
			end++;
		for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
			if (slice_equal(
				(struct slice){ text + 1, (size_t)(end - text - 1) }, SLICE(named[i].name)))
				c = (unsigned char)named[i].c;
	}
	if (c == 0)
		return 0;
	*next = *end == ';' ? end + 1 : end;
	return encode(c, out);
}
