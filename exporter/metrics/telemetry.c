#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/version.h"
#include "exporter/metrics/telemetry.h"
#include "textfile/number.h"

/* The values of the label `path`: a closed set. */
static const char *const paths[ROUTES] = {
	[ROUTE_METRICS] = "/metrics",
	[ROUTE_HEALTH] = "/health",
	[ROUTE_HEALTH_READY] = "/health/ready",
	[ROUTE_HEALTH_LIVE] = "/health/live",
	[ROUTE_HEALTHY] = "/-/healthy",
	[ROUTE_READY] = "/-/ready",
	[ROUTE_PAGE] = "/",
	[ROUTE_OTHER] = "other",
};

static const unsigned codes[TELEMETRY_CODES] = { 200, 400, 401, 404, 405, 413, 500, 503, 0 };

static const struct {
	int64_t ns;
	const char *seconds;
} bounds[TELEMETRY_BOUNDS] = { { 100000, "0.0001" }, { 250000, "0.00025" }, { 500000, "0.0005" },
	{ 1000000, "0.001" }, { 2500000, "0.0025" }, { 5000000, "0.005" }, { 10000000, "0.01" },
	{ 25000000, "0.025" }, { 50000000, "0.05" }, { 100000000, "0.1" }, { 250000000, "0.25" },
	{ 500000000, "0.5" }, { 1000000000, "1" }, { 10000000000, "10" } };

static const char *const process_names[] = { "process_cpu_seconds_total", "process_resident_memory_bytes",
	"process_virtual_memory_bytes", "process_open_fds", "process_max_fds", "process_start_time_seconds" };

enum route
route_of(const char *path)
{
	for (int i = 0; i < ROUTE_OTHER; i++)
		if (strcmp(path, paths[i]) == 0)
			return (enum route)i;
	return ROUTE_OTHER;
}

void
telemetry_init(struct telemetry *t)
{
	memset(t, 0, sizeof(*t));
	t->started = clock_unix_seconds();
	atomic_store(&t->reloaded_ms, (long long)(t->started * 1000));
}

void
telemetry_count(struct telemetry *t, enum route route, unsigned code, int64_t took_ns)
{
	size_t bucket = 0, index = 0;

	while (index < TELEMETRY_CODES - 1 && codes[index] != code)
		index++;
	while (bucket < TELEMETRY_BOUNDS && took_ns > bounds[bucket].ns)
		bucket++;
	atomic_fetch_add(&t->requests[route][index], 1);
	atomic_fetch_add(&t->buckets[route][bucket], 1);
	atomic_fetch_add(&t->nanoseconds[route], (unsigned long long)took_ns);
}

bool
telemetry_reserved(struct slice name)
{
	static const char prefix[] = "arbwatch_exporter_";

	if (name.length >= sizeof(prefix) - 1 && memcmp(name.at, prefix, sizeof(prefix) - 1) == 0)
		return true;
	for (size_t i = 0; i < sizeof(process_names) / sizeof(process_names[0]); i++)
		if (slice_is(name, process_names[i]))
			return true;
	return false;
}

/* --- Writing --- */

static void
put_number(struct buffer *out, double value)
{
	char text[NUMBER_TEXT];
	size_t length = number_format(value, text);

	buffer_append(out, text, length);
	buffer_string(out, "\n");
}

static void
put_head(struct buffer *out, const char *name, const char *type, const char *help)
{
	buffer_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
put_single(struct buffer *out, const char *name, const char *type, const char *help, double value)
{
	put_head(out, name, type, help);
	buffer_format(out, "%s ", name);
	put_number(out, value);
}

static double
cpu_seconds(void)
{
	struct timespec used = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Since Linux 6.2 the directory's size says it. */
static double
count_fds(void)
{
	struct stat status = { 0 };
	double count = -3; /* ".", ".." and the directory itself */
	DIR *directory;

	if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0)
		return (double)status.st_size;
	directory = opendir("/proc/self/fd");
	if (directory == NULL)
		return 0;
	while (readdir(directory) != NULL)
		count++;
	(void)closedir(directory);
	return count;
}

static void
read_memory(double *virtual, double *resident)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0, in_memory = 0;

	if (file == NULL)
		return;
	if (fscanf(file, "%lu %lu", &pages, &in_memory) == 2) {  // NOLINT(cert-err34-c): the kernel's numbers
		*virtual = (double)pages * (double)sysconf(_SC_PAGESIZE);
		*resident = (double)in_memory * (double)sysconf(_SC_PAGESIZE);
	}
	(void)fclose(file);
}

