#ifndef RELAY_CHANNEL_TELEGRAM_H
#define RELAY_CHANNEL_TELEGRAM_H

#include "relay/channel/line.h"

#define TELEGRAM_TOKEN_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/*
 * Call a method of the Bot API; `body` is taken over.  The whole answer, for
 * json_decref(); NULL: not done, and the result says why.
 */
json_t *telegram_call(struct channel_line *line, const char *method, json_t *body, struct deadline deadline,
    struct channel_result *result);

#endif /* RELAY_CHANNEL_TELEGRAM_H */
