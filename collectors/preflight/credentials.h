#ifndef COLLECTORS_PREFLIGHT_CREDENTIALS_H
#define COLLECTORS_PREFLIGHT_CREDENTIALS_H

#include "collectors/preflight/gate.h"

/*
 * Find the keys of this run.  In paper a key of a live account is not even
 * read, and its exchange is asked nothing that needs one: that is decided here,
 * and once more by the probe, before it signs (account_target.paper_only).
 * For the thread that owns the program's secrets.
 */
void credentials_read(struct gate *gate);

/*
 * Called with each key within reach that belongs to no configured exchange: a
 * file in the directory of keys, or a variable ARBWATCH_..._SECRET and the like.
 */
void credentials_each_stray(
    const struct gate *gate, void (*found)(void *context, const char *where), void *context);

#endif /* COLLECTORS_PREFLIGHT_CREDENTIALS_H */
