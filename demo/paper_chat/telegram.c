#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/utf8.h"
#include "demo/paper_chat/markup.h"
#include "demo/paper_chat/server.h"

/*
 * Telegram's Bot API, with the answers of its published server (tdlib/telegram-bot-api and tdlib/td).
 */
enum { TEXT_UNITS = 4096, BUTTON_BYTES = 64, LONGEST_POLL = 50 };

void
telegram_fail(struct call *call, int status, const char *description, int64_t retry_after)
{
	json_t *body;

	if (*description == '\0')
		description = status == 403   ? "Forbidden: bot was blocked by the user"
			      : status == 404 ? "Not Found"
			      : status == 502 ? "Bad Gateway"
			      : status < 500  ? "Bad Request"
					      : "Internal Server Error";
	(void)snprintf(call->answer.what, sizeof(call->answer.what), "%s", description);
	if (status == 429)
		(void)snprintf(call->answer.what, sizeof(call->answer.what),
		    "Too Many Requests: retry after %lld", (long long)retry_after);
	body = json_pack("{s:b, s:i, s:s}", "ok", 0, "error_code", status, "description", call->answer.what);
	if (status == 429)
		(void)json_object_set_new(
		    body, "parameters", json_pack("{s:I}", "retry_after", (json_int_t)retry_after));
	call->answer.retry_after = status == 429 ? retry_after : 0;
	call_answer(call, status, body);
}

