#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demo/paper_exchange/venues/venue.h"

/* The route, or NULL with the refusal in `answer`. */
static const struct route *
find_route(const struct call *call, struct answer *answer)
{
	const struct route *same_path = NULL;

	for (const struct route *r = call->venue->routes; r->path != NULL; r++) {
		if (strcmp(r->path, call->path) != 0)
			continue;
		if (strcmp(r->method, call->method) == 0)
			return r;
		same_path = r;
	}
	answer_trouble(call, answer, same_path != NULL ? TROUBLE_METHOD : TROUBLE_NOT_FOUND);
	if (same_path != NULL)
		answer_header(answer, "Allow", "%s", same_path->method);
	return NULL;
}

static void
refuse_for(const struct call *call, struct answer *answer, enum fault fault)
{
	const struct fault_setting *setting = &call->faults[fault];
	bool ban = fault == FAULT_418 || fault == FAULT_BAN;
	int64_t seconds = setting->number;

	answer_trouble(call, answer, ban ? TROUBLE_BANNED : TROUBLE_THROTTLED);
	if (fault == FAULT_429)
		answer->status = 429;
	else if (fault == FAULT_418)
		answer->status = 418;
	if (ban)
		seconds = (setting->since_ms + setting->number * 1000 - call->wall_ms + 999) / 1000;
	if (answer->status == 429 || answer->status == 418)
		answer_header(answer, "Retry-After", "%" PRId64, seconds);
}

/* Faults that keep a request from being looked at.  Whether there was one. */
static bool
refused(struct call *call, struct answer *answer)
{
	static const enum fault limits[] = { FAULT_418, FAULT_BAN, FAULT_429, FAULT_THROTTLE };
	const char *location = call->faults[FAULT_REDIRECT].text;

	if (call->faults[FAULT_5XX].on) {
		answer_trouble(call, answer, TROUBLE_INTERNAL);
		answer->status = (int)call->faults[FAULT_5XX].number;
		return true;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (call->faults[limits[i]].on) {
			refuse_for(call, answer, limits[i]);
			return true;
		}
	if (!call->faults[FAULT_REDIRECT].on)
		return false;
	answer->status = 302;
	answer->body = json_object();
	if (*location != '\0')
		answer_header(answer, "Location", "%s", location);
	else
		answer_header(answer, "Location", "/%s/redirected", call->venue->name);
	return true;
}

/* A list is empty, wherever it is. */
static void
empty_lists(json_t *json)
{
	const char *key;
	json_t *member;

	if (json_is_array(json))
		(void)json_array_clear(json);
	json_object_foreach(json, key, member) empty_lists(member);
}

/* The member that `list` names is gone; "": the answer has nothing in it. */
static void
leave_out(json_t **body, const char *list)
{
	json_t *json = *body;
	char name[32];

	if (*list == '\0') {
		json_decref(*body);
		*body = json_object();
		return;
	}
	for (const char *slash; (slash = strchr(list, '/')) != NULL; list = slash + 1) {
		(void)snprintf(name, sizeof(name), "%.*s", (int)(slash - list), list);
		json = json_object_get(json, name);
	}
	(void)json_object_del(json, list);
}

/*
 * The key is right, and may not do this all the same.  Whether it is so.  What a
 * key may do it may always ask: that has no list.
 */
static bool
key_refused(const struct call *call, const struct route *route, struct answer *answer)
{
	static const struct {
		enum fault fault;
		enum trouble trouble;
	} refusals[] = {
		{ FAULT_EXPIRED_KEY, TROUBLE_EXPIRED },
		{ FAULT_WRONG_IP, TROUBLE_IP },
		{ FAULT_PERMISSION, TROUBLE_PERMISSION },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (call->faults[refusals[i].fault].on &&
		    (refusals[i].fault != FAULT_PERMISSION || route->list != NULL)) {
			answer_trouble(call, answer, refusals[i].trouble);
			return true;
		}
	return false;
}

static void
answer_route(const struct call *call, const struct route *route, struct answer *answer)
{
	if (call->faults[FAULT_MAINTENANCE].on && !route->in_maintenance) {
		answer_trouble(call, answer, TROUBLE_MAINTENANCE);
		return;
	}
	if (route->private && (!call->venue->authorize(call, answer) || key_refused(call, route, answer)))
		return;
	route->answer(call, answer);
	if (call->faults[FAULT_NO_LIST].on && route->list != NULL && answer->status == 200)
		leave_out(&answer->body, route->list);
}

static void
put_error(const struct call *call, struct answer *answer)
{
	const struct trouble_words *words = &call->venue->troubles[TROUBLE_INTERNAL];
	const char *code = call->faults[FAULT_ERROR_200].text;

	if (*code == '\0')
		code = words->code;
	for (size_t i = 0; i < TROUBLES; i++)
		if (call->venue->troubles[i].code != NULL && strcmp(call->venue->troubles[i].code, code) == 0)
			words = &call->venue->troubles[i];
	(void)answer_error(call, answer, 200, code, words->message);
}

void
call_answer(struct call *call, struct answer *answer)
{
	const struct route *route = NULL;

	if (refused(call, answer))
		return;
	route = find_route(call, answer);
	if (route != NULL)
		answer_route(call, route, answer);
	if (answer->body == NULL && answer->stream == NULL)
		answer_trouble(call, answer, TROUBLE_BAD_REQUEST);
	if (call->faults[FAULT_ERROR_200].on)
		put_error(call, answer);
	if (call->faults[FAULT_EMPTY].on)
		empty_lists(answer->body);
	if (call->venue->count != NULL)
		call->venue->count(call, route, answer);
}

void
call_end_bans(struct call *call)
{
	static const enum fault bans[] = { FAULT_418, FAULT_BAN };

	for (size_t i = 0; i < 2; i++) {
		struct fault_setting *ban = &call->faults[bans[i]];

		ban->on = ban->on && call->wall_ms < ban->since_ms + ban->number * 1000;
	}
}
