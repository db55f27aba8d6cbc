#ifndef PAPER_EXCHANGE_SERVER_H
#define PAPER_EXCHANGE_SERVER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>

#include "common/failure.h"
#include "demo/paper_exchange/record.h"
#include "demo/paper_exchange/venues/venue.h"

/*
 * The HTTP(S) side: takes requests apart, asks the venue or the control
 * endpoint, and answers, in a thread per connection.  Whatever a client sends
 * is bounded: connections, headers, bodies, idle time.
 */
enum {
	CONNECTIONS = 256,
	REQUEST_MEMORY = 32768, /* request line and headers */
	BODY_LIMIT = 16384,
	IDLE_SECONDS = 30
};

struct server {
	struct floor floor;
	struct records records;
	struct MHD_Daemon *daemon;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool ending;
};

struct server_settings {
	int fd;                        /* a listening socket; the server's from now on */
	const char *certificate, *key; /* PEM; NULL: no TLS */
	uint64_t seed;
	size_t symbols; /* LISTINGS to MARKET_ASSETS: coins at binance and upbit */
};

/* The venues, by index; NULL behind the last. */
const struct venue *venue_at(size_t index);

/* The index of the venue with that name, or -1. */
int venue_find(struct slice name);

int64_t wall_clock_ms(void);

int server_start(struct server *server, const struct server_settings *settings, struct failure *why);
void server_stop(struct server *server);

/* Wait; false: the server is ending. */
bool server_pause(struct server *server, int64_t ms);

#endif /* PAPER_EXCHANGE_SERVER_H */
