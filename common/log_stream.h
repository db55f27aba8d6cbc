#ifndef COMMON_LOG_STREAM_H
#define COMMON_LOG_STREAM_H

#include "common/log.h"

/*
 * What libraries print to the stream stderr becomes lines of our log: level warn, each text once.  The
 * descriptor stays as it is, for the log itself and for what must be seen when a process dies.
 *
 * The stream's own lock (flockfile(stderr)) protects all of it: libraries print from any thread.
 */
struct log_stream;

/* From now on, until the process ends.  NULL without memory: then stderr stays as it is. */
struct log_stream *log_stream_open(void);

/* By this log, what came before too.  Its secrets may change only under flockfile(stderr).  Takes NULL. */
void log_stream_use(struct log_stream *stream, const struct log *log);

#endif /* COMMON_LOG_STREAM_H */
