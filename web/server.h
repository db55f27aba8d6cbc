#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "exporter/routes.h"
#include "web/config.h"
#include "web/listen.h"

/*
 * The HTTP(S) server: who may ask, how much, for how long; the site has the
 * answers.  Everything a client can do is bounded: connections, headers,
 * bodies (none), requests at once, time.
 */
enum { WEB_ADDRESSES = 16, WEB_LEAST_CONNECTIONS = 4, WEB_REQUEST_MEMORY = 16 * 1024 };

/* Descriptors that listening on an address takes, without its connections. */
enum { WEB_FILES_PER_ADDRESS = 8 };

struct web_limits {
	unsigned connections; /* per address */
	unsigned requests;    /* costly ones at once */
	int64_t header_timeout_ns;
	int64_t idle_timeout_ns;
	int64_t answer_timeout_ns;
};

struct web;

/* `site` must outlive it.  NULL: out of memory. */
struct web *web_new(const struct web_limits *limits, struct site *site);

/* Have an address to listen on; `name` is what it became.  0, or -1 with `why`. */
int web_listen(struct web *web, const char *address, char name[LISTEN_NAME], struct failure *why);

/* Serve on all of them with this configuration, which it keeps.  0, or -1 with `why`. */
int web_start(struct web *web, struct web_config *config, struct failure *why);

/*
 * Serve with this one, which it keeps, from now on.  No server is restarted: a
 * request that was begun is answered by the configuration it began with, the
 * next one by this one; new connections get its TLS, and older ones with TLS
 * end with the answer to their next request.  Waits for nobody.  0, or -1 with
 * `why` when TLS would have to be turned on or off; then all is as it was.
 */
int web_configure(struct web *web, struct web_config *config, struct failure *why);

/* To be called every now and then: ends who is too slow. */
void web_tick(struct web *web);

/* Accept nobody any more, wait for answers under way for so long, end. */
void web_stop(struct web *web, int64_t grace_ns);
void web_free(struct web *web);

#endif /* WEB_SERVER_H */
