/*
 * What a message says: its text, its buttons, its chat.  Refusals have the
 * words of Telegram's published server, since a client has nothing else to tell them apart.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "demo/paper_chat/markup.h"
#include "demo/paper_chat/telegram.h"

/* UTF-16 units of text without markup; bytes of a button's data. */
enum { TEXT_UNITS = 4096, BUTTON_BYTES = 64 };

void
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
		telegram_refuse(
		    call, "can't parse inline keyboard button: InlineKeyboardButton must be an Object");
	else if (text == NULL)
		telegram_refuse(call, "can't parse inline keyboard button: Can't find field \"text\"");
	else if (data == NULL && url == NULL)
		telegram_refuse(call,
		    "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
	else if (data != NULL && (*data == '\0' || strlen(data) > BUTTON_BYTES))
		telegram_refuse(call, "BUTTON_DATA_INVALID");
	else if (url != NULL && !markup_is_link(url))
		telegram_refuse(call, "inline keyboard button URL '%.160s' is invalid: Wrong HTTP URL", url);
	else
		return true;
	return false;
}

/* Borrowed from the call's arguments; NULL without any. */
bool
content_read_buttons(struct call *call, json_t **buttons)
{
	json_t *reply_markup = call_json(call, "reply_markup"), *row, *button;
	size_t i, j;

	*buttons = NULL;
	if (reply_markup == NULL)
		return true;
	if (!json_is_object(reply_markup)) {
		telegram_refuse(call, "can't parse reply keyboard markup JSON object");
		return false;
	}
	*buttons = json_object_get(reply_markup, "inline_keyboard");
	if (*buttons != NULL && !json_is_array(*buttons)) {
		telegram_refuse(call, "field \"inline_keyboard\" must be of type Array");
		return false;
	}
	json_array_foreach(*buttons, i, row)
	{
		if (!json_is_array(row)) {
			telegram_refuse(call,
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
		telegram_refuse(call, "can't parse entities: %s", m.why);
	}
	markup_release(&m);
	return read;
}

/* The limit in bytes comes first: markup_parse() takes no more. */
static bool
read_text(struct call *call, struct content *content)
{
	const char *mode = call_text(call, "parse_mode");

	content->sent = call_text(call, "text");
	if (content->sent == NULL || *content->sent == '\0') {
		telegram_refuse(call, "message text is empty");
		return false;
	}
	if (strlen(content->sent) > MARKUP_LIMIT) {
		telegram_refuse(call, "text is too long");
		return false;
	}
	if (mode != NULL && *mode != '\0' && strcasecmp(mode, "none") != 0) {
		if (strcasecmp(mode, "HTML") != 0) {
			telegram_refuse(call, "unsupported parse_mode");
			return false;
		}
		return read_marked_up(call, content);
	}
	content->text = strdup(content->sent);
	content->entities = json_array();
	return true;
}

/* "0" is no chat at Telegram, although it is a number. */
bool
content_read_chat(struct call *call, const char **chat)
{
	*chat = call_text(call, "chat_id");
	if (*chat == NULL || **chat == '\0')
		telegram_refuse(call, "chat_id is empty");
	else if (!server_has_chat(call->server, *chat, true) || strtoll(*chat, NULL, 10) == 0)
		telegram_refuse(call, "chat not found");
	else
		return true;
	return false;
}

bool
content_read(struct call *call, struct content *content)
{
	*content = (struct content){ 0 };
	if (!read_text(call, content) || !content_read_chat(call, &content->chat) ||
	    !content_read_buttons(call, &content->buttons))
		return false;
	/* A message of blanks is refused by its text and not by what was sent: "<b> </b>" is one. */
	if (content->text[strspn(content->text, " \t\r\n")] == '\0')
		telegram_refuse(call, "text must be non-empty");
	else if (markup_units(SLICE(content->text)) > TEXT_UNITS)
		telegram_refuse(call, "message is too long");
	else
		return true;
	return false;
}
