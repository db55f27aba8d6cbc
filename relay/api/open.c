/*
 * What is open, in Alertmanager's own shape: a program that reads an Alertmanager's list can read this one,
 * and amtool does.  Alertmanager lists what fires; this list also says who looks after it, and has what
 * programs sent to the relay alone.  It is read from the store: it needs no PostgreSQL, and no Alertmanager.
 */

#include <stdlib.h>
#include <string.h>

#include "common/system/time.h"
#include "relay/api/api.h"
#include "relay/api/parts.h"
#include "relay/deliver/matcher.h"
#include "relay/store/store.h"

enum { STATES = SUPPRESSED_MUTED + 1 };

/* The parameters that leave something out, and the list of Alertmanager's that says why it is held back. */
static const struct {
	const char *parameter, *list;
} states[STATES] = { { "active", NULL }, { "silenced", "silencedBy" }, { "inhibited", "inhibitedBy" },
	{ "muted", "mutedBy" } };

struct wanted {
	bool left_out[STATES]; /* by incident->suppressed */
	struct matchers matchers;
};

/* "unprocessed" is Alertmanager's word for what it has not looked at yet: the relay looks at all at once. */
static int
read_parameter(struct wanted *wanted, const struct web_parameter *parameter, struct failure *why)
{
	bool is_true = strcmp(parameter->value, "true") == 0;
	const char *at = parameter->value;
	int state = 0;

	if (strcmp(parameter->name, "filter") == 0) {
		/* A stranger's pattern could take all the memory there is: regcomp() knows no limit. */
		if (strchr(at, '~') == NULL && matchers_read(&wanted->matchers, &at, why) == 0 && *at == '\0')
			return 0;
		return failure_set(why, FAILURE_REJECTED,
		    "filter=%.100s: a filter is written as alertname=\"RedisDown\", with = or != alone", at);
	}
	while (state < STATES && strcmp(states[state].parameter, parameter->name) != 0)
		state++;
	if (state == STATES && strcmp(parameter->name, "unprocessed") != 0)
		return failure_set(why, FAILURE_REJECTED, "%s: this parameter is not known", parameter->name);
	if (!is_true && strcmp(parameter->value, "false") != 0)
		return failure_set(why, FAILURE_REJECTED, "%s: must be true or false", parameter->name);
	if (state < STATES)
		wanted->left_out[state] = !is_true;
	return 0;
}

static int
read_wanted(struct wanted *wanted, const char *query, struct failure *why)
{
	struct web_parameter parameter;

	while (web_query_next(&query, &parameter))
		if (read_parameter(wanted, &parameter, why) != 0)
			return -1;
	return 0;
}

/* A list has what held it back: of a silence its id, if it is the relay's own, of a mute the service. */
static json_t *
held_by(const struct incident *incident, enum incident_suppressed why)
{
	const char *by = why == SUPPRESSED_MUTED ? alert_text(incident->labels, "service") : "unknown";

	if (incident->suppressed != why)
		return json_array();
	if (why == SUPPRESSED_SILENCED && incident->silence_id != NULL)
		by = incident->silence_id;
	return json_pack("[s]", by);
}

static json_t *
open_json(const struct incident *incident)
{
	char starts[TIME_TEXT], seen[TIME_TEXT], ends[TIME_TEXT];
	json_t *status = json_pack("{s:s, s:s?}", "state",
	    incident->suppressed == SUPPRESSED_NOT ? "active" : "suppressed", "acknowledgedBy",
	    incident->acknowledged_by);

	for (int i = SUPPRESSED_SILENCED; i < STATES; i++)
		(void)json_object_set_new(
		    status, states[i].list, held_by(incident, (enum incident_suppressed)i));
	return json_pack("{s:s, s:O, s:O, s:s, s:s, s:s, s:s, s:[{s:s}], s:o}", "fingerprint",
	    incident->fingerprint, "labels", incident->labels, "annotations", incident->annotations,
	    "generatorURL", incident->link != NULL ? incident->link : "", "startsAt",
	    time_text((double)incident->starts_ms / 1000, starts), "updatedAt",
	    time_text((double)incident->seen_ms / 1000, seen), "endsAt",
	    time_text((double)incident->expires_ms / 1000, ends), "receivers", "name", "alert_relay",
	    "status", status);
}

/* False: the list has no room for it, or no memory, which `why` says. */
static bool
add_open(json_t *list, const struct incident *incident, size_t *size, struct failure *why)
{
	json_t *row = open_json(incident);
	size_t length = row != NULL ? json_dumpb(row, NULL, 0, 0) + strlen(", ") : 0;

	if (row != NULL && *size + length > API_OPEN_BYTES) {
		json_decref(row);
		return false;
	}
	*size += length;
	if (json_array_append_new(list, row) == 0)
		return true;
	(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	return false;
}

/*
 * One after the other, because the annotations of one may have a megabyte.  The store is held for all of
 * them, since one could end in between: new alerts wait for it.
 */
static void
add_rows(const struct api *api, const struct wanted *wanted, struct incident incidents[], json_t *list,
    struct failure *why)
{
	size_t count = incident_list_brief(api->store, incidents, API_OPEN), size = 0;
	bool goes_on = true;

	for (size_t i = 0; i < count; i++) {
		struct incident whole;

		if (goes_on && !wanted->left_out[incidents[i].suppressed] &&
		    matchers_hold(&wanted->matchers, incidents[i].labels) &&
		    incident_find(api->store, incidents[i].id, &whole)) {
			goes_on = add_open(list, &whole, &size, why);
			incident_release(&whole);
		}
		incident_release(&incidents[i]);
	}
}

static json_t *
list_open(const struct api *api, const struct wanted *wanted, struct failure *why)
{
	struct incident *incidents = calloc(API_OPEN, sizeof(*incidents));
	json_t *list = json_array();

	if (incidents == NULL || list == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	} else {
		store_begin(api->store);
		add_rows(api, wanted, incidents, list, why);
		(void)store_end(api->store, why);
	}
	free(incidents);
	if (why->kind == FAILURE_NONE)
		return list;
	json_decref(list);
	return NULL;
}

void
api_open_alerts(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	struct wanted *wanted = calloc(1, sizeof(*wanted));
	struct failure why = { 0 };
	json_t *list;

	if (wanted == NULL) {
		answer->body.failed = true;
		return;
	}
	if (read_wanted(wanted, request->query, &why) != 0)
		api_error(answer, 400, why.text);
	else if ((list = list_open(api, wanted, &why)) == NULL)
		api_error(answer, 503, why.text);
	else
		api_object(answer, 200, list);
	matchers_release(&wanted->matchers);
	free(wanted);
}
