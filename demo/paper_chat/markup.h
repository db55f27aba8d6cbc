#ifndef PAPER_CHAT_MARKUP_H
#define PAPER_CHAT_MARKUP_H

#include <jansson.h>
#include <stdbool.h>

#include "common/text/buffer.h"

/*
 * Texts that carry markup: Telegram's subset of HTML, read as its own server does and refused in its words,
 * and Slack's mrkdwn.  What becomes of them is plain text, and HTML that a browser may get.
 */
enum { MARKUP_LIMIT = 1 << 15, MARKUP_DEPTH = 64, MARKUP_WHY = 192 };

struct markup {
	struct buffer text;   /* without tags, UTF-8 */
	struct buffer html;   /* tags of our own, all else escaped */
	json_t *entities;     /* as the Bot API lists them: offsets and lengths count UTF-16 units */
	char why[MARKUP_WHY]; /* what is wrong with it, in the server's words */
};

/* A text of up to MARKUP_LIMIT bytes of valid UTF-8.  0, or -1 with m->why; to be released either way. */
int markup_parse(struct markup *m, const char *text);
void markup_release(struct markup *m);

/* UTF-16 units of a text, which is what Telegram counts. */
size_t markup_units(struct slice text);

/* Whether Telegram takes it for a link: http, https, ton or tg, and a host with a dot in it. */
bool markup_is_link(const char *url);

/*
 * The character that the reference at `text` ("&lt;", "&#60;") stands for, in `out`, and its bytes there.
 * `*next` is behind it; the semicolon may be missing.  0: not an entity.
 */
size_t markup_reference(const char *text, const char **next, char out[4]);

/* Append text with the five characters of HTML escaped. */
void markup_quote(struct buffer *out, struct slice text);

/* Append a text of Slack as HTML. */
void markup_slack(struct buffer *out, struct slice text);

#endif /* PAPER_CHAT_MARKUP_H */
