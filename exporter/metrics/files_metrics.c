/*
 * What became of each file, so that a missing series can be explained from
 * Prometheus alone.  The families correspond to node_exporter's
 * node_textfile_mtime_seconds and node_textfile_scrape_error, under our own
 * prefix: both programs may serve the same directory at once.
 */

#include <string.h>

#include "common/text/utf8.h"
#include "exporter/metrics/files_metrics.h"
#include "textfile/number.h"

static void
put_number(struct buffer *out, double value)
{
	char text[NUMBER_TEXT];
	size_t length = number_format(value, text);

	buffer_append(out, text, length);
	buffer_string(out, "\n");
}

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

	buffer_string(out,
	    "# HELP arbwatch_exporter_textfile_mtime_seconds Unix time at which each good file was last modified.\n"
	    "# TYPE arbwatch_exporter_textfile_mtime_seconds gauge\n");
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

static void
write_states(const struct about_files *about, struct buffer *out)
{
	size_t states[STORE_STATES] = { 0 }, bad;

	for (size_t i = 0; i < store_count(about->store); i++)
		states[store_file(about->store, i)->state]++;
	bad = store_count(about->store) - states[STORE_GOOD] + store_left_out(about->store);
	/* Each file counts in one state only. */
	states[STORE_GOOD] -= about->stale;
	buffer_format(out,
	    "# HELP arbwatch_exporter_textfile_scrape_error 1 if the directory or a file in it could not be "
	    "read or was rejected, else 0.\n"
	    "# TYPE arbwatch_exporter_textfile_scrape_error gauge\n"
	    "arbwatch_exporter_textfile_scrape_error %d\n",
	    about->unlisted || bad > 0);
	buffer_string(out, "# HELP arbwatch_exporter_textfile_files Files of the directory by state.\n"
			   "# TYPE arbwatch_exporter_textfile_files gauge\n");
	for (int i = 0; i < STORE_STATES; i++)
		buffer_format(out, "arbwatch_exporter_textfile_files{state=\"%s\"} %zu\n",
		    store_state_name((enum store_state)i), states[i]);
	buffer_format(out, "arbwatch_exporter_textfile_files{state=\"stale\"} %zu\n", about->stale);
	buffer_format(
	    out, "arbwatch_exporter_textfile_files{state=\"left_out\"} %zu\n", store_left_out(about->store));
}

static void
write_conflicts(const struct about_files *about, struct buffer *out)
{
	size_t dropped = 0;

	for (size_t i = 0; i < store_count(about->store); i++)
		dropped += (size_t)store_file(about->store, i)->dropped;
	buffer_format(out,
	    "# HELP arbwatch_exporter_textfile_conflicts Families and series of good files that are left out, because "
	    "they contradict other files.\n"
	    "# TYPE arbwatch_exporter_textfile_conflicts gauge\n"
	    "arbwatch_exporter_textfile_conflicts %zu\n",
	    dropped + about->conflicts);
}

void
about_files_write(const struct about_files *about, struct buffer *out)
{
	write_times(about, out);
	write_states(about, out);
	write_conflicts(about, out);
}