static void refuse(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void
refuse(struct call *call, const char *format, ...)
{
	static const char prefix[] = "Bad Request: ";
	char text[sizeof(call->answer.what)];
	size_t length;
	va_list args;

	memcpy(text, prefix, sizeof(prefix));
	va_start(args, format);
	(void)vsnprintf(text + sizeof(prefix) - 1, sizeof(text) - sizeof(prefix) + 1, format, args);
	va_end(args);
	/* What the client sent may have been cut within a character. */
	for (length = strlen(text); !utf8_valid((struct slice){ text, length });)
		text[--length] = '\0';
	telegram_fail(call, 400, text, 0);
}

/* `result` is taken. */
static void
succeed(struct call *call, json_t *result)
{
	call->answer.said = "ok";
	call_answer(call, 200, json_pack("{s:b, s:o}", "ok", 1, "result", result));
}

static json_t *
bot(const struct server *server)
{
	return json_pack("{s:I, s:b, s:s, s:s}", "id", (json_int_t)strtoll(server->settings.token, NULL, 10),
	    "is_bot", 1, "first_name", "Paper bot", "username", "paper_chat_bot");
}

/* A kept message as the Bot API shows it; without `deep`, not what it replies to. */
static json_t *
shown(struct server *server, json_t *message, bool deep)
{
	const char *chat = json_string_value(json_object_get(message, "chat"));
	const char *replied = json_string_value(json_object_get(message, "reply_to"));
	json_t *edits = json_object_get(message, "edits"), *entities = json_object_get(message, "entities");
	json_t *buttons = json_object_get(message, "buttons"), *object, *first;

	object = json_pack("{s:I, s:o, s:o, s:I, s:O}", "message_id",
	    (json_int_t)atoll(json_string_value(json_object_get(message, "id"))), "from", bot(server), "chat",
	    *chat == '-' ? json_pack("{s:I, s:s, s:s}", "id", (json_int_t)atoll(chat), "title", "Paper chat",
			       "type", "supergroup")
			 : json_pack("{s:I, s:s, s:s}", "id", (json_int_t)atoll(chat), "first_name",
			       "Paper person", "type", "private"),
	    "date", (json_int_t)(json_integer_value(json_object_get(message, "received_ms")) / 1000), "text",
	    json_object_get(message, "text"));
	if (json_array_size(edits) > 0)
		(void)json_object_set_new(object, "edit_date",
		    json_integer(json_integer_value(json_object_get(
				     json_array_get(edits, json_array_size(edits) - 1), "received_ms")) /
				 1000));
	first = replied != NULL && deep ? server_find(server, "telegram", chat, replied) : NULL;
	if (first != NULL)
		(void)json_object_set_new(object, "reply_to_message", shown(server, first, false));
	if (json_array_size(entities) > 0)
		(void)json_object_set(object, "entities", entities);
	if (json_array_size(buttons) > 0)
		(void)json_object_set_new(
		    object, "reply_markup", json_pack("{s:O}", "inline_keyboard", buttons));
	return object;
}

/* What a message says, read from a request. */
struct content {
	const char *sent, *chat; /* borrowed */
	char *text;
	json_t *entities;
	json_t *buttons; /* borrowed; rows of buttons, or NULL */
};

static void
content_release(struct content *content)
{
	free(content->text);
	json_decref(content->entities);
}

static bool
button_is_good(struct call *call, const json_t *button)
{
	const char *text = json_string_value(json_object_get(button, "text"));
	const char *data = json_string_value(json_object_get(button, "callback_data"));
	const char *url = json_string_value(json_object_get(button, "url"));

	if (!json_is_object(button))
		refuse(call, "can't parse inline keyboard button: InlineKeyboardButton must be an Object");
	else if (text == NULL)
		refuse(call, "can't parse inline keyboard button: Can't find field \"text\"");
	else if (data == NULL && url == NULL)
		refuse(call,
		    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
	else if (data != NULL && (*data == '\0' || strlen(data) > BUTTON_BYTES))
		refuse(call, "BUTTON_DATA_INVALID");
	else if (url != NULL && !markup_is_link(url))
		refuse(call, "inline keyboard button URL '%.160s' is invalid: Wrong HTTP URL", url);
	else
		return true;
	return false;
}

static bool
read_buttons(struct call *call, json_t **buttons)
{
	json_t *reply_markup = call_json(call, "reply_markup"), *row, *button;
	size_t i, j;

	*buttons = NULL;
	if (reply_markup == NULL)
		return true;
	if (!json_is_object(reply_markup)) {
		refuse(call, "can't parse reply keyboard markup JSON object");
		return false;
	}
	*buttons = json_object_get(reply_markup, "inline_keyboard");
	if (*buttons != NULL && !json_is_array(*buttons)) {
		refuse(call, "field \"inline_keyboard\" must be of type Array");
		return false;
	}
	json_array_foreach(*buttons, i, row)
	{
		if (!json_is_array(row)) {
			refuse(call,
			    "field \"inline_keyboard\" of the InlineKeyboardMarkup must be an Array of Arrays");
			return false;
		}
		json_array_foreach(row, j, button) if (!button_is_good(call, button)) return false;
	}
	return true;
}

static bool
read_marked_up(struct call *call, struct content *content)
{
	struct markup m;
	bool read = markup_parse(&m, content->sent) == 0;

	if (read) {
		content->text = strndup(m.text.text != NULL ? m.text.text : "", m.text.length);
		content->entities = json_incref(m.entities);
	} else {
		refuse(call, "can't parse entities: %s", m.why);
	}
	markup_release(&m);
	return read;
}

static bool
read_text(struct call *call, struct content *content)
{
	const char *mode = call_text(call, "parse_mode");

	content->sent = call_text(call, "text");
	if (content->sent == NULL || *content->sent == '\0') {
		refuse(call, "message text is empty");
		return false;
	}
	if (strlen(content->sent) > MARKUP_LIMIT) {
		refuse(call, "text is too long");
		return false;
	}
	if (mode != NULL && *mode != '\0' && strcasecmp(mode, "none") != 0) {
		if (strcasecmp(mode, "HTML") != 0) {
			refuse(call, "unsupported parse_mode");
			return false;
		}
		return read_marked_up(call, content);
	}
	content->text = strdup(content->sent);
	content->entities = json_array();
	return true;
}

static bool
read_chat(struct call *call, const char **chat)
{
	*chat = call_text(call, "chat_id");
	if (*chat == NULL || **chat == '\0')
		refuse(call, "chat_id is empty");
	else if (!server_has_chat(call->server, *chat, true) || atoll(*chat) == 0)
		refuse(call, "chat not found");
	else
		return true;
	return false;
}

/* All of what a new or an edited message says; false: it was refused.  To be released either way. */
static bool
read_content(struct call *call, struct content *content)
{
	*content = (struct content){ 0 };
	if (!read_text(call, content) || !read_chat(call, &content->chat) ||
	    !read_buttons(call, &content->buttons))
		return false;
	if (content->text[strspn(content->text, " \t\r\n")] == '\0')
		refuse(call, "text must be non-empty");
	else if (markup_units(SLICE(content->text)) > TEXT_UNITS)
		refuse(call, "message is too long");
	else
		return true;
	return false;
}

/* The message that is replied to, as text; "" for none.  False: it was refused. */
static bool
read_reply(struct call *call, const char *chat, char id[24])
{
	json_t *parameters = call_json(call, "reply_parameters");
	json_t *wanted = json_object_get(parameters, "message_id");
	int64_t number = json_is_integer(wanted) ? json_integer_value(wanted)
						 : call_number(call, "reply_to_message_id", 0);
	const char *may_miss = call_text(call, "allow_sending_without_reply");

	(void)snprintf(id, 24, "%lld", (long long)number);
	if (number != 0 && server_find(call->server, "telegram", chat, id) == NULL) {
		if (!json_is_true(json_object_get(parameters, "allow_sending_without_reply")) &&
		    (may_miss == NULL || strcmp(may_miss, "true") != 0)) {
			refuse(call, "message to be replied not found");
			return false;
		}
		number = 0;
	}
	if (number == 0)
		*id = '\0';
	return true;
}

static void
send_message(struct call *call)
{
	struct server *server = call->server;
	struct content content;
	char id[24], replied[24];
	int64_t wait;
	json_t *message;

	if (!read_content(call, &content) || !read_reply(call, content.chat, replied)) {
		content_release(&content);
		return;
	}
	wait = server_throttle(server, "telegram", content.chat, server->settings.limit);
	if (wait > 0) {
		telegram_fail(call, 429, "", wait);
		content_release(&content);
		return;
	}
	(void)snprintf(id, sizeof(id), "%lld", (long long)server->messages_total + 1);
	message = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s?, s:O, s:O?, s:s?, s:[], s:[]}", "service",
	    "telegram", "chat", content.chat, "id", id, "received_ms", (json_int_t)call->first_ms, "text",
	    content.text, "sent", content.sent, "parse_mode", call_text(call, "parse_mode"), "entities",
	    content.entities, "buttons", content.buttons, "reply_to", *replied != '\0' ? replied : NULL,
	    "edits", "answers");
	content_release(&content);
	if (message == NULL) {
		refuse(call, "strings must be encoded in UTF-8");
		return;
	}
	server_keep(server, message);
	succeed(call, shown(server, message, true));
}

