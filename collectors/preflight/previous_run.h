#ifndef COLLECTORS_PREFLIGHT_PREVIOUS_RUN_H
#define COLLECTORS_PREFLIGHT_PREVIOUS_RUN_H

#include "collectors/harness/collector.h"
#include "collectors/preflight/settings.h"

/*
 * What is known of the exchanges from before: who is not to be asked, from the
 * list that all programs share (exchange/ban_list.h); which books stand still and
 * who failed, from the file of exchange_health in the same directory, which is
 * only read.  A list that cannot be read might hold a ban: then `memory_failure`
 * says so, and nobody is asked; a damaged line of it is in `list_damage`.  A
 * file that is of no use is told in `history_failure`, and the exchanges are judged by this run alone.
 */
void previous_run_read(struct preflight *preflight, struct run *run);

/* Tells the others who refused, and the next run of ours. */
void previous_run_write(struct preflight *preflight, struct run *run);

#endif /* COLLECTORS_PREFLIGHT_PREVIOUS_RUN_H */
