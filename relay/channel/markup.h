#ifndef RELAY_CHANNEL_MARKUP_H
#define RELAY_CHANNEL_MARKUP_H

#include "relay/message/message.h"

/* As HTML: <b>, <a href> and `line_break` are all there is; the rest is text, escaped. */
void markup_html(const struct message *message, const char *line_break, struct buffer *out);

/* As plain text; a link is "text: url". */
void markup_plain(const struct message *message, const char *line_break, struct buffer *out);

/* Text of HTML, also within quotes. */
void markup_escape(struct buffer *out, struct slice text);

#endif /* RELAY_CHANNEL_MARKUP_H */
