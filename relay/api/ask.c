/*
 * What the history is asked.  Everything about a query that is not understood is a 400: a parameter
 * that was misspelt and passed over would show more than was asked for.  All of it reads PostgreSQL
 * alone: a relay without one answers with 503, since an empty list would look like a quiet day.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/moment.h"
#include "common/text/utf8.h"
#include "relay/alert/parts.h"
#include "relay/api/api.h"
#include "relay/api/parts.h"
#include "relay/history/history.h"

/* As many as api_alerts() has names: one place for the value of each. */
enum { PARAMETERS = 10, VALUE = sizeof(((struct web_parameter *)NULL)->value) };

/* The values of a query, which the filter points to. */
struct question {
	struct history_filter filter;
	char values[PARAMETERS][VALUE];
};

static int
refuse(struct failure *why, const char *name, const char *value, const char *wanted)
{
	return failure_set(why, FAILURE_REJECTED, "%s=%.100s: %s", name, value, wanted);
}

/* In an address, '+' means a blank: "+09:00" that is not escaped arrives as " 09:00", which the text
 * explains. */
static int
read_time(const char *name, const char *value, int64_t *ms, struct failure *why)
{
	if (moment_parse(SLICE(value), ms) != 0 || *ms <= 0 || *ms > MOMENT_LAST)
		return refuse(
		    why, name, value, "a time is written as 2026-11-21T01:31:45Z; a '+' in it as %2B");
	return 0;
}

/* Each of a list with commas is one of these. */
static int
read_names(const char *name, const char *value, const char *const known[], struct failure *why)
{
	for (const char *at = value;; at++) {
		size_t length = strcspn(at, ","), i = 0;

		while (known[i] != NULL && !slice_is((struct slice){ at, length }, known[i]))
			i++;
		if (known[i] == NULL)
			return refuse(why, name, value, "this value is not known");
		at += length;
		if (*at == '\0')
			return 0;
	}
}

/* strtol() alone would take " 7" and "+7". */
static int
read_limit(const char *value, unsigned *limit, struct failure *why)
{
	char *end;
	long number = strtol(value, &end, 10);

	if (value[0] < '0' || value[0] > '9' || *end != '\0' || number < 1 || number > HISTORY_LIMIT)
		return failure_set(
		    why, FAILURE_REJECTED, "limit: must be a number from 1 to %d", (int)HISTORY_LIMIT);
	*limit = (unsigned)number;
	return 0;
}

/* What is not UTF-8 would be refused by PostgreSQL as an error of its own, and count as an outage. */
static int
read_parameter(struct history_filter *filter, const char *name, const char *value, struct failure *why)
{
	static const char *const severities[] = { "P0", "P1", "P2", "P3", NULL };
	static const char *const statuses[] = { "open", "resolved", "expired", NULL };

	if (!utf8_valid(SLICE(value)))
		return failure_set(why, FAILURE_REJECTED, "%s: not UTF-8", name);
	if (strcmp(name, "from") == 0)
		return read_time(name, value, &filter->from_ms, why);
	if (strcmp(name, "to") == 0)
		return read_time(name, value, &filter->to_ms, why);
	if (strcmp(name, "severity") == 0)
		return read_names(name, filter->severity = value, severities, why);
	if (strcmp(name, "status") == 0)
		return read_names(name, filter->status = value, statuses, why);
	if (strcmp(name, "limit") == 0)
		return read_limit(value, &filter->limit, why);
	if (strcmp(name, "acknowledged") == 0) {
		filter->acknowledged =
		    strcmp(value, "true") == 0 ? HISTORY_ACKNOWLEDGED : HISTORY_UNACKNOWLEDGED;
		return strcmp(value, "true") == 0 || strcmp(value, "false") == 0
			   ? 0
			   : refuse(why, name, value, "must be true or false");
	}
	if (strcmp(name, "env") == 0)
		filter->env = value;
	else if (strcmp(name, "service") == 0)
		filter->service = value;
	else if (strcmp(name, "text") == 0)
		filter->text = value;
	else if (strcmp(name, "cursor") == 0)
		filter->cursor = value;
	return 0;
}

/* A query of these names (ended by NULL), each at most once.  A parameter that is given twice has no
 * one meaning, so it is refused. */
static int
read_query(struct question *question, const char *query, const char *const names[], struct failure *why)
{
	struct web_parameter parameter;

	while (web_query_next(&query, &parameter)) {
		size_t i = 0;

		while (names[i] != NULL && strcmp(names[i], parameter.name) != 0)
			i++;
		if (names[i] == NULL || !utf8_valid(SLICE(parameter.name)))
			return failure_set(why, FAILURE_REJECTED, "there is no parameter of this name");
		if (question->values[i][0] != '\0')
			return failure_set(why, FAILURE_REJECTED, "%s: more than once", names[i]);
		/* What is left empty in a form is not asked for. */
		if (parameter.value[0] == '\0')
			continue;
		memcpy(question->values[i], parameter.value, VALUE);
		if (read_parameter(&question->filter, names[i], question->values[i], why) != 0)
			return -1;
	}
	return 0;
}

/* `result` as the functions of the history have it. */
static void
finish(struct web_answer *answer, int result, const struct failure *why)
{
	if (result == 0) {
		web_answer_json(answer, 200);
		buffer_string(&answer->body, "\n");
	} else if (result == 1) {
		api_error(answer, 404, "the history has no alert of this id");
	} else {
		api_error(answer, 503, why->text);
	}
}

void
api_alerts(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	static const char *const names[PARAMETERS + 1] = { "from", "to", "severity", "status", "env",
		"service", "acknowledged", "text", "limit", "cursor" };
	struct question question = { 0 };
	struct failure why = { 0 };
	int result = 1;

	if (read_query(&question, request->query, names, &why) == 0)
		result = history_list(api->history, &question.filter, &answer->body, &why);
	if (result == 1)
		api_error(answer, 400, why.text);
	else
		finish(answer, result, &why);
}

void
api_alert(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	struct failure why = { 0 };
	char id[INCIDENT_ID];
	const char *rest = api_id(request->path, id);

	if (rest == NULL || *rest != '\0')
		api_error(answer, 404, "ask for " API_ALERTS "ID, with an id from the list of alerts");
	else
		finish(answer, history_incident(api->history, id, &answer->body, &why), &why);
}

void
api_stats(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	static const char *const names[] = { "from", "to", NULL };
	struct question question = { 0 };
	struct failure why = { 0 };

	if (read_query(&question, request->query, names, &why) != 0)
		api_error(answer, 400, why.text);
	else
		finish(answer,
		    history_stats(
			api->history, question.filter.from_ms, question.filter.to_ms, &answer->body, &why),
		    &why);
}
