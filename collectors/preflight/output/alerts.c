#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "collectors/preflight/output/alerts.h"
#include "common/net/url.h"
#include "common/system/parallel.h"
#include "common/system/time.h"
#include "probes/http/settings.h"

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

/* By their number, not by their paths: there may be a token in one. */
static int
name_place(const struct preflight *preflight, struct alertmanager *each, const struct url *url)
{
	int port = url->port != 0 ? url->port : strcmp(url->scheme, "https") == 0 ? 443 : 80;
	size_t number = 1;
	char *place;

	if (asprintf(&place, "%s:%d", url->host, port) < 0)
		return -1;
	for (const struct alertmanager *other = preflight->alertmanagers; other < each; other++)
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
open_alertmanager(struct preflight *preflight, const struct options *given, size_t index, struct failure *why)
{
	struct alertmanager *each = &preflight->alertmanagers[preflight->alertmanager_count++];
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
				 name_place(preflight, each, &url) != 0))
		fault = "out of memory";
	url_release(&url);
	return fault == NULL ? 0 : options_failure(given, "alertmanager.url", index, why, "%s", fault);
}

/* Each has a client of its own, so that they can be told at once, and one that hangs delays nobody. */
static int
open_clients(struct preflight *preflight, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < preflight->alertmanager_count; i++) {
		preflight->alertmanagers[i].client =
		    http_client_from(given, "alertmanager.ca-file", BODY_LIMIT, 2, why);
		if (preflight->alertmanagers[i].client == NULL)
			return -1;
	}
	preflight->alerts = true;
	return 0;
}

int
alerts_open(struct preflight *preflight, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "alertmanager.url");

	if (options_duration(given, "alertmanager.hold", &preflight->alert_hold_ns, why) != 0)
		return -1;
	if (count > ALERTMANAGERS_MAX)
		return options_failure(given, "alertmanager.url", ALERTMANAGERS_MAX, why,
		    "more than %d Alertmanagers", (int)ALERTMANAGERS_MAX);
	for (size_t i = 0; i < count; i++)
		if (open_alertmanager(preflight, given, i, why) != 0)
			return -1;
	return count > 0 && !preflight->no_alerts ? open_clients(preflight, given, why) : 0;
}

void
alerts_release(struct preflight *preflight)
{
	for (size_t i = 0; i < preflight->alertmanager_count; i++) {
		free(preflight->alertmanagers[i].url);
		free(preflight->alertmanagers[i].place);
		http_client_free(preflight->alertmanagers[i].client);
	}
}

/* What is said ------------------------------------------------------- */

/* Which checks an alert is about. */
static bool
concerns(const struct preflight *preflight, const struct verdict *verdict, int check, bool failed)
{
	bool blocks = verdict->blocks[check];

	return preflight->listed[check] &&
	       (failed ? blocks : !blocks && preflight->found.results[check].status == STATUS_WARN);
}

/* Of each check its name, or a line with its reason or hint. */
static void
write_list(const struct preflight *preflight, const struct verdict *verdict, bool failed, size_t text_at,
    char *list, size_t size)
{
	size_t length = 0;

	list[0] = '\0';
	for (int check = 0; check < CHECKS; check++) {
		const char *text =
		    text_at > 0 ? (const char *)&preflight->found.results[check] + text_at : "";

		if (!concerns(preflight, verdict, check, failed) || length + 1 >= size)
			continue;
		length += (size_t)snprintf(list + length, size - length, "%s%s%s%s",
		    length == 0   ? ""
		    : text_at > 0 ? "\n"
				  : ", ",
		    check_name((enum preflight_check)check), text_at > 0 ? ": " : "", text);
	}
}

static json_t *
annotations(const struct preflight *preflight, const struct verdict *verdict, bool failed)
{
	char names[256], reasons[CHECKS * 1100], hints[CHECKS * 600];

	write_list(preflight, verdict, failed, 0, names, sizeof(names));
	write_list(
	    preflight, verdict, failed, offsetof(struct check_result, reason), reasons, sizeof(reasons));
	write_list(preflight, verdict, failed, offsetof(struct check_result, hint), hints, sizeof(hints));
	return json_pack("{s:o, s:s, s:s, s:s, s:s}", "summary", json_sprintf("preflight: %s", verdict->line),
	    "description", reasons, "failed_checks", names, "counts", verdict->text, "actions", hints);
}

