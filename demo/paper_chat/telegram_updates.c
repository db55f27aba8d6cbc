/*
 * Presses of buttons on their way to the bot, by long polling: getUpdates waits until there is one.  An
 * update stays until the bot asks for the next, so one that the bot did not get comes again.
 */

#include <stdio.h>
#include <string.h>

#include "demo/paper_chat/telegram.h"

enum { LONGEST_POLL = 50 }; /* seconds */

/* The updates from `offset` on; those before it are confirmed, and forgotten.  A negative one counts
 * from the end.  To ask with an offset is all there is of a confirmation. */
static json_t *
take_updates(struct server *server, int64_t offset, int64_t limit)
{
	json_t *list = json_array(), *update;
	size_t i;

	if (offset < 0)
		offset = server->last_update + 1 + offset;
	while (json_array_size(server->updates) > 0 &&
	       json_integer_value(json_object_get(json_array_get(server->updates, 0), "update_id")) < offset)
		(void)json_array_remove(server->updates, 0);
	json_array_foreach(server->updates, i, update) if ((int64_t)i < limit)(void)
	    json_array_append(list, update);
	return list;
}

void
telegram_get_updates(struct call *call)
{
	struct server *server = call->server;
	int64_t offset = call_number(call, "offset", 0), limit = call_number(call, "limit", 100);
	int64_t timeout = call_number(call, "timeout", 0), end;
	json_t *allowed = call_json(call, "allowed_updates"), *each, *list;
	/* Two polls at once would share the updates between them: the later one ends the earlier. */
	unsigned mine = ++server->polls;
	size_t i;

	/* It counts until the next one, as at Telegram: a poll without it changes nothing.  An empty
	 * list is everything but a few kinds. */
	if (json_is_array(allowed)) {
		server->without_buttons = json_array_size(allowed) > 0;
		json_array_foreach(allowed, i,
		    each) if (json_is_string(each) && strcmp(json_string_value(each), "callback_query") == 0)
		    server->without_buttons = false;
	}
	limit = limit < 1 || limit > 100 ? 100 : limit;
	timeout = timeout < 0 ? 0 : timeout > LONGEST_POLL ? LONGEST_POLL : timeout;
	end = wall_clock_ms() + timeout * 1000;
	/* Wakes an earlier poll, which sees that it is not the last one. */
	(void)pthread_cond_broadcast(&server->changed);
	for (list = take_updates(server, offset, limit); json_array_size(list) == 0;
	     list = take_updates(server, offset, limit)) {
		int64_t left = end - wall_clock_ms();

		if (left <= 0 || !server_wait(server, left) || mine != server->polls)
			break;
		json_decref(list);
	}
	if (mine != server->polls && json_array_size(list) == 0) {
		json_decref(list);
		telegram_fail(call, 409,
		    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
		    0);
		return;
	}
	telegram_succeed(call, list);
}

void
telegram_answer_callback(struct call *call)
{
	const char *id = call_text(call, "callback_query_id"), *text = call_text(call, "text");
	json_t *message, *answer;
	size_t i, j;

	json_array_foreach(call->server->messages, i, message)
	    json_array_foreach(json_object_get(message, "answers"), j, answer)
	{
		json_t *query = json_object_get(answer, "callback_query_id");

		if (id == NULL || strcmp(json_string_value(query), id) != 0 ||
		    /* A press is answered once: a second answer is refused like one that comes too late. */
		    json_object_get(answer, "text") != NULL)
			continue;
		(void)json_object_set_new(answer, "text", json_string(text != NULL ? text : ""));
		telegram_succeed(call, json_true());
		return;
	}
	telegram_refuse(call, "query is too old and response timeout expired or query ID is invalid");
}

/* The first button with data, or the one with this data, of a message; NULL: it has none. */
static const char *
find_data(const json_t *message, const char *wanted)
{
	json_t *row, *button;
	size_t i, j;

	json_array_foreach(json_object_get(message, "buttons"), i, row) json_array_foreach(row, j, button)
	{
		const char *data = json_string_value(json_object_get(button, "callback_data"));

		if (data != NULL && (wanted == NULL || strcmp(data, wanted) == 0))
			return data;
	}
	return NULL;
}

/* The same as a person's tap: the update is what Telegram would send.  Whether this person may press
 * is for the bot to decide. */
const char *
telegram_press(struct server *server, const char *id, int64_t user, const char *name, const char *wanted)
{
	json_t *message = server_find(server, "telegram", NULL, id), *query, *answers;
	const char *data = find_data(message, wanted);
	char callback[40];

	if (data == NULL)
		return message == NULL ? "no such message" : "no such button";
	if (server->without_buttons)
		return "the bot has asked for no callback_query (allowed_updates)";
	(void)snprintf(
	    callback, sizeof(callback), "%lld", 4000000000000000 + (long long)++server->last_update);
	query = json_pack("{s:s, s:{s:I, s:b, s:s}, s:o, s:s, s:s}", "id", callback, "from", "id",
	    (json_int_t)user, "is_bot", 0, "first_name", name, "message",
	    telegram_shown(server, message, true), "chat_instance", "1", "data", data);
	if (query == NULL)
		return "name is no UTF-8";
	answers = json_object_get(message, "answers");
	(void)json_array_append_new(answers, json_pack("{s:s, s:I, s:s, s:s}", "callback_query_id", callback,
						 "user", (json_int_t)user, "name", name, "data", data));
	if (json_array_size(answers) > MOST_EDITS)
		(void)json_array_remove(answers, 0);
	(void)json_array_append_new(server->updates,
	    json_pack("{s:I, s:o}", "update_id", (json_int_t)server->last_update, "callback_query", query));
	if (json_array_size(server->updates) > MOST_UPDATES)
		(void)json_array_remove(server->updates, 0);
	(void)pthread_cond_broadcast(&server->changed);
	return NULL;
}
