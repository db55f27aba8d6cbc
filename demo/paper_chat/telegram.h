#ifndef PAPER_CHAT_TELEGRAM_H
#define PAPER_CHAT_TELEGRAM_H

#include "demo/paper_chat/server.h"

/* What the methods of the Bot API share.  The lock is held. */

/* "Bad Request: ...". */
void telegram_refuse(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `result` is taken. */
void telegram_succeed(struct call *call, json_t *result);

/* A kept message as the Bot API shows it; without `deep`, not what it replies to. */
json_t *telegram_shown(struct server *server, json_t *message, bool deep);

/* What a message says, read from a request. */
struct content {
	const char *sent, *chat; /* borrowed */
	char *text;
	json_t *entities;
	json_t *buttons; /* borrowed; rows of buttons, or NULL */
};

/* All of what a new or an edited message says.  False: it was refused.  To be released either way. */
bool content_read(struct call *call, struct content *content);
void content_release(struct content *content);

/* Parts of it; false: refused. */
bool content_read_chat(struct call *call, const char **chat);
bool content_read_buttons(struct call *call, json_t **buttons);

void telegram_get_updates(struct call *call);
void telegram_answer_callback(struct call *call);

#endif /* PAPER_CHAT_TELEGRAM_H */
