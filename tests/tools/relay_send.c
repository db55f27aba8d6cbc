/*
 * relay_send: one attempt to send, as a JSON object on standard input says:
 *
 *	{"channel": {"kind": 0, "url": ...}, "items": [{"kind": 0, "labels": {}, ...}],
 *	 "reply_to": ..., "ack_data": ..., "silent": true, "edit": ID, "times": 1, "timeout_ms": 10000}
 *
 * Each result is a line of JSON.  With "users" instead of items it polls Telegram's updates until a press
 * that counts, at most "times" polls; with "csv" it sends a day's summary, of a day without alerts.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/channel/telegram_updates.h"
#include "relay/summary.h"

static struct secrets secrets;

static void
print(json_t *object)
{
	(void)json_dumpf(object, stdout, JSON_COMPACT);
	(void)printf("\n");
	(void)fflush(stdout);
	json_decref(object);
}

static const char *
text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static long long
number(const json_t *object, const char *name, long long otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static struct channel
read_channel(const json_t *given)
{
	const char *own[] = { text(given, "token"), text(given, "password") };
	bool hidden = text(given, "token") == NULL && number(given, "kind", 0) != CHANNEL_MAIL;

	for (size_t i = 0; i < 2; i++)
		if (own[i] != NULL)
			secrets_add(&secrets, own[i]);
	if (hidden && text(given, "url") != NULL)
		secrets_add(&secrets, text(given, "url"));
	return (struct channel){ .kind = (enum channel_kind)number(given, "kind", 0),
		.name = "test:main",
		.url = text(given, "url"),
		.token = text(given, "token"),
		.to = text(given, "to"),
		.from = text(given, "from"),
		.user = text(given, "user"),
		.password = text(given, "password"),
		.ca_file = text(given, "ca_file"),
		.secrets = &secrets };
}

static size_t
read_items(const json_t *given, struct message_item **items)
{
	const json_t *list = json_object_get(given, "items");
	size_t count = json_array_size(list);

	*items = calloc(count + 1, sizeof(**items));
	for (size_t i = 0; *items != NULL && i < count; i++) {
		const json_t *item = json_array_get(list, i);

		(*items)[i] = (struct message_item){ .kind = (enum message_kind)number(item, "kind", 0),
			.id = text(item, "id"),
			.labels = json_object_get(item, "labels"),
			.annotations = json_object_get(item, "annotations"),
			.starts_ms = number(item, "starts_ms", 1796000000000),
			.ends_ms = number(item, "ends_ms", 0),
			.acknowledged_by = text(item, "acknowledged_by"),
			.acknowledge_url = text(item, "acknowledge_url") };
	}
	return *items != NULL ? count : 0;
}

static void
print_result(const struct channel_result *result, size_t used)
{
	static const char *const outcomes[] = { "sent", "retry", "refused" };

	print(json_pack("{ss si sI sb ss ss ss sI}", "outcome", outcomes[result->outcome], "status",
	    result->status, "retry_after_ms", (json_int_t)result->retry_after_ms, "content",
	    (int)result->content, "message_id", result->message_id, "kind",
	    result->outcome == CHANNEL_SENT ? "" : failure_kind_name(result->failure.kind), "text",
	    result->failure.text, "used", (json_int_t)used));
}

static int
send_all(const json_t *given, const struct channel *channel, const struct templates *templates)
{
	struct channel_options options = { .reply_to = text(given, "reply_to"),
		.ack_data = text(given, "ack_data"),
		.silent = json_is_true(json_object_get(given, "silent")) };
	struct message_item *items;
	size_t count = read_items(given, &items), used = 0;
	struct failure why;
	struct channel_line *line = channel_open(channel, &why);

	for (long long i = number(given, "times", 1); line != NULL && count > 0 && i > 0; i--) {
		struct deadline deadline = deadline_in(number(given, "timeout_ms", 10000) * 1000000);
		struct channel_result result;
		struct message message;

		if (message_compose(templates, items, count, channel_limit(channel), &message, &used, &why) !=
		    0)
			break;
		if (text(given, "edit") != NULL)
			channel_edit(line, text(given, "edit"), &message, &options, deadline, &result);
		else
			channel_send(line, &message, &options, deadline, &result);
		print_result(&result, used);
		message_release(&message);
	}
	channel_close(line);
	free(items);
	return line != NULL ? 0 : 1;
}

static bool
pressed(void *context, const struct telegram_press *press)
{
	print(json_pack("{ss ss ss ss}", "data", press->data, "channel", press->channel, "message_id",
	    press->message_id, "user", press->user));
	*(bool *)context = true;
	return strcmp(press->data, "gone") != 0;
}

static int
poll_updates(const json_t *given, const struct channel *channel, const struct templates *templates)
{
	const json_t *list = json_object_get(given, "users");
	int64_t users[8], retry_after_ms;
	size_t count = json_array_size(list);
	struct telegram_updates *updates;
	struct failure why;
	bool done = false;

	for (size_t i = 0; i < count && i < 8; i++)
		users[i] = json_integer_value(json_array_get(list, i));
	updates = telegram_updates_new(&channel, 1, users, count, templates, &why);
	for (long long i = number(given, "times", 1); updates != NULL && !done && i > 0; i--)
		if (telegram_updates_poll(updates, deadline_in(number(given, "timeout_ms", 7000) * 1000000),
			pressed, &done, &retry_after_ms, &why) != 0)
			print(json_pack("{ss ss sI}", "kind", failure_kind_name(why.kind), "text", why.text,
			    "retry_after_ms", (json_int_t)retry_after_ms));
	/* The last one is taken when the next poll asks. */
	if (done)
		(void)telegram_updates_poll(
		    updates, deadline_in(2000000000), pressed, &done, &retry_after_ms, &why);
	telegram_updates_free(updates);
	return 0;
}

static int
send_summary(const json_t *given, const struct channel *channel, const struct templates *templates)
{
	const struct history_summary nothing = { 0 };
	struct channel_result result;
	struct summary_mail mail;
	struct failure why;
	struct channel_line *line = channel_open(channel, &why);

	if (line == NULL || summary_compose(templates, &nothing, 0, 86400000, &mail, &why) != 0)
		return 1;
	summary_send(line, &mail, SLICE(text(given, "csv")), deadline_in(10000000000), &result);
	print_result(&result, 0);
	buffer_release(&mail.text);
	buffer_release(&mail.html);
	channel_close(line);
	return 0;
}

int
main(void)
{
	json_t *given = json_loadf(stdin, 0, NULL);
	struct channel channel = read_channel(json_object_get(given, "channel"));
	struct failure why = { 0 };
	struct templates *templates = templates_new("en", NULL, &why);
	int status;

	if (templates == NULL || channel_check(&channel, &why) != 0) {
		print(json_pack("{ss}", "text", why.text));
		status = 1;
	} else if (json_object_get(given, "users") != NULL) {
		status = poll_updates(given, &channel, templates);
	} else if (text(given, "csv") != NULL) {
		status = send_summary(given, &channel, templates);
	} else {
		status = send_all(given, &channel, templates);
	}
	templates_free(templates);
	secrets_release(&secrets);
	json_decref(given);
	return status;
}
