#ifndef COLLECTORS_OPEN_POSITIONS_HISTORY_H
#define COLLECTORS_OPEN_POSITIONS_HISTORY_H

#include "collectors/harness/collector.h"
#include "contract/open_positions.h"
#include "positions/sources.h"
#include "textfile/metrics.h"

/*
 * What is remembered from run to run, also from cron: the published file is
 * the memory; and bans, which hold for all programs that ask from this address.
 */

/*
 * How often each account was asked, and until when it is not to be, whichever
 * program was refused; times that cannot be true are forgotten.  -1 with `why`:
 * `last` is NULL, or the ban list cannot be read, and then no exchange may be asked.
 */
int history_read_accounts(
    struct accounts *accounts, struct run *run, const struct metrics *last, double now, struct failure *why);

/* After asking, before anything else can fail: tell the other programs who refused. */
void history_raise_bans(const struct accounts *accounts, struct run *run);

/* After a run that asked it; or did not, because it is held back. */
void history_write_account(struct metrics *m, const struct account *account, bool asked, double now);

/* A gauge of the last run; `otherwise` when there was none. */
double history_gauge(
    const struct metrics *last, enum open_family family, const char *const labels[], double otherwise);

/* What is known of key and lock goes on in a run that did not ask. */
void history_keep_key(const struct metrics *last, struct metrics *m, const char *exchange);
void history_keep_lock(const struct metrics *last, struct metrics *m, const char *exchange);

/* Since when markets differ goes on, of an exchange that cannot be compared now. */
void history_keep_since(const struct metrics *last, struct metrics *m, const char *exchange);

#endif /* COLLECTORS_OPEN_POSITIONS_HISTORY_H */
