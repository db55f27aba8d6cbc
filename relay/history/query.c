/*
 * What is asked of the history.  PostgreSQL makes the JSON: what goes out is what it answers, to the
 * letter, and nothing here knows a column's type.  Everything from outside is a parameter.  One
 * connection for all that ask, and five seconds for each: a page that many people open must not take
 * the connections that the writer needs.  An answer that does not come in time is a failure with a
 * reason, and the page shows what the store has.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/parts.h"

enum { ASK_SECONDS = 5, LIMIT_DEFAULT = 50, NUMBER = 24 };

int
history_ask(struct history *history, const char *statement, const char *const *values, size_t count,
    struct buffer *answer, struct failure *why)
{
	struct history_connection *c;
	int result;

	if (history == NULL)
		return failure_set(why, FAILURE_LOCAL, "no history is set up: history.postgres is not given");
	/* It is held while PostgreSQL works, so a slow question delays the others: that is the limit on
	 * them. */
	(void)pthread_mutex_lock(&history->asking);
	c = &history->asked;
	result = connection_begin(
	    c, history->settings.target, deadline_in((int64_t)ASK_SECONDS * 1000000000), why);
	if (result == 0)
		result = connection_ask(c, statement, values, count, answer);
	if (result >= 0 && connection_commit(c) != 0)
		result = -1;
	if (result < 0)
		connection_close(c);
	/* Nobody has made the tables yet (undefined_table): the thread that writes will say why. */
	if (result < 0 && strcmp(c->session.sqlstate, "42P01") == 0)
		(void)failure_set(why, FAILURE_REJECTED, "the history has no tables yet");
	(void)pthread_mutex_unlock(&history->asking);
	return result < 0 || !answer->failed ? result : failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* As text, or NULL for 0.  NULL becomes SQL's NULL, which the statements take for "no bound". */
static const char *
bound_text(int64_t ms, char text[NUMBER])
{
	(void)snprintf(text, NUMBER, "%" PRId64, ms);
	return ms != 0 ? text : NULL;
}

/* "BEGIN.NUMBER", both into texts of digits alone.  It comes back from a client, so it may be
 * anything.  17 digits of microseconds stay within a timestamp, and 18 digits within a bigint. */
static int
cursor_read(const char *cursor, char begin[NUMBER], char id[NUMBER], struct failure *why)
{
	static const char digits[] = "0123456789";
	size_t before = strspn(cursor, digits), behind;

	behind = cursor[before] == '.' ? strspn(cursor + before + 1, digits) : 0;
	if (before == 0 || behind == 0 || before > 17 || behind > 18 || cursor[before + 1 + behind] != '\0')
		return failure_set(why, FAILURE_REJECTED, "cursor: must be \"next\" of an earlier answer");
	(void)snprintf(begin, NUMBER, "%.*s", (int)before, cursor);
	(void)snprintf(id, NUMBER, "%s", cursor + before + 1);
	return 0;
}

/* A page is found by where the last one ended and not by its number: incidents that begin meanwhile
 * would move the numbers. */
int
history_list(
    struct history *history, const struct history_filter *filter, struct buffer *json, struct failure *why)
{
	static const char *const acknowledged[] = { NULL, "true", "false" };
	unsigned limit = filter->limit == 0 ? LIMIT_DEFAULT : filter->limit;
	char from[NUMBER], to[NUMBER], count[NUMBER], begin[NUMBER], id[NUMBER];
	const char *values[] = { bound_text(filter->from_ms, from), bound_text(filter->to_ms, to),
		filter->severity, filter->status, filter->env, filter->service, filter->text,
		acknowledged[filter->acknowledged], NULL, NULL, count };

	/* A larger number is cut rather than refused; the API has refused it before. */
	(void)snprintf(count, sizeof(count), "%u", limit < HISTORY_LIMIT ? limit : HISTORY_LIMIT);
	if (filter->cursor != NULL) {
		if (cursor_read(filter->cursor, begin, id, why) != 0)
			return 1;
		values[8] = begin;
		values[9] = id;
	}
	return history_ask(history, history_sql_list, values, 11, json, why);
}

int
history_incident(struct history *history, const char *id, struct buffer *json, struct failure *why)
{
	char limit[NUMBER];
	const char *values[] = { id, limit };

	(void)snprintf(limit, sizeof(limit), "%d", (int)HISTORY_EVENTS);
	return history_ask(history, history_sql_incident, values, 2, json, why);
}

int
history_stats(
    struct history *history, int64_t from_ms, int64_t to_ms, struct buffer *json, struct failure *why)
{
	char from[NUMBER], to[NUMBER];
	const char *values[] = { bound_text(from_ms, from), bound_text(to_ms, to) };

	return history_ask(history, history_sql_stats, values, 2, json, why);
}
