/*
 * What the four kinds of channels have in common: what they can do, whether their settings can work at
 * all, and what an answer of HTTP means for the one who retries.  A wrong setting fails here, at the
 * start, since an operator reads the log then and not when the first alert is lost.  No text leaves
 * this file before the secrets in it are masked.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/url.h"
#include "common/version.h"
#include "relay/channel/line.h"

enum {
	/* Most answers have a few hundred bytes.  One to a Telegram poll is larger: each press comes with its
	 * whole message. */
	ANSWER_LARGEST = 256 * 1024,
	/* Telegram refuses more than 4096 UTF-16 units of visible text.  The rest is for what it may
	 * count otherwise. */
	TELEGRAM_UNITS = 4000, /* of 4096 */
	/* With links to acknowledge and all its JSON it stays below the 13,200 bytes that Slack takes. */
	SLACK_UNITS = 2500,
	/* Mail and webhooks have no limit that we know.  This one bounds memory; what does not fit
	 * waits for the next message. */
	LONG_UNITS = 60000,
	/* Bytes of what a peer said: a proxy's error page would fill a log line and the history. */
	PEER_SHOWN = 240,
};

static const struct {
	const char *name;
	size_t units;
	void (*send)(struct channel_line *line, const struct message *message,
	    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
} kinds[CHANNEL_KINDS] = {
	[CHANNEL_TELEGRAM] = { "telegram", TELEGRAM_UNITS, telegram_send },
	[CHANNEL_SLACK] = { "slack", SLACK_UNITS, slack_send },
	[CHANNEL_MAIL] = { "mail", LONG_UNITS, mail_send },
	[CHANNEL_WEBHOOK] = { "webhook", LONG_UNITS, webhook_send },
};

const char *
channel_kind_name(enum channel_kind kind)
{
	return kinds[kind].name;
}

size_t
channel_limit(const struct channel *channel)
{
	return kinds[channel->kind].units;
}

bool
channel_edits(const struct channel *channel)
{
	return channel->kind == CHANNEL_TELEGRAM;
}

bool
channel_replies(const struct channel *channel)
{
	return channel->kind == CHANNEL_TELEGRAM || channel->kind == CHANNEL_MAIL ||
	       (channel->kind == CHANNEL_SLACK && channel->token != NULL);
}

bool
channel_has_button(const struct channel *channel)
{
	return channel->kind == CHANNEL_TELEGRAM;
}

/* The URLs of Telegram and of mail servers are not secret and are shown in texts.  A password within
 * one would be shown with it. */
static int
check_url(const struct channel *channel, struct failure *why)
{
	bool mail = channel->kind == CHANNEL_MAIL;
	struct url url;

	if (channel->url == NULL || url_parse(&url, channel->url, why) != 0)
		return failure_set(why, FAILURE_LOCAL, "%s: its URL cannot be read: write it as %s",
		    channel->name, mail ? "smtp://HOST:587 or smtps://HOST:465" : "https://HOST/PATH");
	if (strcmp(url.scheme, mail ? "smtp" : "http") != 0 &&
	    strcmp(url.scheme, mail ? "smtps" : "https") != 0)
		(void)failure_set(why, FAILURE_LOCAL, "%s: its URL begins with %s", channel->name,
		    mail ? "neither smtp:// nor smtps://" : "neither http:// nor https://");
	else if (url.host[0] == '\0')
		(void)failure_set(why, FAILURE_LOCAL, "%s: its URL has no host", channel->name);
	else if (url.user != NULL || url.password != NULL)
		(void)failure_set(
		    why, FAILURE_LOCAL, "%s: leave user and password out of its URL", channel->name);
	else
		why->kind = FAILURE_NONE;
	url_release(&url);
	return why->kind == FAILURE_NONE ? 0 : -1;
}

int
channel_check(const struct channel *channel, struct failure *why)
{
	assert(strlen(channel->name) < CHANNEL_NAME);
	if (check_url(channel, why) != 0)
		return -1;
	if (channel->kind == CHANNEL_TELEGRAM)
		return telegram_check(channel, why);
	if (channel->kind == CHANNEL_SLACK)
		return slack_check(channel, why);
	return channel->kind == CHANNEL_MAIL ? mail_check(channel, why) : 0;
}

struct channel_line *
channel_open(const struct channel *channel, struct failure *why)
{
	struct channel_line *line = calloc(1, sizeof(*line));
	char user_agent[64];

	if (line == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "%s: out of memory", channel->name);
		return NULL;
	}
	line->channel = channel;
	(void)snprintf(user_agent, sizeof(user_agent), "alert_relay/%.32s", version_number);
	if (channel->kind == CHANNEL_MAIL) {
		/* libcurl counts these calls, so each line may have its own. */
		(void)curl_global_init(CURL_GLOBAL_DEFAULT);
		line->smtp = curl_easy_init();
		if (line->smtp == NULL)
			(void)failure_set(why, FAILURE_LOCAL, "libcurl does not start");
	} else {
		line->http = http_client_new(&(struct http_settings){ .ca_file = channel->ca_file,
						 .user_agent = user_agent,
						 .body_limit = ANSWER_LARGEST,
						 .connections = 2 },
		    why);
	}
	if (line->http != NULL || line->smtp != NULL)
		return line;
	(void)failure_prefix(why, "%s", channel->name);
	channel_close(line);
	return NULL;
}

