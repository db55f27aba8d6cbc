#ifndef PAPER_ENGINE_JOURNAL_THREAD_H
#define PAPER_ENGINE_JOURNAL_THREAD_H

#include <pthread.h>

#include "demo/paper_engine/live/journal.h"
#include "demo/paper_engine/live/journal_ledger.h"
#include "demo/paper_engine/live/journal_snapshot.h"

/*
 * The queue, and the thread that empties it; for journal*.c alone.
 *
 * Rows of the ledger are taken in batches, and stay in hand until they are committed, however often that has
 * to be tried.  A snapshot and a sync come when all rows before them are; no more than one of each waits.
 */
enum { JOURNAL_BATCH = 256 };

struct journal {
	struct ledger ledger;       /* dsn NULL: none */
	struct snapshots snapshots; /* host NULL: none */
	int unwritten;              /* file descriptor; -1: none */
	struct faults *faults;
	pthread_t thread;

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	struct record *first, **last;
	bool unwritten_used;             /* there is something in the file */
	bool waits[RECORD_SNAPSHOT + 1]; /* one of the kind is in the queue; for syncs and snapshots */
	bool lost;                       /* a record of the ledger, for want of room */
	bool closing;
	struct journal_state state; /* its `queued` counts those in hand too */

	/* The thread's own. */
	struct record *hand[JOURNAL_BATCH];
	size_t in_hand;
};

/* The thread; its argument is the journal.  Until the journal is closed and the queue is empty, or
 * ledger.end_ns has come. */
void *journal_work(void *argument);

/* Call it with the mutex. */
void journal_note_error(struct journal *journal, const struct failure *why);

#endif /* PAPER_ENGINE_JOURNAL_THREAD_H */
