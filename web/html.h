#ifndef WEB_HTML_H
#define WEB_HTML_H

#include "common/text/buffer.h"

/*
 * What pages for people have in common.  A page is complete HTML from the
 * server: it needs no script, which lets its Content-Security-Policy forbid all
 * of them, and nothing but itself.
 */

/*
 * Text, safe between tags and in quoted attributes.  What is no UTF-8, a
 * control character, or would turn the direction of what follows becomes
 * U+FFFD.
 */
void html_text(struct buffer *out, const char *text);

/* "live" in a frame; nothing for "". */
void html_env(struct buffer *out, const char *env);

struct html_head {
	const char *title;        /* what a tab shows, without " - arbwatch" */
	const char *colour;       /* of its icon: "b3142a" */
	int refresh;              /* seconds until the page reloads by itself; 0: never */
	const char *const *style; /* pieces, ended by NULL */
};

/* All before <body>. */
void html_head(struct buffer *out, const struct html_head *head);

/*
 * Pieces of a style: html_style_base has colours, the banner, sections and
 * tables, html_style_marks has what is inside of tables.  A page's policy
 * allows its whole style by one hash, which a test of the page computes.
 * Text has a contrast of 4.5 to 1 or more on its background, in the light and
 * the dark mode (WCAG 2, level AA).
 */
extern const char html_style_base[], html_style_marks[];

#endif /* WEB_HTML_H */
