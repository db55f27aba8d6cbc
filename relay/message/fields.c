/*
 * The values of the fields.  They come from outside and are cleaned here, once: what is behind this
 * file is valid UTF-8 on one line, and a URL is one that a channel may show as a link.  An alert's
 * texts are written by whoever writes rules and by what is measured (an exchange's error text, a host's
 * name), so a line break could fake a second alert, and a mark of direction could turn the text
 * around.  No field can fail: one that does not fit into memory is empty.
 */

#include <stdio.h>
#include <string.h>

#include "common/text/utf8.h"
#include "relay/alert/alert.h"
#include "relay/message/fields.h"
#include "relay/message/local_time.h"
#include "relay/message/templates.h"

/* Bytes of all values of one alert, which intake has cut already.  Browsers and Slack take URLs of 2000
 * characters and more; a longer one is no link that somebody made by hand. */
enum { VALUES_LIMIT = 512 * 1024, URL_LONGEST = 2000 };

const char *const field_names[FIELDS] = {
	[FIELD_EMOJI] = "emoji",
	[FIELD_SEVERITY] = "severity",
	[FIELD_SEVERITY_WORD] = "severity_word",
	[FIELD_ALERTNAME] = "alertname",
	[FIELD_STATE] = "state",
	[FIELD_NOTE] = "note",
	[FIELD_ENV] = "env",
	[FIELD_SERVICE] = "service",
	[FIELD_WHERE] = "where",
	[FIELD_SUMMARY] = "summary",
	[FIELD_DESCRIPTION] = "description",
	[FIELD_VALUE] = "value",
	[FIELD_LIMIT] = "limit",
	[FIELD_ACTION] = "action",
	[FIELD_SINCE] = "since",
	[FIELD_WHEN] = "when",
	[FIELD_UNTIL] = "until",
	[FIELD_DURATION] = "duration",
	[FIELD_ACKNOWLEDGED_BY] = "acknowledged_by",
	[FIELD_ACKNOWLEDGED_AT] = "acknowledged_at",
	[FIELD_RUNBOOK_URL] = "runbook_url",
	[FIELD_DASHBOARD_URL] = "dashboard_url",
	[FIELD_SOURCE_URL] = "source_url",
	[FIELD_ACKNOWLEDGE_URL] = "acknowledge_url",
	[FIELD_ID] = "id",
	[FIELD_COUNT] = "count",
	[FIELD_COUNTS] = "counts",
	[FIELD_MORE] = "more",
};

enum field
field_find(struct slice name)
{
	size_t i = 0;

	while (i < FIELDS && !slice_is(name, field_names[i]))
		i++;
	return (enum field)i;
}

/* The order of enum field makes it a range. */
bool
field_is_url(enum field field)
{
	return field >= FIELD_RUNBOOK_URL && field <= FIELD_ACKNOWLEDGE_URL;
}

void
values_init(struct values *values)
{
	memset(values, 0, sizeof(*values));
	buffer_init(&values->text, VALUES_LIMIT);
}

/* The memory stays: a list uses the same values for each of its alerts. */
void
values_clear(struct values *values)
{
	values->text.length = 0;
	memset(values->length, 0, sizeof(values->length));
}

void
values_release(struct values *values)
{
	buffer_release(&values->text);
}

struct slice
values_get(const struct values *values, enum field field)
{
	return values->length[field] == 0
		   ? (struct slice){ "", 0 }
		   : (struct slice){ values->text.text + values->start[field], values->length[field] };
}

/*
 * One blank for any number of characters that do not show or break lines; none at either end.  What has
 * no width or turns the direction goes without a blank, since it is within words; control characters
 * and separators of lines become one.  A byte that is not UTF-8 becomes U+FFFD, because Telegram and
 * JSON refuse the whole text otherwise.
 */
static void
append_clean(struct buffer *out, struct slice text)
{
	size_t start = out->length;
	bool blank = false;

	for (size_t i = 0, width; i < text.length; i += width != 0 ? width : 1) {
		const char *at = text.at + i;

		width = utf8_character(at, text.length - i);
		if (width == 1 && (*at == ' ' || *at == '\0')) {
			blank = true;
		} else if (width != 0 && utf8_unseen(at, width) != 0) {
			blank |= width == 1 || utf8_unseen(at, width) == 0x2028;
		} else {
			if (blank && out->length > start)
				buffer_string(out, " ");
			blank = false;
			buffer_append(out, width != 0 ? at : "\xEF\xBF\xBD", width != 0 ? width : 3);
		}
	}
}

