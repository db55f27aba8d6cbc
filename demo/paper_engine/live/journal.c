/*
 * What the loop calls, which never waits for more than the mutex, and what is done before the thread begins
 * and after it has ended.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "demo/paper_engine/live/journal_file.h"
#include "demo/paper_engine/live/journal_thread.h"

enum {
	QUEUE_LIMIT = 20000,
	QUEUE_SPARE = 4 * SYMBOLS_MOST, /* for what is under way when the limit is reached */
	SNAPSHOT_TEXT = 16 << 20
};

/* The queue -------------------------------------------------------------- */

/* One that waits is enough: replacing it by newer ones would keep a slow database from ever coming to it. */
static bool
waits(struct journal *j, enum record_kind kind)
{
	bool found;

	(void)pthread_mutex_lock(&j->mutex);
	found = j->waits[kind];
	(void)pthread_mutex_unlock(&j->mutex);
	return found;
}

static void
put_in_file(struct journal *j, const struct record *record)
{
	struct failure why;

	if (j->unwritten < 0 || record->kind > RECORD_MOVEMENT)
		return;
	j->unwritten_used = true;
	if (unwritten_add(j->unwritten, record) != 0) {
		(void)failure_set(
		    &why, FAILURE_LOCAL, "cannot write to the file of unwritten records; is the disk full?");
		journal_note_error(j, &why);
	}
}

/* Call it with the mutex.  Behind a record of the ledger that is lost nothing may be written: the next start
 * goes on from what is before it. */
static bool
has_room(struct journal *j, const struct record *record)
{
	bool spare = record != NULL && record->kind <= RECORD_MOVEMENT;
	struct failure why;

	if (!j->lost && record != NULL && j->state.queued < QUEUE_LIMIT + (spare ? QUEUE_SPARE : 0))
		return true;
	if (!j->lost && (spare || record == NULL)) {
		j->lost = true;
		(void)failure_set(&why, FAILURE_LOCAL,
		    "the queue for PostgreSQL is full, and a trade is lost: restart, when the database is back");
		journal_note_error(j, &why);
	}
	return false;
}

/* Takes the record; NULL: memory ran out.  False: the queue is full. */
static bool
put(struct journal *j, struct record *record)
{
	bool room;

	(void)pthread_mutex_lock(&j->mutex);
	if (has_room(j, record)) {
		put_in_file(j, record);
		*j->last = record;
		j->last = &record->next;
		j->waits[record->kind] = true;
		j->state.queued++;
		record = NULL;
		(void)pthread_cond_broadcast(&j->changed);
	}
	room = !j->lost && j->state.queued < QUEUE_LIMIT;
	(void)pthread_mutex_unlock(&j->mutex);
	record_free(record);
	return room;
}

static struct record *
new_record(enum record_kind kind)
{
	struct record *record = calloc(1, sizeof(*record));

	if (record != NULL)
		record->kind = kind;
	return record;
}

bool
journal_trade(struct journal *j, const struct trade *trade)
{
	struct record *record;

	if (j->ledger.dsn == NULL)
		return true;
	record = new_record(RECORD_TRADE);
	if (record != NULL)
		record->trade = *trade;
	return put(j, record);
}

bool
journal_movement(struct journal *j, const struct movement *movement)
{
	struct record *record;

	if (j->ledger.dsn == NULL)
		return true;
	record = new_record(RECORD_MOVEMENT);
	if (record != NULL)
		record->movement = *movement;
	return put(j, record);
}

static bool
put_point(struct journal *j, enum record_kind kind, int64_t at_ms, fixed value)
{
	struct record *record = j->ledger.dsn == NULL ? NULL : new_record(kind);

	if (record == NULL)
		return j->ledger.dsn == NULL;
	record->point.at_ms = at_ms;
	record->point.value = value;
	return put(j, record);
}

bool
journal_equity(struct journal *j, int64_t at_ms, fixed equity)
{
	return put_point(j, RECORD_EQUITY, at_ms, equity);
}

bool
journal_rate(struct journal *j, int64_t at_ms, fixed won)
{
	return won <= 0 || put_point(j, RECORD_RATE, at_ms, won);
}

bool
journal_drift(struct journal *j, double coins)
{
	return put_point(j, RECORD_DRIFT, 0, (fixed)(coins * (double)FIXED_ONE));
}

bool
journal_snapshot(struct journal *j, const struct engine *engine)
{
	struct record *record;

	if (j->snapshots.host == NULL || waits(j, RECORD_SNAPSHOT))
		return true;
	record = new_record(RECORD_SNAPSHOT);
	if (record == NULL)
		return false;
	buffer_init(&record->text, SNAPSHOT_TEXT);
	engine_save(engine, &record->text);
	return put(j, record);
}

bool
journal_sync(struct journal *j, const struct engine *engine)
{
	struct record *record = waits(j, RECORD_SYNC) ? NULL : new_record(RECORD_SYNC);

	if (record == NULL)
		return true;
	for (size_t i = 0; i < engine->symbol_count; i++) {
		const struct symbol *symbol = &engine->symbols[i];
		struct held *held =
		    symbol->name[0] == '\0' ? NULL : inventory_find(&record->inventory, symbol->name);

		if (held != NULL)
			memcpy(held->coins, symbol->coins, sizeof(held->coins));
	}
	return put(j, record);
}