void
channel_close(struct channel_line *line)
{
	if (line == NULL)
		return;
	http_client_free(line->http);
	if (line->channel->kind == CHANNEL_MAIL) {
		curl_easy_cleanup(line->smtp);
		curl_global_cleanup();
	}
	free(line);
}

void
channel_send(struct channel_line *line, const struct message *message, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	static const struct channel_options none;

	memset(result, 0, sizeof(*result));
	kinds[line->channel->kind].send(line, message, options != NULL ? options : &none, deadline, result);
}

void
channel_edit(struct channel_line *line, const char *message_id, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result)
{
	static const struct channel_options none;

	assert(channel_edits(line->channel));
	memset(result, 0, sizeof(*result));
	telegram_edit(line, message_id, message, options != NULL ? options : &none, deadline, result);
}

/* What the kinds share */

/* Retry-After is asked for in every case, since a proxy or Slack says there how long it wants to be
 * left alone. */
void
line_post(struct channel_line *line, const char *url, const char *authorization, json_t *body,
    struct deadline deadline, struct http_response *response)
{
	static const char *const wanted[] = { "Retry-After", NULL };
	const char *headers[] = { "Content-Type: application/json", authorization, NULL };
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	if (text == NULL) {
		memset(response, 0, sizeof(*response));
		(void)failure_set(&response->failure, FAILURE_LOCAL, "out of memory");
		return;
	}
	http_ask(line->http,
	    &(struct http_request){ .url = url, .body = text, .headers = headers, .wanted = wanted }, 1, NULL,
	    deadline, response);
	free(text);
}

void
line_fail(const struct channel_line *line, enum channel_outcome outcome, enum failure_kind kind,
    const char *peer, struct channel_result *result)
{
	/* A copy, since masking writes into the text, which may be part of an answer that is still
	 * read. */
	char *shown = strdup(peer);

	result->outcome = outcome;
	if (shown != NULL && line->channel->secrets != NULL)
		secrets_mask(line->channel->secrets, shown);
	(void)failure_set(&result->failure, kind, "%s: %.*s", line->channel->name, PEER_SHOWN,
	    shown != NULL ? shown : "out of memory");
	free(shown);
}

/* Seconds; a date, which the header may also be, counts as not said.  A day at most: a number that a
 * broken proxy made up must not silence a channel for ever. */
static int64_t
retry_after_ms(const char *header)
{
	char *end;
	long long seconds = strtoll(header, &end, 10);

	return end == header || *end != '\0' || seconds < 0 ? 0 : (seconds < 86400 ? seconds : 86400) * 1000;
}

void
line_judge(const struct channel_line *line, const struct http_response *response, const char *peer,
    struct channel_result *result)
{
	int status = response->status;
	/* 408, 429 and 5xx speak of the moment.  Any other refusal speaks of this request, which would
	 * fail again. */
	bool again = status == 0 || status == 408 || status == 429 || status >= 500;
	char text[4096];

	result->status = status;
	if (response->failure.kind != FAILURE_NONE) {
		line_fail(line, CHANNEL_RETRY, response->failure.kind, response->failure.text, result);
		return;
	}
	if (status >= 200 && status < 300) {
		result->outcome = CHANNEL_SENT;
		return;
	}
	(void)snprintf(text, sizeof(text), "HTTP status %d%s%s", status,
	    peer != NULL && peer[0] != '\0' ? ": " : "", peer != NULL ? peer : "");
	line_fail(line, again ? CHANNEL_RETRY : CHANNEL_REFUSED,
	    status == 401 || status == 403 ? FAILURE_AUTH : FAILURE_REJECTED, text, result);
	result->retry_after_ms = again ? retry_after_ms(response->wanted[0]) : 0;
	/* The message is at fault and not the channel.  A merged one is then sent alert by alert, so
	 * that one bad alert does not hold up the others. */
	result->content = status == 400 || status == 413 || status == 422;
}
