#ifndef EXPORTER_PAGE_PARTS_H
#define EXPORTER_PAGE_PARTS_H

#include "common/text/buffer.h"
#include "exporter/alerts/list.h"
#include "exporter/health/health.h"
#include "web/html.h"

/* Pieces of the status page.  Inside of exporter/page/. */

extern const char *const page_style[]; /* ended by NULL */
extern const char page_style_hash[];   /* "sha256-...": all of page_style's, for a Content-Security-Policy */

/* A table cell with the histogram as a picture, and how long 95 % took. */
void page_picture(struct buffer *out, const struct health_check *check);

/* A table of the checks of a kind, or of two: all of them, those that are not ok, or those that are. */
enum page_part { PAGE_ALL, PAGE_BAD, PAGE_OK };
void page_checks(struct buffer *out, const struct health_report *report, const char *class,
    enum health_kind kind, enum health_kind other, enum page_part part);

/* The positions and the checks of them; what agrees is folded: it is much, and nothing has to be done about
 * it. */
void page_positions(struct buffer *out, const struct health_report *report);

/* The section of open alerts, and its entry in the contents; nothing where no server is named. */
void page_alerts(struct buffer *out, const struct open_alerts *alerts, double now);
void page_alerts_entry(struct buffer *out, const struct open_alerts *alerts);

/* A table cell with a time, as people read it; `unknown` if it has none. */
void page_time(struct buffer *out, double time, double now, const char *unknown);

#endif /* EXPORTER_PAGE_PARTS_H */
