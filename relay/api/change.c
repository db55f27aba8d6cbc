/*
 * What people and their programs change.  A body is JSON and says so: a page of another site can make a
 * browser send a form or a plain text with somebody's login, but not that.  Each change is made by
 * relay/act, which the page and the button use as well: here is only how it is asked for.
 */

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/system/time.h"
#include "common/text/duration.h"
#include "common/text/moment.h"
#include "relay/act/act.h"
#include "relay/alert/parts.h"
#include "relay/api/api.h"
#include "relay/api/parts.h"
#include "relay/store/mutes.h"
#include "relay/store/store.h"

/* The body, an object, empty when the request has no body.  NULL: the answer says why not.
 * JSON_REJECT_DUPLICATES: of two members of one name a person would read the first and jansson take the
 * last. */
static json_t *
read_body(const struct web_request *request, struct web_answer *answer)
{
	static const char json[] = "application/json";
	size_t length = strcspn(request->type, "; \t");
	json_t *body;

	if (length != strlen(json) || strncasecmp(request->type, json, length) != 0) {
		api_error(answer, 415, "send Content-Type: application/json");
		return NULL;
	}
	if (request->body.length == 0)
		return json_object();
	body = json_loadb(request->body.at, request->body.length, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(body))
		return body;
	json_decref(body);
	api_error(answer, 400, "the body is not a JSON object");
	return NULL;
}

/* Whether all members are texts of these names (ended by NULL).  A member that is misspelt ("until_"
 * for "until") must not be passed over, since what it meant would not happen. */
static bool
are_texts(const json_t *body, const char *const names[], struct web_answer *answer)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)body, name, value)
	{
		size_t i = 0;

		while (names[i] != NULL && strcmp(names[i], name) != 0)
			i++;
		if (names[i] != NULL && json_is_string(value))
			continue;
		api_error(answer, 400,
		    names[i] != NULL ? "a member of the body is not a text"
				     : "the body has a member that does not belong there");
		return false;
	}
	return true;
}

/* Who has logged in cannot be somebody else.  Otherwise a note could be left under a colleague's name. */
static const char *
who(const struct web_request *request, const json_t *body)
{
	return request->user != NULL ? request->user : alert_text(body, "who");
}

/* ACT_ALREADY is a success: a program that tries again after a lost answer must not see an error.  409
 * tells "over" from 404, which is also an id that was misspelt. */
static void
acknowledged(
    struct web_answer *answer, enum act_result result, const char *id, bool is_ack, const struct failure *why)
{
	switch (result) {
	case ACT_DONE:
	case ACT_ALREADY:
		api_object(answer, 200,
		    json_pack(
			"{s:s, s:b, s:b}", "id", id, "acknowledged", is_ack, "changed", result == ACT_DONE));
		break;
	case ACT_CLOSED: api_error(answer, 409, "the alert is over"); break;
	case ACT_UNKNOWN: api_error(answer, 404, "there is no open alert of this id"); break;
	case ACT_FAILED: api_error(answer, 503, why->text); break;
	}
}

void
api_acknowledge(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	static const char *const names[] = { "who", "note", NULL };
	char id[INCIDENT_ID];
	const char *verb = api_id(request->path, id);
	bool is_ack = verb != NULL && strcmp(verb, "/ack") == 0;
	struct failure why = { 0 };
	json_t *body;

	if (!is_ack && (verb == NULL || strcmp(verb, "/unack") != 0)) {
		api_error(answer, 404, "POST to " API_ALERTS "ID/ack or " API_ALERTS "ID/unack");
		return;
	}
	body = read_body(request, answer);
	if (body != NULL && are_texts(body, names, answer)) {
		const char *name = who(request, body);
		enum act_result result =
		    is_ack ? act_acknowledge(api->act, id, name, "api", alert_text(body, "note"), &why)
			   : act_unacknowledge(api->act, id, name, "api", &why);

		acknowledged(answer, result, id, is_ack, &why);
	}
	json_decref(body);
}

/* "until" is a time, "for" is how long from now on; one of the two.  0, or -1 with `why`. */
static int
read_until(const json_t *body, int64_t *until_ms, struct failure *why)
{
	const char *until = alert_text(body, "until"), *duration = alert_text(body, "for");
	int64_t ns;

	if ((until[0] == '\0') == (duration[0] == '\0'))
		return failure_set(why, FAILURE_REJECTED,
		    "say how long: \"until\": \"2026-11-21T01:30:00Z\" or \"for\": \"2h\"");
	if (until[0] != '\0')
		return moment_parse(SLICE(until), until_ms) == 0
			   ? 0
			   : failure_set(why, FAILURE_REJECTED,
				 "until: a time is written as 2026-11-21T01:31:45Z or with +09:00");
	if (duration_parse(duration, &ns) != 0)
		return failure_set(why, FAILURE_REJECTED, "for: a duration is written as 30m or 1h30m");
	/* The store's clock, which is also what ends the mute. */
	*until_ms = store_now_ms() + ns / 1000000;
	return 0;
}

void
api_mute(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	static const char *const names[] = { "service", "until", "for", "who", "reason", NULL };
	json_t *body = read_body(request, answer);
	struct failure why = { 0 };
	char text[TIME_TEXT];
	int64_t until_ms = 0;

	if (body == NULL)
		return;
	if (!are_texts(body, names, answer)) {
		json_decref(body);
		return;
	}
	if (read_until(body, &until_ms, &why) != 0 ||
	    act_mute(api->act, alert_text(body, "service"), until_ms, who(request, body),
		alert_text(body, "reason"), &why) != ACT_DONE)
		api_error(answer, why.kind == FAILURE_REJECTED ? 400 : 503, why.text);
	else
		api_object(answer, 200,
		    json_pack("{s:s, s:s}", "service", alert_text(body, "service"), "until",
			time_text((double)until_ms / 1000, text)));
	json_decref(body);
}

static json_t *
mute_json(const struct mute *mute)
{
	char since[TIME_TEXT], until[TIME_TEXT];

	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "service", mute->service, "who", mute->who, "reason",
	    mute->reason, "since", time_text((double)mute->since_ms / 1000, since), "until",
	    time_text((double)mute->until_ms / 1000, until));
}

void
api_mutes(const struct api *api, const struct web_request *request, struct web_answer *answer)
{
	json_t *mutes = json_array();
	struct failure why = { 0 };
	struct mute mute = { 0 };
	int64_t now_ms = store_now_ms();
	int missing = 0;

	(void)request;
	/* New alerts wait meanwhile.  There are few mutes, since each is of one service. */
	store_begin(api->store);
	while (mute_next(api->store, mute.service, now_ms, &mute))
		missing |= json_array_append_new(mutes, mute_json(&mute));
	if (store_end(api->store, &why) == 0 && missing == 0) {
		api_object(answer, 200, json_pack("{s:o}", "mutes", mutes));
		return;
	}
	json_decref(mutes);
	api_error(answer, 503, missing != 0 ? "out of memory" : why.text);
}