bool
journal_await(struct journal *j, long records, int64_t ms)
{
	struct timespec end;
	bool empty;

	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000 + 1;
	(void)pthread_mutex_lock(&j->mutex);
	while (j->state.queued > records && pthread_cond_timedwait(&j->changed, &j->mutex, &end) == 0)
		continue;
	empty = j->state.queued <= records;
	(void)pthread_mutex_unlock(&j->mutex);
	return empty;
}

void
journal_take_state(struct journal *j, struct journal_state *state)
{
	(void)pthread_mutex_lock(&j->mutex);
	*state = j->state;
	j->state.error[0] = '\0';
	(void)pthread_mutex_unlock(&j->mutex);
}

/* Opening and closing ---------------------------------------------------- */

/* What an earlier run could not write; before anything is read. */
static int
write_left_over(struct journal *j, struct failure *why)
{
	size_t most = QUEUE_LIMIT + QUEUE_SPARE;
	struct record **records = calloc(most, sizeof(*records));
	long count;
	int status = 0;

	if (records == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	count = unwritten_read(j->unwritten, records, most, why);
	for (long done = 0; done < count && status == 0; done += JOURNAL_BATCH)
		status = ledger_write(&j->ledger, records + done,
		    (size_t)(count - done < JOURNAL_BATCH ? count - done : JOURNAL_BATCH), why);
	for (long i = 0; i < count; i++)
		record_free(records[i]);
	free(records);
	if (count < 0 || status != 0)
		return -1;
	(void)unwritten_clear(j->unwritten);
	return 0;
}

static int
open_stores(struct journal *j, const struct journal_settings *settings, struct failure *why)
{
	if (settings->dsn == NULL)
		return 0;
	if (ledger_connect(&j->ledger, why) != 0)
		return -1;
	if (settings->file == NULL)
		return 0;
	j->unwritten = unwritten_open(settings->file, why);
	return j->unwritten < 0 ? -1 : write_left_over(j, why);
}

struct journal *
journal_open(const struct journal_settings *settings, struct failure *why)
{
	struct journal *j = calloc(1, sizeof(*j));
	pthread_condattr_t monotonic;

	if (j == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	*j = (struct journal){ .ledger = { .dsn = settings->dsn, .password = settings->password },
		.snapshots = { .host = settings->redis_host,
		    .port = settings->redis_port,
		    .database = settings->redis_database,
		    .user = settings->redis_user,
		    .password = settings->redis_password,
		    .prefix = settings->prefix },
		.unwritten = -1,
		.faults = settings->faults,
		.state = { .queue_limit = QUEUE_LIMIT } };
	j->last = &j->first;
	(void)pthread_mutex_init(&j->mutex, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&j->changed, &monotonic);
	if (open_stores(j, settings, why) == 0 && pthread_create(&j->thread, NULL, journal_work, j) == 0)
		return j;
	if (why->kind == FAILURE_NONE)
		(void)failure_set(why, FAILURE_LOCAL, "cannot start a thread");
	ledger_close(&j->ledger);
	if (j->unwritten >= 0)
		(void)close(j->unwritten);
	free(j);
	return NULL;
}

void
journal_close(struct journal *j, int64_t ms)
{
	if (j == NULL)
		return;
	atomic_store(&j->ledger.end_ns, clock_now_ns() + ms * 1000 * 1000);
	(void)pthread_mutex_lock(&j->mutex);
	j->closing = true;
	(void)pthread_cond_broadcast(&j->changed);
	(void)pthread_mutex_unlock(&j->mutex);
	(void)pthread_join(j->thread, NULL);
	while (j->in_hand > 0)
		record_free(j->hand[--j->in_hand]);
	while (j->first != NULL) {
		struct record *next = j->first->next;

		record_free(j->first);
		j->first = next;
	}
	ledger_close(&j->ledger);
	free(j->ledger.sums.held);
	snapshots_close(&j->snapshots);
	if (j->unwritten >= 0)
		(void)close(j->unwritten);
	(void)pthread_cond_destroy(&j->changed);
	(void)pthread_mutex_destroy(&j->mutex);
	free(j);
}

/* Restoring -------------------------------------------------------------- */

/* 0: the engine is as the snapshot, or as it was, if there is no usable one. */
static int
restore_snapshot(struct journal *j, struct engine *engine, struct failure *why)
{
	struct buffer text;
	int found = snapshot_load(&j->snapshots, &text, why);

	if (found == 1 && engine_restore(engine, text.text, why) == 0) {
		j->state.snapshots_restored++;
	} else if (found == 1) {
		/* The ledger has all that counts. */
		(void)failure_prefix(why, "the whole ledger is replayed, because");
		journal_note_error(j, why);
	}
	buffer_release(&text);
	return found < 0 ? -1 : 0;
}

long
journal_restore(struct journal *j, struct engine *engine, struct failure *why)
{
	/* Before the first record is queued, the thread touches neither. */
	if (j->snapshots.host != NULL && restore_snapshot(j, engine, why) != 0)
		return -1;
	return j->ledger.dsn == NULL ? 0 : ledger_replay(&j->ledger, engine->last_id, engine, why);
}
