/*
 * The page's style, for a desk and what differs on a phone.  It is inside the
 * page, which must load nothing, and the Content-Security-Policy allows
 * exactly this text by its hash.  A change of the text changes the hash:
 * test_page says what it has to be.  Text has a contrast of 4.5 to 1 or more
 * on its background, in the light and the dark mode (WCAG 2, level AA).
 */

#include "exporter/page/page.h"
#include "exporter/page/parts.h"

static const char widths[] =
    "@media(min-width:52.01rem){table{table-layout:fixed}th:first-child{width:20%}th:nth-child(2){width:25%}"
    "th:nth-child(3){width:9.5%}th:nth-child(4){width:7%}th:nth-child(5){width:12%}th:nth-child(6){width:9%}"
    ".positions th:nth-child(5){width:38.5%}"
    ".alerts th:first-child{width:27%}.alerts th:nth-child(2){width:auto}.alerts th:nth-child(3){width:12%}"
    ".files th:nth-child(2){width:auto}.files th:nth-child(3){width:18.5%}"
    ".open th:nth-child(2){width:12%}.open th:nth-child(3),.open th:nth-child(4){width:18%}"
    ".open th:nth-child(5){width:15.5%}.open th:nth-child(6){width:18.5%}}";

/* What somebody looks after, or what is held back, has no colour. */
static const char held[] = ".held td>b{background:var(--line)}";

static const char narrow[] =
    "@media(max-width:52rem){"
    "body{padding:.7rem}section{padding:.8rem}"
    "thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "table,tbody,tr,th,td{display:block}"
    "tbody tr{padding:.6rem 0;border-top:1px solid var(--line)}tbody tr:first-child{border:0;padding-top:.2rem}"
    "tbody th,tbody td{border:0;padding:.12rem 0;width:auto!important}"
    "tbody tr{display:grid;grid-template-columns:1fr 1fr;column-gap:.8rem}"
    "tbody th,tbody td:nth-child(2),tbody td:nth-child(7),.open td:nth-child(n){grid-column:1/-1}"
    ".open td:nth-child(2)::before,td:nth-child(n+3)::before{display:inline-block;margin-right:.5rem;"
    "color:var(--muted);font-size:.87rem}"
    ".open td:nth-child(n+2)::before{width:7.5rem}"
    "td:nth-child(3)::before{content:'Last run'}td:nth-child(4)::before{content:'Age'}"
    "td:nth-child(5)::before{content:'Last success'}td:nth-child(6)::before{content:'Typical'}"
    "td:nth-child(7)::before{content:'Latency'}.collectors td:nth-child(6)::before{content:'Duration'}"
    ".bots td:nth-child(5)::before{content:'Heartbeat'}"
    ".alerts td:nth-child(3)::before{content:'Since'}"
    ".files td:nth-child(3)::before{content:'Written'}"
    ".open td:nth-child(2)::before{content:'Exchange'}"
    ".open td:nth-child(3)::before{content:'Exchange has'}"
    ".open td:nth-child(4)::before{content:'Engine believes'}"
    ".open td:nth-child(5)::before{content:'Compared'}"
    ".open td:nth-child(6)::before{content:'Since'}}"
    "@media print{section{break-inside:avoid}}";

const char *const page_style[] = { html_style_base, widths, html_style_marks, held, narrow, NULL };

#define STYLE_HASH "sha256-cXlX5gC15ewV568cKOiqX+3C02bU7k+QjItVNSYMZOQ="
const char page_style_hash[] = STYLE_HASH;

const char *
page_security_policy(void)
{
	return "default-src 'none'; style-src '" STYLE_HASH "'; img-src data:; base-uri 'none'; "
	       "form-action 'none'; frame-ancestors 'none'";
}
