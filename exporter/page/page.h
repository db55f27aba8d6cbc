#ifndef EXPORTER_PAGE_PAGE_H
#define EXPORTER_PAGE_PAGE_H

#include "common/text/buffer.h"
#include "exporter/alerts/list.h"
#include "exporter/health/health.h"

enum { PAGE_REFRESH = 15 }; /* seconds after which a page that reloads asks again */

/*
 * The status page: one HTML document (UTF-8) that needs nothing else, no
 * script, and no session.  Whatever the report and the alerts hold is escaped.  Its links are
 * relative, to "health", "watch" and "./": it may be served below any path.  With
 * `reloads` it asks again by itself.  The caller asks `out->failed`.
 */
void page_write(
    const struct health_report *report, const struct open_alerts *alerts, bool reloads, struct buffer *out);

/*
 * The Content-Security-Policy the page works under: its own style, by hash,
 * and its icon, which is a data: URL; nothing else.
 */
const char *page_security_policy(void);

#endif /* EXPORTER_PAGE_PAGE_H */
