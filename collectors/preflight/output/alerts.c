/*
 * Both alerts are sent after every run, firing or resolved, because an
 * Alertmanager may have been restarted and have forgotten them.
 */

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "collectors/preflight/output/alerts.h"
#include "common/net/url.h"
#include "common/system/parallel.h"
#include "common/system/time.h"
#include "probes/http/http.h"

enum {
	BODY_LIMIT = 64 * 1024,
	RETRY_NS = 200 * 1000 * 1000, /* from one attempt to the next */
	/* Seconds: an Alertmanager whose clock is behind ours would take "ends now" for "ends soon", and
	 * keep the later end that it knows. */
	RESOLVED_AGO = 5,
};

static const int64_t second_ns = 1000000000, minute_ns = INT64_C(60) * 1000000000;

const struct option alert_options[] = {
	{ .name = "alertmanager.url",
	    .argument = "URL",
	    .help = "Alertmanager to send alerts to",
	    .repeatable = true },
	{ .name = "alertmanager.ca-file",
	    .argument = "FILE",
	    .help = "CAs that may sign an Alertmanager's certificate, in PEM (default: the system's CAs)" },
	{ .name = "alertmanager.hold",
	    .argument = "DURATION",
	    .fallback = "0s",
	    .help = "how long an alert lasts without another run; 0s: three intervals, or 30m without an "
		    "interval" },
	{ 0 },
};

/* Settings ----------------------------------------------------------- */

static const char *
url_fault(const struct url *url, const char *text)
{
	if (strcmp(url->scheme, "http") != 0 && strcmp(url->scheme, "https") != 0)
		return "the URL does not begin with http:// or https://";
	if (url->host[0] == '\0')
		return "the URL has no host";
	if (url->user != NULL || url->password != NULL || url->query != NULL || strchr(text, '#') != NULL)
		return "the URL has a user, a '?' or a '#' in it";
	return NULL;
}

/* Several at one place are told apart by a number, not by their paths: a path may hold a token. */
static int
name_place(const struct alerts *alerts, struct alertmanager *each, const struct url *url)
{
	int port = url->port != 0 ? url->port : strcmp(url->scheme, "https") == 0 ? 443 : 80;
	size_t number = 1;
	char *place;

	if (asprintf(&place, "%s:%d", url->host, port) < 0)
		return -1;
	for (const struct alertmanager *other = alerts->items; other < each; other++)
		number += strncmp(other->place, place, strlen(place)) == 0 &&
			  strchr("#", other->place[strlen(place)]) != NULL;
	if (number > 1 && asprintf(&each->place, "%s#%zu", place, number) < 0)
		each->place = NULL;
	if (number == 1)
		each->place = place;
	else
		free(place);
	return each->place != NULL ? 0 : -1;
}

static int
open_alertmanager(struct alerts *alerts, const struct options *given, size_t index, struct failure *why)
{
	struct alertmanager *each = &alerts->items[alerts->count++];
	const char *text = options_item(given, "alertmanager.url", index), *fault;
	struct failure reason = { 0 };
	size_t length = strlen(text);
	struct url url;

	if (url_parse(&url, text, &reason) != 0)
		return options_failure(given, "alertmanager.url", index, why, "%s", reason.text);
	fault = url_fault(&url, text);
	while (length > 0 && text[length - 1] == '/')
		length--;
	if (fault == NULL && (asprintf(&each->url, "%.*s/api/v2/alerts", (int)length, text) < 0 ||
				 name_place(alerts, each, &url) != 0))
		fault = "out of memory";
	if (fault == NULL && strspn(url.path, "/") < strlen(url.path))
		each->token = strchr(strstr(each->url, "://") + strlen("://"), '/');
	url_release(&url);
	return fault == NULL ? 0 : options_failure(given, "alertmanager.url", index, why, "%s", fault);
}

int
alerts_open(struct alerts *alerts, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "alertmanager.url");

	if (options_duration(given, "alertmanager.hold", &alerts->hold_ns, why) != 0)
		return -1;
	if (count > ALERTMANAGERS_MAX)
		return options_failure(given, "alertmanager.url", ALERTMANAGERS_MAX, why,
		    "more than %d Alertmanagers", (int)ALERTMANAGERS_MAX);
	for (size_t i = 0; i < count; i++)
		if (open_alertmanager(alerts, given, i, why) != 0)
			return -1;
	/* Each has a client of its own, so that one that hangs does not delay the others. */
	for (size_t i = 0; i < count; i++) {
		alerts->items[i].client =
		    http_client_from(given, "alertmanager.ca-file", NULL, BODY_LIMIT, 2, why);
		if (alerts->items[i].client == NULL)
			return -1;
	}
	return 0;
}

void
alerts_release(struct alerts *alerts)
{
	for (size_t i = 0; i < alerts->count; i++) {
		free(alerts->items[i].url);
		free(alerts->items[i].place);
		http_client_free(alerts->items[i].client);
	}
}

/* Their content ----------------------------------------------------- */

/* Whether the alert, PreflightFailed or the other one, is about that check. */
static bool
concerns(const struct report *report, int check, bool failed)
{
	bool blocks = report->verdict->blocks[check];

	return report->listed[check] &&
	       (failed ? blocks : !blocks && report->results[check].status == STATUS_WARN);
}

