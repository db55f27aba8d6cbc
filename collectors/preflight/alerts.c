#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "collectors/preflight/alerts.h"
#include "collectors/preflight/when.h"
#include "common/url.h"
#include "probes/http_settings.h"

enum {
	BODY_LIMIT = 64 * 1024,
	FIRST_NAP_NS = 50 * 1000 * 1000,
	LONGEST_NAP_NS = 800 * 1000 * 1000,
	/* Seconds: an Alertmanager whose clock is behind ours would take "ends now" for "ends soon", and let
	 * what it knows of a later end stand. */
	RESOLVED_AGO = 5,
};

static const int64_t second_ns = 1000000000, minute_ns = INT64_C(60) * 1000000000;

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

static int
open_alertmanager(struct gate *gate, const struct options *given, size_t index, struct failure *why)
{
	struct alertmanager *each = &gate->alertmanagers[gate->alertmanager_count++];
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
				 asprintf(&each->place, "%s:%d", url.host,
				     url.port != 0                      ? url.port
				     : strcmp(url.scheme, "https") == 0 ? 443
									: 80) < 0))
		fault = "out of memory";
	url_release(&url);
	return fault == NULL ? 0 : options_failure(given, "alertmanager.url", index, why, "%s", fault);
}

static int
open_client(struct gate *gate, const struct options *given, struct failure *why)
{
	gate->alert_client =
	    http_client_from(given, "alertmanager.ca-file", BODY_LIMIT, 2 * ALERTMANAGERS_MAX, why);
	return gate->alert_client != NULL ? 0 : -1;
}

int
gate_open_alerts(struct gate *gate, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "alertmanager.url");

	if (options_duration(given, "alertmanager.hold", &gate->alert_hold_ns, why) != 0)
		return -1;
	if (count > ALERTMANAGERS_MAX)
		return options_failure(given, "alertmanager.url", ALERTMANAGERS_MAX, why,
		    "more than %d Alertmanagers", (int)ALERTMANAGERS_MAX);
	for (size_t i = 0; i < count; i++)
		if (open_alertmanager(gate, given, i, why) != 0)
			return -1;
	return count > 0 && !gate->no_alerts ? open_client(gate, given, why) : 0;
}

void
gate_release_alerts(struct gate *gate)
{
	for (size_t i = 0; i < gate->alertmanager_count; i++) {
		free(gate->alertmanagers[i].url);
		free(gate->alertmanagers[i].place);
	}
	http_client_free(gate->alert_client);
}

/* What is said ------------------------------------------------------- */

/* Which checks an alert is about. */
static bool
concerns(const struct gate *gate, int check, bool failed)
{
	const struct check_result *result = &gate->found.results[check];
	bool blocks = verdict_blocks(result, gate->strict);

	return gate->listed[check] && (failed ? blocks : !blocks && result->status == STATUS_WARN);
}

/* Of each check its name, or a line with its reason or hint. */
static void
write_list(const struct gate *gate, bool failed, size_t text_at, char *list, size_t size)
{
	size_t length = 0;

	list[0] = '\0';
	for (int check = 0; check < CHECKS; check++) {
		const char *text = text_at > 0 ? (const char *)&gate->found.results[check] + text_at : "";

		if (!concerns(gate, check, failed) || length + 1 >= size)
			continue;
		length += (size_t)snprintf(list + length, size - length, "%s%s%s%s",
		    length == 0   ? ""
		    : text_at > 0 ? "\n"
				  : ", ",
		    check_name((enum check)check), text_at > 0 ? ": " : "", text);
	}
}

static json_t *
annotations(const struct gate *gate, const struct verdict *verdict, bool failed)
{
	char names[256], reasons[CHECKS * 1100], hints[CHECKS * 600];

	write_list(gate, failed, 0, names, sizeof(names));
	write_list(gate, failed, offsetof(struct check_result, reason), reasons, sizeof(reasons));
	write_list(gate, failed, offsetof(struct check_result, hint), hints, sizeof(hints));
	return json_pack("{s:o, s:s, s:s, s:s, s:s}", "summary",
	    json_sprintf(
		"preflight: %sready for %s: %s", verdict->ready ? "" : "not ", gate->env, verdict->text),
	    "description", reasons, "failed_checks", names, "counts", verdict->text, "actions", hints);
}

static json_t *
alert(const struct gate *gate, const struct verdict *verdict, bool failed, double now, double until)
{
	char starts[WHEN_TEXT], ends[WHEN_TEXT];

	return json_pack("{s:{s:s, s:s, s:s, s:s}, s:o, s:s, s:s}", "labels", "alertname",
	    failed ? "PreflightFailed" : "PreflightWarning", "severity", failed ? "P0" : "P1", "env",
	    gate->env, "service", "preflight", "annotations", annotations(gate, verdict, failed), "startsAt",
	    when_text(now, starts), "endsAt", when_text(until, ends));
}

