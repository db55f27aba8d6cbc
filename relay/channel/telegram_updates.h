#ifndef RELAY_CHANNEL_TELEGRAM_UPDATES_H
#define RELAY_CHANNEL_TELEGRAM_UPDATES_H

#include "relay/channel/channel.h"
#include "relay/message/templates.h"

/*
 * Buttons that people press under our messages, fetched by long polling; for
 * one thread.  Only presses in a chat of `channels` by one of `users` count;
 * with no users, everybody in those chats may press.  All others get "not
 * allowed" as the answer, and nothing else happens.
 */
struct telegram_updates;

struct telegram_press {
	const char *data;       /* the ack_data of the message's button */
	const char *channel;    /* "telegram:ops" */
	const char *message_id; /* of the message, as channel_send() gave it */
	int64_t user_id;
	const char *user; /* "@name", or the first name and the number; valid UTF-8 of at most 127 bytes */
};

/* True: it is acknowledged now (or was already); false: there is no such alert any more. */
typedef bool telegram_pressed(void *context, const struct telegram_press *press);

/*
 * `channels` are those of one bot, `users` Telegram's user ids; all of it must
 * outlive the result.  NULL with `why` (local).
 */
struct telegram_updates *telegram_updates_new(const struct channel *const channels[], size_t count,
    const int64_t users[], size_t user_count, const struct templates *templates, struct failure *why);
void telegram_updates_free(struct telegram_updates *updates);

/* Seconds before the deadline at which the waiting ends: for Telegram's answer, and for ours to a press. */
enum { TELEGRAM_UPDATES_SPARE = 5 };

/*
 * Wait for presses until TELEGRAM_UPDATES_SPARE before the deadline (25 s at the most), tell `pressed` of
 * each and answer it.  0, also when nothing came; -1 with `why`: wait a while
 * before the next call, at least `*retry_after_ms`.
 */
int telegram_updates_poll(struct telegram_updates *updates, struct deadline deadline,
    telegram_pressed *pressed, void *context, int64_t *retry_after_ms, struct failure *why);

#endif /* RELAY_CHANNEL_TELEGRAM_UPDATES_H */
