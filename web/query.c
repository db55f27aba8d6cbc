/*
 * Reading a query, or a form, which is written in the same way: one "name=value" after the other,
 * without memory of its own.  libmicrohttpd could do it, too, but fails where its fixed memory ends,
 * which request.c explains.  What is too long is cut, never overrun; the caller decides what an odd
 * value means.
 */

#include <string.h>

#include "web/server.h"

static int
digit_of(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c != '\0' ? strchr(digits, c) : NULL;

	return found != NULL ? (int)((found - digits) % 16) : -1;
}

/*
 * Up to the end of the piece, or what there is room for.  A '%' without two digits stays as it is, and
 * so does a NUL, which would look like the end of the text.  '+' is a blank in forms (HTML's
 * application/x-www-form-urlencoded), and queries of browsers are made in that way, too.
 */
static void
decode(const char *text, size_t length, char *out, size_t room)
{
	size_t n = 0;

	for (size_t i = 0; i < length && n + 1 < room; i++) {
		int high = text[i] == '%' && length - i > 2 ? digit_of(text[i + 1]) : -1;
		int low = high >= 0 ? digit_of(text[i + 2]) : -1;

		if (low >= 0 && high * 16 + low != 0) {
			out[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[n++] = (char)(text[i] == '+' ? ' ' : text[i]);
		}
	}
	out[n] = '\0';
}

/* A name without '=' has the value "". */
bool
web_query_next(const char **query, struct web_parameter *parameter)
{
	const char *text = *query + strspn(*query, "&");
	size_t length = strcspn(text, "&"), name = strcspn(text, "&=");

	*query = text + length;
	if (length == 0)
		return false;
	decode(text, name, parameter->name, sizeof(parameter->name));
	name += name < length;
	decode(text + name, length - name, parameter->value, sizeof(parameter->value));
	return true;
}