/* An alert lasts over two runs that did not come; who starts single runs says how far they are apart. */
static double
hold_seconds(const struct gate *gate, int64_t interval_ns)
{
	int64_t hold = gate->alert_hold_ns;

	if (hold == 0 && interval_ns > 0)
		hold = 3 * interval_ns > minute_ns ? 3 * interval_ns : minute_ns;
	if (hold == 0)
		hold = 30 * minute_ns;
	return (double)hold / (double)second_ns;
}

char *
alerts_text(const struct gate *gate, const struct verdict *verdict, int64_t interval_ns, double now)
{
	double later = now + hold_seconds(gate, interval_ns), past = now - RESOLVED_AGO;
	json_t *list = json_array();
	char *text;

	for (int failed = 1; failed >= 0; failed--) {
		bool fires = false;

		for (int check = 0; check < CHECKS; check++)
			fires |= concerns(gate, check, failed == 1);
		(void)json_array_append_new(list, fires ? alert(gate, verdict, failed == 1, now, later)
							: alert(gate, verdict, failed == 1, past, past));
	}
	text = json_array_size(list) == 2 ? json_dumps(list, JSON_COMPACT) : NULL;
	json_decref(list);
	return text;
}

/* How it is sent ----------------------------------------------------- */

struct round {
	struct alertmanager *asked[ALERTMANAGERS_MAX];
	struct http_request requests[ALERTMANAGERS_MAX];
	struct http_response responses[ALERTMANAGERS_MAX];
	size_t count;
};

/* What the Alertmanager itself refuses it will refuse again. */
static bool
is_final(const struct http_response *response)
{
	return response->failure.kind == FAILURE_NONE && response->status / 100 == 4 &&
	       response->status != 429 && response->status != 408;
}

static void
take_answer(struct alertmanager *each, const struct http_response *response)
{
	each->told = response->failure.kind == FAILURE_NONE && response->status / 100 == 2;
	each->fault[0] = '\0';
	if (response->failure.kind != FAILURE_NONE)
		(void)snprintf(each->fault, sizeof(each->fault), "%s", response->failure.text);
	else if (!each->told)
		(void)snprintf(each->fault, sizeof(each->fault), "it answered with status %d: %.*s",
		    response->status, (int)(response->body.length < 200 ? response->body.length : 200),
		    response->body.length > 0 ? response->body.at : "");
	check_clean(each->fault);
}

static void
ask(struct gate *gate, struct round *round, struct deadline deadline)
{
	size_t left = 0;

	http_ask(gate->alert_client, round->requests, round->count, NULL, deadline, round->responses);
	for (size_t i = 0; i < round->count; i++) {
		take_answer(round->asked[i], &round->responses[i]);
		if (round->asked[i]->told || is_final(&round->responses[i]))
			continue;
		round->asked[left] = round->asked[i];
		round->requests[left++] = round->requests[i];
	}
	round->count = left;
}

static void
nap(int64_t nanoseconds, struct deadline deadline)
{
	int64_t left = deadline_left_ns(deadline);
	int64_t wait_ns = nanoseconds < left ? nanoseconds : left;
	struct timespec wait = { .tv_sec = wait_ns / second_ns, .tv_nsec = wait_ns % second_ns };

	(void)nanosleep(&wait, NULL);
}

void
alerts_send(struct gate *gate, const struct verdict *verdict, int64_t interval_ns, struct deadline deadline)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	char *text = alerts_text(gate, verdict, interval_ns, clock_unix_seconds());
	int64_t nap_ns = FIRST_NAP_NS;
	struct round round = { 0 };

	for (size_t i = 0; i < gate->alertmanager_count; i++) {
		struct alertmanager *each = &gate->alertmanagers[i];

		each->told = false;
		(void)snprintf(each->fault, sizeof(each->fault), "out of memory");
		round.asked[round.count] = each;
		round.requests[round.count++] =
		    (struct http_request){ .url = each->url, .body = text, .headers = headers };
	}
	while (text != NULL && round.count > 0) {
		ask(gate, &round, deadline);
		if (round.count == 0 || deadline_left_ns(deadline) == 0)
			break;
		nap(nap_ns, deadline);
		if (nap_ns < LONGEST_NAP_NS)
			nap_ns *= 2;
		if (deadline_left_ns(deadline) == 0)
			break;
	}
	free(text);
}
