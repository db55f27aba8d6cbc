#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "web/config.h"
#include "web/metrics.h"

/*
 * How long a client may take, however steadily it trickles: libmicrohttpd
 * only ends connections on which nothing happens at all.  Whoever is too slow
 * is shut down; the server then sees the connection end.
 */
enum connection_phase {
	CONNECTION_NEW,    /* no request was read yet: TLS, the first headers */
	CONNECTION_ANSWER, /* a request's headers, and its answer on the way */
	CONNECTION_IDLE,   /* kept open, for another request */
	CONNECTION_PHASES
};

struct connection {
	struct connection *next, *previous;
	int fd;
	struct web_config *config; /* whose TLS it began with; NULL: no TLS */
	enum connection_phase phase;
	int64_t since_ns;
	bool ended; /* shut down by us already */
};

struct connections {
	pthread_mutex_t lock;
	struct connection *first;
	int64_t limits_ns[CONNECTION_PHASES];
	struct web_metrics *metrics;
};

void connections_init(struct connections *all, struct web_metrics *metrics);
void connections_release(struct connections *all);

/* NULL: out of memory.  `fd` must stay open until connection_end(), which drops `config` too. */
struct connection *connection_begin(struct connections *all, int fd);
void connection_end(struct connections *all, struct connection *connection);
void connection_enter(struct connections *all, struct connection *connection, enum connection_phase phase);

/* Shut down those that took too long. */
void connections_sweep(struct connections *all);

#endif /* WEB_CONNECTIONS_H */
