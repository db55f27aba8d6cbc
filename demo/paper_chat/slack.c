/*
 * What a client notices of Slack: which words a refusal has, limits, threads, and a rate.  Two
 * interfaces have two habits, and a client that takes a status of 200 for "sent" loses messages with
 * the second one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "demo/paper_chat/markup.h"
#include "demo/paper_chat/server.h"

/*
 * Slack: an incoming webhook answers with a status and a word, the Web API with 200 and "ok".  Slack's
 * published limits: characters of a text, blocks of a message, characters of a section and of a
 * header.  Its rate is one message a second with bursts; 80 a minute let a burst through.
 */
enum { SLACK_TEXT = 40000, SLACK_BLOCKS = 50, SECTION_TEXT = 3000, HEADER_TEXT = 150, SLACK_A_MINUTE = 80 };

static bool
is_webhook(const struct call *call)
{
	return strncmp(call->path, "/services/", 10) == 0;
}

/* The words are Slack's own.  Without one that was asked for, it is the usual one of that status. */
void
slack_fail(struct call *call, int status, const char *error, int64_t retry_after)
{
	bool webhook = is_webhook(call);

	if (*error == '\0')
		error = status == 429   ? webhook ? "rate_limited" : "ratelimited"
			: !webhook      ? "internal_error"
			: status == 403 ? "action_prohibited"
			: status == 404 ? "no_service"
			: status == 410 ? "channel_is_archived"
			: status < 500  ? "invalid_payload"
					: "rollup_error";
	call->answer.retry_after = retry_after;
	(void)snprintf(call->answer.what, sizeof(call->answer.what), "%s", error);
	if (webhook) {
		call_answer_text(call, status, call->answer.what);
		call->answer.said = NULL;
	} else {
		call_answer(call, status, json_pack("{s:b, s:s}", "ok", 0, "error", call->answer.what));
	}
}

/* Characters of a text: Slack's limits count those. */
static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; text != NULL && *text != '\0'; text++)
		count += ((unsigned char)*text & 0xC0) != 0x80;
	return count;
}

/* Not Slack's whole schema: what a client of ours could get wrong. */
static bool
blocks_are_good(const json_t *blocks)
{
	json_t *block;
	size_t i;

	if (!json_is_array(blocks) || json_array_size(blocks) > SLACK_BLOCKS)
		return false;
	json_array_foreach(blocks, i, block)
	{
		const char *type = json_string_value(json_object_get(block, "type"));
		const char *text = json_string_value(json_object_get(json_object_get(block, "text"), "text"));
		size_t length = characters(text);

		if (type == NULL || (strcmp(type, "section") == 0 && length > SECTION_TEXT) ||
		    (strcmp(type, "header") == 0 && (length == 0 || length > HEADER_TEXT)))
			return false;
	}
	return true;
}

/* A webhook refuses with 400, the Web API with 200. */
static void
refuse(struct call *call, const char *error)
{
	slack_fail(call, is_webhook(call) ? 400 : 200, error, 0);
}

/* What a message says.  False: it was refused.  With blocks, "text" may be missing; Slack then has
 * nothing for the notification. */
static bool
read_content(struct call *call, const char **text, json_t **blocks)
{
	*text = call_text(call, "text");
	*blocks = call_json(call, "blocks");
	if (*blocks != NULL && !blocks_are_good(*blocks)) {
		refuse(call,
		    is_webhook(call) || json_is_array(*blocks) ? "invalid_blocks" : "invalid_blocks_format");
		return false;
	}
	if ((*text == NULL || **text == '\0') && json_array_size(*blocks) == 0) {
		refuse(call, "no_text");
		return false;
	}
	*text = *text != NULL ? *text : "";
	if (characters(*text) > SLACK_TEXT) {
		refuse(call, "msg_too_long");
		return false;
	}
	return true;
}

/* Keep what was posted.  NULL: it was refused. */
static json_t *
post(struct call *call, const char *channel, const char *via)
{
	struct server *server = call->server;
	int64_t now = wall_clock_ms() * 1000, wait;
	const char *text, *thread = call_text(call, "thread_ts");
	json_t *blocks, *message;
	char ts[40];

	if (!read_content(call, &text, &blocks))
		return NULL;
	wait = server_throttle(server, "slack", channel, SLACK_A_MINUTE);
	if (wait > 0) {
		slack_fail(call, 429, "", wait);
		return NULL;
	}
	/* A ts is a name: no two are the same. */
	server->last_slack_us = now > server->last_slack_us ? now : server->last_slack_us + 1;
	(void)snprintf(ts, sizeof(ts), "%lld.%06lld", (long long)server->last_slack_us / 1000000,
	    (long long)server->last_slack_us % 1000000);
	message = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:O?, s:s?, s:s, s:[]}", "service", "slack",
	    "chat", channel, "id", ts, "received_ms", (json_int_t)call->first_ms, "text", text, "sent", text,
	    "blocks", blocks, "thread", thread, "via", via, "edits");
	if (message == NULL)
		refuse(call, "invalid_payload");
	else
		server_keep(server, message);
	return message;
}

/* "/services/T.../B.../SECRET": its channel is what B... says.  The parts of the path are checked in
 * their form alone: any secret is good. */
