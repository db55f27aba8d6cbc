/*
 * The tables of the page.  Every text that comes from a file goes through
 * html_text(): a label could hold a tag, a quote, or characters that turn the
 * direction of a line and make it read differently.  Numbers and times need no
 * escaping, because they are formatted here.
 *
 * Columns are the same for most kinds, and style.c
 * sets their widths and, on a phone, their titles by number: a column that is
 * added here must be added there.  A cell never shows a value that is not
 * known as a number: it shows a dash, "never" or "not known", and "none" only
 * where a source was read and has nothing.
 */

#include <math.h>

#include "exporter/health/text.h"
#include "exporter/page/parts.h"
#include "textfile/number.h"

/* The size of a picture, in its own units.  Bars have a
 * fixed width, so it grows with the number of buckets. */
enum { PICTURE_HEIGHT = 20, BAR_STEP = 5 };

void
page_time(struct buffer *out, double time, double now, const char *unknown)
{
	char exact[WORDS_TIME], brief[WORDS_TIME];

	words_rfc3339(time, exact);
	words_clock(time, now, brief);
	if (exact[0] == '\0')
		buffer_format(out, "<td>%s</td>", unknown);
	else
		buffer_format(out, "<td><time datetime=\"%s\">%s</time></td>", exact, brief);
}

static void
duration_cell(struct buffer *out, double seconds)
{
	char text[WORDS_TIME];

	words_duration(seconds, text);
	buffer_string(out, "<td>");
	html_text(out, text);
	buffer_string(out, text[0] != '\0' ? "</td>" : "&ndash;</td>");
}

/* One bar per bucket.  A bucket that is not empty must be
 * visible, however few it holds: it may be the slow one. */
static void
picture(struct buffer *out, const struct health_check *check)
{
	double most = 0;

	for (size_t i = 0; i < check->buckets; i++)
		most = check->counts[i] > most ? check->counts[i] : most;
	buffer_string(out, "<path d=\"");
	for (size_t i = 0; i < check->buckets; i++) {
		double height = check->counts[i] / most * (PICTURE_HEIGHT - 2);

		if (check->counts[i] > 0)
			buffer_format(out, "M%zu %dv-%.3g", i * BAR_STEP + 2, PICTURE_HEIGHT - 1,
			    height < 1.5 ? 1.5 : height);
	}
	buffer_string(out, "\"/>");
}

void
page_picture(struct buffer *out, const struct health_check *check)
{
	char most[WORDS_TIME];
	double within = health_quantile(check, 0.95);

	if (isnan(within)) {
		buffer_string(out, "<td>&ndash;</td>");
		return;
	}
	words_duration(within, most);
	buffer_format(out,
	    "<td><svg viewBox=\"0 0 %zu %d\" role=\"img\" aria-label=\"Latencies, by bucket\">",
	    check->buckets * BAR_STEP, PICTURE_HEIGHT);
	picture(out, check);
	buffer_string(out, "</svg> <small>95&nbsp;% &le;&nbsp;");
	html_text(out, most);
	buffer_string(out, "</small></td>");
}

static void
name_cell(struct buffer *out, const char *title, const char *name, const char *env)
{
	buffer_format(out, "<th scope=\"row\">%s", title);
	/* A label may be missing, and an empty cell would look like a mistake of the page. */
	html_text(out, name[0] != '\0' ? name : "(no name)");
	html_env(out, env);
	buffer_string(out, "</th>");
}

static void
state_cell(struct buffer *out, const struct health_check *check)
{
	buffer_string(out, "<td><b>");
	html_text(out, check->state);
	buffer_string(out, "</b>");
	if (check->reason[0] != '\0') {
		buffer_string(out, " <small>");
		html_text(out, check->reason);
		buffer_string(out, "</small>");
	}
	buffer_string(out, "</td>");
}

/* "never" only where the file would say so.  The others may have succeeded without a time. */
static const char *
unknown_success(const struct health_check *check)
{
	return check->kind == KIND_PREFLIGHT || check->kind == KIND_POSITIONS || check->kind == KIND_ENGINE
		   ? "&ndash;"
		   : "never";
}

static void
check_row(struct buffer *out, const struct health_check *check, double now, bool of_two)
{
	static const char *const titles[HEALTH_KINDS] = {
		[KIND_REDIS] = "Redis ", [KIND_POSTGRES] = "Postgres "
	};
	const char *title = of_two && titles[check->kind] != NULL ? titles[check->kind] : "";

	buffer_format(out, "<tr class=\"%s\">", health_status_name(check->status));
	name_cell(out, title, check->name, check->env);
	state_cell(out, check);
	/* A file was written, and nothing more is known of it. */
	if (check->kind == KIND_FILE) {
		duration_cell(out, check->age);
	} else {
		page_time(out, check->last_run, now, "&ndash;");
		duration_cell(out, check->age);
		page_time(out, check->last_success, now, unknown_success(check));
		if (check->kind != KIND_POSITIONS) {
			duration_cell(out, check->duration);
			page_picture(out, check);
		}
	}
	buffer_string(out, "</tr>\n");
}

