#ifndef POSITIONS_HISTORY_H
#define POSITIONS_HISTORY_H

#include "contract/open_positions.h"
#include "exchange/ban_list.h"
#include "positions/sources.h"
#include "textfile/metrics.h"

/*
 * What is remembered from run to run, also from cron: the published file is
 * the memory.
 */

/* How often it was asked, and until when it is not to be; times that cannot be true are forgotten. */
void history_read_account(const struct metrics *last, double now, struct account *account);

/* After a run that asked it. */
void history_write_account(struct metrics *m, const struct account *account, double now);

/* After one that did not: until when, also where another program was told so. */
void history_write_hold_account(struct metrics *m, const struct account *account);

/* Until when an exchange that refused is not asked: as it said, within bounds; all 0: it did not refuse. */
struct ban history_refusal(const struct account *account, double now);

/* A gauge of the last run; `otherwise` when there was none. */
double history_gauge(
    const struct metrics *last, enum open_family family, const char *const labels[], double otherwise);

/* What is known of key and lock goes on in a run that did not ask. */
void history_keep_key(const struct metrics *last, struct metrics *m, const char *exchange);
void history_keep_lock(const struct metrics *last, struct metrics *m, const char *exchange);

/* Since when markets differ goes on, of an exchange that cannot be compared now. */
void history_keep_since(const struct metrics *last, struct metrics *m, const char *exchange);

#endif /* POSITIONS_HISTORY_H */
