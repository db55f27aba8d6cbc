#ifndef EXPORTER_WEB_H
#define EXPORTER_WEB_H

#include "exporter/listen.h"
#include "exporter/site.h"
#include "exporter/web_config.h"

/*
 * The HTTP(S) server: who may ask, how much, for how long; the site has the
 * answers.  Everything a client can do is bounded: connections, headers,
 * bodies (none), requests at once, time.
 */
enum { WEB_ADDRESSES = 16, WEB_REQUEST_MEMORY = 16 * 1024 };

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

/*
 * Serve with this configuration from now on (the first time: start).  What is
 * being answered is answered to its end.  Takes over `config` on success; on
 * failure (-1 with `why`) all is as it was.
 */
int web_configure(struct web *web, struct web_config *config, struct failure *why);

/* To be called every now and then: ends who is too slow. */
void web_tick(struct web *web);

/* Accept nobody any more, wait for answers under way for so long, end. */
void web_stop(struct web *web, int64_t grace_ns);
void web_free(struct web *web);

#endif /* EXPORTER_WEB_H */
