/*
 * The page's style: that of the status page, and what it has no need for.  It
 * is inside the page, which must load nothing, and the
 * Content-Security-Policy allows exactly this text by its hash.  A change of
 * the text changes the hash: test_relay_page says what it has to be.
 */

#include "relay/page/parts.h"

static const char own[] =
    ".sev{display:inline-block;padding:0 .45rem;border-radius:.35rem;font-size:.82rem;font-weight:700;"
    "background:var(--line)}"
    ".s0{background:var(--fail);color:var(--card)}.s1{background:var(--warn);color:var(--card)}"
    ".s2{background:var(--warn-back);color:var(--warn)}"
    "th small,td small{display:block}tbody th small{font-weight:400}.note{color:var(--warn)}"
    "td details{margin:0}td summary{display:inline-block;padding:.3rem .7rem;border:1px solid var(--muted);"
    "border-radius:.4rem;font-weight:600}"
    "form{display:flex;flex-wrap:wrap;gap:.5rem;align-items:end;margin:.5rem 0}"
    "label{color:var(--muted);font-size:.87rem;flex:1 1 8rem}"
    "input{display:block;width:100%;min-height:2.4rem;padding:.3rem .5rem;font:inherit;font-size:1rem;"
    "color:var(--text);background:var(--back);border:1px solid var(--muted);border-radius:.4rem}"
    "button{min-height:2.4rem;padding:.3rem .9rem;font:inherit;font-weight:600;color:var(--card);"
    "background:var(--text);border:0;border-radius:.4rem;cursor:pointer}"
    ".text{white-space:pre-wrap}"
    ".story{list-style:none;padding:0;border-left:2px solid var(--line);margin-left:.3rem}"
    ".story li{padding-left:.9rem}.story time{color:var(--muted)}"
    ".story b{color:var(--text)}.story .fail b{color:var(--fail)}.story .ok b{color:var(--ok)}"
    ".story li>small{display:block}"
    "dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.2rem 1rem;margin:0}"
    "dt{color:var(--muted)}dd{margin:0}"
    "@media(min-width:52.01rem){table{table-layout:fixed}th:first-child{width:32%}"
    ".open th:nth-child(2){width:20%}.open th:nth-child(3){width:10%}.open th:nth-child(4){width:14%}"
    ".lately th:nth-child(2){width:22%}.lately th:nth-child(3),.lately th:nth-child(4){width:11%}"
    ".delivery th:first-child,.mutes th:first-child{width:22%}.delivery th:nth-child(2){width:48%}}";

static const char narrow[] =
    "@media(max-width:52rem){"
    "body{padding:.7rem}section{padding:.8rem}.verdict h1{font-size:1.5rem}"
    "thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "table,tbody,tr,th,td{display:block}"
    "tbody tr{padding:.6rem 0;border-top:1px solid var(--line)}tbody tr:first-child{border:0;padding-top:.2rem}"
    "tbody th,tbody td{border:0;padding:.12rem 0}"
    "td small{display:inline}td b+small{display:inline}"
    "td::before{color:var(--muted);font-size:.87rem;margin-right:.4rem}"
    ".open td:nth-child(3)::before{content:'Since'}.open td:nth-child(4)::before{content:'Sent to'}"
    ".lately td:nth-child(3)::before{content:'Began'}.lately td:nth-child(4)::before{content:'Lasted'}"
    ".delivery td:nth-child(3)::before{content:'Last message'}.delivery td:nth-child(4)::before{content:'Waiting'}"
    ".mutes td:nth-child(2)::before{content:'Until'}.mutes td:nth-child(3)::before{content:'By'}"
    "td summary{padding:.5rem 1rem}button{flex:1 1 100%;min-height:2.8rem}"
    "dl{grid-template-columns:1fr}dd{margin:0 0 .4rem}}"
    "@media print{section{break-inside:avoid}}";

const char *const front_style[] = { html_style_base, html_style_marks, own, narrow, NULL };

#define STYLE_HASH "sha256-7l7F7Kdhj2jbRY+qJSFQk1z2r5oiSs7V1N5nvrSlmMg="

const char *
front_security_policy(void)
{
	return "default-src 'none'; style-src '" STYLE_HASH "'; img-src data:; base-uri 'none'; "
	       "form-action 'self'; frame-ancestors 'none'";
}
