#ifndef RELAY_CHANNEL_LINE_H
#define RELAY_CHANNEL_LINE_H

#include <curl/curl.h>
#include <jansson.h>

#include "probes/http/http.h"
#include "relay/channel/channel.h"

/* What the kinds of channels share.  */
struct channel_line {
	const struct channel *channel;
	struct http_client *http; /* all but mail */
	CURL *smtp;               /* mail */
};

/* POST `body`, which is taken over (NULL: no memory); `authorization` is a header, or NULL. */
void line_post(struct channel_line *line, const char *url, const char *authorization, json_t *body,
    struct deadline deadline, struct http_response *response);

/*
 * The result as the status tells it, with a failure's text made of what the
 * peer said (`peer`, NULL: nothing), without our secrets.
 */
void line_judge(const struct channel_line *line, const struct http_response *response, const char *peer,
    struct channel_result *result);

/* Not sent, for another reason than the status. */
void line_fail(const struct channel_line *line, enum channel_outcome outcome, enum failure_kind kind,
    const char *peer, struct channel_result *result);

void telegram_send(struct channel_line *line, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
void telegram_edit(struct channel_line *line, const char *message_id, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
void slack_send(struct channel_line *line, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
void mail_send(struct channel_line *line, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);
void webhook_send(struct channel_line *line, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);

/* The settings that only this kind has: 0, or -1 with `why`. */
int telegram_check(const struct channel *channel, struct failure *why);
int slack_check(const struct channel *channel, struct failure *why);
int mail_check(const struct channel *channel, struct failure *why);

#endif /* RELAY_CHANNEL_LINE_H */
