#ifndef COLLECTORS_HARNESS_COLLECTOR_H
#define COLLECTORS_HARNESS_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/options.h"
#include "common/deadline.h"
#include "common/failure.h"
#include "common/log.h"
#include "textfile/metrics.h"

/*
 * What a collector is.  A file collectors/<name>.c defines exactly one object
 * of this type, named `collector`, and nothing else that is visible outside.
 * The harness owns the rest: main(), the common flags, the loop, the deadline,
 * the log, the arbitrage_collector_* families, and publishing the file.
 */
struct run;

struct collector {
	const char *name;             /* program, file stem and label: "redis_latency" */
	const char *summary;          /* one line for --help, no full stop */
	const struct option *options; /* besides the common ones; ended by a row without a name */
	const struct option *const
	    *shared_options;           /* tables of others that it has, too; ended by NULL; NULL: none */
	const struct family *families; /* all it can write, besides the common ones */
	size_t family_count;

	/*
	 * Check the settings and make the collector's own state from them, with
	 * copies of what it keeps.  No network.  On failure -1 with `why`, whose
	 * text names the setting; the program then ends with status 2.  Called
	 * again on SIGHUP: until it has succeeded the older state stays in use.
	 */
	int (*open)(
	    const struct options *options, struct secrets *secrets, void **state, struct failure *why);

	/*
	 * Measure everything once, before run_deadline(run), and write what was
	 * found to run_metrics(run).  A target that fails is data: give it to
	 * run_failed() and go on.
	 */
	void (*collect)(void *state, struct run *run);

	/* Free the state.  Takes NULL. */
	void (*close)(void *state);

	/*
	 * The exit status of a run that does not repeat; `published` is false when
	 * the file could not be written.  NULL: as docs/configuration.md has it
	 * for all.  `statuses` is what --help then says of them.
	 */
	int (*exit_status)(const void *state, bool published);
	const char *statuses;

	/*
	 * The settings were refused, and the program ends with status 2: what an earlier run left must not
	 * pass for the outcome of this one.  `options` is what could be read of them.  True: publish what was
	 * written to `metrics`, which is NULL if nothing can be.  NULL: there is nothing to take back.
	 */
	bool (*refused)(const struct options *options, struct metrics *metrics);
};

extern const struct collector collector;

/* What a collector may ask of the run it is in, and tell it.  For the thread that called collect() alone. */
struct deadline run_deadline(const struct run *run);
struct metrics *run_metrics(const struct run *run);

/* The textfile directory, where programs also keep what they share.  It may not exist (with --stdout). */
const char *run_directory(const struct run *run);

/*
 * What earlier runs of this env published, and in a loop also what could not be
 * published since: counters, and gauges that are kept or recalled (family.h).  It is
 * there to decide what to ask.  The harness itself adds the counters of the last
 * file to those of this run, so do not add them here.  Call this before anything is
 * written to run_metrics().  The metrics are empty if there is no earlier run or its
 * file is damaged.  NULL: the file cannot be read, or memory ran out.  Valid until
 * collect() returns.
 */
const struct metrics *run_last(struct run *run);

/*
 * Record that a target, or something else that this run needs, could not be measured: count it by kind, log
 * one line, and mark the run as failed.
 */
void run_failed(struct run *run, const char *target, const struct failure *why);

/* Like run_failed(), but does not log: the caller does. */
void run_missed(struct run *run, enum failure_kind kind);

/* Nothing of this run is to be published. */
void run_withhold(struct run *run);

/* What every collector's run knows of itself. */
struct run_identity {
	const char *env;       /* "paper" or "live" */
	const char *directory; /* of the .prom files */
	int64_t interval_ns;   /* 0: it does not repeat */
	bool prints;           /* --stdout: standard output is taken */
};
struct run_identity run_identity(const struct run *run);

/* Log one line of level warn about a target that did answer. */
void run_log_warning(struct run *run, const char *target, const char *message);

/* Log one line of level info. */
void run_log_info(struct run *run, const char *target, const char *message);

#endif /* COLLECTORS_HARNESS_COLLECTOR_H */
