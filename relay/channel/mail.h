#ifndef RELAY_CHANNEL_MAIL_H
#define RELAY_CHANNEL_MAIL_H

#include "relay/channel/channel.h"

/* A mail: as text, as HTML, and with a file where there is one.  UTF-8. */
struct mail {
	const char *subject; /* any text: what is not to be in a header is encoded */
	struct slice text;   /* lines end with "\r\n" */
	struct slice html;
	const char *file_name; /* of plain ASCII letters, digits, '-' and '.'; NULL: no file */
	const char *file_type; /* "text/csv; charset=utf-8" */
	struct slice file;
	const char *reply_to; /* the Message-ID of an earlier mail, with its <>; NULL: none */
};

/* To all addresses of a channel of kind mail; sent where one of them at least was accepted. */
void mail_deliver(struct channel_line *line, const struct mail *mail, struct deadline deadline,
    struct channel_result *result);

#endif /* RELAY_CHANNEL_MAIL_H */
