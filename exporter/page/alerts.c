/*
 * What is open, between what is wrong and the checks.  Both say much of the same, from the same files: the
 * reasons in the words of the verdict, and the alerts with who looks after them.  A colour
 * is for what nobody looks after yet.
 */

#include <math.h>

#include "exporter/health/text.h"
#include "exporter/page/parts.h"

void
page_alerts_entry(struct buffer *out, const struct open_alerts *alerts)
{
	bool known = open_alerts_known(alerts);

	if (!alerts->asked)
		return;
	buffer_format(
	    out, "<li class=\"%s\"><a href=\"#alerts\"><b>", known && alerts->count == 0 ? "ok" : "bad");
	if (known)
		buffer_format(out, "%zu", alerts->count + alerts->more);
	else
		buffer_string(out, "?");
	buffer_string(out, "</b> Open alerts</a></li>");
}

static void
alert_row(struct buffer *out, const struct open_alert *alert, double now)
{
	const char *class = alert->hold != HOLD_NOT ? "held" : alert->severity == 0 ? "fail" : "warn";

	buffer_format(out, "<tr class=\"%s\"><th scope=\"row\">P%d ", class, alert->severity);
	html_text(out, alert->name[0] != '\0' ? alert->name : "(no name)");
	html_env(out, alert->env);
	buffer_format(out, "</th><td><b>%s", alert_hold_name(alert->hold));
	if (alert->by[0] != '\0') {
		buffer_string(out, " by ");
		html_text(out, alert->by);
	}
	buffer_string(out, "</b> <small>");
	html_text(out, alert->what);
	buffer_string(out, "</small></td>");
	page_time(out, alert->since, now, "&ndash;");
	buffer_string(out, "</tr>\n");
}

static void
not_known(struct buffer *out, const struct open_alerts *alerts, double now)
{
	char since[WORDS_TIME];

	words_clock(alerts->read_at, now, since);
	if (since[0] != '\0')
		buffer_format(out, "<p>The alerts cannot be read since %s", since);
	else
		buffer_string(out, "<p>The alerts have not been read yet");
	if (alerts->why[0] != '\0') {
		buffer_string(out, ": ");
		html_text(out, alerts->why);
	}
	buffer_string(out, ".</p>\n");
}

void
page_alerts(struct buffer *out, const struct open_alerts *alerts, double now)
{
	if (!alerts->asked)
		return;
	buffer_string(out,
	    "<section id=\"alerts\" aria-labelledby=\"h-alerts\"><h2 id=\"h-alerts\">Open alerts</h2>\n");
	if (!open_alerts_known(alerts)) {
		not_known(out, alerts, now);
	} else if (alerts->count == 0) {
		buffer_string(out, "<p>No alert is open.</p>\n");
	} else {
		buffer_string(out,
		    "<table class=\"alerts\"><thead><tr><th scope=\"col\">Alert</th>"
		    "<th scope=\"col\">State</th><th scope=\"col\">Since</th></tr></thead><tbody>\n");
		for (size_t i = 0; i < alerts->count; i++)
			alert_row(out, &alerts->shown[i], now);
		buffer_string(out, "</tbody></table>\n");
	}
	if (alerts->more > 0)
		buffer_format(out, "<p>%zu more are open.</p>\n", alerts->more);
	buffer_string(out, "</section>\n");
}
