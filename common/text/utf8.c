/*
 * The ranges are those of table 3-7 in the Unicode standard: where the second
 * byte is restricted (after E0, ED, F0 and F4), the restriction alone excludes
 * overlong forms, surrogates and what is past U+10FFFF, so nothing needs to be
 * decoded.  It must agree with Go's unicode/utf8 exactly, because
 * node_exporter judges the same bytes: it rejects a whole file for one bad
 * label value.
 */

#include "common/text/utf8.h"

static bool
is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

size_t
utf8_character(const char *text, size_t length)
{
	const unsigned char *b = (const unsigned char *)text;

	if (length == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	if (b[0] >= 0xC2 && b[0] <= 0xDF)
		return length >= 2 && is_continuation(b[1]) ? 2 : 0;
	if (b[0] >= 0xE0 && b[0] <= 0xEF) {
		unsigned char low = b[0] == 0xE0 ? 0xA0 : 0x80, high = b[0] == 0xED ? 0x9F : 0xBF;

		return length >= 3 && b[1] >= low && b[1] <= high && is_continuation(b[2]) ? 3 : 0;
	}
	if (b[0] >= 0xF0 && b[0] <= 0xF4) {
		unsigned char low = b[0] == 0xF0 ? 0x90 : 0x80, high = b[0] == 0xF4 ? 0x8F : 0xBF;

		return length >= 4 && b[1] >= low && b[1] <= high && is_continuation(b[2]) &&
			       is_continuation(b[3])
			   ? 4
			   : 0;
	}
	return 0;
}

unsigned
utf8_unseen(const char *text, size_t width)
{
	static const struct {
		unsigned first, last;
		/* Controls, soft hyphen, marks and overrides of direction,
		 * zero widths, separators of lines, BOM, annotations. */
	} unseen[] = { { 0x01, 0x1F }, { 0x7F, 0x9F }, { 0xAD, 0xAD }, { 0x061C, 0x061C }, { 0x180E, 0x180E },
		{ 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF },
		{ 0xFFF9, 0xFFFB } };
	const unsigned char *b = (const unsigned char *)text;
	unsigned code = 0;

	if (width == 1)
		code = b[0];
	else if (width == 2)
		code = (b[0] & 0x1Fu) << 6 | (b[1] & 0x3Fu);
	else if (width == 3)
		code = (b[0] & 0x0Fu) << 12 | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3Fu);
	for (size_t i = 0; i < sizeof(unseen) / sizeof(*unseen); i++)
		if (code >= unseen[i].first && code <= unseen[i].last)
			return code;
	return 0;
}

bool
utf8_valid(struct slice text)
{
	size_t width;

	for (size_t i = 0; i < text.length; i += width) {
		width = utf8_character(text.at + i, text.length - i);
		if (width == 0)
			return false;
	}
	return true;
}
