/*
 * What is asked of the history.  PostgreSQL makes the JSON: what goes out is what it answers, to the letter,
 * and nothing here knows a column's type.  Everything from outside is a parameter.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "relay/history/parts.h"

enum { ASK_SECONDS = 5, LIMIT_DEFAULT = 50, NUMBER = 24 };

#define TIME(of) "to_char(" of ", 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* What an incident is in a list, and the begin of what it is alone. */
#define INCIDENT                                                                                                                         \
	"'id', i.key, 'fingerprint', i.fingerprint, 'status', i.status, 'severity', i.severity, "                                        \
	"'alertname', i.alertname, 'env', i.env, 'service', i.service, "                                                                 \
	"'summary', coalesce(left(i.annotations ->> 'summary', 1000), ''), 'labels', i.labels, "                                         \
	"'starts_at', " TIME("i.starts_at") ", 'ends_at', " TIME("i.ends_at") ", 'last_seen', " TIME(                                    \
	    "i.last_seen") ", 'repeats', i.repeats, 'acknowledged', i.acknowledged_at IS NOT NULL, "                                     \
			   "'acknowledged_at', " TIME(                                                                                   \
			       "i.acknowledged_at") ", 'acknowledged_by', i.acknowledged_by, "                                           \
						    "'acknowledged_via', i.acknowledged_via, 'note', i.note, 'delivered', i.delivered, " \
						    "'suppressed', i.suppressed, 'link', i.link"

/* $1 and $2 of all that ask about a time. */
#define BEGAN                                                                                                \
	"($1::bigint IS NULL OR i.starts_at >= to_timestamp($1::bigint / 1000.0)) AND "                      \
	"($2::bigint IS NULL OR i.starts_at < to_timestamp($2::bigint / 1000.0))"

int
history_ask(struct history *history, const char *statement, const char *const *values, size_t count,
    struct buffer *answer, struct failure *why)
{
	struct history_connection *c;
	int result;

	if (history == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "there is no history: history.postgres says where it would be");
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
	/* Nobody has made the tables yet: the thread that writes will say why. */
	if (result < 0 && strcmp(c->session.sqlstate, "42P01") == 0)
		(void)failure_set(why, FAILURE_REJECTED, "the history has no tables yet");
	(void)pthread_mutex_unlock(&history->asking);
	return result < 0 || !answer->failed ? result : failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* As text, or NULL for 0. */
static const char *
bound_text(int64_t ms, char text[NUMBER])
{
	(void)snprintf(text, NUMBER, "%" PRId64, ms);
	return ms != 0 ? text : NULL;
}

/* "MS.ID", both into texts of digits alone. */
static int
cursor_read(const char *cursor, char ms[NUMBER], char id[NUMBER], struct failure *why)
{
	static const char digits[] = "0123456789";
	size_t before = strspn(cursor, digits), behind;

	behind = cursor[before] == '.' ? strspn(cursor + before + 1, digits) : 0;
	if (before == 0 || behind == 0 || before > 15 || behind > 18 || cursor[before + 1 + behind] != '\0')
		return failure_set(
		    why, FAILURE_REJECTED, "cursor: not what \"next\" of an earlier answer was");
	(void)snprintf(ms, NUMBER, "%.*s", (int)before, cursor);
	(void)snprintf(id, NUMBER, "%s", cursor + before + 1);
	return 0;
}

/* One more than wanted is read, to know whether there are more. */
int
history_list(
    struct history *history, const struct history_filter *filter, struct buffer *json, struct failure *why)
{
	static const char statement[] =
	    "SELECT json_build_object("
	    "'alerts', coalesce(json_agg(p.item ORDER BY p.n) FILTER (WHERE p.n <= $10::int), '[]'), "
	    "'next', CASE WHEN count(*) > $10::int THEN max(p.cursor) FILTER (WHERE p.n = $10::int) END) "
	    "FROM (SELECT row_number() OVER (ORDER BY i.starts_at DESC, i.id DESC) AS n, "
	    "(extract(epoch FROM i.starts_at) * 1000)::bigint || '.' || i.id AS cursor, "
	    "json_build_object(" INCIDENT ") AS item FROM arbwatch_history.alert_incident i WHERE " BEGAN
	    " AND ($3 IS NULL OR i.severity = ANY (string_to_array($3, ',')))"
	    " AND ($4 IS NULL OR i.status = ANY (string_to_array($4, ',')))"
	    " AND ($5 IS NULL OR i.env = $5) AND ($6 IS NULL OR i.service = $6)"
	    " AND ($7 IS NULL OR EXISTS (SELECT FROM jsonb_each_text(i.labels) WHERE strpos(lower(value), "
	    "lower($7)) > 0) OR EXISTS (SELECT FROM jsonb_each_text(i.annotations) WHERE "
	    "strpos(lower(value), lower($7)) > 0))"
	    " AND ($8 IS NULL OR (i.acknowledged_at IS NOT NULL) = $8::boolean)"
	    " AND ($9 IS NULL OR (i.starts_at, i.id) < (to_timestamp($9::bigint / 1000.0), $11::bigint))"
	    " ORDER BY i.starts_at DESC, i.id DESC LIMIT $10::int + 1) p";
	static const char *const acknowledged[] = { NULL, "true", "false" };
	unsigned limit = filter->limit == 0 ? LIMIT_DEFAULT : filter->limit;
	char from[NUMBER], to[NUMBER], count[NUMBER], ms[NUMBER], id[NUMBER];
	const char *values[] = { bound_text(filter->from_ms, from), bound_text(filter->to_ms, to),
		filter->severity, filter->status, filter->env, filter->service, filter->text,
		acknowledged[filter->acknowledged], NULL, count, NULL };

