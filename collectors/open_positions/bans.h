#ifndef COLLECTORS_OPEN_POSITIONS_BANS_H
#define COLLECTORS_OPEN_POSITIONS_BANS_H

#include "collectors/harness/collector.h"
#include "positions/sources.h"

/*
 * Bans and back-offs are on the address: what this program met holds for others
 * that ask from here, and the other way round (exchange/ban_list.h).
 */

/* Hold back whom others were refused by.  -1 with `why`: the list cannot be read, so that nobody may be
 * asked. */
int bans_read(struct accounts *accounts, struct run *run, double now, struct failure *why);

/* After a run, before anything else of it can fail: tell the others who refused. */
void bans_raise(const struct accounts *accounts, struct run *run);

#endif /* COLLECTORS_OPEN_POSITIONS_BANS_H */
