/*
 * Only paths of routes are counted by themselves, since clients could make up
 * others without end: those count as "other".  Counters are atomic and have no
 * lock, so a reader may see a request in one of them and not yet in the next.
 */

#include "web/metrics.h"

#include <string.h>

#include "web/server.h"

const unsigned web_codes[WEB_CODES] = { 200, 400, 401, 404, 405, 413, 500, 503, 0 };

const int64_t web_bounds_ns[WEB_BOUNDS] = { 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
	25000000, 50000000, 100000000, 250000000, 500000000, 1000000000, 10000000000 };

void
web_metrics_init(struct web_metrics *m, const struct web_route *routes)
{
	memset(m, 0, sizeof(*m));
	while (m->count < WEB_ROUTES && routes[m->count].path != NULL) {
		m->paths[m->count] = routes[m->count].path;
		m->count++;
	}
	m->paths[m->count++] = "other";
}

void
web_metrics_count(struct web_metrics *m, size_t route, unsigned code, int64_t took_ns)
{
	size_t bucket = 0, index = 0;

	/* The last one, 0, takes every code that is not in the table. */
	while (index < WEB_CODES - 1 && web_codes[index] != code)
		index++;
	while (bucket < WEB_BOUNDS && took_ns > web_bounds_ns[bucket])
		bucket++;
	atomic_fetch_add(&m->requests[route][index], 1);
	atomic_fetch_add(&m->buckets[route][bucket], 1);
	atomic_fetch_add(&m->nanoseconds[route], (unsigned long long)took_ns);
}