/* The message that is edited; NULL: it was refused. */
static json_t *
find_edited(struct call *call)
{
	const char *id = call_text(call, "message_id"), *chat = call_text(call, "chat_id");
	json_t *message;

	if (id == NULL || *id == '\0') {
		refuse(call, "message identifier is not specified");
		return NULL;
	}
	message = server_find(call->server, "telegram", chat, id);
	if (message == NULL)
		refuse(call, "message to edit not found");
	return message;
}

static void
refuse_same(struct call *call)
{
	refuse(call,
	    "message is not modified: specified new message content and reply markup are exactly the same as a "
	    "current content and reply markup of the message");
}

static bool
same_buttons(const json_t *message, json_t *buttons)
{
	json_t *before = json_object_get(message, "buttons");

	return (json_array_size(before) == 0 && json_array_size(buttons) == 0) || json_equal(before, buttons);
}

static void
edit_text(struct call *call)
{
	struct content content;
	json_t *message;

	if (read_content(call, &content) && (message = find_edited(call)) != NULL) {
		if (strcmp(json_string_value(json_object_get(message, "text")), content.text) == 0 &&
		    json_equal(json_object_get(message, "entities"), content.entities) &&
		    same_buttons(message, content.buttons)) {
			refuse_same(call);
		} else {
			server_edit(message, content.text, content.sent, call->first_ms);
			(void)json_object_set_new(message, "parse_mode",
			    call_text(call, "parse_mode") != NULL ? json_string(call_text(call, "parse_mode"))
								  : json_null());
			(void)json_object_set(message, "entities", content.entities);
			(void)json_object_set_new(message, "buttons",
			    content.buttons != NULL ? json_incref(content.buttons) : json_null());
			succeed(call, shown(call->server, message, true));
		}
	}
	content_release(&content);
}

