#ifndef COLLECTORS_HARNESS_TARGETS_H
#define COLLECTORS_HARNESS_TARGETS_H

#include <stdbool.h>
#include <stddef.h>

#include "collectors/harness/collector.h"
#include "contract/collector.h"

/*
 * What the collectors for one kind of server share: "--target [NAME=]URL" any
 * number of times, "--samples N" questions to each, all targets measured at
 * once, and the families that tell of each.
 *
 * The collector's options have "target" (repeatable, secret) and "samples";
 * its families begin with these rows, in this order.  A kind without report()
 * asks other questions: it needs neither, and publishes all itself.
 */
enum { TARGET_SAMPLES_MAX = 1000 };

/* What a measurement found, all borrowed from the server. */
struct target_report {
	bool up;                      /* every question was answered */
	const double *sample_seconds; /* of the questions that were answered */
	size_t sample_count;
	const double *phase_seconds; /* negative: that phase did not end, or was not needed */
	size_t phase_count;
	const struct failure *failure;
};

/* How one kind of server is asked.  A server is whatever open() makes of a URL. */
struct target_kind {
	const char *example; /* "main=redis://..." */

	/* NULL with `why`, whose text holds nothing of the URL.  Takes all memory that measuring will need.
	 */
	void *(*open)(const char *url, size_t samples, const struct options *given, struct secrets *secrets,
	    struct failure *why);
	void (*close)(void *server); /* takes NULL */

	/* The `target` label where the user gave no name; owned by the server. */
	const char *(*address)(const void *server);

	/* In a thread of its own, never past the deadline.  The server keeps what was found. */
	void (*measure)(void *server, struct deadline deadline);
	void (*report)(const void *server, struct target_report *report); /* NULL: publish() has it all */
	const char *(*phase_name)(size_t phase);

	/* What else there is to tell of a server, after its families above; NULL: nothing. */
	void (*publish)(const void *server, const char *name, struct run *run);
};

struct targets;

/* For a collector's open, collect and close.  The kind must outlive the targets. */
int targets_open(const struct target_kind *kind, const struct options *given, struct secrets *secrets,
    struct targets **opened, struct failure *why);
void targets_collect(void *targets, struct run *run);
void targets_close(void *targets);

#endif /* COLLECTORS_HARNESS_TARGETS_H */
