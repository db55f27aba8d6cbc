#ifndef EXPORTER_METRICS_EXPOSITION_H
#define EXPORTER_METRICS_EXPOSITION_H

#include "exporter/directory/store.h"
#include "exporter/metrics/body.h"

/*
 * What /metrics answers of the directory, if it is to serve it: the files
 * joined, made when one has changed and kept, packed too once somebody asks for
 * it packed; and what is said of them, written for each request.
 */
struct exposition;

/* Those past it are not looked at. */
enum { EXPOSITION_FILES = 2000 };

struct exposition_settings {
	const char *directory;
	bool serve;     /* the files, not only what is said of them */
	double max_age; /* seconds; files that were not modified since are left out; 0: never */
};

/* Something somebody should know of, told once per change: of a file, or of the directory (file NULL). */
typedef void exposition_notice(
    void *context, bool bad, const char *message, const char *file, const char *reason);

/* The directory is copied.  NULL: out of memory. */
struct exposition *exposition_new(
    const struct exposition_settings *settings, exposition_notice *notice, void *context);
void exposition_free(struct exposition *e);

void exposition_set_max_age(struct exposition *e, double seconds);

/*
 * Look at the directory again.  All of these are not for two threads at once,
 * and the store is as it is until the next refresh.
 */
void exposition_refresh(struct exposition *e, double now);
const struct store *exposition_store(const struct exposition *e);

/* Why the directory could not be listed at the last refresh; NULL: it could. */
const char *exposition_unlisted(const struct exposition *e);

/*
 * Begin an answer: the files as of the last refresh, and what is said of them.
 * body_finish() does the rest, from any thread.  0 or -1: out of memory.
 */
int exposition_write(struct exposition *e, bool gzip, struct body *body);

#endif /* EXPORTER_METRICS_EXPOSITION_H */
