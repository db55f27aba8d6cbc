/*
 * An incident as the pages see it, whether it comes from the store or from the history.  Both make JSON
 * of it, with other names for the times; after view_read() nothing has to know which it was.  Texts are
 * never NULL: what is missing is "".
 */

#include <string.h>
#include <time.h>

#include "relay/page/parts.h"

/* timegm(), since the text is in UTC: mktime() would read it in the zone of the settings.  Digits
 * behind the milliseconds are left out. */
int64_t
view_time(const char *text)
{
	struct tm utc = { 0 };
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
	int64_t ms = 0, unit = 100;

	if (rest == NULL)
		return 0;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9' && unit > 0; rest++, unit /= 10)
			ms += unit * (*rest - '0');
	return (int64_t)timegm(&utc) * 1000 + ms;
}

/* The store says it in milliseconds, the history in words. */
static int64_t
read_time(const json_t *json, const char *in_ms, const char *in_words)
{
	const char *words = json_string_value(json_object_get(json, in_words));

	return words != NULL ? view_time(words) : json_integer_value(json_object_get(json, in_ms));
}

void
view_read(struct view *view, json_t *json)
{
	*view = (struct view){ .json = json,
		.id = alert_text(json, "id"),
		.severity = alert_text(json, "severity"),
		.name = alert_text(json, "alertname"),
		.env = alert_text(json, "env"),
		.service = alert_text(json, "service"),
		.summary = alert_text(json, "summary"),
		.link = alert_text(json, "link"),
		.status = alert_text(json, "status"),
		.suppressed = alert_text(json, "suppressed"),
		.acknowledged_by = alert_text(json, "acknowledged_by"),
		.acknowledged_via = alert_text(json, "acknowledged_via"),
		.note = alert_text(json, "note"),
		.labels = json_object_get(json, "labels"),
		.annotations = json_object_get(json, "annotations"),
		.starts_ms = read_time(json, "starts_ms", "starts_at"),
		.ends_ms = read_time(json, "ends_ms", "ends_at"),
		.acknowledged_ms = read_time(json, "acknowledged_ms", "acknowledged_at") };
	/* The history has it as a column of its answer, the store only among the annotations. */
	if (*view->summary == '\0')
		view->summary = alert_text(view->annotations, "summary");
}

void
view_release(struct view *view)
{
	json_decref(view->json);
	*view = (struct view){ 0 };
}

bool
view_is_settled(const struct view *view)
{
	return view->acknowledged_ms != 0 || *view->suppressed != '\0';
}
