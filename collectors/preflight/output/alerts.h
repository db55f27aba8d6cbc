#ifndef COLLECTORS_PREFLIGHT_OUTPUT_ALERTS_H
#define COLLECTORS_PREFLIGHT_OUTPUT_ALERTS_H

#include "collectors/preflight/settings.h"
#include "collectors/preflight/verdict.h"

/* The Alertmanagers of the settings.  0, or -1 with `why` that names the setting. */
int alerts_open(struct preflight *preflight, const struct options *given, struct failure *why);
void alerts_release(struct preflight *preflight);

/*
 * PreflightFailed (P0) and PreflightWarning (P1), straight to the Alertmanagers:
 * each is either firing, until the next run is long overdue, or resolved.  All
 * are told at once, and each that did not take it again and again until the
 * deadline, whatever the others do; who never did says so in its `told` and `fault`.
 */
void alerts_send(struct preflight *preflight, const struct verdict *verdict, int64_t interval_ns,
    struct deadline deadline);

/* What is sent, for tests too: a JSON array the caller frees; NULL: out of memory. */
char *alerts_text(
    const struct preflight *preflight, const struct verdict *verdict, int64_t interval_ns, double now);

#endif /* COLLECTORS_PREFLIGHT_OUTPUT_ALERTS_H */