static void
edit_buttons(struct call *call)
{
	json_t *buttons, *message;
	const char *chat;

	if (!read_chat(call, &chat) || !read_buttons(call, &buttons) || (message = find_edited(call)) == NULL)
		return;
	if (same_buttons(message, buttons)) {
		refuse_same(call);
		return;
	}
	(void)json_object_set_new(message, "buttons", buttons != NULL ? json_incref(buttons) : json_null());
	succeed(call, shown(call->server, message, true));
}

/* The updates from `offset` on; those before it are confirmed, and forgotten.  A negative one counts from the
 * end. */
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

static void
get_updates(struct call *call)
{
	struct server *server = call->server;
	int64_t offset = call_number(call, "offset", 0), limit = call_number(call, "limit", 100);
	int64_t timeout = call_number(call, "timeout", 0), end;
	json_t *allowed = call_json(call, "allowed_updates"), *each, *list;
	unsigned mine = ++server->polls;
	size_t i;

	if (json_is_array(allowed)) {
		server->without_buttons = json_array_size(allowed) > 0;
		json_array_foreach(allowed, i,
		    each) if (json_is_string(each) && strcmp(json_string_value(each), "callback_query") == 0)
		    server->without_buttons = false;
	}
	limit = limit < 1 || limit > 100 ? 100 : limit;
	timeout = timeout < 0 ? 0 : timeout > LONGEST_POLL ? LONGEST_POLL : timeout;
	end = wall_clock_ms() + timeout * 1000;
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
	succeed(call, list);
}

static void
answer_callback(struct call *call)
{
	const char *id = call_text(call, "callback_query_id"), *text = call_text(call, "text");
	json_t *message, *answer;
	size_t i, j;

	json_array_foreach(call->server->messages, i, message)
	    json_array_foreach(json_object_get(message, "answers"), j, answer)
	{
		json_t *query = json_object_get(answer, "callback_query_id");

		if (id == NULL || strcmp(json_string_value(query), id) != 0 ||
		    json_object_get(answer, "text") != NULL)
			continue;
		(void)json_object_set_new(answer, "text", json_string(text != NULL ? text : ""));
		succeed(call, json_true());
		return;
	}
	refuse(call, "query is too old and response timeout expired or query ID is invalid");
}

static void
get_me(struct call *call)
{
	json_t *me = bot(call->server), *more;

	more = json_pack("{s:b, s:b, s:b, s:b, s:b}", "can_join_groups", 1, "can_read_all_group_messages", 0,
	    "supports_inline_queries", 0, "can_connect_to_business", 0, "has_main_web_app", 0);
	(void)json_object_update(me, more);
	json_decref(more);
	succeed(call, me);
}

static void
delete_webhook(struct call *call)
{
	call->answer.said = "ok";
	if (strcmp(call_text(call, "drop_pending_updates") != NULL ? call_text(call, "drop_pending_updates")
								   : "",
		"true") == 0)
		(void)json_array_clear(call->server->updates);
	call_answer(call, 200,
	    json_pack("{s:b, s:b, s:s}", "ok", 1, "result", 1, "description", "Webhook is already deleted"));
}

static const struct {
	const char *name;
	void (*answer)(struct call *call);
} methods[] = {
	{ "getMe", get_me },
	{ "sendMessage", send_message },
	{ "editMessageText", edit_text },
	{ "editMessageReplyMarkup", edit_buttons },
	{ "getUpdates", get_updates },
	{ "answerCallbackQuery", answer_callback },
	{ "deleteWebhook", delete_webhook },
};

void
telegram_answer(struct call *call, const char *token)
{
	size_t digits = strspn(token, "0123456789");

	if (digits == 0 || token[0] == '0' || token[digits] != ':' || strlen(token) > 80) {
		telegram_fail(call, 401, "Unauthorized: invalid token specified", 0);
		return;
	}
	if (strcmp(token, call->server->settings.token) != 0) {
		telegram_fail(call, 401, "Unauthorized", 0);
		return;
	}
	if (call->arguments == NULL) {
		refuse(call, "can't parse the request: its body is neither JSON nor a form");
		return;
	}
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcasecmp(call->path, methods[i].name) == 0) {
			methods[i].answer(call);
			return;
		}
	telegram_fail(call, 404, "Not Found: method not found", 0);
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
	    (json_int_t)user, "is_bot", 0, "first_name", name, "message", shown(server, message, true),
	    "chat_instance", "1", "data", data);
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