static void
begin(struct values *values, enum field field)
{
	values->start[field] = values->text.length;
}

static void
end(struct values *values, enum field field)
{
	values->length[field] = values->text.failed ? 0 : values->text.length - values->start[field];
}

void
values_set(struct values *values, enum field field, struct slice text)
{
	begin(values, field);
	append_clean(&values->text, text);
	end(values, field);
}

static void
set(struct values *values, enum field field, const char *text)
{
	values_set(values, field, SLICE(text));
}

/* Nothing that a browser would not take to the web, or that could end a link early. */
static void
set_url(struct values *values, enum field field, const char *url)
{
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return;
	/* These characters do not belong into a URL (RFC 3986, 2) and would be written as %22 in one
	 * that is correct. */
	if (strlen(url) > URL_LONGEST || strpbrk(url, " \"<>\\^`{|}") != NULL)
		return;
	values_set(values, field, SLICE(url));
	/* Cleaning changed it: then it leads elsewhere. */
	if (!slice_is(values_get(values, field), url))
		values->length[field] = 0;
}

enum item_class
item_class(const struct message_item *item)
{
	if (item->kind == MESSAGE_RESOLVED)
		return CLASS_OVER;
	return item->kind == MESSAGE_ACKNOWLEDGED ? CLASS_ACKNOWLEDGED : CLASS_FIRING;
}

/* Everything that is not P0 to P2 is shown as P3, for arrays of four. */
int
item_severity(const struct message_item *item)
{
	enum alert_severity severity = alert_severity(item->labels);

	return severity < SEVERITY_P3 ? (int)severity : SEVERITY_P3;
}

static const char *
word(const struct templates *templates, const char *prefix, const char *name)
{
	char whole[48];

	(void)snprintf(whole, sizeof(whole), "%s%s", prefix, name);
	return templates_word(templates, whole);
}

static void
set_severity(struct values *values, const struct templates *templates, const struct message_item *item)
{
	const char *name = alert_severity_name((enum alert_severity)item_severity(item));
	enum item_class class = item_class(item);

	set(values, FIELD_SEVERITY, name);
	set(values, FIELD_SEVERITY_WORD, templates_word(templates, name));
	set(values, FIELD_EMOJI,
	    word(templates, "emoji_",
		class == CLASS_OVER           ? "resolved"
		: class == CLASS_ACKNOWLEDGED ? "acknowledged"
					      : name));
	set(values, FIELD_ALERTNAME, alert_text(item->labels, "alertname"));
}

/* The part behind "state_" and "note_" of the word for it.  "over" is an alert that ended while its
 * first message was waiting: it is named all the same, and says that nothing is to be done. */
static const char *
state(const struct message_item *item)
{
	static const char *const names[] = { "fired", "repeated", "escalated", "resolved", "acknowledged" };

	if (item_class(item) == CLASS_OVER && item->expired)
		return "expired";
	return item_class(item) == CLASS_FIRING && item->ends_ms != 0 ? "over" : names[item->kind];
}

/* A list has the short times, an alert of its own the long ones with the zone: its reader may be in
 * another one. */
static void
set_times(struct values *values, const struct templates *templates, const struct message_item *item)
{
	char text[LOCAL_TIME];
	int64_t now = local_time_now(), until = item->ends_ms != 0 ? item->ends_ms : now;

	set(values, FIELD_SINCE, local_time_text(item->starts_ms, text));
	begin(values, FIELD_WHEN);
	buffer_string(&values->text, local_time_short(item->starts_ms, now, text));
	if (item->ends_ms != 0) {
		buffer_string(&values->text, "–");
		buffer_string(&values->text, local_time_short(item->ends_ms, now, text));
	}
	end(values, FIELD_WHEN);
	if (item->ends_ms != 0)
		set(values, FIELD_UNTIL, local_time_text(item->ends_ms, text));
	/* The first message of it comes at once: that says nothing. */
	if (item->kind != MESSAGE_FIRED || item->ends_ms != 0)
		set(values, FIELD_DURATION, local_time_span(templates, until - item->starts_ms, text));
	if (item->acknowledged_by == NULL)
		return;
	set(values, FIELD_ACKNOWLEDGED_BY, item->acknowledged_by);
	if (item->acknowledged_ms != 0)
		set(values, FIELD_ACKNOWLEDGED_AT, local_time_text(item->acknowledged_ms, text));
}

/* Labels that have a field of their own, or that tell how it was measured and not where.  What is left
 * says which one it is: exchange, symbol, instance. */