static json_t *
alert(const struct preflight *preflight, const struct verdict *verdict, bool failed, double now, double until)
{
	char starts[TIME_TEXT], ends[TIME_TEXT];

	return json_pack("{s:{s:s, s:s, s:s, s:s}, s:o, s:s, s:s}", "labels", "alertname",
	    failed ? "PreflightFailed" : "PreflightWarning", "severity", failed ? "P0" : "P1", "env",
	    preflight->env, "service", "preflight", "annotations", annotations(preflight, verdict, failed),
	    "startsAt", time_text(now, starts), "endsAt", time_text(until, ends));
}

/* An alert lasts over two runs that did not come; who starts single runs says how far they are apart. */
static double
hold_seconds(const struct preflight *preflight, int64_t interval_ns)
{
	int64_t hold = preflight->alert_hold_ns;

	if (hold == 0 && interval_ns > 0)
		hold = 3 * interval_ns > minute_ns ? 3 * interval_ns : minute_ns;
	if (hold == 0)
		hold = 30 * minute_ns;
	return (double)hold / (double)second_ns;
}

char *
alerts_text(const struct preflight *preflight, const struct verdict *verdict, int64_t interval_ns, double now)
{
	double later = now + hold_seconds(preflight, interval_ns), past = now - (double)RESOLVED_AGO;
	json_t *list = json_array();
	char *text;

	for (int failed = 1; failed >= 0; failed--) {
		bool fires = failed == 1 && !verdict->ready;

		for (int check = 0; check < CHECKS; check++)
			fires |= concerns(preflight, verdict, check, failed == 1);
		(void)json_array_append_new(list, fires ? alert(preflight, verdict, failed == 1, now, later)
							: alert(preflight, verdict, failed == 1, past, past));
	}
	text = json_array_size(list) == 2 ? json_dumps(list, JSON_COMPACT) : NULL;
	json_decref(list);
	return text;
}

/* How it is sent ----------------------------------------------------- */

struct sending {
	struct alertmanager *alertmanagers;
	const char *text;
	struct deadline deadline;
};

/* What the Alertmanager itself refuses it will refuse again. */
static bool
is_final(const struct http_response *response)
{
	return response->failure.kind == FAILURE_NONE && response->status / 100 == 4 &&
	       response->status != 429 && response->status != 408;
}

static void
read_answer(struct alertmanager *each, const struct http_response *response)
{
	each->told = response->failure.kind == FAILURE_NONE && response->status / 100 == 2;
	each->fault[0] = '\0';
	if (response->failure.kind != FAILURE_NONE)
		(void)snprintf(each->fault, sizeof(each->fault), "%s", response->failure.text);
	else if (!each->told)
		(void)snprintf(each->fault, sizeof(each->fault), "it answered with status %d: %.*s",
		    response->status, (int)(response->body.length < 200 ? response->body.length : 200),
		    response->body.length > 0 ? response->body.at : "");
	check_result_clean(each->fault);
}

static void
nap(int64_t nanoseconds, struct deadline deadline)
{
	int64_t left = deadline_left_ns(deadline);
	int64_t wait_ns = nanoseconds < left ? nanoseconds : left;
	struct timespec wait = { .tv_sec = wait_ns / second_ns, .tv_nsec = wait_ns % second_ns };

	(void)nanosleep(&wait, NULL);
}

/* One of them, until it took them. */
static void
send_to(void *context, size_t index)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	const struct sending *sending = context;
	struct alertmanager *each = &sending->alertmanagers[index];
	struct http_request request = { .url = each->url, .body = sending->text, .headers = headers };
	struct http_response response;
	int64_t nap_ns = FIRST_NAP_NS;

	for (;;) {
		http_ask(each->client, &request, 1, NULL, sending->deadline, &response);
		read_answer(each, &response);
		if (each->told || is_final(&response))
			return;
		nap(nap_ns, sending->deadline);
		if (deadline_left_ns(sending->deadline) == 0)
			return;
		if (nap_ns < LONGEST_NAP_NS)
			nap_ns *= 2;
	}
}

void
alerts_send(
    struct preflight *preflight, const struct verdict *verdict, int64_t interval_ns, struct deadline deadline)
{
	char *text = alerts_text(preflight, verdict, interval_ns, clock_unix_seconds());
	struct sending sending = {
		.alertmanagers = preflight->alertmanagers, .text = text, .deadline = deadline
	};

	for (size_t i = 0; i < preflight->alertmanager_count; i++) {
		preflight->alertmanagers[i].told = false;
		(void)snprintf(preflight->alertmanagers[i].fault, sizeof(preflight->alertmanagers[i].fault),
		    "out of memory");
	}
	if (text != NULL)
		parallel_each(preflight->alertmanager_count, send_to, &sending);
	free(text);
}
