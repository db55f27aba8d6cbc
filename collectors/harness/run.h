#ifndef COLLECTORS_HARNESS_RUN_H
#define COLLECTORS_HARNESS_RUN_H

#include "collectors/harness/collector.h"
#include "collectors/harness/notices.h"
#include "contract/collector.h"
#include "textfile/state.h"

/* What the flags that every collector has say, checked. */
struct collector_settings {
	char directory[4096];
	char name[72];
	char env[8];
	int64_t interval_ns; /* 0: run once */
	int64_t timeout_ns;
	enum log_level log_level;
	enum log_format log_format;
	bool print; /* --stdout */
	bool fail_on_down;
};

/*
 * What is known of the file, since it was read or published.  As long as nobody else
 * writes it, it is not read again; and if the file that a loop published is lost, no
 * count is.  All zero at first.
 */
struct publisher {
	struct metrics *last; /* what the file says of families that a run remembers; NULL: nothing yet */
	enum state_result found;
	struct textfile_mark mark;
};

void publisher_release(struct publisher *p);

/* One run in progress. */
struct run {
	const struct collector_settings *settings;
	const struct log *log;
	struct publisher *publisher;
	struct notices *notices; /* NULL: whatever is wrong is logged */
	struct metrics *metrics;
	struct metrics *last; /* NULL: not asked for */
	double reloaded_at;   /* Unix time: the settings in use were read then */
	bool reload_failed;   /* later ones were refused */
	struct deadline deadline;
	bool failed;   /* something could not be measured */
	bool withheld; /* nothing is to be published */
};

/*
 * Let the collector measure once, and add the families of contract/collector.h.  `metrics` may
 * hold counts of earlier runs that could not be published.
 */
void run_collect(struct run *run, void *state);

/* The same of a run that did not begin, because its settings were refused. */
void run_count_refused(struct run *run);

/*
 * Publish what was measured, added to what the last file says; or print it to standard output if the
 * settings say so.  0, and then the metrics are empty; or -1 with `why` (local): then the old file is as
 * it was, and the metrics are the counts and kept gauges that wait for a run that can be published.
 */
int run_publish(const struct run *run, struct failure *why);

/* The text of a file, with its checksum, once validate() finds no fault in it.  `notices` may be NULL.  The
 * buffer is for the caller to release also after -1 with `why`. */
int run_text(
    const struct metrics *m, const struct notices *notices, struct buffer *text, struct failure *why);

/* For a run that does not repeat: what the last one logged is not logged again, except to a terminal. */
void run_read_notices(const struct run *run);

#endif /* COLLECTORS_HARNESS_RUN_H */
