/*
 * vsnprintf() cuts without a sign, and anywhere.  A secret that is cut in two would not be found by
 * secrets_mask() any more.  So the cut shows, and it is made between two words: a secret is there as
 * a whole, or not at all.  Texts in which a peer may repeat a secret are masked before they are cut,
 * where the secret is known; this is for all the others.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/text/text.h"

void
text_vformat(char *text, size_t size, const char *format, va_list args)
{
	static const char more[] = "...";
	int length = vsnprintf(text, size, format, args);
	size_t end = size - sizeof(more);

	if (length < 0 || (size_t)length < size)
		return;
	while (end > 0 && text[end - 1] != ' ')
		end--;
	memcpy(text + end, more, sizeof(more));
}

void
text_format(char *text, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vformat(text, size, format, args);
	va_end(args);
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

int
text_escaped_byte(const char *text)
{
	int high = *text == '%' ? hex_digit(text[1]) : -1;
	int low = high >= 0 ? hex_digit(text[2]) : -1;

	return low < 0 ? -1 : high * 16 + low;
}

int
text_write(int fd, struct slice text)
{
	while (text.length > 0) {
		ssize_t written = write(fd, text.at, text.length);

		if (written < 0 && errno != EINTR)
			return -1;
		if (written > 0)
			text = (struct slice){ text.at + written, text.length - (size_t)written };
	}
	return 0;
}

int
text_boolean(const char *text)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	for (int i = 0; i < (int)(sizeof(words) / sizeof(words[0])); i++)
		if (strcasecmp(text, words[i]) == 0)
			return i % 2;
	return -1;
}
