#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

#include "web/server.h"
#include "web/users.h"

/* What the files of the server share; web/server.h is for everybody else. */

/* What a client may take its time for. */
enum connection_phase {
	CONNECTION_NEW,    /* no request was read yet: TLS, the first headers */
	CONNECTION_ANSWER, /* a request's headers, and its answer on the way */
	CONNECTION_IDLE,   /* kept open, for another request */
	CONNECTION_PHASES
};

/* One address. */
struct server {
	struct web *web;
	int socket; /* -1: libmicrohttpd has it */
	struct MHD_Daemon *daemon;
	bool is_loopback; /* answers local names only */
};

/* All but `server`, `config` and `fd` are changed under web.lock. */
struct connection {
	struct connection *next, *previous;
	struct server *server;
	int fd;
	struct web_config *config; /* whose TLS it began with; NULL: no TLS */
	enum connection_phase phase;
	int64_t since_ns;
	bool ended; /* shut down by us already */
};

struct request;

struct web {
	struct web_limits limits;
	struct web_site site;
	struct auth *auth;
	struct work *work;
	struct server servers[WEB_ADDRESSES];
	size_t count;
	pthread_mutex_t lock; /* of `config` itself and of the connections, never held for long */
	struct web_config *config;
	struct connection *connections;
	atomic_uint costly;  /* costly requests that are being answered */
	atomic_bool closing; /* connections end with their next answer, and none begins */
	atomic_bool over;    /* and no more answers are made */
};

/* What is in use now, for web_config_drop(). */
struct web_config *web_config_now(struct web *web);

/* A connection (NULL: it has no entry) begins something else. */
void connection_enter(struct web *web, struct connection *connection, enum connection_phase phase);

/*
 * A thread that makes the answers of slow routes, in their order, while their
 * connections sleep: so that no other answer waits for them.  work_add() has
 * request_work() called from it.  work_end() ends what is under way, wakes
 * those that wait without an answer, and must come before the server's end.
 */
struct work *work_new(void); /* NULL: out of memory, or no thread */
void work_add(struct work *work, struct request *request);
void work_end(struct work *work);
void work_free(struct work *work);

/* Make the answer, unless the server ends (`over`), and wake the connection. */
void request_work(struct request *request, bool over);
struct request **request_next(struct request *request); /* room for a queue */

/* What libmicrohttpd calls; the context is the server. */
void *request_begin(void *context, const char *target, struct MHD_Connection *connection);
void request_end(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
enum MHD_Result request_handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *piece, size_t *size, void **state);
size_t request_leave_escaped(void *context, struct MHD_Connection *connection, char *text);

/* Send the answer, the last one of its connection or not, and release or pass on all that it holds, also on
 * failure.  Its code is what was sent. */
enum MHD_Result answer_send(
    struct MHD_Connection *connection, const struct web_config *config, struct web_answer *answer, bool last);

/* Whether two readers could understand the headers differently: two lengths or hosts, none, odd names. */
bool head_is_ambiguous(struct MHD_Connection *connection, const char *version);

/*
 * Whether the host of a request ("NAME", "NAME:PORT", "[ADDRESS]:PORT"; NULL: none was sent) is no name
 * that a stranger could have registered: an address, localhost, or one of `names`: one per line, ports are
 * not looked at.
 */
bool head_is_local(const char *host, const char *names);

/* Whether Accept-Encoding (NULL: there is none) names gzip, and does not refuse it. */
bool head_takes_gzip(const char *accept);

/* The name and the password of an Authorization header. */
struct basic_credentials {
	char *name;
	char *password;
	size_t length; /* of both, with what is between them */
};

/*
 * False: no header (NULL), another scheme than Basic, no base64, no colon, a
 * NUL byte, or out of memory; then there is nothing to release.
 */
bool basic_credentials_read(struct basic_credentials *credentials, const char *authorization);
void basic_credentials_release(struct basic_credentials *credentials);

#endif /* WEB_REQUEST_H */
