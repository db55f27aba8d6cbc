/*
 * How many alerts fit is found before anything is written for good: each part is written once on trial,
 * with the largest counts it may have, and its size is added up.  One message of as many alerts as fit,
 * since a storm of 200 alerts must not become 200 messages: Telegram takes about 20 a minute in a
 * group, and nobody reads more.  The most urgent ones come first, and those that do not fit wait for
 * the next message: no alert is left out.  It fails for want of memory alone.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/alert/alert.h"
#include "relay/message/draft.h"
#include "relay/message/templates.h"

enum {
	/* One long label must not take the place of five other alerts. */
	LIST_VALUE = 100, /* units that a value may have in a list */
	/* A mail reader shows less than that.  A value is not cut below LEAST_VALUE, since nothing
	 * could be read in it. */
	SUBJECT_UNITS = 200,
	LEAST_VALUE = 8,
};

/* Order */

/* Whose acknowledgement it tells of: the head of a group names one person. */
static const char *
taken_by(const struct message_item *item)
{
	return item_class(item) == CLASS_ACKNOWLEDGED && item->acknowledged_by != NULL ? item->acknowledged_by
										       : "";
}

/* Groups are runs of neighbours (same_group()), so all that makes a group comes before the time. */
static int
compare(const void *a, const void *b)
{
	const struct message_item *x = a, *y = b;
	int order = item_severity(x) - item_severity(y);

	if (order == 0)
		order = (int)item_class(x) - (int)item_class(y);
	if (order == 0)
		order = strcmp(alert_text(x->labels, "alertname"), alert_text(y->labels, "alertname"));
	if (order == 0)
		order = strcmp(taken_by(x), taken_by(y));
	if (order == 0)
		order = (x->starts_ms > y->starts_ms) - (x->starts_ms < y->starts_ms);
	return order;
}

static bool
same_group(const struct message_item *a, const struct message_item *b)
{
	return item_severity(a) == item_severity(b) && item_class(a) == item_class(b) &&
	       strcmp(alert_text(a->labels, "alertname"), alert_text(b->labels, "alertname")) == 0 &&
	       strcmp(taken_by(a), taken_by(b)) == 0;
}

static size_t
group_size(const struct message_item items[], size_t count)
{
	size_t size = 1;

	while (size < count && same_group(&items[0], &items[size]))
		size++;
	return size;
}

/* One alert */

static enum template template_of(const struct message_item *item)
{
	static const enum template templates[] = { [CLASS_FIRING] = TEMPLATE_FIRING,
		[CLASS_ACKNOWLEDGED] = TEMPLATE_ACKNOWLEDGED,
		[CLASS_OVER] = TEMPLATE_RESOLVED };

	return templates[item_class(item)];
}

/*
 * Values are cut ever shorter until all fits: so the long ones pay, and links and the action stay.  The
 * draft ends with a line break that draft_finish() takes away: it may be one unit over.  Each round
 * keeps three quarters, so there are some 30 of them at the most.
 */
static void
write_one(struct draft *draft, const char *template, const struct values *values, size_t limit)
{
	size_t value_units = limit;

	draft_template(draft, template, values, value_units);
	while (draft->units > limit + 1 && value_units > LEAST_VALUE && !draft->failed) {
		value_units = value_units * 3 / 4;
		draft_release(draft);
		draft_init(draft);
		draft_template(draft, template, values, value_units);
	}
	draft_cut(draft, limit);
}

/* A list */

/* "3 P0, 9 P2" */
static void
set_counts(struct values *values, const struct message_item items[], size_t count, size_t more)
{
	/* One for each severity: item_severity() gives no other number. */
	size_t of[4] = { 0 }, used = 0;
	char text[160];

	for (size_t i = 0; i < count; i++)
		of[item_severity(&items[i])]++;
	text[0] = '\0';
	for (size_t i = 0; i < 4; i++)
		if (of[i] > 0)
			used += (size_t)snprintf(
			    text + used, sizeof(text) - used, "%s%zu P%zu", used > 0 ? ", " : "", of[i], i);
	values_set(values, FIELD_COUNTS, SLICE(text));
	(void)snprintf(text, sizeof(text), "%zu", count);
	values_set(values, FIELD_COUNT, SLICE(text));
	(void)snprintf(text, sizeof(text), "%zu", more);
	if (more > 0)
		values_set(values, FIELD_MORE, SLICE(text));
}

/* The labels that all of them have, with the same values; NULL: no memory.  What all of a group share
 * is said once in its head, and only the rest in each line. */
static json_t *
shared_labels(const struct message_item items[], size_t count)
{
	json_t *shared = json_copy((json_t *)(uintptr_t)items[0].labels);
	const char *name;
	json_t *value;
	void *next;

	for (size_t i = 1; i < count; i++)
		json_object_foreach_safe(shared, next, name,
		    value) if (!json_equal(value, json_object_get(items[i].labels, name)))(void)
		    json_object_del(shared, name);
	return shared;
}

