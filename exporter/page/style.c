/*
 * The page's style, for a desk and what differs on a phone.  It is inside the
 * page, which must load nothing, and the Content-Security-Policy allows
 * exactly this text by its hash.  A change of the text changes the hash:
 * test_page says what it has to be.  Text has a contrast of 4.5 to 1 or more
 * on its background, in the light and the dark mode (WCAG 2, level AA).
 */

#include "exporter/page/page.h"
#include "exporter/page/parts.h"

static const char wide[] =
    ":root{--back:#f3f5f8;--card:#fff;--text:#181c22;--muted:#555e6b;--line:#dfe3e9;--bar:#3466c2;"
    "--ok:#0b6b35;--ok-back:#e2f4e9;--warn:#7a4a00;--warn-back:#fff0d2;--fail:#a81024;--fail-back:#fde6e8}"
    "@media(prefers-color-scheme:dark){:root{--back:#12151a;--card:#1b2027;--text:#e7eaee;--muted:#a4adba;"
    "--line:#303843;--bar:#7fa8f5;--ok:#74dfa0;--ok-back:#12301f;--warn:#ffc561;--warn-back:#382808;"
    "--fail:#ff9ca5;--fail-back:#451319}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1rem;max-width:76rem;background:var(--back);color:var(--text);"
    "font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
    "font-variant-numeric:tabular-nums;overflow-wrap:anywhere}"
    "a{color:inherit}p{margin:.4rem 0}"
    ".brand{font-weight:700;letter-spacing:.02em;margin:0 0 .6rem}"
    ".verdict{padding:1rem 1.2rem;border-radius:.6rem;border-left:.5rem solid}"
    ".verdict h1{margin:0;font-size:2rem;line-height:1.15}.verdict p{margin:.3rem 0 0;color:var(--text)}"
    ".healthy{background:var(--ok-back);color:var(--ok)}.degraded{background:var(--warn-back);color:var(--warn)}"
    ".unhealthy{background:var(--fail-back);color:var(--fail)}"
    ".healthy h1::before{content:'\\2713\\a0'}.degraded h1::before{content:'!\\a0'}"
    ".unhealthy h1::before{content:'\\2715\\a0'}"
    ".when,footer{color:var(--muted);font-size:.87rem}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;margin:.8rem 0 0;padding:0}"
    "nav a{display:block;padding:.45rem .8rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:.5rem;text-decoration:none;font-size:.87rem}"
    "nav a:hover{border-color:var(--muted)}nav b{display:block;font-size:1.15rem}"
    "nav .of{font-size:.87rem;font-weight:400}nav .ok b{color:var(--ok)}nav .bad b{color:var(--fail)}"
    "section{margin:1rem 0;padding:.9rem 1.1rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:.6rem}"
    "h2{margin:0 0 .4rem;font-size:1.05rem}"
    "table{width:100%;border-collapse:collapse}table+table{margin-top:1rem}"
    "th,td{padding:.42rem .6rem .42rem 0;text-align:left;vertical-align:top;border-top:1px solid var(--line);"
    "font-weight:400}"
    "th:last-child,td:last-child{padding-right:0}"
    "thead th{border:0;padding-top:0;color:var(--muted);font-size:.82rem;white-space:nowrap}"
    "tbody th{font-weight:600;min-width:9rem}td time{white-space:nowrap}"
    "@media(min-width:52.01rem){table{table-layout:fixed}th:first-child{width:20%}th:nth-child(2){width:25%}"
    "th:nth-child(3){width:9.5%}th:nth-child(4){width:7%}th:nth-child(5){width:12%}th:nth-child(6){width:9%}"
    ".positions th:nth-child(5){width:38.5%}"
    ".files th:nth-child(2){width:auto}.files th:nth-child(3){width:18.5%}"
    ".open th:nth-child(2){width:12%}.open th:nth-child(3),.open th:nth-child(4){width:18%}"
    ".open th:nth-child(5){width:15.5%}.open th:nth-child(6){width:18.5%}}"
    "small{font-size:.87rem;color:var(--muted)}td b+small{display:block}"
    "td>b{display:inline-block;padding:0 .5rem;border-radius:.35rem;font-weight:600}"
    ".ok td>b{background:var(--ok-back);color:var(--ok)}.warn td>b{background:var(--warn-back);color:var(--warn)}"
    ".fail td>b{background:var(--fail-back);color:var(--fail)}"
    ".ok td>b::before{content:'\\2713\\a0'}.warn td>b::before{content:'!\\a0'}"
    ".fail td>b::before{content:'\\2715\\a0'}"
    "ol{margin:0;padding-left:1.4rem}ol li+li{margin-top:.4rem}ol b{color:var(--warn)}ol .fail b{color:var(--fail)}"
    "ol li>span:last-child{display:block;color:var(--muted)}"
    "details{margin-top:.8rem}summary{cursor:pointer;padding:.3rem 0}"
    ".env{display:inline-block;padding:0 .4rem;border:1px solid var(--line);border-radius:.35rem;"
    "font-size:.78rem;font-weight:400;color:var(--muted)}"
    ".env.live{border-color:var(--text);color:var(--text);font-weight:600}"
    "svg{height:1.25rem;vertical-align:-.25rem;border-bottom:1px solid var(--line)}"
    "path{stroke:var(--bar);stroke-width:4;fill:none}"
    "td:last-child svg+small{white-space:nowrap}";

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
    ".files td:nth-child(3)::before{content:'Written'}"
    ".open td:nth-child(2)::before{content:'Exchange'}"
    ".open td:nth-child(3)::before{content:'Exchange has'}"
    ".open td:nth-child(4)::before{content:'Engine believes'}"
    ".open td:nth-child(5)::before{content:'Compared'}"
    ".open td:nth-child(6)::before{content:'Since'}}"
    "@media print{section{break-inside:avoid}}";

const char *const page_style[] = { wide, narrow, NULL };

#define STYLE_HASH "sha256-UjI/7ieGfmxoElqfdBxPmbojEt6JKdRwEnURhL6Rijg="
const char page_style_hash[] = STYLE_HASH;

const char *
page_security_policy(void)
{
	return "default-src 'none'; style-src '" STYLE_HASH "'; img-src data:; base-uri 'none'; "
	       "form-action 'none'; frame-ancestors 'none'";
}
