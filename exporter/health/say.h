#ifndef EXPORTER_HEALTH_SAY_H
#define EXPORTER_HEALTH_SAY_H

#include "exporter/health/facts.h"

/* What a check comes to, in words.  Inside of exporter/health/. */

void health_set(struct health_check *check, enum health_status status, const char *state);

/* One reason more; they are few. */
void health_say(struct health_check *check, const char *reason);

/*
 * The counters that are not zero, as "connect 12, timeout 3 so far".  Which of
 * them the last run added to is not in the file, unless there is just one.
 */
void health_say_counters(
    struct health_check *check, const char *what, const double counters[], const char *const names[]);
void health_say_failures(struct health_check *check, const struct facts_check *facts);

void health_say_last_success(struct health_check *check, double now);

/* "banned until 12:01:30 UTC"; nothing when that is over, or not known. */
void health_say_until(struct health_check *check, const char *what, double until, double now);

#endif /* EXPORTER_HEALTH_SAY_H */
