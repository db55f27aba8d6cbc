#ifndef EXPORTER_METRICS_EXPOSITION_H
#define EXPORTER_METRICS_EXPOSITION_H

#include "exporter/directory/store.h"
#include "exporter/metrics/telemetry.h"

/*
 * What /metrics answers: the files of the directory as one text, if it is to
 * serve them, made when one of them has changed and kept; and what the program
 * says of the files and of itself, written for each request.
 */
struct exposition;

/* Those past it are not looked at. */
enum { EXPOSITION_FILES = 2000 };

/* Something an operator should know of, reported once per change: of a file, or of the directory (file NULL).
 */
typedef void exposition_notice(
    void *context, bool bad, const char *message, const char *file, const char *reason);

/*
 * The directory is copied.  `serve`: /metrics contains the files; otherwise they
 * are only read for /health.  NULL: out of memory.
 */
struct exposition *exposition_new(
    const char *directory, bool serve, exposition_notice *notice, void *context);
void exposition_free(struct exposition *e);

/* Files that were not modified for so long are left out; 0 (the default): no limit. */
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
 * The files will be asked for by themselves: have them joined from the next refresh on, also without `serve`.
 */
void exposition_join_files(struct exposition *e);

/*
 * Append the answer, packed or not, as of the last refresh; without telemetry it is the files alone, after
 * exposition_join_files().  0, or -1: out of memory.
 */
int exposition_write(struct exposition *e, const struct telemetry *telemetry, bool gzip, struct buffer *out);

#endif /* EXPORTER_METRICS_EXPOSITION_H */
