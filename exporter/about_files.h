#ifndef EXPORTER_ABOUT_FILES_H
#define EXPORTER_ABOUT_FILES_H

#include "common/buffer.h"
#include "exporter/store.h"

/* What /metrics says of the files: their times, how many are in which state, what is left out of them. */
struct about_files {
	const char *directory;
	const struct store *store;
	bool unlisted;    /* the directory could not be listed */
	size_t stale;     /* good files that are too old to be served */
	size_t conflicts; /* left out, because files contradict each other */
};

void about_files_write(const struct about_files *about, struct buffer *out);

#endif /* EXPORTER_ABOUT_FILES_H */
