#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#include "common/text/buffer.h"

/*
 * What a server counts of its requests, by path and code.  All counting may be
 * done from several threads.
 */
enum { WEB_ROUTES = 32, WEB_BOUNDS = 14, WEB_CODES = 14 };

struct web_route;

struct web_metrics {
	const char *paths[WEB_ROUTES + 1]; /* of the routes, each once, then "other" */
	size_t count;                      /* with "other", for whatever has no route */
	size_t path_of[WEB_ROUTES + 1];    /* of each route, and of a request without one */
	atomic_ullong requests[WEB_ROUTES + 1][WEB_CODES];
	atomic_ullong buckets[WEB_ROUTES + 1][WEB_BOUNDS + 1]; /* not cumulative; +Inf last */
	atomic_ullong nanoseconds[WEB_ROUTES + 1];
	atomic_int in_flight;
	atomic_int connections;
	atomic_ullong timeouts; /* connections ended because the client was too slow */
};

/* For at most WEB_ROUTES routes, ended by one without a path; their texts must outlive it. */
void web_metrics_init(struct web_metrics *m, const struct web_route *routes);

/* Count a request to a route (by its index; past the last one: other) that was answered, or given up (code
 * 0). */
void web_metrics_count(struct web_metrics *m, size_t route, unsigned code, int64_t took_ns);

/* Append all of it in the text format: families "<program>_http_...". */
void web_metrics_write(const struct web_metrics *m, const char *program, struct buffer *out);

#endif /* WEB_METRICS_H */
