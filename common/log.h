#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include "common/config/secrets.h"
#include "common/failure.h"

/*
 * One line per event on stderr, as Prometheus programs write it:
 *
 *	ts=2026-11-21T01:31:45.123Z level=warn collector=redis_latency msg="..." target=main
 *
 * or the same as one JSON object.  Values are quoted and escaped, secrets are
 * masked.  Only a program's main (and the harness, which is one) logs.  A line
 * that nobody takes for a tenth of a second (a pipe that is full) is lost:
 * no run waits for a reader.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_CRITICAL };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log {
	enum log_level level; /* what is below it is not written */
	enum log_format format;
	const char *program;
	const struct secrets *secrets; /* not owned, may be NULL */
};

/* The message, then keys and values in turn, then NULL: log_write(log, LOG_INFO, "started", "env", env,
 * NULL). */
void log_write(const struct log *log, enum log_level level, const char *message, ...)
    __attribute__((sentinel));

/* 0, or -1 when `text` names no format, or no level that a user may set (LOG_CRITICAL is for the log of a
 * bot). */
int log_level_parse(const char *text, enum log_level *level);
int log_format_parse(const char *text, enum log_format *format);

#endif /* COMMON_LOG_H */
