#ifndef RELAY_STORE_STORE_H
#define RELAY_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"

/*
 * What the relay must not lose: one SQLite database, relay.db in its directory, for us alone to read.  It has
 * the open incidents (incidents.h), the messages that wait (outbox.h), what was said where (said.h), what the
 * history has not got yet (journal.h), and mutes (mutes.h).
 *
 *	store_begin(store);
 *	... any functions of these headers: none of them says that it failed ...
 *	if (store_end(store, &why) != 0)
 *		nothing of it happened, and nothing of what was read counts;
 *
 * Between the two the store is this thread's own: nobody else reads or writes, so nothing in between may wait
 * for anybody.  The first error sticks: what comes after it does nothing and finds nothing.  After
 * store_end() what was written is on the disk.
 *
 * Times are Unix time in milliseconds.
 */
struct store;

enum { STORE_UUID = 37 };

/*
 * Open it, or begin one.  Only one process at a time can have it.  `journal`: there is a history to be
 * written.  A database that is damaged is moved aside, now or when it shows, and a new one is begun:
 * store_notice() tells.  NULL with `why` (local).
 */
struct store *store_open(const char *directory, bool journal, struct failure *why);
void store_close(struct store *store);

/* Take it and begin a transaction. */
void store_begin(struct store *store);

/* Whether something failed since store_begin(). */
bool store_failed(const struct store *store);

/*
 * Commit, and give it back.  0, or -1 with `why` (local): then it is as it was at store_begin().  A disk that
 * was full or read-only needs nothing but room: the next transaction works again.
 */
int store_end(struct store *store, struct failure *why);

/* Give it back as it was at store_begin(). */
void store_cancel(struct store *store);

/*
 * Have this called after each commit that put something into the outbox (`outbox`) or the journal, without
 * the store; it must not wait.  To be set before other threads use the store.
 */
void store_watch(
    struct store *store, void (*changed)(void *context, bool outbox, bool journal), void *context);

/* True, once for each time: what the log must say loudly, as that a damaged database was moved aside. */
bool store_notice(struct store *store, struct failure *what);

/* Transactions that failed so far. */
uint64_t store_failures(struct store *store);

/* Of this database, until it is replaced: with a journal's seq it names an event for good.  Within a
 * transaction. */
const char *store_uuid(const struct store *store);

/* Unix time now. */
int64_t store_now_ms(void);

#endif /* RELAY_STORE_STORE_H */