static void
write_process(const struct telemetry *t, struct buffer *out)
{
	struct rlimit fds = { 0 };
	double virtual = 0, resident = 0;

	(void)getrlimit(RLIMIT_NOFILE, &fds);
	read_memory(&virtual, &resident);
	put_single(out, process_names[0], "counter", "Total user and system CPU time spent in seconds.",
	    cpu_seconds());
	put_single(out, process_names[1], "gauge", "Resident memory size in bytes.", resident);
	put_single(out, process_names[2], "gauge", "Virtual memory size in bytes.", virtual);
	put_single(out, process_names[3], "gauge", "Number of open file descriptors.", count_fds());
	put_single(
	    out, process_names[4], "gauge", "Maximum number of open file descriptors.", (double)fds.rlim_cur);
	put_single(out, process_names[5], "gauge", "Start time of the process since unix epoch in seconds.",
	    t->started);
}

/* Every path is there from the start with what is expected of it; other codes once they occur. */
static void
write_requests(const struct telemetry *t, struct buffer *out)
{
	put_head(out, "arbwatch_exporter_http_requests_total", "counter",
	    "HTTP requests, by path and status code (0: the client went away first, or libmicrohttpd refused "
	    "the request by itself, with 400 or 431).");
	for (int route = 0; route < ROUTES; route++) {
		for (int code = 0; code < TELEMETRY_CODES; code++) {
			unsigned long long count = atomic_load(&t->requests[route][code]);

			if (count > 0 || codes[code] == (route == ROUTE_OTHER ? 404 : 200))
				buffer_format(out,
				    "arbwatch_exporter_http_requests_total{path=\"%s\",code=\"%u\"} %llu\n",
				    paths[route], codes[code], count);
		}
	}
}

static void
write_durations_of(const struct telemetry *t, int route, struct buffer *out)
{
	static const char name[] = "arbwatch_exporter_http_request_duration_seconds";
	unsigned long long count = 0;

	for (int i = 0; i < TELEMETRY_BOUNDS; i++) {
		count += atomic_load(&t->buckets[route][i]);
		buffer_format(out, "%s_bucket{path=\"%s\",le=\"%s\"} %llu\n", name, paths[route],
		    bounds[i].seconds, count);
	}
	count += atomic_load(&t->buckets[route][TELEMETRY_BOUNDS]);
	buffer_format(out, "%s_bucket{path=\"%s\",le=\"+Inf\"} %llu\n%s_sum{path=\"%s\"} ", name,
	    paths[route], count, name, paths[route]);
	put_number(out, (double)atomic_load(&t->nanoseconds[route]) / 1e9);
	buffer_format(out, "%s_count{path=\"%s\"} %llu\n", name, paths[route], count);
}

static void
write_web(const struct telemetry *t, struct buffer *out)
{
	write_requests(t, out);
	put_head(out, "arbwatch_exporter_http_request_duration_seconds", "histogram",
	    "Time from a request's first line to the end of its answer.");
	for (int route = 0; route < ROUTES; route++)
		write_durations_of(t, route, out);
	put_single(out, "arbwatch_exporter_http_requests_in_flight", "gauge",
	    "HTTP requests that are being answered now, this one included.", atomic_load(&t->in_flight));
	put_single(out, "arbwatch_exporter_http_connections", "gauge", "Open connections of clients.",
	    atomic_load(&t->connections));
	put_single(out, "arbwatch_exporter_http_timeouts_total", "counter",
	    "Connections ended because the client was too slow.", (double)atomic_load(&t->timeouts));
}

void
telemetry_write(const struct telemetry *t, struct buffer *out)
{
	put_head(out, "arbwatch_exporter_build_info", "gauge",
	    "Version and revision of the running program; the value is always 1.");
	buffer_format(out, "arbwatch_exporter_build_info{version=\"%s\",revision=\"%s\"} 1\n", version_number,
	    version_revision);
	write_process(t, out);
	write_web(t, out);
	put_single(out, "arbwatch_exporter_config_last_reload_successful", "gauge",
	    "Whether the configuration was taken when it was last read.", !atomic_load(&t->reload_failed));
	put_single(out, "arbwatch_exporter_config_last_reload_success_timestamp_seconds", "gauge",
	    "When the configuration was last taken.", (double)atomic_load(&t->reloaded_ms) / 1000);
}
