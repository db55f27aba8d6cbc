/*
 * The messages that came, for the page and for tests.  They are in memory alone: a restart is an empty
 * chat.  Each list has a limit, so a test that sends for hours does not fill the machine; the oldest
 * ones go.
 */

#include <string.h>

#include "demo/paper_chat/server.h"

void
server_keep(struct server *server, json_t *message)
{
	(void)json_array_append_new(server->messages, message);
	server->messages_total++;
	if (json_array_size(server->messages) > MOST_MESSAGES)
		(void)json_array_remove(server->messages, 0);
}

static bool
member_is(const json_t *object, const char *name, const char *value)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL && strcmp(text, value) == 0;
}

/* From the newest on, since that is the one that is edited or answered most often. */
json_t *
server_find(struct server *server, const char *service, const char *chat, const char *id)
{
	for (size_t i = json_array_size(server->messages); i-- > 0;) {
		json_t *message = json_array_get(server->messages, i);

		if (member_is(message, "service", service) && member_is(message, "id", id) &&
		    (chat == NULL || member_is(message, "chat", chat)))
			return message;
	}
	return NULL;
}

/* The messages of the last 60 s, counted from the newest back.  It answers with the seconds until the
 * one that is in the way is a minute old: rounded up, or the client would come too early. */
int64_t
server_throttle(struct server *server, const char *service, const char *chat, int64_t limit)
{
	int64_t now = wall_clock_ms(), count = 0, age;

	for (size_t i = json_array_size(server->messages); limit > 0 && i-- > 0;) {
		json_t *message = json_array_get(server->messages, i);

		age = now - json_integer_value(json_object_get(message, "received_ms"));
		if (age >= 60000)
			break;
		if (member_is(message, "service", service) && member_is(message, "chat", chat) &&
		    ++count == limit)
			return (60000 - age + 999) / 1000;
	}
	return 0;
}

/* What it said before is kept: a test wants to see that an edit was made and what it changed. */
void
server_edit(json_t *message, const char *text, const char *sent, int64_t received_ms)
{
	json_t *edits = json_object_get(message, "edits");

	(void)json_array_append_new(edits, json_pack("{s:I, s:O}", "received_ms", (json_int_t)received_ms,
					       "before", json_object_get(message, "text")));
	if (json_array_size(edits) > MOST_EDITS)
		(void)json_array_remove(edits, 0);
	(void)json_object_set_new(message, "text", json_string(text));
	(void)json_object_set_new(message, "sent", json_string(sent));
}

static bool
is_numeric(const char *chat)
{
	return chat[strspn(chat, "-0123456789")] == '\0';
}

/* A list of chats limits one service only: numbers are Telegram's, names are Slack's.  Without any of a
 * service, all its chats are there. */
bool
server_has_chat(const struct server *server, const char *chat, bool numeric)
{
	bool limited = false;

	for (size_t i = 0; i < options_count(server->settings.flags, "chat"); i++) {
		const char *allowed = options_item(server->settings.flags, "chat", i);

		if (strcmp(allowed, chat) == 0)
			return true;
		limited = limited || is_numeric(allowed) == numeric;
	}
	return !limited && is_numeric(chat) == numeric;
}
