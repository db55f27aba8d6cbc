/*
 * From the journal to the history: one transaction for each batch, and after it the batch leaves the
 * journal.  A process that was killed in between writes the batch again, and then journal_position says
 * that it is there already.  PostgreSQL may be away for days: the journal grows meanwhile, in SQLite on
 * our disk, and nothing is lost.  The store is given back before PostgreSQL is asked, since new alerts
 * wait for the store.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/parts.h"
#include "relay/store/journal.h"
#include "relay/store/store.h"

/* Entries of one transaction: a commit costs as much for one of them as for 500.  The deadline is for all
 * of them.  TEXT_BYTES bounds their JSON, and a transaction of RETENTION_BATCH deletions stays short. */
enum { BATCH = 500, TEXT_BYTES = 64 * 1024 * 1024, RETENTION_BATCH = 5000, NUMBER = 24 };

/* A text that is no JSON any more is left out, rather than all that is behind it. */
static json_t *
entry_json(const struct journal_entry *entry)
{
	json_t *row = json_pack("{s:I, s:I, s:s, s:s, s:s*}", "seq", (json_int_t)entry->seq, "at",
	    (json_int_t)entry->at_ms, "key", entry->id, "kind", event_kind_name(entry->kind), "channel",
	    entry->channel);

	if (row != NULL && entry->attempt > 0)
		(void)json_object_set_new(row, "attempt", json_integer(entry->attempt));
	if (row != NULL && entry->latency_ms >= 0)
		(void)json_object_set_new(row, "latency_ms", json_integer(entry->latency_ms));
	if (row != NULL && entry->detail != NULL)
		(void)json_object_set_new(row, "detail", json_loads(entry->detail, 0, NULL));
	if (row != NULL && entry->incident != NULL)
		(void)json_object_set_new(row, "incident", json_loads(entry->incident, 0, NULL));
	return row;
}

/* For json_dump_callback(): the buffer keeps its own failure, and the caller looks once. */
static int
append(const char *text, size_t length, void *context)
{
	buffer_append(context, text, length);
	return 0;
}

/* One after the other, so that only one of them is there as a tree. */
static void
write_entries_text(struct buffer *text, const struct journal_entry entries[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_t *row = entry_json(&entries[i]);

		buffer_string(text, i == 0 ? "[" : ",");
		if (row == NULL || json_dump_callback(row, append, text, JSON_COMPACT) != 0)
			text->failed = true;
		json_decref(row);
	}
	/* With the NUL, since libpq takes a parameter as a string. */
	buffer_append(text, "]", 2);
}

/* The lock is against a second relay with the same database, and against one that changes the tables
 * just now. */
static int
write_text(struct history *history, const char *uuid, const struct buffer *text, struct deadline deadline,
    struct failure *why)
{
	struct history_connection *c = &history->writing;
	const char *values[] = { uuid, text->text };

	if (text->failed)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (connection_begin(c, history->settings.target, deadline, why) == 0 && schema_lock(c) == 0 &&
	    connection_ask(c, history_sql_write, values, 2, NULL) >= 0 && connection_commit(c) == 0)
		return 0;
	connection_close(c);
	return -1;
}

/* Data exceptions, broken constraints, limits: what is written is refused, and would be for ever.
 * Classes of SQLSTATE: 22 data exception, 23 integrity constraint, 54 program limit exceeded (a value
 * that is too large for an index). */
static bool
is_refused(const struct history *history)
{
	const char *sqlstate = history->writing.session.sqlstate;

	return strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0 ||
	       strncmp(sqlstate, "54", 2) == 0;
}

/* It is said with the incident's id, so that an operator finds what is missing: messages about it were
 * sent all the same. */
static void
set_aside(struct history *history, const struct journal_entry *entry, const char *reason)
{
	char message[160];

	(void)snprintf(message, sizeof(message),
	    "an event is lost to the history: PostgreSQL refuses %s of incident %s",
	    event_kind_name(entry->kind), entry->id);
	history->settings.notice(history->settings.context, true, message, reason);
}

/*
 * 0: they can leave the journal, -1 with `why`: they wait.  Of a batch that was refused each entry is written
 * alone; the one that is refused alone is given up.
 */
static int
write_entries(struct history *history, const char *uuid, const struct journal_entry entries[], size_t count,
    struct deadline deadline, struct failure *why)
{
	struct buffer text;
	int result;

	buffer_init(&text, TEXT_BYTES);
	write_entries_text(&text, entries, count);
	result = write_text(history, uuid, &text, deadline, why);
	buffer_release(&text);
	if (result == 0 || !is_refused(history)) {
		if (result == 0 && history->careful > 0)
			history->careful--;
		return result;
	}
	if (count > 1) {
		/* As many as the batch had are now written one by one.  It cannot be known which one
		 * was refused, and 499 good ones must not go with it. */
		history->careful = count;
		return -1;
	}
	set_aside(history, &entries[0], why->text);
	*why = (struct failure){ 0 };
	history->careful -= history->careful > 0;
	return 0;
}

int
drain_batch(struct history *history, struct deadline deadline, struct failure *why)
{
	/* On the stack of this thread: each has pointers to its long texts. */
	struct journal_entry entries[BATCH];
	char uuid[STORE_UUID];
	size_t count;
	int result;

	store_begin(history->store);
	count = journal_read(history->store, entries, history->careful > 0 ? 1 : BATCH);
	(void)snprintf(uuid, sizeof(uuid), "%s", store_uuid(history->store));
	if (store_end(history->store, why) != 0) {
		journal_release(entries, count);
		return -1;
	}
	result = count == 0 ? 0 : write_entries(history, uuid, entries, count, deadline, why);
	if (result == 0 && count > 0) {
		store_begin(history->store);
		/* Only what was committed there.  A process killed before this line writes the batch
		 * again, and PostgreSQL passes it over by its seq. */
		journal_remove(history->store, entries[count - 1].seq);
		result = store_end(history->store, why);
	}
	journal_release(entries, count);
	return result == 0 ? (int)count : -1;
}

/* The events first: an incident may have a million, and each statement has its time.  In portions, so
 * that a year's worth does not hold its locks, or grow the log of PostgreSQL, in one piece.  The caller
 * comes again while there may be more. */
int
drain_retention(struct history *history, struct deadline deadline, struct failure *why)
{
	const char *const statements[] = { history_sql_old_events, history_sql_old_incidents };
	struct history_connection *c = &history->writing;
	char age[NUMBER], limit[NUMBER];
	const char *values[] = { age, limit };
	struct buffer deleted;
	int result;

	(void)snprintf(age, sizeof(age), "%lld", (long long)(history->settings.retention_ns / 1000000));
	(void)snprintf(limit, sizeof(limit), "%d", (int)RETENTION_BATCH);
	buffer_init(&deleted, NUMBER);
	result = connection_begin(c, history->settings.target, deadline, why);
	for (int i = 0; i < 2 && result == 0; i++)
		result = connection_ask(c, statements[i], values, 2, &deleted);
	if (result == 0)
		result = connection_commit(c);
	if (result != 0)
		connection_close(c);
	/* Both counts, one behind the other: "00". */
	if (result == 0)
		result = deleted.failed || !slice_is(buffer_slice(&deleted), "00");
	buffer_release(&deleted);
	return result;
}
