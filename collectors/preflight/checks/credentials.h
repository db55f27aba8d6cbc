#ifndef COLLECTORS_PREFLIGHT_CHECKS_CREDENTIALS_H
#define COLLECTORS_PREFLIGHT_CHECKS_CREDENTIALS_H

#include "collectors/preflight/settings.h"

/*
 * Find the keys of this run.  In paper a key of a live account is not even
 * read, and its exchange is asked nothing that needs one: that is decided here,
 * and once more by the probe, before it signs (account_target.paper_only).
 * The program's secrets and these are then in `preflight->known`.
 */
void credentials_read(struct preflight *preflight);

/* Once, before the process begins that reads keys: nobody is to see them in our environment.  -1 with `why`.
 */
int credentials_hide(const struct accounts *accounts, struct failure *why);

/*
 * Called with each key within reach that is of no configured exchange, or of one but not spelt as its key is:
 * a file in the directory of keys, or a variable ARBWATCH_..._SECRET and the like.  -1 with `why`: what is in
 * the directory is not known.
 */
int credentials_each_stray(const struct preflight *preflight, void (*found)(void *context, const char *where),
    void *context, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_CREDENTIALS_H */
