/*
 * Every path is there from the start with the code that is expected of it, so
 * that a rate of it is never missing; other codes appear when they happen.
 * Only paths of routes become labels, since clients could make up others
 * without end: those count as "other".
 *
 * Counters are atomic and have no lock, so a scrape may see a request in one
 * family and not yet in the next.  A histogram agrees with itself all the
 * same, because its count is the sum of its buckets.
 */

#include "web/metrics.h"

#include <assert.h>
#include <string.h>

#include "textfile/number.h"
#include "web/server.h"

static const unsigned codes[WEB_CODES] = { 200, 204, 303, 400, 401, 403, 404, 405, 411, 413, 421, 500, 503,
	0 };

static const struct {
	int64_t ns;
	const char *seconds;
} bounds[WEB_BOUNDS] = { { 100000, "0.0001" }, { 250000, "0.00025" }, { 500000, "0.0005" },
	{ 1000000, "0.001" }, { 2500000, "0.0025" }, { 5000000, "0.005" }, { 10000000, "0.01" },
	{ 25000000, "0.025" }, { 50000000, "0.05" }, { 100000000, "0.1" }, { 250000000, "0.25" },
	{ 500000000, "0.5" }, { 1000000000, "1" }, { 10000000000, "10" } };

void
web_metrics_init(struct web_metrics *m, const struct web_route *routes)
{
	size_t route = 0;

	memset(m, 0, sizeof(*m));
	for (; routes[route].path != NULL; route++) {
		size_t path = 0;

		assert(route < WEB_ROUTES);
		while (path < m->count && strcmp(m->paths[path], routes[route].path) != 0)
			path++;
		if (path == m->count)
			m->paths[m->count++] = routes[route].path;
		m->path_of[route] = path;
	}
	m->path_of[route] = m->count;
	m->paths[m->count++] = "other";
}

void
web_metrics_count(struct web_metrics *m, size_t route, unsigned code, int64_t took_ns)
{
	size_t bucket = 0, index = 0, path = m->path_of[route];

	/* The last one, 0, takes every code that is not in the table. */
	while (index < WEB_CODES - 1 && codes[index] != code)
		index++;
	while (bucket < WEB_BOUNDS && took_ns > bounds[bucket].ns)
		bucket++;
	atomic_fetch_add(&m->requests[path][index], 1);
	atomic_fetch_add(&m->buckets[path][bucket], 1);
	atomic_fetch_add(&m->nanoseconds[path], (unsigned long long)took_ns);
}

/* --- Writing --- */

static void
write_head(struct buffer *out, const char *program, const char *name, const char *type, const char *help)
{
	buffer_format(out, "# HELP %s_%s %s\n# TYPE %s_%s %s\n", program, name, help, program, name, type);
}

static void
write_single(struct buffer *out, const char *program, const char *name, const char *type, const char *help,
    long long value)
{
	write_head(out, program, name, type, help);
	buffer_format(out, "%s_%s %lld\n", program, name, value);
}

static void
write_requests(const struct web_metrics *m, const char *program, struct buffer *out)
{
	write_head(out, program, "http_requests_total", "counter",
	    "HTTP requests, by path and status code (0: the client went away first, or libmicrohttpd refused "
	    "the request by itself, with 400 or 431).");
	for (size_t route = 0; route < m->count; route++) {
		for (int code = 0; code < WEB_CODES; code++) {
			unsigned long long count = atomic_load(&m->requests[route][code]);

			if (count > 0 || codes[code] == (route == m->count - 1 ? 404 : 200))
				buffer_format(out, "%s_http_requests_total{path=\"%s\",code=\"%u\"} %llu\n",
				    program, m->paths[route], codes[code], count);
		}
	}
}

static void
write_durations_of(const struct web_metrics *m, size_t route, const char *program, struct buffer *out)
{
	static const char name[] = "http_request_duration_seconds";
	const char *path = m->paths[route];
	unsigned long long count = 0;
	char sum[NUMBER_TEXT];
	size_t length = number_format((double)atomic_load(&m->nanoseconds[route]) / 1e9, sum);

	for (int i = 0; i < WEB_BOUNDS; i++) {
		count += atomic_load(&m->buckets[route][i]);
		buffer_format(out, "%s_%s_bucket{path=\"%s\",le=\"%s\"} %llu\n", program, name, path,
		    bounds[i].seconds, count);
	}
	count += atomic_load(&m->buckets[route][WEB_BOUNDS]);
	buffer_format(out, "%s_%s_bucket{path=\"%s\",le=\"+Inf\"} %llu\n", program, name, path, count);
	buffer_format(out, "%s_%s_sum{path=\"%s\"} %.*s\n", program, name, path, (int)length, sum);
	buffer_format(out, "%s_%s_count{path=\"%s\"} %llu\n", program, name, path, count);
}

void
web_metrics_write(const struct web_metrics *m, const char *program, struct buffer *out)
{
	write_requests(m, program, out);
	write_head(out, program, "http_request_duration_seconds", "histogram",
	    "Time from a request's first line to the end of its answer.");
	for (size_t route = 0; route < m->count; route++)
		write_durations_of(m, route, program, out);
	write_single(out, program, "http_requests_in_flight", "gauge",
	    "HTTP requests that are being answered now, this one included.", atomic_load(&m->in_flight));
	write_single(out, program, "http_connections", "gauge", "Open connections of clients.",
	    atomic_load(&m->connections));
	write_single(out, program, "http_timeouts_total", "counter",
	    "Connections ended because the client was too slow.", (long long)atomic_load(&m->timeouts));
}
