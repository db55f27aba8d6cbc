/*
 * A program with a broken log line in an annotation must still be able to
 * raise its alert.  So what no JSON reader of ours takes, and what no text
 * column of PostgreSQL could keep (NUL), is replaced before the JSON is read.
 * In JSON a backslash stands in strings only: no need to know where they are.
 *
 * The copy is made only when something must be replaced: nearly all requests are read where they lie, and 32
 * MiB are not there twice.
 */

#include "common/text/utf8.h"
#include "relay/alert/parts.h"
#include "json/scan.h"

/* Bytes of the character or escape at `at`; `*bad`: it must be replaced. */
static size_t
unit_length(const char *at, const char *end, bool *bad)
{
	size_t length = utf8_character(at, (size_t)(end - at));
	int value, low;

	*bad = length == 0 || *at == '\0';
	if (*at != '\\' || end - at < 2)
		return length == 0 ? 1 : length;
	value = json_scan_unicode(at, end);
	if (value < 0)
		/* What follows may be a byte that must be replaced, unless it is a backslash itself. */
		return (unsigned char)at[1] < 0x80 && at[1] != '\0' ? 2 : 1;
	/* UTF-16 in escapes: a high half and a low half are one
	 * character of 12 bytes. One half alone has no UTF-8 form. */
	if (value >= 0xd800 && value <= 0xdbff) {
		low = json_scan_unicode(at + 6, end);
		if (low >= 0xdc00 && low <= 0xdfff)
			return 12;
	}
	*bad = value == 0 || (value >= 0xd800 && value <= 0xdfff);
	return 6;
}

struct slice
repair_text(struct slice text, struct buffer *copy)
{
	const char *end = text.at + text.length, *kept = text.at;
	bool bad, any = false;

	for (const char *at = text.at; at < end;) {
		size_t length = unit_length(at, end, &bad);

		/* What was good up to here is copied in one piece, not byte by byte. */
		if (bad) {
			any = true;
			buffer_append(copy, kept, (size_t)(at - kept));
			buffer_string(copy, "\xef\xbf\xbd");
			kept = at + length;
		}
		at += length;
	}
	if (!any)
		return text;
	buffer_append(copy, kept, (size_t)(end - kept));
	return buffer_slice(copy);
}
