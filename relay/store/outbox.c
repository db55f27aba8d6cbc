/*
 * The outbox is the promise that an alert arrives: a task is written in the transaction that takes the
 * alert, before the sender gets its 200, and leaves in the transaction that records the channel's answer.
 * Whatever is killed in between, the task is still there.
 *
 * UNIQUE (incident, channel, kind) makes adding safe to repeat: a storm of repeats for a channel that is
 * down is one row, not thousands.
 */

#include <stdio.h>
#include <string.h>

#include "relay/store/columns.h"
#include "relay/store/outbox.h"
#include "relay/store/sql.h"

const char *
task_kind_name(enum task_kind kind)
{
	static const char *const names[] = { "fired", "repeated", "escalated", "resolved", "acknowledged" };

	return names[kind];
}

/* The first channel of a chain, and the rest of it; names that are too long are passed over.  False: none. */
static bool
split_chain(const char *chain, char channel[TASK_CHANNEL], char next[TASK_CHAIN])
{
	while (*chain != '\0') {
		size_t length = strcspn(chain, "|");
		const char *rest = chain + length + (chain[length] == '|');

		while (length > 0 && *chain == ' ')
			chain++, length--;
		while (length > 0 && chain[length - 1] == ' ')
			length--;
		if (length > 0 && length < TASK_CHANNEL && strlen(rest) < TASK_CHAIN) {
			(void)snprintf(channel, TASK_CHANNEL, "%.*s", (int)length, chain);
			(void)snprintf(next, TASK_CHAIN, "%s", rest);
			return true;
		}
		chain = rest;
	}
	return false;
}

void
outbox_add(struct store *store, const struct incident *incident, enum task_kind kind, const char *chain,
    int64_t due_ms)
{
	/* A message about paper trading must not take a place from one about money. An
	 * acknowledgement is no alarm, but it goes first in its lane (rank 0): people wait to see it. */
	bool urgent = incident->severity == SEVERITY_P0 && kind != TASK_ACKNOWLEDGED &&
		      strcmp(alert_text(incident->labels, "env"), "paper") != 0;
	int rank = kind == TASK_ACKNOWLEDGED ? 0 : 1 + (int)incident->severity;
	char channel[TASK_CHANNEL], next[TASK_CHAIN];

	if (!split_chain(chain, channel, next))
		return;
	(void)sql_run(store,
	    "INSERT OR IGNORE INTO outbox (incident, kind, lane, rank, channel, next, attempt, added_ms, due_ms)"
	    " VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
	    "innnssii", incident->row, (int)kind, (int)(urgent ? LANE_URGENT : LANE_REST), rank, channel,
	    next, due_ms, due_ms);
	store->outbox = true;
}

size_t
outbox_due(struct store *store, const char *channel, enum task_lane lane, int64_t now_ms, struct task tasks[],
    size_t room)
{
	/* INDEXED BY and CROSS JOIN fix the plan: with the order of the index
	 * the first 200 of 10,000 tasks are read, without sorting all of them. */
	static const char text[] =
	    "SELECT " INCIDENT_COLUMNS
	    ", outbox.row, outbox.kind, outbox.lane, outbox.attempt, outbox.channel,"
	    " outbox.next, outbox.added_ms, outbox.due_ms"
	    " FROM outbox INDEXED BY outbox_order CROSS JOIN incident ON incident.row = outbox.incident"
	    " WHERE outbox.channel = ? AND outbox.lane = ? AND outbox.due_ms <= ?"
	    " ORDER BY outbox.rank, outbox.due_ms, outbox.row LIMIT ?";
	sqlite3_stmt *rows = sql_query(store, text, "snii", channel, (int)lane, now_ms, (int64_t)room);
	size_t count = 0;

	for (; count < room && sql_row(store, rows); count++) {
		struct task *task = &tasks[count];
		int column = INCIDENT_COLUMN_COUNT;

		incident_read(store, rows, &task->incident);
		task->row = sqlite3_column_int64(rows, column++);
		task->kind = (enum task_kind)sqlite3_column_int(rows, column++);
		task->lane = (enum task_lane)sqlite3_column_int(rows, column++);
		task->attempt = (unsigned)sqlite3_column_int(rows, column++);
		sql_text(rows, column++, task->channel, sizeof(task->channel));
		sql_text(rows, column++, task->next, sizeof(task->next));
		task->added_ms = sqlite3_column_int64(rows, column++);
		task->due_ms = sqlite3_column_int64(rows, column);
	}
	if (rows != NULL)
		sql_end(rows);
	if (!store_failed(store))
		return count;
	tasks_release(tasks, count);
	return 0;
}

