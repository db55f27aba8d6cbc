/*
 * Slack: an incoming webhook, whose URL is the secret, or chat.postMessage with a token.  The message
 * is a rich_text block: there text is text, while in Slack's own markup no value could be kept from
 * being read as some.  `text` is what notifications show.  A refusal looks different in each of the two:
 * the webhook answers with a status and one word, the Web API with status 200 and "ok": false.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/channel/line.h"
#include "relay/channel/markup.h"

enum { TEXT_LARGEST = 256 * 1024, URL_SIZE = 1024 };

/* The characters are checked because the token becomes part of a header: a line break would begin
 * another one. */
int
slack_check(const struct channel *channel, struct failure *why)
{
	static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";

	if (channel->token == NULL)
		return 0;
	if (strlen(channel->token) > 200 || channel->token[strspn(channel->token, characters)] != '\0')
		return failure_set(why, FAILURE_LOCAL,
		    "%s: its token is not of the form xoxb-..., as Slack shows it under OAuth & Permissions",
		    channel->name);
	if (channel->to == NULL || channel->to[0] == '\0')
		return failure_set(
		    why, FAILURE_LOCAL, "%s: it has no channel, such as C0123456789", channel->name);
	return 0;
}

static bool
is_plain(enum message_piece_kind kind)
{
	return kind == PIECE_TEXT || kind == PIECE_BREAK;
}

/* One element for the piece at `*i`, and for those behind it that are text and line breaks as well.
 * Text in one element rather than in one per line: each costs some 30 bytes of JSON, and a message has
 * a limit in bytes (channel.c). */
static json_t *
element_of(const struct message *message, size_t *i)
{
	const struct message_piece *piece = &message->pieces[(*i)++];
	json_t *element = NULL;
	struct buffer text;

	if (piece->kind == PIECE_LINK)
		return json_pack("{ss ss% ss%}", "type", "link", "text", piece->text.at, piece->text.length,
		    "url", piece->url.at, piece->url.length);
	if (piece->kind == PIECE_BOLD)
		return json_pack("{ss ss% s{sb}}", "type", "text", "text", piece->text.at, piece->text.length,
		    "style", "bold", 1);
	buffer_init(&text, TEXT_LARGEST);
	for (--*i; *i < message->count && is_plain(message->pieces[*i].kind); ++*i)
		if (message->pieces[*i].kind == PIECE_BREAK)
			buffer_string(&text, "\n");
		else
			buffer_append(&text, message->pieces[*i].text.at, message->pieces[*i].text.length);
	if (!text.failed)
		element = json_pack("{ss ss%}", "type", "text", "text", text.text, text.length);
	buffer_release(&text);
	return element;
}

static json_t *
body_of(const struct message *message)
{
	json_t *elements = json_array(), *body = NULL;
	struct buffer plain, text;

	buffer_init(&plain, TEXT_LARGEST);
	buffer_init(&text, TEXT_LARGEST);
	markup_plain(message, "\n", &plain);
	/* & < > are all that Slack wants escaped.  This field is read as Slack's markup even beside
	 * blocks: "<!channel>" in a label would notify everybody. */
	for (size_t i = 0; i < plain.length; i++)
		if (plain.text[i] == '"')
			buffer_string(&text, "\"");
		else
			markup_escape(&text, (struct slice){ plain.text + i, 1 });
	for (size_t i = 0; elements != NULL && i < message->count;)
		(void)json_array_append_new(elements, element_of(message, &i));
	if (!plain.failed && !text.failed && elements != NULL)
		body = json_pack("{ss% s[{ss s[{ss sO}]}] sb sb}", "text", text.text, text.length, "blocks",
		    "type", "rich_text", "elements", "type", "rich_text_section", "elements", elements,
		    /* Slack would fetch each link otherwise and show a preview, which is longer than the
		     * alert. */
		    "unfurl_links", 0, "unfurl_media", 0);
	json_decref(elements);
	buffer_release(&plain);
	buffer_release(&text);
	return body;
}

/* Errors of an answer that has status 200: those that pass, and those of the text.  "team_added_to_org"
 * ends when Slack has moved the workspace into an organisation.  All other errors are of the settings:
 * a channel that does not exist, a token that was revoked. */
static void
judge_error(const struct channel_line *line, const char *error, struct channel_result *result)
{
	static const char *const pass[] = { "ratelimited", "rate_limited", "internal_error", "fatal_error",
		"service_unavailable", "request_timeout", "team_added_to_org" };
	static const char *const text[] = { "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long",
		"msg_too_long", "no_text" };
	char shown[128];

	(void)snprintf(shown, sizeof(shown), "Slack says %.80s", error);
	line_fail(line, CHANNEL_REFUSED, FAILURE_REJECTED, shown, result);
	for (size_t i = 0; i < sizeof(pass) / sizeof(*pass); i++)
		if (strcmp(error, pass[i]) == 0)
			result->outcome = CHANNEL_RETRY;
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++)
		result->content |= strcmp(error, text[i]) == 0;
}

static void
send_with_token(struct channel_line *line, json_t *body, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	const struct channel *channel = line->channel;
	struct http_response response;
	const char *error, *ts;
	char url[URL_SIZE], authorization[256];
	json_t *answer;

	(void)snprintf(url, sizeof(url), "%.*s/chat.postMessage",
	    (int)(strlen(channel->url) - (channel->url[strlen(channel->url) - 1] == '/')), channel->url);
	(void)snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s", channel->token);
	if (body != NULL)
		(void)json_object_set_new(body, "channel", json_string(channel->to));
	if (body != NULL && options->reply_to != NULL)
		(void)json_object_set_new(body, "thread_ts", json_string(options->reply_to));
	line_post(line, url, authorization, body, deadline, &response);
	explicit_bzero(authorization, sizeof(authorization));
	line_judge(line, &response, NULL, result);
	if (result->outcome != CHANNEL_SENT)
		return;
	answer = json_loadb(response.body.at, response.body.length, 0, NULL);
	error = json_string_value(json_object_get(answer, "error"));
	ts = json_string_value(json_object_get(answer, "ts"));
	if (json_is_true(json_object_get(answer, "ok")))
		/* The time stamp is the message's name: a reply that has it as thread_ts goes into its
		 * thread. */
		(void)snprintf(result->message_id, sizeof(result->message_id), "%s", ts != NULL ? ts : "");
	else if (error != NULL)
		judge_error(line, error, result);
	else
		line_fail(line, CHANNEL_RETRY, FAILURE_PROTOCOL,
		    "the answer is not one of Slack's: is slack.url right?", result);
	json_decref(answer);
}

/* A refusal is one word, such as "no_service".  Most words speak of the channel ("channel_is_archived")
 * and are no reason to try the alerts one by one, whatever their status. */
static void
send_to_webhook(
    struct channel_line *line, json_t *body, struct deadline deadline, struct channel_result *result)
{
	struct http_response response;
	char word[96] = "";

	line_post(line, line->channel->url, NULL, body, deadline, &response);
	if (response.failure.kind == FAILURE_NONE)
		(void)snprintf(word, sizeof(word), "%.*s",
		    (int)(response.body.length < 80 ? response.body.length : 80), response.body.at);
	line_judge(line, &response, word, result);
	if (result->status == 400 && strncmp(word, "invalid_", 8) != 0 && strcmp(word, "no_text") != 0)
		result->content = false;
}

void
slack_send(struct channel_line *line, const struct message *message, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	json_t *body = body_of(message);

	if (line->channel->token != NULL)
		send_with_token(line, body, options, deadline, result);
	else
		send_to_webhook(line, body, deadline, result);
}
