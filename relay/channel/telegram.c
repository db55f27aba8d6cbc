/*
 * Telegram's Bot API.  The token is a part of the URL's path: the URL is in no text, and what a peer
 * says is masked.  Telegram answers every refusal with a "description" for people, which is the only
 * thing that tells some of them apart.  A 429 names the seconds to wait in the body.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/channel/markup.h"
#include "relay/channel/telegram.h"

/* Visible text has its limit in channel.c; this one is for the markup and the links around it. */
enum { HTML_LARGEST = 512 * 1024, URL_SIZE = 1024 };

/* A token with a '/' or '?' would change which method is called.  18 digits fit into 64 bits, as chat
 * ids do. */
int
telegram_check(const struct channel *channel, struct failure *why)
{
	const char *token = channel->token != NULL ? channel->token : "";
	const char *to = channel->to != NULL ? channel->to : "";
	size_t digits = strspn(token, "0123456789");
	const char *number = to + (to[0] == '-');

	if (digits == 0 || token[digits] != ':' || strlen(token) > 128 ||
	    token[digits + 1 + strspn(token + digits + 1, TELEGRAM_TOKEN_CHARACTERS)] != '\0')
		return failure_set(why, FAILURE_LOCAL,
		    "%s: its token is not of the form 123456:ABC..., as @BotFather gives it", channel->name);
	if (to[0] == '@'
		? strlen(to) < 2 || strlen(to) > 64
		: number[0] == '\0' || number[strspn(number, "0123456789")] != '\0' || strlen(number) > 18)
		return failure_set(why, FAILURE_LOCAL,
		    "%s: its chat is neither a number, such as -1001234567890, nor a name that begins with @",
		    channel->name);
	return 0;
}

json_t *
telegram_call(struct channel_line *line, const char *method, json_t *body, struct deadline deadline,
    struct channel_result *result)
{
	const char *base = line->channel->url;
	struct http_response response;
	const char *description;
	char url[URL_SIZE];
	json_t *answer;

	(void)snprintf(url, sizeof(url), "%.*s/bot%s/%s",
	    (int)(strlen(base) - (base[0] != '\0' && base[strlen(base) - 1] == '/')), base,
	    line->channel->token, method);
	line_post(line, url, NULL, body, deadline, &response);
	/* It holds the token, which would stay on the stack for whatever is called next. */
	explicit_bzero(url, sizeof(url));
	answer = response.failure.kind == FAILURE_NONE
		     ? json_loadb(response.body.at, response.body.length, 0, NULL)
		     : NULL;
	description = json_string_value(json_object_get(answer, "description"));
	line_judge(line, &response, description, result);
	if (result->outcome == CHANNEL_SENT && json_is_true(json_object_get(answer, "ok")))
		return answer;
	/* Some other server, or a proxy's page.  To count it as sent would lose the alert. */
	if (result->outcome == CHANNEL_SENT)
		line_fail(line, CHANNEL_RETRY, FAILURE_PROTOCOL,
		    "the answer is not one of Telegram's: is telegram.url right?", result);
	if (result->outcome == CHANNEL_RETRY && response.status == 429) {
		json_int_t seconds =
		    json_integer_value(json_object_get(json_object_get(answer, "parameters"), "retry_after"));

		if (seconds > 0)
			result->retry_after_ms = (seconds < 86400 ? seconds : 86400) * 1000;
	}
	/* Neither another text nor another alert would help there: "chat not found", "bot was kicked
	 * from the group chat", "not enough rights to send text messages to the chat". */
	if (description != NULL && strcasestr(description, "chat") != NULL)
		result->content = false;
	json_decref(answer);
	return NULL;
}

/* The parts that sending and editing share.  Without a preview: it would be of a dashboard that needs a
 * log-in, and pushes the alert off a phone's screen.  The button's data has its limit of 64 bytes in
 * channel.h. */
static json_t *
body_of(const struct channel_line *line, const struct message *message, const struct channel_options *options)
{
	struct buffer html;
	json_t *body;

	buffer_init(&html, HTML_LARGEST);
	markup_html(message, "\n", &html);
	body = html.failed ? NULL
			   : json_pack("{ss ss% ss s{sb}}", "chat_id", line->channel->to, "text", html.text,
				 html.length, "parse_mode", "HTML", "link_preview_options", "is_disabled", 1);
	buffer_release(&html);
	if (body != NULL && options->ack_data != NULL)
		(void)json_object_set_new(body, "reply_markup",
		    json_pack("{s[[{ss ss}]]}", "inline_keyboard", "text", message->button, "callback_data",
			options->ack_data));
	return body;
}

void
telegram_send(struct channel_line *line, const struct message *message, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	json_t *body = body_of(line, message, options), *answer;
	long long reply = options->reply_to != NULL ? strtoll(options->reply_to, NULL, 10) : 0;
	json_int_t id;

	if (body != NULL && options->silent)
		(void)json_object_set_new(body, "disable_notification", json_true());
	if (body != NULL && reply > 0)
		(void)json_object_set_new(body, "reply_parameters",
		    /* The alert that is replied to may have been deleted.  Without this, the news that it
		     * is over would be refused for that. */
		    json_pack("{sI sb}", "message_id", (json_int_t)reply, "allow_sending_without_reply", 1));
	answer = telegram_call(line, "sendMessage", body, deadline, result);
	id = json_integer_value(json_object_get(json_object_get(answer, "result"), "message_id"));
	if (id > 0)
		(void)snprintf(result->message_id, sizeof(result->message_id), "%lld", (long long)id);
	json_decref(answer);
}

/* An edit is no news to anybody's phone, so it fails softly: what cannot be changed any more counts as
 * changed, rather than being tried again for a day. */
void
telegram_edit(struct channel_line *line, const char *message_id, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result)
{
	json_t *body = body_of(line, message, options);

	if (body != NULL)
		(void)json_object_set_new(
		    body, "message_id", json_integer((json_int_t)strtoll(message_id, NULL, 10)));
	json_decref(telegram_call(line, "editMessageText", body, deadline, result));
	/* There is nothing left to change. */
	if (result->status == 400 && (strstr(result->failure.text, "message is not modified") != NULL ||
					 strstr(result->failure.text, "message to edit not found") != NULL ||
					 strstr(result->failure.text, "message can't be edited") != NULL))
		*result = (struct channel_result){ .outcome = CHANNEL_SENT, .status = 200 };
	if (result->outcome == CHANNEL_SENT)
		(void)snprintf(result->message_id, sizeof(result->message_id), "%s", message_id);
}
