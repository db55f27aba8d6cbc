#ifndef EXPORTER_METRICS_FILES_METRICS_H
#define EXPORTER_METRICS_FILES_METRICS_H

#include "common/text/buffer.h"
#include "exporter/directory/store.h"

/* What /metrics says of the files: their times, how many are in which state, what is left out of them. */
struct about_files {
	const char *directory;
	const struct store *store;
	bool unlisted;    /* the directory could not be listed */
	size_t stale;     /* good files that are too old to be served */
	size_t conflicts; /* left out, because files contradict each other */
};

void about_files_write(const struct about_files *about, struct buffer *out);

#endif /* EXPORTER_METRICS_FILES_METRICS_H */
