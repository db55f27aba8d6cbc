#ifndef EXPORTER_HEALTH_POSITIONS_H
#define EXPORTER_HEALTH_POSITIONS_H

#include "exporter/health/facts.h"

/*
 * report->positions from the files, HEALTH_POSITIONS of them: those that
 * differ first, then as the files have them.  `stale[i]` says so of
 * facts->checks[i].  0, or -1: out of memory.  Inside of exporter/health/.
 */
int health_positions(
    const struct store *store, const struct facts *facts, const bool stale[], struct health_report *report);

#endif /* EXPORTER_HEALTH_POSITIONS_H */
