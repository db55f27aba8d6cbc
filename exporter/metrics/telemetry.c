/*
 * What became of each file, so that a missing series can be explained from
 * Prometheus alone, in families that correspond to node_exporter's
 * node_textfile_mtime_seconds and node_textfile_scrape_error, under our own
 * prefix: both programs may serve the same directory at once.
 *
 * And the exporter about itself.  The main thread sets the reload state, and the
 * server's threads read it: hence atomics.  Families of files with its names are
 * left out, because two families of one name would break the answer.
 */

#include <string.h>

#include "common/deadline.h"
#include "common/version.h"
#include "exporter/metrics/telemetry.h"
#include "web/lines.h"
#include "web/process.h"

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
	for (size_t i = 0; i < PROCESS_FAMILIES; i++)
		if (slice_is(name, process_families[i]))
			return true;
	return false;
}

/* --- Files --- */

static void
write_times(const struct about_files *about, struct buffer *out)
{
	size_t length = strlen(about->directory);
	const char *slash = length > 0 && about->directory[length - 1] == '/' ? "" : "/";

	lines_head(out, "arbwatch_exporter_textfile_mtime_seconds", "gauge",
	    "Unix time at which each good file was last modified.");
	for (size_t i = 0; i < store_count(about->store); i++) {
		const struct store_file *file = store_file(about->store, i);

		/* Files that are too old to be served have a time, too: it is what shows their age. */
		if (file->state != STORE_GOOD)
			continue;
		buffer_string(out, "arbwatch_exporter_textfile_mtime_seconds{file=\"");
		lines_label(out, about->directory);
		buffer_string(out, slash);
		lines_label(out, file->name);
		buffer_string(out, "\"} ");
		/* Whole seconds, as node_exporter has it. */
		lines_number(out, (double)(int64_t)file->modified);
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
	lines_single(out, "arbwatch_exporter_textfile_scrape_error", "gauge",
	    "1 if the directory or a file in it could not be read or was rejected, else 0.",
	    about->unlisted || bad > 0);
	lines_head(out, "arbwatch_exporter_textfile_files", "gauge", "Files of the directory by state.");
	for (int i = 0; i < STORE_STATES; i++)
		buffer_format(out, "arbwatch_exporter_textfile_files{state=\"%s\"} %zu\n",
		    store_state_name((enum store_state)i), states[i]);
	buffer_format(out, "arbwatch_exporter_textfile_files{state=\"stale\"} %zu\n", about->stale);
	buffer_format(out, "arbwatch_exporter_textfile_files{state=\"left_out\"} %zu\n", left_out);
	lines_single(out, "arbwatch_exporter_textfile_conflicts", "gauge",
	    "Families and series of good files that are left out, because they contradict other files.",
	    (double)conflicts);
}

/* --- The exporter itself --- */

/* So that rules can ask for a collector that Prometheus has never seen. */
static void
write_expected(const char *names, struct buffer *out)
{
	static const char family[] = "arbwatch_exporter_health_expected";

	lines_head(out, family, "gauge", "1 for each collector that --health.expect names.");
	while (names != NULL && *names != '\0') {
		size_t length = strcspn(names, ",");

		if (length > 0 && !slice_is((struct slice){ names, length }, "none"))
			buffer_format(out, "%s{collector=\"%.*s\"} 1\n", family, (int)length, names);
		names += length + (names[length] == ',');
	}
}

void
telemetry_write(const struct telemetry *t, struct buffer *out)
{
	lines_head(out, "arbwatch_exporter_build_info", "gauge",
	    "Version and revision of the running program; the value is always 1.");
	buffer_format(out, "arbwatch_exporter_build_info{version=\"%s\",revision=\"%s\"} 1\n", version_number,
	    version_revision);
	write_expected(t->expected, out);
	process_write(t->started, out);
	web_metrics_write(&t->web, "arbwatch_exporter", out);
	lines_single(out, "arbwatch_exporter_config_last_reload_successful", "gauge",
	    "1 if the last attempt to read the configuration succeeded, else 0.",
	    !atomic_load(&t->reload_failed));
	lines_single(out, "arbwatch_exporter_config_last_reload_success_timestamp_seconds", "gauge",
	    "Unix time at which the configuration was last read successfully.",
	    (double)atomic_load(&t->reloaded_ms) / 1000);
}
