#ifndef PAPER_CHAT_SERVER_H
#define PAPER_CHAT_SERVER_H

#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/config/options.h"
#include "common/failure.h"
#include "common/text/buffer.h"
#include "demo/paper_chat/faults.h"

/*
 * The HTTP side, and what it keeps in memory: messages, updates that wait for
 * getUpdates, requests.  A thread per connection; one lock around all that is
 * kept.  Whatever a client sends is bounded: connections, headers, bodies, idle
 * time, and how many messages, updates and requests are kept.
 */
enum {
	CONNECTIONS = 256,
	REQUEST_MEMORY = 32768, /* request line and headers */
	BODY_LIMIT = 256 * 1024,
	IDLE_SECONDS = 120, /* longer than a long poll */
	MOST_MESSAGES = 1024,
	MOST_UPDATES = 256,
	MOST_REQUESTS = 4096,
	MOST_EDITS = 32
};

struct server_settings {
	int fd;                      /* a listening socket; the server's from now on */
	const struct options *flags; /* "chat", of which there may be many */
	const char *token, *slack_token;
	int64_t limit; /* messages that a Telegram chat takes in 60 s; 0: any number */
};

/*
 * A message: "service", "chat", "id", "received_ms", "text" (without markup), "sent" (with it), "edits", and
 * what else a service has.  GET /control/messages gives them out as they are.
 */
struct server {
	struct server_settings settings;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* an update came, a fault was turned, or the server ends */
	bool ending;
	struct faults faults;
	json_t *messages, *updates, *requests; /* lists, the oldest first */
	int64_t messages_total, requests_total;
	int64_t last_update, last_slack_us;
	unsigned polls;       /* getUpdates requests so far: a later one ends an earlier one */
	bool without_buttons; /* the last allowed_updates left callback_query out */
};

struct answer {
	int status;       /* 0: none; the connection is closed */
	const char *type; /* Content-Type; static */
	struct buffer body;
	int64_t retry_after; /* seconds, for 429; 0: not said */
	char location[128];  /* for 303; "": none */
	const char *said;    /* for the list of requests: static, or NULL */
	char what[320];      /* the same, when it is not static */
};

/* One request, with what it is answered. */
struct call {
	struct server *server;
	struct MHD_Connection *connection;
	const char *method, *path; /* the path without Telegram's token */
	const char *type;          /* Content-Type, or "" */
	struct slice body;
	json_t *arguments; /* of the query and the body, an object; NULL: the body cannot be read */
	int64_t first_ms;  /* Unix time of the first byte, about */
	struct answer answer;
};

int64_t wall_clock_ms(void);

int server_start(struct server *server, const struct server_settings *settings, struct failure *why);
void server_stop(struct server *server);

/* Wait with the lock held, until something changes or the time is over.  False: the server ends. */
bool server_wait(struct server *server, int64_t ms);

/* Take a message, which is kept from now on.  The lock is held. */
void server_keep(struct server *server, json_t *message);

/* The kept message, borrowed; NULL for `chat` is any.  NULL: not kept.  The lock is held. */
json_t *server_find(struct server *server, const char *service, const char *chat, const char *id);

/* How long a chat that took `limit` messages in the last 60 s must wait, in seconds; 0: it need not. */
int64_t server_throttle(struct server *server, const char *service, const char *chat, int64_t limit);

/* Note that a message became `text` and `sent`. */
void server_edit(json_t *message, const char *text, const char *sent, int64_t received_ms);

/* Whether --chat allows it; `numeric` ones are of Telegram, the others of Slack. */
bool server_has_chat(const struct server *server, const char *chat, bool numeric);

/* The arguments of the query and of the body, an object; NULL: the body is neither a form nor a JSON object.
 */
json_t *call_read(struct call *call);

/* An argument as text: a number is its digits, true is "true".  NULL: it is not there, or no scalar.
 * Borrowed. */
const char *call_text(struct call *call, const char *name);

/* A number, or the fallback where it is missing. */
int64_t call_number(struct call *call, const char *name, int64_t fallback);

/* An argument as JSON, which may be in a string.  Borrowed.  NULL: it is not there; a null: it is no JSON. */
json_t *call_json(struct call *call, const char *name);

/* Answer with JSON, which is taken. */
void call_answer(struct call *call, int status, json_t *body);
void call_answer_text(struct call *call, int status, const char *text);

/* The services and the pages; the lock is held. */
void telegram_answer(struct call *call, const char *token);
void slack_answer(struct call *call);
void control_answer(struct call *call);
void page_answer(struct call *call);

/* Somebody presses the button with this data (NULL: the first one that has any) of a message.  NULL, or what
 * is wrong. */
const char *telegram_press(
    struct server *server, const char *id, int64_t user, const char *name, const char *wanted);

/* An error that a fault asks for, in the words of the service. */
void telegram_fail(struct call *call, int status, const char *description, int64_t retry_after);
void slack_fail(struct call *call, int status, const char *error, int64_t retry_after);

#endif /* PAPER_CHAT_SERVER_H */