void
tasks_release(struct task tasks[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		incident_release(&tasks[i].incident);
}

int64_t
outbox_next_due(struct store *store, const char *channel, enum task_lane lane)
{
	return sql_number(store, INT64_MAX, "SELECT min(due_ms) FROM outbox WHERE channel = ? AND lane = ?",
	    "sn", channel, (int)lane);
}

void
outbox_delay(struct store *store, int64_t row, int64_t due_ms, unsigned attempt)
{
	(void)sql_run(store, "UPDATE outbox SET due_ms = ?, attempt = ? WHERE row = ?", "ini", due_ms,
	    (int)attempt, row);
	store->outbox = true;
}

void
outbox_remove(struct store *store, int64_t row)
{
	(void)sql_run(store, "DELETE FROM outbox WHERE row = ?", "i", row);
}

bool
outbox_move(struct store *store, const struct task *task, int64_t due_ms)
{
	char channel[TASK_CHANNEL], next[TASK_CHAIN];

	if (!split_chain(task->next, channel, next))
		return false;
	/* The same may wait there already. */
	/* added_ms stays: it says how long people have waited
	 * for this message, whichever channel it waits in. */
	if (sql_run(store,
		"UPDATE OR IGNORE outbox SET channel = ?, next = ?, attempt = 0, due_ms = ? WHERE row = ?",
		"ssii", channel, next, due_ms, task->row) == 0)
		outbox_remove(store, task->row);
	store->outbox = true;
	return true;
}

bool
outbox_has(struct store *store, const struct incident *incident)
{
	return sql_number(store, 0, "SELECT 1 FROM outbox WHERE incident = ? LIMIT 1", "i", incident->row) !=
	       0;
}

void
outbox_drop(struct store *store, const struct incident *incident, unsigned kinds)
{
	(void)sql_run(store, "DELETE FROM outbox WHERE incident = ? AND (1 << kind) & ? <> 0", "in",
	    incident->row, (int)kinds);
}

size_t
outbox_channels(struct store *store, struct outbox_channel channels[], size_t room)
{
	sqlite3_stmt *rows =
	    sql_query(store, "SELECT channel, count(*), min(added_ms) FROM outbox GROUP BY channel", "");
	size_t count = 0;

	for (; count < room && sql_row(store, rows); count++) {
		sql_text(rows, 0, channels[count].channel, sizeof(channels[count].channel));
		channels[count].count = (size_t)sqlite3_column_int64(rows, 1);
		channels[count].oldest_ms = sqlite3_column_int64(rows, 2);
	}
	if (rows != NULL)
		sql_end(rows);
	return store_failed(store) ? 0 : count;
}

size_t
outbox_abandon(struct store *store, const char *channel, int64_t now_ms)
{
	struct task task;
	sqlite3_stmt *rows;
	size_t removed = 0;

	/* One by one: the statement is at its end before its table changes. */
	for (;;) {
		rows =
		    sql_query(store, "SELECT row, next FROM outbox WHERE channel = ? LIMIT 1", "s", channel);
		if (!sql_row(store, rows))
			return removed;
		task.row = sqlite3_column_int64(rows, 0);
		sql_text(rows, 1, task.next, sizeof(task.next));
		sql_end(rows);
		/* The next channel may be gone as well. Then the next call finds the tasks there. */
		if (!outbox_move(store, &task, now_ms)) {
			outbox_remove(store, task.row);
			removed++;
		}
	}
}
