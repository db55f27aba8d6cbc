/*
 * The text of a failure may repeat what a peer sent.  A line break in it could
 * forge a log line, and an escape sequence could act on the operator's
 * terminal.  All texts are made here, so control characters are replaced here,
 * and no caller can forget it.  Characters past ASCII pass; log.c escapes
 * those that do not show.
 *
 * The names of the kinds are values of the `kind` label: dashboards and alert
 * rules of users select by them, so a changed name breaks those.
 */

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/failure.h"
#include "common/text/text.h"

static void
replace_control_characters(char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

int
failure_set(struct failure *why, enum failure_kind kind, const char *format, ...)
{
	va_list args;

	why->kind = kind;
	va_start(args, format);
	text_vformat(why->text, sizeof(why->text), format, args);
	va_end(args);
	replace_control_characters(why->text);
	return -1;
}

int
failure_prefix(struct failure *why, const char *format, ...)
{
	char prefix[sizeof(why->text)], joined[sizeof(why->text)];
	va_list args;

	va_start(args, format);
	text_vformat(prefix, sizeof(prefix), format, args);
	va_end(args);
	/* A second buffer: text_format() cannot read the text that it writes to. */
	text_format(joined, sizeof(joined), "%s: %s", prefix, why->text);
	memcpy(why->text, joined, strlen(joined) + 1);
	replace_control_characters(why->text);
	return -1;
}

/* In the order of enum failure_kind. */
const char *const failure_kind_names[FAILURE_KINDS + 1] = { "none", "resolve", "connect", "tls", "auth",
	"timeout", "rejected", "protocol", "local", NULL };

const char *
failure_kind_name(enum failure_kind kind)
{
	return failure_kind_names[kind];
}