static void
table_head(struct buffer *out, const char *class, enum health_kind kind)
{
	static const char *const names[HEALTH_KINDS] = { "Collector", "Redis", "Server", "Exchange",
		"Exchange", "Preflight", "Bot", "File" };

	buffer_format(out,
	    "<table class=\"%s\"><thead><tr><th scope=\"col\">%s</th><th scope=\"col\">State</th>", class,
	    names[kind]);
	if (kind == KIND_FILE) {
		buffer_string(out, "<th scope=\"col\">Written</th>");
	} else {
		buffer_format(out,
		    "<th scope=\"col\">Last run</th><th scope=\"col\">Age</th><th scope=\"col\">%s</th>",
		    kind == KIND_ENGINE ? "Heartbeat" : "Last success");
		if (kind != KIND_POSITIONS)
			buffer_format(out, "<th scope=\"col\">%s</th><th scope=\"col\">Latency</th>",
			    kind == KIND_COLLECTOR ? "Duration" : "Typical");
	}
	buffer_string(out, "</tr></thead><tbody>\n");
}

void
page_checks(struct buffer *out, const struct health_report *report, const char *class, enum health_kind kind,
    enum health_kind other, enum page_part part)
{
	table_head(out, class, kind);
	for (size_t i = 0; i < report->count; i++)
		if ((report->checks[i].kind == kind || report->checks[i].kind == other) &&
		    (part == PAGE_ALL || (report->checks[i].status == HEALTH_OK) == (part == PAGE_OK)))
			check_row(out, &report->checks[i], report->made_at, kind != other);
	buffer_string(out, "</tbody></table>\n");
}

static void
number(struct buffer *out, double value)
{
	char text[NUMBER_TEXT];
	size_t length = number_format(value, text);

	buffer_append(out, text, length);
}

/* Long and short; "not known" is not "none". */
static void
quantity_cell(struct buffer *out, const double quantity[2])
{
	static const char *const sides[] = { " long", " short" };
	bool any = false;

	buffer_string(out, "<td>");
	for (int side = 0; side < 2; side++)
		if (!isnan(quantity[side]) && quantity[side] != 0) {
			buffer_string(out, any ? ", " : "");
			number(out, quantity[side]);
			buffer_string(out, sides[side]);
			any = true;
		}
	if (!any)
		buffer_string(out, isnan(quantity[0]) || isnan(quantity[1]) ? "not known" : "none");
	buffer_string(out, "</td>");
}

/* An agreement that is no longer measured may be over. */
static bool
agrees(const struct health_position *position)
{
	return position->mismatch == 0 && !position->stale;
}

static void
position_row(struct buffer *out, const struct health_position *position, double now)
{
	bool differs = !isnan(position->mismatch) && position->mismatch != 0;

	buffer_format(out, "<tr class=\"%s\">", differs ? "fail" : agrees(position) ? "ok" : "warn");
	name_cell(out, "", position->symbol, position->env);
	buffer_string(out, "<td>");
	html_text(out, position->exchange);
	buffer_string(out, "</td>");
	quantity_cell(out, position->there);
	quantity_cell(out, position->believed);
	buffer_string(out, "<td><b>");
	if (differs) {
		buffer_string(out, "differ by ");
		number(out, position->mismatch);
	} else {
		buffer_string(out, isnan(position->mismatch) ? "not compared" : "agree");
	}
	buffer_format(out, "</b>%s</td>", position->stale ? " <small>no longer measured</small>" : "");
	page_time(out, position->since, now, "&ndash;");
	buffer_string(out, "</tr>\n");
}

static void
position_rows(struct buffer *out, const struct health_report *report, bool agreeing)
{
	buffer_string(out, "<table class=\"open\"><thead><tr><th scope=\"col\">Position</th>"
			   "<th scope=\"col\">Exchange</th><th scope=\"col\">The exchange has</th>"
			   "<th scope=\"col\">The engine believes</th><th scope=\"col\">Compared</th>"
			   "<th scope=\"col\">Since</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < report->position_count; i++)
		if (agrees(&report->positions[i]) == agreeing)
			position_row(out, &report->positions[i], report->made_at);
	buffer_string(out, "</tbody></table>\n");
}

void
page_positions(struct buffer *out, const struct health_report *report)
{
	size_t agreeing = 0, bad = 0, ok = 0;

	for (size_t i = 0; i < report->position_count; i++)
		agreeing += agrees(&report->positions[i]);
	for (size_t i = 0; i < report->count; i++)
		if (report->checks[i].kind == KIND_POSITIONS)
			*(report->checks[i].status == HEALTH_OK ? &ok : &bad) += 1;
	if (bad > 0)
		page_checks(out, report, "positions", KIND_POSITIONS, KIND_POSITIONS, PAGE_BAD);
	if (agreeing < report->position_count)
		position_rows(out, report, false);
	if (ok + agreeing > 0)
		buffer_format(out, "<details><summary>%zu ok, with %zu %s</summary>\n", ok, agreeing,
		    agreeing == 1 ? "position that agrees" : "positions that agree");
	if (ok > 0)
		page_checks(out, report, "positions", KIND_POSITIONS, KIND_POSITIONS, PAGE_OK);
	if (agreeing > 0)
		position_rows(out, report, true);
	buffer_string(out, ok + agreeing > 0 ? "</details>\n" : "");
	if (report->more_positions)
		buffer_string(out, "<p>There are more positions than are shown here.</p>\n");
}