static json_t *
annotations(const struct report *report, bool failed)
{
	char names[CHECKS * 32] = "", reasons[CHECKS * 1100] = "", hints[CHECKS * 600] = "";
	size_t name_length = 0, reason_length = 0, hint_length = 0;

	/* All have room: that is what the sizes of the texts in struct check_result add up to. */
	for (int check = 0; check < CHECKS; check++) {
		const char *name = check_name((enum preflight_check)check);
		const struct check_result *result = &report->results[check];

		if (!concerns(report, check, failed))
			continue;
		name_length += (size_t)snprintf(names + name_length, sizeof(names) - name_length, "%s%s",
		    name_length > 0 ? ", " : "", name);
		reason_length += (size_t)snprintf(reasons + reason_length, sizeof(reasons) - reason_length,
		    "%s%s: %s", reason_length > 0 ? "\n" : "", name, result->reason);
		hint_length += (size_t)snprintf(hints + hint_length, sizeof(hints) - hint_length, "%s%s: %s",
		    hint_length > 0 ? "\n" : "", name, result->hint);
	}
	/* The rules' alerts have "action"; "actions" was there before. */
	return json_pack("{s:o, s:s, s:s, s:s, s:s, s:s}", "summary",
	    json_sprintf("preflight: %s", report->verdict->line), "description", reasons, "failed_checks",
	    names, "counts", report->verdict->text, "action", hints, "actions", hints);
}

/* An alert lasts until two runs are missing; for single runs the operator may set how long. */
static double
hold_seconds(int64_t hold_ns, int64_t interval_ns)
{
	if (hold_ns == 0 && interval_ns > 0)
		hold_ns = 3 * interval_ns > minute_ns ? 3 * interval_ns : minute_ns;
	if (hold_ns == 0)
		hold_ns = 30 * minute_ns;
	return (double)hold_ns / (double)second_ns;
}

/* A JSON array that the caller frees; NULL: out of memory. */
static char *
alerts_text(const struct report *report, double hold, double now)
{
	json_t *list = json_array();
	char *text;

	for (int failed = 1; failed >= 0; failed--) {
		char starts[TIME_TEXT], ends[TIME_TEXT];
		bool fires = failed == 1 && !report->verdict->ready;

		for (int check = 0; check < CHECKS; check++)
			fires |= concerns(report, check, failed == 1);
		(void)json_array_append_new(
		    list, json_pack("{s:{s:s, s:s, s:s, s:s}, s:o, s:s, s:s}", "labels", "alertname",
			      failed == 1 ? "PreflightFailed" : "PreflightWarning", "severity",
			      failed == 1 ? "P0" : "P1", "env", report->env, "service", "preflight",
			      "annotations", annotations(report, failed == 1), "startsAt",
			      time_text(fires ? now : now - (double)RESOLVED_AGO, starts), "endsAt",
			      time_text(fires ? now + hold : now - (double)RESOLVED_AGO, ends)));
	}
	text = json_array_size(list) == 2 ? json_dumps(list, JSON_COMPACT) : NULL;
	json_decref(list);
	return text;
}

/* How it is sent ----------------------------------------------------- */

struct sending {
	struct alertmanager *items;
	const char *text;
	struct deadline deadline;
};

/* Whether the Alertmanager itself refused: it would do so again. */
static bool
is_final(const struct http_response *response)
{
	return response->failure.kind == FAILURE_NONE && response->status / 100 == 4 &&
	       response->status != 429 && response->status != 408;
}

/* The page of an error often names the path.  It is masked before it is cut. */
static void
read_answer(struct alertmanager *each, const struct http_response *response)
{
	char *values[] = { (char *)each->token }, body[1024] = "";
	const struct secrets token = { .values = values, .count = each->token != NULL ? 1 : 0 };

	each->accepted = response->failure.kind == FAILURE_NONE && response->status / 100 == 2;
	each->fault[0] = '\0';
	if (response->failure.kind != FAILURE_NONE) {
		(void)snprintf(each->fault, sizeof(each->fault), "%s", response->failure.text);
	} else if (!each->accepted) {
		if (response->body.length > 0)
			(void)snprintf(body, sizeof(body), "%.*s", SLICE_ARGS(response->body));
		secrets_mask(&token, body);
		(void)snprintf(each->fault, sizeof(each->fault), "it answered with status %d: %.200s",
		    response->status, body);
	}
	check_text_clean(each->fault);
}

static void
send_to(void *context, size_t index)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	const struct sending *sending = context;
	struct alertmanager *each = &sending->items[index];
	struct http_request request = { .url = each->url, .body = sending->text, .headers = headers };
	struct http_response response;

	for (;;) {
		struct deadline next;

		http_ask(each->client, &request, 1, NULL, sending->deadline, &response);
		read_answer(each, &response);
		next = deadline_in(RETRY_NS);
		if (each->accepted || is_final(&response) || next.at_ns >= sending->deadline.at_ns)
			return;
		/* This only sleeps. */
		(void)deadline_poll(next, -1, 0);
	}
}

void
alerts_send(struct alerts *alerts, const struct report *report, int64_t interval_ns, struct deadline deadline)
{
	char *text = alerts_text(report, hold_seconds(alerts->hold_ns, interval_ns), clock_unix_seconds());
	struct sending sending = { .items = alerts->items, .text = text, .deadline = deadline };

	for (size_t i = 0; i < alerts->count; i++) {
		alerts->items[i].accepted = false;
		(void)snprintf(alerts->items[i].fault, sizeof(alerts->items[i].fault), "out of memory");
	}
	if (text != NULL)
		parallel_each(alerts->count, send_to, &sending);
	free(text);
}
