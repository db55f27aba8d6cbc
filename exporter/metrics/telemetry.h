#ifndef EXPORTER_METRICS_TELEMETRY_H
#define EXPORTER_METRICS_TELEMETRY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/text/buffer.h"
#include "exporter/directory/store.h"
#include "web/metrics.h"

/* What the exporter says of itself: its process, its configuration, and what it was asked. */
struct telemetry {
	double started;       /* Unix time */
	const char *expected; /* --health.expect, a comma after each name; NULL: none */
	struct web_metrics web;
	atomic_bool reload_failed;
	atomic_llong reloaded_ms; /* Unix time of the last good (re)load */
};

/* web_metrics_init() of `web` is the caller's. */
void telemetry_init(struct telemetry *t);

/* Append all of it in the text format. */
void telemetry_write(const struct telemetry *t, struct buffer *out);

/* Whether this program writes a family of that name: files may not. */
bool telemetry_reserved(struct slice name);

/* What /metrics says of the files: their times, how many are in which state, what is left out of them. */
struct about_files {
	const char *directory;
	const struct store *store;
	bool unlisted;    /* the directory could not be listed */
	size_t stale;     /* good files that are too old to be served */
	size_t conflicts; /* left out, because files contradict each other */
};

void about_files_write(const struct about_files *about, struct buffer *out);

#endif /* EXPORTER_METRICS_TELEMETRY_H */
