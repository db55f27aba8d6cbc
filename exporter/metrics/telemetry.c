/*
 * What became of each file, so that a missing series can be explained from
 * Prometheus alone, in families that correspond to node_exporter's
 * node_textfile_mtime_seconds and node_textfile_scrape_error, under our own
 * prefix: both programs may serve the same directory at once.
 *
 * And the exporter about itself, with the names that Prometheus' client libraries
 * use for a process.  The main thread sets the reload state, and the server's
 * threads read it: hence atomics.  /proc is read for each scrape; what cannot
 * be read is 0, and never a reason to fail the scrape.  Families of files with
 * these names are left out, because two families of one name would break the
 * answer.
 */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/text/utf8.h"
#include "common/version.h"
#include "exporter/metrics/telemetry.h"
#include "textfile/number.h"

static const char *const process_names[] = { "process_cpu_seconds_total", "process_resident_memory_bytes",
	"process_virtual_memory_bytes", "process_open_fds", "process_max_fds", "process_start_time_seconds" };

void
telemetry_init(struct telemetry *t)
{
	memset(t, 0, sizeof(*t));
	t->started = clock_unix_seconds();
	/* The start counts as the first load. */
	atomic_store(&t->reloaded_ms, (long long)(t->started * 1000));
}

bool
telemetry_reserved(struct slice name)
{
	/* The whole prefix, so that a metric that is added later is reserved already. */
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

/* --- Files --- */

/* A file's name may hold any byte, and an invalid one would make Prometheus reject the whole answer. */
static void
put_label_value(struct buffer *out, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t width = utf8_character(text, left);

		if (width == 0)
			buffer_string(out, "\xef\xbf\xbd");
		else if (*text == '\n')
			buffer_string(out, "\\n");
		else if (*text == '"' || *text == '\\')
			buffer_format(out, "\\%c", *text);
		else
			buffer_append(out, text, width);
		width = width == 0 ? 1 : width;
		text += width;
		left -= width;
	}
}

static void
write_times(const struct about_files *about, struct buffer *out)
{
	size_t length = strlen(about->directory);
	const char *slash = length > 0 && about->directory[length - 1] == '/' ? "" : "/";

	put_head(out, "arbwatch_exporter_textfile_mtime_seconds", "gauge",
	    "Unix time at which each good file was last modified.");
	for (size_t i = 0; i < store_count(about->store); i++) {
		const struct store_file *file = store_file(about->store, i);

		/* Files that are too old to be served have a time, too: it is what shows their age. */
		if (file->state != STORE_GOOD)
			continue;
		buffer_string(out, "arbwatch_exporter_textfile_mtime_seconds{file=\"");
		put_label_value(out, about->directory);
		buffer_string(out, slash);
		put_label_value(out, file->name);
		buffer_string(out, "\"} ");
		/* Whole seconds, as node_exporter has it. */
		put_number(out, (double)(int64_t)file->modified);
	}
}

void
about_files_write(const struct about_files *about, struct buffer *out)
{
	size_t states[STORE_STATES] = { 0 }, bad, left_out = store_left_out(about->store);
	size_t conflicts = about->conflicts;

	write_times(about, out);
	for (size_t i = 0; i < store_count(about->store); i++) {
		states[store_file(about->store, i)->state]++;
		conflicts += (size_t)store_file(about->store, i)->dropped;
	}
	bad = store_count(about->store) - states[STORE_GOOD] + left_out;
	/* Each file counts in one state only. */
	states[STORE_GOOD] -= about->stale;
	put_single(out, "arbwatch_exporter_textfile_scrape_error", "gauge",
	    "1 if the directory or a file in it could not be read or was rejected, else 0.",
	    about->unlisted || bad > 0);
	put_head(out, "arbwatch_exporter_textfile_files", "gauge", "Files of the directory by state.");
	for (int i = 0; i < STORE_STATES; i++)
		buffer_format(out, "arbwatch_exporter_textfile_files{state=\"%s\"} %zu\n",
		    store_state_name((enum store_state)i), states[i]);
	buffer_format(out, "arbwatch_exporter_textfile_files{state=\"stale\"} %zu\n", about->stale);
	buffer_format(out, "arbwatch_exporter_textfile_files{state=\"left_out\"} %zu\n", left_out);
	put_single(out, "arbwatch_exporter_textfile_conflicts", "gauge",
	    "Families and series of good files that are left out, because they contradict other files.",
	    (double)conflicts);
}

/* --- The exporter itself --- */

/* So that rules can ask for a collector that Prometheus has never seen. */
static void
write_expected(const char *names, struct buffer *out)
{
	static const char family[] = "arbwatch_exporter_health_expected";

	put_head(out, family, "gauge", "1 for each collector that --health.expect names.");
	while (names != NULL && *names != '\0') {
		size_t length = strcspn(names, ",");

		if (length > 0 && !slice_is((struct slice){ names, length }, "none"))
			buffer_format(out, "%s{collector=\"%.*s\"} 1\n", family, (int)length, names);
		names += length + (names[length] == ',');
	}
}

/* Only since Linux 6.2 the size of this directory is the number. */
static double
count_fds(void)
{
	double count = -3; /* ".", ".." and the directory itself */
	DIR *directory = opendir("/proc/self/fd");

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
	struct timespec used = { 0 };
	double virtual = 0, resident = 0;

	(void)getrlimit(RLIMIT_NOFILE, &fds);
	read_memory(&virtual, &resident);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	put_single(out, process_names[0], "counter", "Total user and system CPU time spent in seconds.",
	    (double)used.tv_sec + (double)used.tv_nsec / 1e9);
	put_single(out, process_names[1], "gauge", "Resident memory size in bytes.", resident);
	put_single(out, process_names[2], "gauge", "Virtual memory size in bytes.", virtual);
	put_single(out, process_names[3], "gauge", "Number of open file descriptors.", count_fds());
	put_single(
	    out, process_names[4], "gauge", "Maximum number of open file descriptors.", (double)fds.rlim_cur);
	put_single(out, process_names[5], "gauge", "Start time of the process since unix epoch in seconds.",
	    t->started);
}

void
telemetry_write(const struct telemetry *t, struct buffer *out)
{
	put_head(out, "arbwatch_exporter_build_info", "gauge",
	    "Version and revision of the running program; the value is always 1.");
	buffer_format(out, "arbwatch_exporter_build_info{version=\"%s\",revision=\"%s\"} 1\n", version_number,
	    version_revision);
	write_expected(t->expected, out);
	write_process(t, out);
	web_metrics_write(&t->web, "arbwatch_exporter", out);
	put_single(out, "arbwatch_exporter_config_last_reload_successful", "gauge",
	    "1 if the last attempt to read the configuration succeeded, else 0.",
	    !atomic_load(&t->reload_failed));
	put_single(out, "arbwatch_exporter_config_last_reload_success_timestamp_seconds", "gauge",
	    "Unix time at which the configuration was last read successfully.",
	    (double)atomic_load(&t->reloaded_ms) / 1000);
}
