#ifndef RELAY_CHANNEL_MAIL_HEADERS_H
#define RELAY_CHANNEL_MAIL_HEADERS_H

#include <curl/curl.h>

#include "relay/channel/mail.h"

enum { MAIL_ADDRESS = 255 }; /* bytes of an address, with its NUL */

/* Of a channel that mail_check() found good. */
void mail_sender(const struct channel *channel, char address[MAIL_ADDRESS]);

/* NULL: no memory. */
struct curl_slist *mail_recipients(const struct channel *channel);

/* All headers but those of its parts, with a new id.  False: no memory; `*headers` is to be freed in either
 * case. */
bool mail_headers(const struct channel *channel, const struct mail *mail, char id[CHANNEL_MESSAGE_ID],
    struct curl_slist **headers);

#endif /* RELAY_CHANNEL_MAIL_HEADERS_H */
