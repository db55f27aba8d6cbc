/*
 * Slack's own markup ("mrkdwn") as HTML for the page.  Slack never refuses a text for its markup: what
 * begins nothing is shown as it is.  Everything is escaped here, as the text is the client's; only tags
 * of this file get through.
 */

#include <ctype.h>

#include "demo/paper_chat/markup.h"

/* Slack sends "&lt;", "&gt;" and "&amp;" for three characters, and all else as it is.  Any other entity
 * is text, as at Slack: "&quot;" shows as six characters. */
static void
append_plain(struct buffer *out, struct slice text)
{
	static const char *const escapes[] = { "&lt;", "&gt;", "&amp;", NULL };

	for (size_t i = 0; i < text.length; i++) {
		size_t length = 1;

		for (size_t e = 0; escapes[e] != NULL && text.at[i] == '&'; e++)
			if (text.length - i >= strlen(escapes[e]) &&
			    memcmp(text.at + i, escapes[e], strlen(escapes[e])) == 0)
				length = strlen(escapes[e]);
		if (length > 1)
			buffer_append(out, text.at + i, length);
		else
			markup_quote(out, (struct slice){ text.at + i, 1 });
		i += length - 1;
	}
}

/* What stands between angle brackets: a link with or without a text, or a mention.  A link of another
 * scheme is shown as text, since the page's reader could click it.  "@", "#" and "!" name people,
 * channels and groups. */
static void
append_bracket(struct buffer *out, struct slice inside)
{
	const char *bar = memchr(inside.at, '|', inside.length);
	struct slice target = { inside.at, bar != NULL ? (size_t)(bar - inside.at) : inside.length };
	struct slice label =
	    bar != NULL ? (struct slice){ bar + 1, inside.length - target.length - 1 } : target;
	bool link = (target.length > 7 && memcmp(target.at, "http://", 7) == 0) ||
		    (target.length > 8 && memcmp(target.at, "https://", 8) == 0) ||
		    (target.length > 7 && memcmp(target.at, "mailto:", 7) == 0);

	if (link) {
		buffer_string(out, "<a rel=noreferrer target=_blank href=\"");
		append_plain(out, target);
		buffer_string(out, "\">");
	} else if (target.length > 1 && strchr("!@#", *target.at) != NULL) {
		buffer_string(out, "@");
		if (bar == NULL)
			label = (struct slice){ label.at + 1, label.length - 1 };
	}
	append_plain(out, label);
	if (link)
		buffer_string(out, "</a>");
}

/* Where the text ends that the marker at `i` begins: on the same line, around words.  0: it begins none. */
static size_t
marked_end(struct slice text, size_t i)
{
	char marker = text.at[i];

	if ((i > 0 && isalnum((unsigned char)text.at[i - 1])) || i + 1 >= text.length ||
	    isspace((unsigned char)text.at[i + 1]))
		return 0;
	for (size_t j = i + 1; j < text.length && text.at[j] != '\n'; j++)
		if (text.at[j] == marker && j > i + 1 && !isspace((unsigned char)text.at[j - 1]) &&
		    (j + 1 == text.length || !isalnum((unsigned char)text.at[j + 1])))
			return j;
	return 0;
}

/* Append a block between three backticks at `i`.  The bytes it takes, or 0.  Six characters at least:
 * three backticks at each end. */
static size_t
append_block(struct buffer *out, struct slice text, size_t i)
{
	if (text.length - i < 6 || memcmp(text.at + i, "```", 3) != 0)
		return 0;
	for (size_t j = i + 3; j + 3 <= text.length; j++)
		if (memcmp(text.at + j, "```", 3) == 0) {
			buffer_string(out, "<pre>");
			append_plain(out, (struct slice){ text.at + i + 3, j - i - 3 });
			buffer_string(out, "</pre>");
			return j + 3 - i;
		}
	return 0;
}

/* Markers within markers, four deep: recursion must have an end, and nobody writes five. */
static void
append_marked(struct buffer *out, struct slice text, unsigned depth)
{
	static const char markers[] = "*_~`";
	static const char *const names[] = { "b", "i", "s", "code" };

	for (size_t i = 0; i < text.length; i++) {
		const char *marker = text.at[i] != '\0' ? strchr(markers, text.at[i]) : NULL;
		const char *bracket = text.at[i] == '<' ? memchr(text.at + i, '>', text.length - i) : NULL;
		size_t taken = append_block(out, text, i), end;

		if (taken > 0) {
			i += taken - 1;
		} else if (bracket != NULL) {
			append_bracket(
			    out, (struct slice){ text.at + i + 1, (size_t)(bracket - text.at) - i - 1 });
			i = (size_t)(bracket - text.at);
		} else if (marker != NULL && depth < 4 && (end = marked_end(text, i)) > 0) {
			struct slice inside = { text.at + i + 1, end - i - 1 };

			buffer_format(out, "<%s>", names[marker - markers]);
			if (*marker == '`')
				append_plain(out, inside);
			else
				append_marked(out, inside, depth + 1);
			buffer_format(out, "</%s>", names[marker - markers]);
			i = end;
		} else {
			/* One of the three escapes is passed on whole, since append_plain() cannot see
			 * behind its slice. */
			taken = text.at[i] == '&' ? strcspn(text.at + i, ";") + 1 : 1;
			taken = taken > 5 || taken > text.length - i ? 1 : taken;
			append_plain(out, (struct slice){ text.at + i, taken });
			i += taken - 1;
		}
	}
}

void
markup_slack(struct buffer *out, struct slice text)
{
	append_marked(out, text, 0);
}
