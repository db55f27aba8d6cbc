#ifndef EXCHANGE_HEALTH_HISTORY_H
#define EXCHANGE_HEALTH_HISTORY_H

#include "exchange/health/judge.h"
#include "textfile/metrics.h"

/*
 * What is remembered of an exchange from run to run, also from cron: the
 * published file is the memory, by gauges and one counter.  Those of a book are
 * not kept but written again in each run that asked, so that they end with
 * their symbol.
 */

/*
 * What `last` knows; times that cannot be true any more (the clock was set back) are forgotten.  Bans and
 * back-offs come from the ban list alone: here they are 0.
 */
void history_read(const struct metrics *last, const char *exchange, double now, struct history *history);
void history_read_book(
    const struct metrics *last, const char *exchange, const char *symbol, struct book_history *history);

/* After a run that asked. */
void history_write(struct metrics *m, const char *exchange, const struct history *history, double now);
void history_write_book(struct metrics *m, const char *exchange, const char *symbol,
    const struct book_history *history, bool with_tradable);

/* After one that did not: the gauges of the ban or back-off that is in force. */
void history_write_hold(struct metrics *m, const char *exchange, const struct history *history, double now);

/* The state, in every run. */
void history_write_health(struct metrics *m, const char *exchange, enum health health);

#endif /* EXCHANGE_HEALTH_HISTORY_H */
