/*
 * Texts have a fixed room, because what a peer sends may be of any length; what
 * does not fit is left out, and that shows.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collectors/preflight/check_result.h"
#include "common/text/text.h"
#include "common/text/utf8.h"

void
check_result_init(struct check_result *result)
{
	*result = (struct check_result){ .latency_seconds = -1 };
}

void
check_result_mask(struct check_result *result, const struct secrets *secrets)
{
	secrets_mask(secrets, result->reason);
	secrets_mask(secrets, result->hint);
}

void
check_result_clean(struct check_result *result)
{
	check_text_clean(result->reason);
	check_text_clean(result->hint);
}

void
check_text_clean(char *text)
{
	while (*text != '\0') {
		size_t width = utf8_character(text, strlen(text));

		if (width == 0)
			*text = '?';
		else if (utf8_unseen(text, width) != 0)
			memset(text, '?', width);
		text += width > 1 ? width : 1;
	}
}

static void
append(char *texts, size_t size, const char *text)
{
	static const char more[] = "; ...";
	size_t length = strlen(texts);

	if (*text == '\0' || strstr(texts, text) != NULL)
		return;
	if (length + strlen(text) + sizeof(more) + 3 <= size)
		(void)snprintf(texts + length, size - length, "%s%s", length > 0 ? "; " : "", text);
	else if (length >= sizeof(more) && strcmp(texts + length - strlen(more), more) != 0)
		(void)snprintf(texts + length, size - length, "%s", more);
	else if (length == 0)
		text_format(texts, size, "%s", text);
}

static void
find(struct check_result *result, enum check_status status, const char *hint, const char *text)
{
	/* The text of a check that passes is not a reason for a finding. */
	if (result->status != STATUS_WARN && result->status != STATUS_FAIL)
		result->reason[0] = '\0';
	if (result->status != STATUS_FAIL)
		result->status = status;
	append(result->reason, sizeof(result->reason), text);
	append(result->hint, sizeof(result->hint), hint);
}

void
check_result_add(
    struct check_result *result, enum check_status status, const char *hint, const char *format, ...)
{
	char text[sizeof(result->reason) / 2];
	va_list arguments;

	va_start(arguments, format);
	text_vformat(text, sizeof(text), format, arguments);
	va_end(arguments);
	find(result, status, hint, text);
}

void
check_result_add_failure(struct check_result *result, enum check_status status, const char *hint,
    const char *what, const struct failure *why)
{
	if (result->kind == FAILURE_NONE)
		result->kind = why->kind;
	check_result_add(result, status, hint, "%s: %s", what, why->text);
}

void
check_result_conclude(struct check_result *result, enum check_status status, const char *format, ...)
{
	va_list arguments;

	if (result->status != STATUS_PASS || result->reason[0] != '\0')
		return;
	result->status = status;
	va_start(arguments, format);
	text_vformat(result->reason, sizeof(result->reason), format, arguments);
	va_end(arguments);
}