	(void)snprintf(count, sizeof(count), "%u", limit < HISTORY_LIMIT ? limit : HISTORY_LIMIT);
	if (filter->cursor != NULL) {
		if (cursor_read(filter->cursor, ms, id, why) != 0)
			return -1;
		values[8] = ms;
		values[10] = id;
	}
	return history_ask(history, statement, values, 11, json, why);
}

int
history_incident(struct history *history, const char *id, struct buffer *json, struct failure *why)
{
	static const char statement[] =
	    "SELECT json_build_object(" INCIDENT
	    ", 'annotations', i.annotations, 'silence_id', i.silence_id, "
	    "'events_total', (SELECT count(*) FROM arbwatch_history.alert_event e "
	    "WHERE e.incident_id = i.id), 'events', (SELECT coalesce(json_agg(json_build_object("
	    "'at', " TIME(
		"e.at") ", 'kind', e.kind, 'channel', e.channel, 'attempt', e.attempt, "
			"'latency_ms', e.latency_ms, 'detail', e.detail) ORDER BY e.id), '[]') "
			"FROM (SELECT * FROM arbwatch_history.alert_event e WHERE e.incident_id = i.id "
			"ORDER BY e.id DESC LIMIT $2::int) e)) "
			"FROM arbwatch_history.alert_incident i WHERE i.key = $1";
	char limit[NUMBER];
	const char *values[] = { id, limit };

	(void)snprintf(limit, sizeof(limit), "%d", (int)HISTORY_EVENTS);
	return history_ask(history, statement, values, 2, json, why);
}

/* Of those that ended in another way than by a resolution nobody knows how long they lasted. */
#define QUANTILES(of, when)                                                                                  \
	"CASE WHEN count(*) FILTER (WHERE " when ") > 0 THEN json_build_object("                             \
	"'median', round((percentile_cont(0.5) WITHIN GROUP (ORDER BY " of ") FILTER (WHERE " when           \
	"))::numeric, 3), 'p95', round((percentile_cont(0.95) WITHIN GROUP (ORDER BY " of                    \
	") FILTER (WHERE " when "))::numeric, 3)) END"
#define SECONDS_TO(end) "extract(epoch FROM greatest(" end " - i.starts_at, '0'))::float8"

#define FIGURES                                                                                              \
	"'count', count(*), 'open', count(*) FILTER (WHERE i.status = 'open'), "                             \
	"'acknowledged', count(i.acknowledged_at), 'repeats', coalesce(sum(i.repeats), 0), "                 \
	"'acknowledge_seconds', " QUANTILES(SECONDS_TO("i.acknowledged_at"),                                 \
	    "i.acknowledged_at IS NOT NULL") ", 'resolve_seconds', " QUANTILES(SECONDS_TO("i.ends_at"),      \
	    "i.status = 'resolved'")

int
history_stats(
    struct history *history, int64_t from_ms, int64_t to_ms, struct buffer *json, struct failure *why)
{
	static const char statement[] =
	    "SELECT json_build_object("
	    "'severities', (SELECT coalesce(json_agg(s.item ORDER BY s.severity), '[]') FROM ("
	    "SELECT i.severity, json_build_object('severity', i.severity, " FIGURES ") AS item "
	    "FROM arbwatch_history.alert_incident i WHERE " BEGAN " GROUP BY i.severity) s), "
	    "'alerts', (SELECT coalesce(json_agg(s.item ORDER BY s.n DESC, s.alertname, s.severity), '[]') "
	    "FROM (SELECT i.alertname, i.severity, count(*) AS n, json_build_object('alertname', i.alertname, "
	    "'severity', i.severity, " FIGURES ") AS item FROM arbwatch_history.alert_incident i WHERE " BEGAN
	    " GROUP BY i.alertname, i.severity ORDER BY n DESC, i.alertname LIMIT 200) s), "
	    "'channels', (SELECT coalesce(json_agg(s.item ORDER BY s.channel), '[]') FROM ("
	    "SELECT e.channel, json_build_object('channel', e.channel, "
	    "'sent', count(*) FILTER (WHERE e.kind = 'sent'), "
	    "'retried', count(*) FILTER (WHERE e.kind = 'retried'), "
	    "'failed', count(*) FILTER (WHERE e.kind = 'failed'), "
	    "'latency_ms', " QUANTILES("e.latency_ms",
		"e.kind = 'sent' AND e.latency_ms IS NOT NULL") ") AS item FROM arbwatch_history.alert_event e WHERE e.channel <> '' "
								"AND ($1::bigint IS NULL OR e.at >= to_timestamp($1::bigint / 1000.0)) "
								"AND ($2::bigint IS NULL OR e.at < to_timestamp($2::bigint / 1000.0)) GROUP BY e.channel) s))";
	char from[NUMBER], to[NUMBER];
	const char *values[] = { bound_text(from_ms, from), bound_text(to_ms, to) };

	return history_ask(history, statement, values, 2, json, why);
}
