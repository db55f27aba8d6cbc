#ifndef COMMON_TEXT_DURATION_H
#define COMMON_TEXT_DURATION_H

#include <stdint.h>

/*
 * Durations as Prometheus writes them: whole numbers with a unit, the larger
 * unit first: "250ms", "15s", "5m", "1h30m", "7d".  Units: d h m s ms.
 *
 * Returns 0 and nanoseconds in `*ns`, or -1 for anything else (no unit, a
 * sign, a fraction, spaces, or more than 100 years).
 */
int duration_parse(const char *text, int64_t *ns);

#endif /* COMMON_TEXT_DURATION_H */
