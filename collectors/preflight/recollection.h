#ifndef COLLECTORS_PREFLIGHT_RECOLLECTION_H
#define COLLECTORS_PREFLIGHT_RECOLLECTION_H

#include "collectors/harness/collector.h"
#include "collectors/preflight/gate.h"

/*
 * What earlier runs know of the exchanges, ours and those of exchange_health
 * and open_positions in the same directory: who is not to be asked, which books
 * stand still.  Only read.  Whoever cannot be read might hold a ban: then
 * `memory_failure` says so, and nobody is asked.
 */
void recollect(struct gate *gate, struct run *run);

/* Until when the exchanges that refused are not to be asked, for the next run.  Before accounts_clear(). */
void recollection_write(struct gate *gate, struct run *run);

#endif /* COLLECTORS_PREFLIGHT_RECOLLECTION_H */
