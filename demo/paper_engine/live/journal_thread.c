#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "demo/paper_engine/live/journal_file.h"
#include "demo/paper_engine/live/journal_thread.h"

enum { RETRY_S = 1 };

void
journal_note_error(struct journal *j, const struct failure *why)
{
	j->state.errors++;
	(void)snprintf(j->state.error, sizeof(j->state.error), "%s", why->text);
}

/* Until there is something to do.  What is not a row is returned; rows are in hand.  False: the end. */
static bool
take(struct journal *j, struct record **other)
{
	bool works;

	*other = NULL;
	(void)pthread_mutex_lock(&j->mutex);
	while (j->first == NULL && j->in_hand == 0 && !j->closing)
		(void)pthread_cond_wait(&j->changed, &j->mutex);
	while (j->in_hand < JOURNAL_BATCH && j->first != NULL && record_is_row(j->first)) {
		j->hand[j->in_hand++] = j->first;
		j->first = j->first->next;
	}
	if (j->in_hand == 0 && j->first != NULL) {
		*other = j->first;
		j->first = j->first->next;
		j->waits[(*other)->kind] = false;
	}
	if (j->first == NULL)
		j->last = &j->first;
	works = *other != NULL || j->in_hand > 0;
	(void)pthread_mutex_unlock(&j->mutex);
	return works;
}

/* A second, or until the journal is closed. */
static void
rest(struct journal *j)
{
	struct timespec end;
	bool closing;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += RETRY_S;
	(void)pthread_mutex_lock(&j->mutex);
	while (!j->closing && pthread_cond_timedwait(&j->changed, &j->mutex, &end) == 0)
		continue;
	closing = j->closing;
	(void)pthread_mutex_unlock(&j->mutex);
	if (closing)
		(void)usleep(100 * 1000);
}

static void
slow_down(struct journal *j)
{
	if (j->faults != NULL && fault_is_on(j->faults, FAULT_SLOW_DATABASE))
		fault_pause(
		    j->faults, FAULT_SLOW_DATABASE, (int64_t)fault_value(j->faults, FAULT_SLOW_DATABASE));
}

static void
write_hand(struct journal *j)
{
	struct failure why = { 0 };
	bool written;

	slow_down(j);
	written = ledger_write(&j->ledger, j->hand, j->in_hand, &why) == 0;
	(void)pthread_mutex_lock(&j->mutex);
	if (written) {
		j->state.queued -= (long)j->in_hand;
		j->state.written += (long)j->in_hand;
		/* Whatever is queued behind may be in the file. */
		if (j->first == NULL && j->unwritten_used)
			j->unwritten_used = unwritten_clear(j->unwritten) != 0;
		(void)pthread_cond_broadcast(&j->changed);
	} else {
		journal_note_error(j, &why);
	}
	(void)pthread_mutex_unlock(&j->mutex);
	if (!written) {
		rest(j);
		return;
	}
	while (j->in_hand > 0)
		record_free(j->hand[--j->in_hand]);
}

static bool
is_on(struct journal *j, enum fault fault, struct failure *why)
{
	bool on = j->faults != NULL && fault_is_on(j->faults, fault);

	if (on)
		(void)failure_set(why, FAILURE_LOCAL, "a fault makes it fail");
	return on;
}

static int
do_other(struct journal *j, struct record *record, struct failure *why)
{
	switch (record->kind) {
	case RECORD_SNAPSHOT:
		if (record->text.failed)
			return failure_set(
			    why, FAILURE_LOCAL, "the snapshot is too large, or memory ran out");
		if (is_on(j, FAULT_SNAPSHOT, why))
			return -1;
		return snapshot_save(&j->snapshots, &record->text, why);
	case RECORD_SYNC:
		if (is_on(j, FAULT_INVENTORY_SYNC, why))
			return -1;
		return j->ledger.dsn == NULL ? 0 : ledger_compare(&j->ledger, &record->inventory, why);
	default: return ledger_drift(&j->ledger, record->point.value, why);
	}
}

/* Once: the next one of its kind comes soon. */
static void
finish_other(struct journal *j, struct record *record)
{
	struct failure why = { 0 };
	bool done = do_other(j, record, &why) == 0;
	struct journal_state *s = &j->state;

	(void)pthread_mutex_lock(&j->mutex);
	s->queued--;
	if (record->kind == RECORD_SNAPSHOT) {
		*(done ? &s->snapshots_saved : &s->snapshots_failed) += 1;
		s->snapshot_saved_at = done ? clock_unix_seconds() : s->snapshot_saved_at;
		(void)failure_prefix(&why, "the snapshot is not saved");
	} else if (record->kind == RECORD_SYNC) {
		*(done ? &s->syncs : &s->syncs_failed) += 1;
		s->synced_at = done ? clock_unix_seconds() : s->synced_at;
		(void)failure_prefix(&why, "the inventory is not in sync");
	}
	if (!done)
		journal_note_error(j, &why);
	(void)pthread_cond_broadcast(&j->changed);
	(void)pthread_mutex_unlock(&j->mutex);
	record_free(record);
}

void *
journal_work(void *argument)
{
	struct journal *j = argument;
	struct record *other;

	while (take(j, &other)) {
		int64_t end_ns = atomic_load(&j->ledger.end_ns);

		if (end_ns != 0 && clock_now_ns() >= end_ns) {
			record_free(other);
			break;
		}
		if (other != NULL)
			finish_other(j, other);
		else
			write_hand(j);
	}
	return NULL;
}
