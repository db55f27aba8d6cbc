#ifndef EXPORTER_HEALTH_RULES_H
#define EXPORTER_HEALTH_RULES_H

#include "exporter/health/facts.h"

/* From facts to a report.  Inside of exporter/health/. */

/* When something was last measured, by its collector. */
struct freshness {
	bool stale;
	double last_run;
	double age; /* NaN when the last run is not known or lies in the future */
	double interval;
	bool by_file;  /* no collector of the check's own says so: its file's time does */
	char why[128]; /* stale: "last run 12 min ago, expected every 15 s" */
};

/* Fill status, state and reason of a check whose other fields are set. */
void health_judge(
    const struct facts_check *facts, const struct freshness *fresh, double now, struct health_check *check);

/* Whether a preflight says anything of a verdict. */
bool health_has_verdict(const struct facts_check *facts);

/*
 * Add a failed check for each collector that should have written and has not: those named in `expected`, as
 * in struct health_settings, and in live the two without which nobody knows what is open, and whether it may
 * be.
 */
void health_missing(const char *expected, struct health_report *report);

/* Add checks of the files that are not good, and of those that do not say what they are there for. */
void health_files(const struct store *store, const struct facts *facts, struct health_report *report);

/* Fill the reasons of a report whose checks are in order, the worst first.  0, or -1: out of memory. */
int health_reasons(struct health_report *report);

/*
 * Verdict and summary of a report that has its reasons.  `directory`: why it
 * cannot be listed, or NULL; `fresh`: how many collectors are; `newest_run` of
 * them all, or NaN.
 */
void health_decide(struct health_report *report, const char *directory, size_t fresh, double newest_run);

/* report->positions from the files, HEALTH_POSITIONS of them: those that differ first, then as the files have
 * them.  0, or -1: out of memory. */
int health_positions(const struct store *store, const struct facts *facts, struct health_report *report);

#endif /* EXPORTER_HEALTH_RULES_H */