static void
answer_webhook(struct call *call)
{
	const char *team = call->path + 10, *slash = strchr(team, '/'),
		   *last = slash != NULL ? strchr(slash + 1, '/') : NULL;
	const char *payload;
	char channel[64];
	json_t *read;

	if (*team != 'T' || slash == NULL || slash[1] != 'B' || last == NULL || last[1] == '\0' ||
	    /* The part becomes a channel's name. */
	    last - slash > (int)sizeof(channel)) {
		slack_fail(call, 404, "no_service", 0);
		return;
	}
	if (strcmp(call->method, "POST") != 0) {
		slack_fail(call, 405, "method_not_allowed", 0);
		return;
	}
	/* A form holds the JSON in one field; without a type, the body is JSON. */
	payload = call->arguments != NULL ? call_text(call, "payload") : NULL;
	read = payload != NULL ? json_loads(payload, 0, NULL)
	       : call->arguments == NULL && strncasecmp(call->type, "application/json", 16) != 0
		   ? json_loadb(call->body.at, call->body.length, 0, NULL)
		   : NULL;
	if (read != NULL) {
		json_decref(call->arguments);
		call->arguments = read;
	}
	if (!json_is_object(call->arguments) || json_object_size(call->arguments) == 0) {
		slack_fail(call, 400, "invalid_payload", 0);
		return;
	}
	(void)snprintf(channel, sizeof(channel), "%.*s", (int)(last - slash) - 1, slash + 1);
	if (post(call, channel, "webhook") != NULL)
		call_answer_text(call, 200, "ok");
}

/* As the Web API shows it. */
static json_t *
shown(const json_t *message)
{
	json_t *object = json_pack("{s:s, s:s, s:O, s:s, s:s, s:O}", "type", "message", "user", "U0PAPER",
	    "ts", json_object_get(message, "id"), "bot_id", "B0PAPER", "team", "T0PAPER", "text",
	    json_object_get(message, "text"));

	if (json_is_array(json_object_get(message, "blocks")))
		(void)json_object_set(object, "blocks", json_object_get(message, "blocks"));
	if (json_is_string(json_object_get(message, "thread")))
		(void)json_object_set(object, "thread_ts", json_object_get(message, "thread"));
	return object;
}

/* The channel that is named; NULL: it was refused.  Slack does not say whether a channel is missing or
 * only not open to the bot. */
static const char *
read_channel(struct call *call)
{
	const char *channel = call_text(call, "channel");

	if (channel != NULL && *channel != '\0' && strlen(channel) < 64 &&
	    server_has_chat(call->server, channel, false))
		return channel;
	refuse(call, "channel_not_found");
	return NULL;
}

static void
post_message(struct call *call)
{
	const char *channel = read_channel(call);
	json_t *message = channel != NULL ? post(call, channel, "bot") : NULL;

	if (message == NULL)
		return;
	call->answer.said = "ok";
	call_answer(call, 200,
	    json_pack("{s:b, s:s, s:O, s:o}", "ok", 1, "channel", channel, "ts",
		json_object_get(message, "id"), "message", shown(message)));
}

static void
update_message(struct call *call)
{
	const char *channel = read_channel(call), *ts = call_text(call, "ts"), *text;
	json_t *message, *blocks;

	if (channel == NULL)
		return;
	message = ts != NULL ? server_find(call->server, "slack", channel, ts) : NULL;
	if (message == NULL) {
		refuse(call, "message_not_found");
		return;
	}
	/* As at Slack, where a token edits only what it has sent itself. */
	if (strcmp(json_string_value(json_object_get(message, "via")), "bot") != 0) {
		refuse(call, "cant_update_message");
		return;
	}
	if (!read_content(call, &text, &blocks))
		return;
	server_edit(message, text, text, call->first_ms);
	(void)json_object_set_new(message, "blocks", blocks != NULL ? json_incref(blocks) : json_null());
	call->answer.said = "ok";
	call_answer(call, 200,
	    json_pack("{s:b, s:s, s:s, s:s, s:o}", "ok", 1, "channel", channel, "ts", ts, "text", text,
		"message", shown(message)));
}

static void
test_auth(struct call *call)
{
	call->answer.said = "ok";
	call_answer(call, 200,
	    json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "ok", 1, "url", "https://paper.slack.com/",
		"team", "Paper", "user", "paper_bot", "team_id", "T0PAPER", "user_id", "U0PAPER", "bot_id",
		"B0PAPER", "is_enterprise_install", 0));
}

static void
answer_api(struct call *call)
{
	static const struct {
		const char *name;
		void (*answer)(struct call *call);
	} methods[] = { { "auth.test", test_auth }, { "chat.postMessage", post_message },
		{ "chat.update", update_message } };
	const char *header = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Authorization");
	const char *token =
	    /* Slack takes a token in the header or among the arguments. */
	    header != NULL && strncasecmp(header, "Bearer ", 7) == 0 ? header + 7 : call_text(call, "token");
	const char *method = call->path + 5;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i].name) == 0) {
			if (call->arguments == NULL)
				refuse(call, "invalid_json");
			else if (token == NULL || *token == '\0')
				refuse(call, "not_authed");
			else if (strcmp(token, call->server->settings.slack_token) != 0)
				refuse(call, "invalid_auth");
			else
				methods[i].answer(call);
			return;
		}
	refuse(call, "unknown_method");
}

void
slack_answer(struct call *call)
{
	if (is_webhook(call))
		answer_webhook(call);
	else
		answer_api(call);
}
