/*
 * A message as HTML, for Telegram and mail, and as plain text.  Values of alerts come from outside: a
 * '<' that is not escaped makes Telegram refuse the whole message, and in a mail it could be a tag of a
 * stranger.  The message says what is bold and what is a link, so no value can become markup.
 */

#include "relay/channel/markup.h"

/* An apostrophe stays: attributes are in double quotes here, and Telegram does not know &apos;.  These
 * four are the names that it knows. */
void
markup_escape(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		switch (text.at[i]) {
		case '&': buffer_string(out, "&amp;"); break;
		case '<': buffer_string(out, "&lt;"); break;
		case '>': buffer_string(out, "&gt;"); break;
		case '"': buffer_string(out, "&quot;"); break;
		default: buffer_append(out, &text.at[i], 1);
		}
}

void
markup_html(const struct message *message, const char *line_break, struct buffer *out)
{
	for (size_t i = 0; i < message->count; i++) {
		const struct message_piece *piece = &message->pieces[i];

		if (piece->kind == PIECE_BREAK) {
			buffer_string(out, line_break);
		} else if (piece->kind == PIECE_LINK) {
			buffer_string(out, "<a href=\"");
			markup_escape(out, piece->url);
			buffer_string(out, "\">");
			markup_escape(out, piece->text);
			buffer_string(out, "</a>");
		} else {
			buffer_string(out, piece->kind == PIECE_BOLD ? "<b>" : "");
			markup_escape(out, piece->text);
			buffer_string(out, piece->kind == PIECE_BOLD ? "</b>" : "");
		}
	}
}

/* A break has no text, so that nothing but the line break is written for it. */
void
markup_plain(const struct message *message, const char *line_break, struct buffer *out)
{
	for (size_t i = 0; i < message->count; i++) {
		const struct message_piece *piece = &message->pieces[i];

		if (piece->kind == PIECE_BREAK)
			buffer_string(out, line_break);
		buffer_append(out, piece->text.at, piece->text.length);
		if (piece->kind != PIECE_LINK)
			continue;
		buffer_string(out, ": ");
		buffer_append(out, piece->url.at, piece->url.length);
	}
}
