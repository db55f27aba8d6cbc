#ifndef COLLECTORS_HARNESS_NOTICES_H
#define COLLECTORS_HARNESS_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"
#include "common/text/buffer.h"
#include "textfile/metrics.h"

/*
 * What is wrong is logged when it begins or its reason changes, then once an hour, and when it has ended; in
 * between it is logged at level debug only.  Numbers in a failure's reason may change without making it
 *another one.
 *
 * Runs that do not repeat keep this in comments of the published file:
 *
 *	# failing SINCE LOGGED REASON FLAGS TARGET
 */
struct notice {
	char target[FAMILY_LABEL_VALUE + 1];
	uint64_t reason;  /* a hash */
	double since;     /* Unix time: when this target began to fail */
	double logged;    /* likewise */
	bool failure;     /* else a warning, whose end is not logged */
	bool has_series;  /* it is a label: without series it is not configured any more */
	bool is_reported; /* by the run under way */
	bool is_kept;     /* it is not reported, but its target still fails for another reason */
};

/* All zero at first. */
struct notices {
	struct notice *items;
	size_t count, room;
};

/* `kind` is that of a failure; NULL: a warning, or news.  Without notices it is logged each time. */
void notices_report(struct notices *n, const struct log *log, enum log_level level, const char *target,
    const char *kind, const char *text);

/* The run has reported all that it found: what it did not report has ended, and is logged as `message` "after
 * 12 min".  `run` has the run's series; NULL: it has none. */
void notices_end(struct notices *n, const struct log *log, const struct metrics *run, const char *message);

void notices_write(const struct notices *n, struct buffer *text);

/* Take those of a published file's text.  `log_again`: they are logged once more, whenever that was. */
void notices_read(struct notices *n, struct slice text, bool log_again);

void notices_release(struct notices *n);

#endif /* COLLECTORS_HARNESS_NOTICES_H */
