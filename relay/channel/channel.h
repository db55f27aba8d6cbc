#ifndef RELAY_CHANNEL_CHANNEL_H
#define RELAY_CHANNEL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config/secrets.h"
#include "common/deadline.h"
#include "common/failure.h"
#include "relay/message/message.h"

/*
 * Where messages go.  One call is one attempt: when to try again, how often
 * and where else is relay/deliver's.
 *
 * A channel is what the settings say, and never changes.  A line is one
 * thread's way to it: it keeps the connection.  Each thread that sends has a
 * line of its own.
 *
 * No secret is in a failure's text; TLS is always verified.
 */
enum channel_kind { CHANNEL_TELEGRAM, CHANNEL_SLACK, CHANNEL_MAIL, CHANNEL_WEBHOOK };
enum { CHANNEL_KINDS = CHANNEL_WEBHOOK + 1, CHANNEL_NAME = 64, CHANNEL_MESSAGE_ID = 128 };

/* All texts are the caller's, and last as long as the channel; what a kind does not use is NULL. */
struct channel {
	enum channel_kind kind;
	const char *name; /* "telegram:ops": the kind, and the name in the settings; < CHANNEL_NAME bytes */
	/*
	 * Telegram: "https://api.telegram.org".  Slack: the incoming webhook (a secret), or with a
	 * token "https://slack.com/api".  Mail: "smtp://host:587" or "smtps://host:465".  Webhook: any.
	 */
	const char *url;
	const char *token;             /* a secret: Telegram's, Slack's (NULL: url is a webhook) */
	const char *to;                /* chat id or "@name"; Slack channel id; addresses, by commas */
	const char *from;              /* mail: the sender's address, with or without a name */
	const char *user;              /* mail; NULL: no log-in */
	const char *password;          /* mail: a secret */
	const char *ca_file;           /* NULL: the system's */
	const struct secrets *secrets; /* what no text may show: must hold the secrets above */
};

/* "telegram", "slack", "mail", "webhook". */
const char *channel_kind_name(enum channel_kind kind);

/* Whether it can work at all: the form of its URL, token, chat, addresses.  0, or -1 with `why` (local). */
int channel_check(const struct channel *channel, struct failure *why);

/* The `limit` of message_compose(). */
size_t channel_limit(const struct channel *channel);

/* Whether a message that was sent can be changed (Telegram). */
bool channel_edits(const struct channel *channel);

/* Whether `reply_to` means anything to it (all but webhooks and Slack's incoming webhooks). */
bool channel_replies(const struct channel *channel);

/* Whether `ack_data` makes a button (Telegram). */
bool channel_has_button(const struct channel *channel);

struct channel_line;

/* NULL with `why` (local).  The channel must outlive it. */
struct channel_line *channel_open(const struct channel *channel, struct failure *why);
void channel_close(struct channel_line *line);

struct channel_options {
	const char *reply_to; /* the message_id of an earlier message; NULL: none */
	const char *
	    ack_data; /* a button that acknowledges comes back with this, at most 64 bytes; NULL: no button */
	bool silent;  /* no sound (Telegram) */
};

enum channel_outcome {
	CHANNEL_SENT,
	CHANNEL_RETRY,   /* no answer, 5xx, 408, 429, SMTP 4xx: the same may work later */
	CHANNEL_REFUSED, /* it will never work as it is */
};

struct channel_result {
	enum channel_outcome outcome;
	int status;             /* of HTTP or SMTP; 0: no answer came */
	int64_t retry_after_ms; /* how long to leave the channel alone; 0: not said.  Only with RETRY */
	bool content;           /* REFUSED for what the message says (400): another message may pass */
	char message_id[CHANNEL_MESSAGE_ID]; /* SENT: for reply_to and channel_edit(); "" where there is none
					      */
	struct failure failure;              /* all but SENT: for the log and the history */
};

/* Back by the deadline.  `options` may be NULL. */
void channel_send(struct channel_line *line, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);

/*
 * Put this message in the place of an earlier one, with a button where ack_data says so.  A message that is
 * the same already, or that its chat does not have any more, counts as sent.  Only where channel_edits().
 */
void channel_edit(struct channel_line *line, const char *message_id, const struct message *message,
    const struct channel_options *options, struct deadline deadline, struct channel_result *result);

#endif /* RELAY_CHANNEL_CHANNEL_H */
