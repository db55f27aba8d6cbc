/*
 * The colours and the looks of the status page, for every page of these programs.  The order of the
 * pieces is that of the status page, whose style's hash depends on each byte.  Both are used by
 * programs whose policy allows no script and no other origin, so icon and style are within the page.
 */

#include "web/html.h"

#include <ctype.h>

#include "common/text/utf8.h"

const char html_style_base[] =
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
    "tbody th{font-weight:600;min-width:9rem}td time{white-space:nowrap}";

const char html_style_marks[] =
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

/* A line break and a tab are harmless in HTML, although they do not show. */
static bool
is_treacherous(const char *character, size_t width)
{
	return *character != '\n' && *character != '\t' && utf8_unseen(character, width) != 0;
}

/* Both quotes, since some attributes are in single ones. */
static const char *
entity_of(char byte)
{
	switch (byte) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

/* Escaping is not enough: characters that turn the direction of text could make "live" read as "paper"
 * in a label that looks harmless. */
void
html_text(struct buffer *out, const char *text)
{
	size_t length = strlen(text), width;

	for (size_t i = 0; i<length; i += width> 0 ? width : 1) {
		const char *entity = entity_of(text[i]);

		width = utf8_character(text + i, length - i);
		/* A number and its unit stay together: "13 min". */
		if (text[i] == ' ' && i > 0 && isdigit((unsigned char)text[i - 1]) && text[i + 1] != ' ')
			buffer_string(out, "&nbsp;");
		else if (width == 0 || is_treacherous(text + i, width))
			buffer_string(out, "\xEF\xBF\xBD");
		else if (entity != NULL)
			buffer_string(out, entity);
		else
			buffer_append(out, text + i, width);
	}
}

void
html_env(struct buffer *out, const char *env)
{
	if (env[0] == '\0')
		return;
	buffer_format(out, " <span class=\"env%s\">", strcmp(env, "live") == 0 ? " live" : "");
	html_text(out, env);
	buffer_string(out, "</span>");
}

void
html_head(struct buffer *out, const struct html_head *head)
{
	buffer_string(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
			   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
	if (head->refresh > 0)
		buffer_format(out, "<meta http-equiv=\"refresh\" content=\"%d\">", head->refresh);
	buffer_string(out, "<meta name=\"color-scheme\" content=\"light dark\">"
			   "<meta name=\"robots\" content=\"noindex\"><title>");
	html_text(out, head->title);
	buffer_string(out, " - arbwatch</title>");
	buffer_format(out,
	    "<link rel=\"icon\" href=\"data:image/svg+xml,%%3Csvg xmlns='http://www.w3.org/2000/svg' "
	    "viewBox='0 0 16 16'%%3E%%3Ccircle cx='8' cy='8' r='7' fill='%%23%s'/%%3E%%3C/svg%%3E\">\n<style>",
	    head->colour);
	for (size_t i = 0; head->style[i] != NULL; i++)
		buffer_string(out, head->style[i]);
	buffer_string(out, "</style></head>\n");
}
