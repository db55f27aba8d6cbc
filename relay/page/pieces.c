/*
 * Every text that comes from outside goes through html_text(): a label could hold a tag, a quote, or
 * characters that turn the direction of a line and make it read differently.  All pages are made of
 * these pieces, so that a time or a severity looks the same on each.
 */

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "common/text/utf8.h"
#include "relay/page/parts.h"

void
page_begin(struct buffer *out, const char *verdict, int refresh, const char *title, const char *text)
{
	const struct html_head head = { title,
		/* The icon's colour, so that a tab among many shows it. */
		*verdict == 'h'   ? "0b6b35"
		: *verdict == 'd' ? "b36b00"
				  : "b3142a",
		refresh, front_style };

	html_head(out, &head);
	buffer_format(out,
	    "<body><header><p class=\"brand\">arbwatch alerts</p><div class=\"verdict %s\" role=\"status\"><h1>",
	    verdict);
	html_text(out, title);
	buffer_string(out, "</h1><p>");
	html_text(out, text);
	buffer_string(out, "</p></div>\n");
}

void
page_cut(struct buffer *out, const char *text, size_t most)
{
	/* Larger than any `most` of the callers; a larger one is cut here. */
	char cut[1024];
	size_t length = strlen(text);

	most = most < sizeof(cut) ? most : sizeof(cut) - 1;
	if (length <= most) {
		html_text(out, text);
		return;
	}
	/* Between two characters: not before a byte that goes on with one. */
	while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80)
		most--;
	memcpy(cut, text, most);
	cut[most] = '\0';
	html_text(out, cut);
	buffer_string(out, "&hellip;");
}

/* The exact time is in the attribute, for programs and for those who point at it.  A mute ends in the
 * future, so half a day counts in both directions. */
void
page_clock(struct buffer *out, int64_t ms, int64_t now_ms)
{
	bool today = now_ms - ms < INT64_C(12) * 3600 * 1000 && ms - now_ms < INT64_C(12) * 3600 * 1000;
	time_t seconds = (time_t)(ms / 1000);
	char exact[40], brief[40];
	struct tm utc, local;

	if (gmtime_r(&seconds, &utc) == NULL || localtime_r(&seconds, &local) == NULL ||
	    strftime(exact, sizeof(exact), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0 ||
	    strftime(brief, sizeof(brief), today ? "%H:%M:%S" : "%d %b %H:%M", &local) == 0)
		return;
	buffer_format(out, "<time datetime=\"%s\">%s</time>", exact, brief);
}

/* The two largest units. */
void
page_span(struct buffer *out, int64_t ms)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "d", 86400 }, { "h", 3600 }, { "min", 60 }, { "s", 1 } };
	int64_t left = ms > 0 ? ms / 1000 : 0;
	size_t i = 0;

	while (i < 3 && left < units[i].seconds)
		i++;
	buffer_format(out, "%" PRId64 "&nbsp;%s", left / units[i].seconds, units[i].name);
	left %= units[i].seconds;
	if (i < 3 && left >= units[i + 1].seconds)
		buffer_format(out, " %" PRId64 "&nbsp;%s", left / units[i + 1].seconds, units[i + 1].name);
}

/* What is not P0 to P3 is shown as P2, as intake counts it. */
void
page_severity(struct buffer *out, const char *severity)
{
	int number = severity[0] == 'P' && severity[1] >= '0' && severity[1] <= '3' ? severity[1] - '0' : 2;

	buffer_format(out, "<span class=\"sev s%d\">P%d</span> ", number, number);
}

/* Four labels and no more: an alert may have 64, and its own page has all. */
void
page_where(struct buffer *out, const struct view *view)
{
	static const char *const shown[] = { "alertname", "severity", "env", "service" };
	const char *name;
	json_t *value;
	size_t count = 0;

	html_text(out, view->service);
	json_object_foreach((json_t *)view->labels, name, value)
	{
		bool is_shown = false;

		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
			is_shown = is_shown || strcmp(name, shown[i]) == 0;
		if (is_shown || count == 4)
			continue;
		buffer_string(out, count++ == 0 ? " <small>" : ", ");
		page_cut(out, name, 40);
		buffer_string(out, "=");
		page_cut(out, json_string_value(value) != NULL ? json_string_value(value) : "", 60);
	}
	buffer_string(out, count > 0 ? "</small>" : "");
}

/* A silence of Alertmanager settles it as well: somebody decided that. */
void
page_settled(struct buffer *out, const struct view *view, int64_t now_ms)
{
	if (view->acknowledged_ms != 0) {
		buffer_string(out, "<b>");
		html_text(out, view->acknowledged_by);
		buffer_string(out, "</b> <small>acknowledged it at ");
		page_clock(out, view->acknowledged_ms, now_ms);
		if (*view->note != '\0') {
			buffer_string(out, ": ");
			page_cut(out, view->note, 200);
		}
		buffer_string(out, "</small>");
	} else if (*view->suppressed != '\0') {
		buffer_string(out, "<b>");
		html_text(out, view->suppressed);
		buffer_string(out, "</b>");
	}
}

/* --- Forms --- */

/* The token is hexadecimal, made by us, so it needs no escape. */
static void
begin_form(struct buffer *out, const struct view *view, const char *base)
{
	buffer_format(out, "<form method=\"post\" action=\"%s", base);
	html_text(out, view->id);
	buffer_format(out, "\"><input type=\"hidden\" name=\"k\" value=\"%s\">", view->token);
}

/* Only where nobody has logged in: a name that is known is not asked for, and could not be changed
 * anyway. */
static void
name_field(struct buffer *out, const char *user)
{
	if (user == NULL)
		buffer_string(out, "<label>Your name <input name=\"who\" required maxlength=\"63\" "
				   "autocomplete=\"nickname\"></label> ");
}

void
page_form(struct buffer *out, const struct view *view, const char *base, const char *user, const char *via)
{
	begin_form(out, view, base);
	buffer_format(out, "<input type=\"hidden\" name=\"via\" value=\"%s\">", via);
	name_field(out, user);
	buffer_string(out, "<label>Note <input name=\"note\" maxlength=\"200\" autocomplete=\"off\"></label> "
			   "<button>Acknowledge</button></form>");
}

void
page_form_back(struct buffer *out, const struct view *view, const char *base, const char *user)
{
	begin_form(out, view, base);
	buffer_string(out, "<input type=\"hidden\" name=\"back\" value=\"1\">");
	name_field(out, user);
	buffer_string(out, "<button>Take the acknowledgement back</button></form>");
}

void
note_write(const char *title, const char *text, const char *home, struct buffer *out)
{
	page_begin(out, "degraded", 0, title, text);
	buffer_format(
	    out, "<p class=\"when\"><a href=\"%s\">All alerts</a></p></header></body></html>\n", home);
}