static bool
tells_where(const char *name)
{
	static const char *const others[] = { "alertname", "severity", "env", "service", "job", "collector",
		"monitor" };

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(others[i], name) == 0)
			return false;
	return true;
}

/* env, service and where: of these labels, without those that are in `but` (which may be NULL). */
static void
set_where(struct values *values, const json_t *labels, const json_t *but)
{
	const char *name, *separator = "";
	json_t *value;

	if (json_object_get(but, "env") == NULL)
		set(values, FIELD_ENV, alert_text(labels, "env"));
	if (json_object_get(but, "service") == NULL)
		set(values, FIELD_SERVICE, alert_text(labels, "service"));
	begin(values, FIELD_WHERE);
	/* jansson's macro wants an object that may be changed; nothing is. */
	json_object_foreach((json_t *)(uintptr_t)labels, name, value)
	{
		if (!tells_where(name) || json_object_get(but, name) != NULL)
			continue;
		buffer_string(&values->text, separator);
		append_clean(&values->text, SLICE(name));
		buffer_string(&values->text, "=");
		append_clean(&values->text, SLICE(alert_text(labels, name)));
		separator = " ";
	}
	end(values, FIELD_WHERE);
}

static void
set_urls(struct values *values, const struct message_item *item)
{
	set_url(values, FIELD_RUNBOOK_URL, alert_text(item->annotations, "runbook_url"));
	set_url(values, FIELD_DASHBOARD_URL, alert_text(item->annotations, "dashboard_url"));
	set_url(values, FIELD_SOURCE_URL, item->link != NULL ? item->link : "");
	/* No link where nothing is left to acknowledge. */
	if (item_class(item) == CLASS_FIRING && item->ends_ms == 0 && item->acknowledge_url != NULL)
		set_url(values, FIELD_ACKNOWLEDGE_URL, item->acknowledge_url);
}

void
values_of_item(struct values *values, const struct templates *templates, const struct message_item *item)
{
	static const enum field annotations[] = { FIELD_SUMMARY, FIELD_DESCRIPTION, FIELD_VALUE, FIELD_LIMIT,
		FIELD_ACTION };

	values_clear(values);
	set_severity(values, templates, item);
	set(values, FIELD_STATE, word(templates, "state_", state(item)));
	set(values, FIELD_COUNT, "1");
	set(values, FIELD_ID, item->id != NULL ? item->id : "");
	for (size_t i = 0; i < sizeof(annotations) / sizeof(*annotations); i++)
		set(values, annotations[i], alert_text(item->annotations, field_names[annotations[i]]));
	set_where(values, item->labels, NULL);
	set_times(values, templates, item);
	set_urls(values, item);
}

/* What to do, and what happens, where all of them say the same.  A summary that differs would be true
 * for one of the group only. */
static void
set_shared(struct values *values, enum field field, const struct message_item items[], size_t count)
{
	const char *text = alert_text(items[0].annotations, field_names[field]);

	for (size_t i = 1; i < count; i++)
		if (strcmp(alert_text(items[i].annotations, field_names[field]), text) != 0)
			return;
	set(values, field, text);
}

/* A list has no room for descriptions. */
void
values_of_group(struct values *values, const struct templates *templates, const struct message_item items[],
    size_t count, const json_t *shared)
{
	static const char *const states[] = { "fired", "acknowledged", "resolved" };
	enum item_class class = item_class(&items[0]);

	values_clear(values);
	set_severity(values, templates, &items[0]);
	set(values, FIELD_STATE, word(templates, "state_", states[class]));
	set_where(values, shared, NULL);
	if (class == CLASS_FIRING) {
		set_shared(values, FIELD_SUMMARY, items, count);
		set_shared(values, FIELD_ACTION, items, count);
	}
	if (class == CLASS_ACKNOWLEDGED && items[0].acknowledged_by != NULL)
		set(values, FIELD_ACKNOWLEDGED_BY, items[0].acknowledged_by);
}

void
values_of_member(struct values *values, const struct templates *templates, const struct message_item *item,
    const json_t *shared)
{
	const char *name = state(item);

	values_clear(values);
	set_severity(values, templates, item);
	/* The others say nothing that the group does not say. */
	set(values, FIELD_NOTE, word(templates, "note_", name));
	set(values, FIELD_ID, item->id != NULL ? item->id : "");
	set_where(values, item->labels, shared);
	set_times(values, templates, item);
	set_urls(values, item);
}
