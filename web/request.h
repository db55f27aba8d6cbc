#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

#include "web/access/users.h"
#include "web/server.h"

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

enum { LONGEST_PATH = 256, LONGEST_HOST = 256, LONGEST_PEER = 64 };

struct request {
	struct web *web;
	struct connection *connection;
	struct web_config *config; /* of the whole request; NULL: its headers were not all read */
	size_t route;              /* past the last one: the path has no route */
	char path[LONGEST_PATH], peer[LONGEST_PEER];
	int64_t began_ns;
	unsigned code;       /* 0: nothing was answered yet */
	bool costly;         /* it is counted as such */
	size_t length, held; /* of the body: as announced, and as counted in web.held */
	struct buffer body;
	const char *user; /* the configuration's; good when the login is */
	bool asked;       /* a password check was begun: `permitted` is its result */
	enum auth_answer permitted;
	struct MHD_Connection *waiting;
	bool has_host, is_foreign; /* the target is a whole URL, whose host counts, and is not ours */
	struct web_exchange exchange;
	bool is_made;         /* its answer */
	struct request *next; /* in the queue of a thread that makes answers */
	char query[];         /* "": none */
};

struct web {
	struct web_limits limits;
	struct web_site site;
	struct auth *auth;
	struct work *slow, *together; /* NULL: no route is answered together */
	struct server servers[WEB_ADDRESSES];
	size_t count;
	pthread_mutex_t lock; /* of `config` itself and of the connections, never held for long */
	struct web_config *config;
	struct connection *connections;
	atomic_uint costly;  /* costly requests that are being answered */
	atomic_size_t held;  /* bytes of bodies, as they were announced */
	atomic_bool closing; /* connections end with their next answer, and none begins */
	atomic_bool over;    /* and no more answers are made */
};

/* What is in use now, for web_config_drop(). */
struct web_config *web_config_now(struct web *web);

/* A connection (NULL: it has no entry) begins something else. */
void connection_enter(struct web *web, struct connection *connection, enum connection_phase phase);

/*
 * A thread that makes answers, in the order of their requests, while their
 * connections sleep: so that no other answer waits for them.  work_add() has
 * request_work() called from it.  work_end() ends what is under way, wakes
 * those that wait without an answer, and must come before the server's end.
 */
struct work *work_new(void); /* NULL: out of memory, or no thread */
void work_add(struct work *work, struct request *request);
void work_end(struct work *work);
void work_free(struct work *work); /* takes NULL, and so does work_end() */

/* Whether one call answers both. */
bool request_joins(const struct request *first, const struct request *other);

/* Whether the answer of a request that is whole is made.  False: its connection sleeps until it is. */
bool request_make(struct request *request, struct MHD_Connection *connection);

/* Make the answers of requests that join, unless the server ends (`over`), and wake their connections. */
void request_work(struct request *const requests[], size_t count, bool over);

/* Which route is asked for, or past the last one: none has the path.  One that has the path, but not the
 * method (NULL: not known yet), is found if there is no better one. */
size_t route_find(const struct web_route *routes, const char *path, const char *method);
bool route_takes(const struct web_route *route, const char *method);

const struct web_route *request_route(const struct request *request); /* NULL: it has none */

/* Of all routes with the path, for Allow; of a path without one, those of the server ("OPTIONS *"). */
const char *route_methods(const struct web_route *routes, const char *path);

/*
 * Whether the client may ask, by its login: AUTH_PENDING: its connection sleeps, and request_handle() is
 * called again when that is known.
 */
enum auth_answer request_permitted(struct request *request, struct MHD_Connection *connection);

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

/* Whether a browser sends this for a page of another site than that of the host: by Sec-Fetch-Site, or
 * without it by Origin; each may be NULL.  Programs send neither. */
bool head_is_cross_site(const char *site, const char *origin, const char *host);

/* Whether Accept-Encoding (NULL: not sent) names gzip, and does not refuse it. */
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