struct list {
	const struct templates *templates;
	const struct message_item *items; /* all that wait */
	size_t count;
	struct values values;
};

/* As many of the first `wanted` items of a group of `size` as fit; all count as fitting where `limit` is 0.
 */
static size_t
write_group(struct draft *draft, struct list *list, size_t at, size_t size, size_t wanted, size_t limit)
{
	const struct message_item *items = list->items + at;
	/* Of the whole group, also when a part of it is shown: otherwise a label could move from the
	 * head into the lines after they were measured. */
	json_t *shared = shared_labels(items, size);
	char count[24];
	size_t i = 0;

	(void)snprintf(count, sizeof(count), "%zu", wanted);
	values_of_group(&list->values, list->templates, items, size, shared);
	values_set(&list->values, FIELD_COUNT, SLICE(count));
	draft_template(
	    draft, templates_text(list->templates, TEMPLATE_LIST_GROUP), &list->values, LIST_VALUE);
	for (; i < wanted && (limit == 0 || draft->units <= limit); i++) {
		values_of_member(&list->values, list->templates, &items[i], shared);
		draft_template(
		    draft, templates_text(list->templates, TEMPLATE_LIST_ALERT), &list->values, LIST_VALUE);
	}
	json_decref(shared);
	/* The last one was too much. */
	return i > 0 && limit != 0 && draft->units > limit ? i - 1 : i;
}

/* The first `shown` items, or as many of them as fit; how many that is.  It stops within a group where
 * the room ends: the next message begins with the rest of that group. */
static size_t
write_list(struct draft *draft, struct list *list, size_t shown, size_t more, size_t limit)
{
	size_t written = 0, size, wanted, done;

	values_of_group(&list->values, list->templates, list->items, list->count, NULL);
	set_counts(&list->values, list->items, shown, more);
	draft_template(draft, templates_text(list->templates, TEMPLATE_LIST), &list->values, LIST_VALUE);
	do {
		size = group_size(list->items + written, list->count - written);
		wanted = size < shown - written ? size : shown - written;
		done = write_group(draft, list, written, size, wanted, limit);
		written += done;
	} while (written < shown && done == wanted);
	return written;
}

/* The whole message */

/* In one line without markup: it becomes a mail's header, and the title that webhooks get.  8 bytes for
 * each unit are more than UTF-8 needs. */
static char *
subject_of(const struct templates *templates, enum template which, const struct values *values)
{
	struct draft draft;
	struct buffer line;

	draft_init(&draft);
	buffer_init(&line, 8 * SUBJECT_UNITS);
	write_one(&draft, templates_text(templates, which), values, SUBJECT_UNITS);
	for (size_t i = 0; i < draft.count; i++)
		if (draft.pieces[i].kind == PIECE_BREAK)
			buffer_string(&line, i + 1 < draft.count ? " " : "");
		else
			buffer_append(&line, draft.text.text + draft.pieces[i].start, draft.pieces[i].length);
	buffer_append(&line, "", 1);
	draft_release(&draft);
	return line.text;
}

static size_t
compose_list(struct draft *draft, struct list *list, size_t limit, struct message *message)
{
	size_t used = write_list(draft, list, list->count, list->count, limit);

	/* It fits now: no number is larger than on trial.  Not even one may fit below a long head.  It
	 * is cut then, since a message without an alert would be sent for ever. */
	used = used > 0 ? used : 1;
	draft_release(draft);
	draft_init(draft);
	(void)write_list(draft, list, used, list->count - used, 0);
	draft_cut(draft, limit);
	values_of_group(&list->values, list->templates, list->items, list->count, NULL);
	set_counts(&list->values, list->items, used, 0);
	message->subject = subject_of(list->templates, TEMPLATE_LIST_SUBJECT, &list->values);
	return used;
}

int
message_compose(const struct templates *templates, struct message_item items[], size_t count, size_t limit,
    struct message *message, size_t *used, struct failure *why)
{
	struct list list = { .templates = templates, .items = items, .count = count };
	struct draft draft;
	int result;

	assert(count > 0 && limit >= MESSAGE_LIMIT_LEAST);
	memset(message, 0, sizeof(*message));
	qsort(items, count, sizeof(*items), compare);
	values_init(&list.values);
	draft_init(&draft);
	*used = 1;
	if (count == 1) {
		values_of_item(&list.values, templates, &items[0]);
		write_one(&draft, templates_text(templates, template_of(&items[0])), &list.values, limit);
		message->subject = subject_of(templates, TEMPLATE_SUBJECT, &list.values);
	} else {
		*used = compose_list(&draft, &list, limit, message);
	}
	message->items = items;
	message->item_count = *used;
	message->button = templates_word(templates, "acknowledge");
	result = message->subject != NULL ? draft_finish(&draft, message) : -1;
	draft_release(&draft);
	values_release(&list.values);
	return result == 0 ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

void
message_release(struct message *message)
{
	free(message->pieces);
	free(message->subject);
	buffer_release(&message->text);
	memset(message, 0, sizeof(*message));
}
