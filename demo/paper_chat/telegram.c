#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/utf8.h"
#include "demo/paper_chat/telegram.h"

/*
 * Telegram's Bot API, with the answers of its published server (tdlib/telegram-bot-api and tdlib/td).
 */
void
telegram_fail(struct call *call, int status, const char *description, int64_t retry_after)
{
	json_t *body;

	if (*description == '\0')
		/* The texts matter: a client can tell some refusals apart only by them. */
		description = status == 403   ? "Forbidden: bot was blocked by the user"
			      : status == 404 ? "Not Found"
			      : status == 502 ? "Bad Gateway"
			      : status < 500  ? "Bad Request"
					      : "Internal Server Error";
	(void)snprintf(call->answer.what, sizeof(call->answer.what), "%s", description);
	/* The seconds are in the text, in the body's parameters and in a header: clients read one or
	 * the other. */
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

void
telegram_refuse(struct call *call, const char *format, ...)
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

void
telegram_succeed(struct call *call, json_t *result)
{
	call->answer.said = "ok";
	call_answer(call, 200, json_pack("{s:b, s:o}", "ok", 1, "result", result));
}

/* Of a text that begins with one: an id, or a token. */
static json_int_t
number_of(const char *text)
{
	return (json_int_t)strtoll(text, NULL, 10);
}

static json_t *
bot(const struct server *server)
{
	return json_pack("{s:I, s:b, s:s, s:s}", "id", number_of(server->settings.token), "is_bot", 1,
	    "first_name", "Paper bot", "username", "paper_chat_bot");
}

/* A reply shows the message that it answers, but not what that one answers in turn. */
json_t *
telegram_shown(struct server *server, json_t *message, bool deep)
{
	const char *chat = json_string_value(json_object_get(message, "chat"));
	const char *replied = json_string_value(json_object_get(message, "reply_to"));
	json_t *edits = json_object_get(message, "edits"), *entities = json_object_get(message, "entities");
	json_t *buttons = json_object_get(message, "buttons"), *object, *first;

	object = json_pack("{s:I, s:o, s:o, s:I, s:O}", "message_id",
	    number_of(json_string_value(json_object_get(message, "id"))), "from", bot(server), "chat",
	    *chat == '-' ? json_pack("{s:I, s:s, s:s}", "id", number_of(chat), "title", "Paper chat", "type",
			       "supergroup")
			 : json_pack("{s:I, s:s, s:s}", "id", number_of(chat), "first_name", "Paper person",
			       "type", "private"),
	    "date", (json_int_t)(json_integer_value(json_object_get(message, "received_ms")) / 1000), "text",
	    json_object_get(message, "text"));
	if (json_array_size(edits) > 0)
		(void)json_object_set_new(object, "edit_date",
		    json_integer(json_integer_value(json_object_get(
				     json_array_get(edits, json_array_size(edits) - 1), "received_ms")) /
				 1000));
	first = replied != NULL && deep ? server_find(server, "telegram", chat, replied) : NULL;
	if (first != NULL)
		(void)json_object_set_new(object, "reply_to_message", telegram_shown(server, first, false));
	if (json_array_size(entities) > 0)
		(void)json_object_set(object, "entities", entities);
	if (json_array_size(buttons) > 0)
		(void)json_object_set_new(
		    object, "reply_markup", json_pack("{s:O}", "inline_keyboard", buttons));
	return object;
}

/* The message that is replied to, as text; "" for none.  False: it was refused.  Two generations of the
 * API: reply_parameters, and the older reply_to_message_id. */
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
			telegram_refuse(call, "message to be replied not found");
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

	if (!content_read(call, &content) || !read_reply(call, content.chat, replied)) {
		content_release(&content);
		return;
	}
	/* After the content was found good, as at Telegram: a message that is refused uses nothing up. */
	wait = server_throttle(server, "telegram", content.chat, server->settings.limit);
	if (wait > 0) {
		telegram_fail(call, 429, "", wait);
		content_release(&content);
		return;
	}
	/* Numbers go up and are never used again, also when old messages were dropped. */
	(void)snprintf(id, sizeof(id), "%lld", (long long)server->messages_total + 1);
	message = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s?, s:O, s:O?, s:s?, s:[], s:[]}", "service",
	    "telegram", "chat", content.chat, "id", id, "received_ms", (json_int_t)call->first_ms, "text",
	    content.text, "sent", content.sent, "parse_mode", call_text(call, "parse_mode"), "entities",
	    content.entities, "buttons", content.buttons, "reply_to", *replied != '\0' ? replied : NULL,
	    "edits", "answers");
	content_release(&content);
	if (message == NULL) {
		telegram_refuse(call, "strings must be encoded in UTF-8");
		return;
	}
	server_keep(server, message);
	telegram_succeed(call, telegram_shown(server, message, true));
}

/* The message that is edited; NULL: it was refused. */
static json_t *
find_edited(struct call *call)
{
	const char *id = call_text(call, "message_id"), *chat = call_text(call, "chat_id");
	json_t *message;

	if (id == NULL || *id == '\0') {
		telegram_refuse(call, "message identifier is not specified");
		return NULL;
	}
	message = server_find(call->server, "telegram", chat, id);
	if (message == NULL)
		telegram_refuse(call, "message to edit not found");
	return message;
}

/* An edit that changes nothing is an error to Telegram; clients meet it whenever they try an edit
 * again. */
static void
refuse_same(struct call *call)
{
	telegram_refuse(call,
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

	if (content_read(call, &content) && (message = find_edited(call)) != NULL) {
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
			telegram_succeed(call, telegram_shown(call->server, message, true));
		}
	}
	content_release(&content);
}

static void
edit_buttons(struct call *call)
{
	json_t *buttons, *message;
	const char *chat;

	if (!content_read_chat(call, &chat) || !content_read_buttons(call, &buttons) ||
	    (message = find_edited(call)) == NULL)
		return;
	if (same_buttons(message, buttons)) {
		refuse_same(call);
		return;
	}
	(void)json_object_set_new(message, "buttons", buttons != NULL ? json_incref(buttons) : json_null());
	telegram_succeed(call, telegram_shown(call->server, message, true));
}

static void
get_me(struct call *call)
{
	json_t *me = bot(call->server), *more;

	more = json_pack("{s:b, s:b, s:b, s:b, s:b}", "can_join_groups", 1, "can_read_all_group_messages", 0,
	    "supports_inline_queries", 0, "can_connect_to_business", 0, "has_main_web_app", 0);
	(void)json_object_update(me, more);
	json_decref(more);
	telegram_succeed(call, me);
}

/* Bots call it before they poll, to be sure that updates come that way. */
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
	{ "getUpdates", telegram_get_updates },
	{ "answerCallbackQuery", telegram_answer_callback },
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
		telegram_refuse(call, "can't parse the request: its body is neither JSON nor a form");
		return;
	}
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		/* Names of methods are the same in any case of letters. */
		if (strcasecmp(call->path, methods[i].name) == 0) {
			methods[i].answer(call);
			return;
		}
	telegram_fail(call, 404, "Not Found: method not found", 0);
}
