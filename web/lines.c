/*
 * Lines of Prometheus' text format.  Its parser gives up at the first line that it cannot read, and the
 * whole scrape is lost then, so values and labels are written by these functions alone.
 */

#include "web/lines.h"

#include "common/text/utf8.h"
#include "textfile/number.h"

/* With every digit that a double needs: a counter that is rounded jumps. */
void
lines_number(struct buffer *out, double value)
{
	char text[NUMBER_TEXT];
	size_t length = number_format(value, text);

	buffer_append(out, text, length);
	buffer_string(out, "\n");
}

void
lines_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void
lines_single(struct buffer *out, const char *name, const char *type, const char *help, double value)
{
	lines_head(out, name, type, help);
	buffer_format(out, "%s ", name);
	lines_number(out, value);
}

/* A file's name may hold any byte, and an invalid one would make Prometheus reject the whole answer. */
void
lines_label(struct buffer *out, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t width = utf8_character(text, left);

		if (width == 0)
			/* U+FFFD, so that one can see that something was there. */
			buffer_string(out, "\xef\xbf\xbd");
		else if (*text == '\n')
			buffer_string(out, "\\n");
		else if (*text == '"' || *text == '\\')
			buffer_format(out, "\\%c", *text);
		else
			buffer_append(out, text, width);
		width = width == 0 ? 1 : width;
		text += width;
		left -= width;
	}
}
