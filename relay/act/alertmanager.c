/*
 * The list of alerts may have many megabytes: it is read where it lies.  A client that lives for one look
 * gives the memory back.
 *
 * Alertmanager changes a silence in its place only if everything but the end is as it was, the begin to the
 * second; otherwise it ends the old one and begins another.  So its own text of the begin is sent back.
 */

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/system/time.h"
#include "common/text/array.h"
#include "common/version.h"
#include "probes/http/http.h"
#include "relay/act/alertmanager.h"
#include "relay/store/store.h"
#include "json/scan.h"

enum { MOST_BYTES = 64 * 1024 * 1024, MOST_ALERTS = 100000, URL_BYTES = 1024, REASON = 200 };

static struct http_client *
open_client(const struct alertmanager *a, struct failure *why)
{
	char user_agent[64];
	const struct http_settings settings = {
		.ca_file = a->ca_file, .user_agent = user_agent, .body_limit = MOST_BYTES, .connections = 4
	};

	(void)snprintf(user_agent, sizeof(user_agent), "arbwatch/%.32s", version_number);
	return http_client_new(&settings, why);
}

int
alertmanager_check(const struct alertmanager *a, struct failure *why)
{
	struct http_client *client = open_client(a, why);

	http_client_free(client);
	return client != NULL ? 0 : -1;
}

/* 0: the answer is a good one. */
static int
check_response(const struct http_response *response, struct failure *why)
{
	if (response->failure.kind != FAILURE_NONE) {
		*why = response->failure;
		return -1;
	}
	if (response->status == 200)
		return 0;
	return failure_set(why, FAILURE_REJECTED, "Alertmanager answers with status %d: %.*s",
	    response->status, (int)(response->body.length < REASON ? response->body.length : REASON),
	    response->body.at != NULL ? response->body.at : "");
}

/* Unix ms of "2026-11-21T01:31:45.123+09:00"; -1: not a time of this form. */
static int64_t
read_time(struct slice value)
{
	char room[64], text[64];
	struct slice found;
	struct tm tm = { 0 };
	int64_t ms = 0, unit = 100;
	char *rest;

	if (!json_scan_string(value, room, sizeof(room), &found) || found.length >= sizeof(text))
		return -1;
	memcpy(text, found.at, found.length);
	text[found.length] = '\0';
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (rest != NULL && *rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
			ms += (*rest - '0') * unit;
	/* timegm() sets the offset to 0. */
	if (rest == NULL || strptime(rest, "%z", &tm) == NULL)
		return -1;
	int64_t offset = tm.tm_gmtoff;

	return ((int64_t)timegm(&tm) - offset) * 1000 + ms;
}

static bool
has_rows(struct slice list)
{
	struct slice key, value;
	struct json_rows rows;

	return json_rows_begin(list, &rows) && json_rows_next(&rows, &key, &value);
}

static int
add_alert(struct json_scan *scan, struct slice row, struct alertmanager_view *view, struct failure *why)
{
	struct alertmanager_alert *alerts =
	    array_reserve(view->alerts, &view->room, view->count + 1, sizeof(*alerts));
	struct slice fingerprint;
	char room[ALERT_FINGERPRINT];

	if (alerts == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	view->alerts = alerts;
	if (!json_scan_string(json_scan_get(scan, row, "/fingerprint"), room, sizeof(room), &fingerprint) ||
	    fingerprint.length != ALERT_FINGERPRINT - 1 || view->count == MOST_ALERTS)
		return failure_set(why, FAILURE_PROTOCOL,
		    "Alertmanager lists an alert without a fingerprint, or more than %d alerts", MOST_ALERTS);
	alerts += view->count++;
	memcpy(alerts->fingerprint, fingerprint.at, fingerprint.length);
	alerts->fingerprint[fingerprint.length] = '\0';
	alerts->silenced = has_rows(json_scan_get(scan, row, "/status/silencedBy"));
	alerts->inhibited = has_rows(json_scan_get(scan, row, "/status/inhibitedBy"));
	alerts->starts_ms = read_time(json_scan_get(scan, row, "/startsAt"));
	alerts->text = row;
	return 0;
}

/* The view is sorted once and searched for each open incident:
 * 10,000 of each would be 100 million comparisons otherwise. */
static int
by_fingerprint(const void *a, const void *b)
{
	const struct alertmanager_alert *one = a, *other = b;

	return strcmp(one->fingerprint, other->fingerprint);
}

static int
read_alerts(struct slice body, struct alertmanager_view *view, struct failure *why)
{
	struct json_scan scan;
	struct json_rows rows;
	struct slice key, row;

	if (json_scan_open(&scan, body, why) != 0)
		return -1;
	if (json_scan_kind(scan.text) != SCAN_LIST || !json_rows_begin(scan.text, &rows))
		return failure_set(why, FAILURE_PROTOCOL, "Alertmanager's alerts are not a list");
	while (json_rows_next(&rows, &key, &row))
		if (add_alert(&scan, row, view, why) != 0)
			return -1;
	if (view->count > 0)
		qsort(view->alerts, view->count, sizeof(*view->alerts), by_fingerprint);
	return json_scan_check(&scan, why);
}

static int
read_status(const struct http_response *response, struct alertmanager_view *view, struct failure *why)
{
	time_t date = curl_getdate(response->date, NULL);
	struct json_scan scan;

	if (json_scan_open(&scan, response->body, why) != 0)
		return -1;
	view->started_ms = read_time(json_scan_get(&scan, scan.text, "/uptime"));
	if (view->started_ms < 0 || date == (time_t)-1)
		return failure_set(why, FAILURE_PROTOCOL, "Alertmanager does not say since when it runs");
	/* Silences begin and end by Alertmanager's clock. On another machine
	 * it may differ from ours by more than the 10 minutes of a silence. */
	view->ahead_ms = (int64_t)date * 1000 - response->received_unix_ns / 1000000;
	/* The header has whole seconds. */
	if (view->ahead_ms > -1000 && view->ahead_ms <= 0)
		view->ahead_ms = 0;
	return json_scan_check(&scan, why);
}

int
alertmanager_look(const struct alertmanager *a, struct deadline deadline, struct alertmanager_view *view,
    struct failure *why)
{
	struct http_client *client = open_client(a, why);
	char urls[2][URL_BYTES];
	struct http_request requests[2] = { { .url = urls[0] }, { .url = urls[1] } };
	struct http_response *responses = calloc(2, sizeof(*responses));
	int result = -1;

	*view = (struct alertmanager_view){ .client = client };
	if (client != NULL && responses != NULL) {
		(void)snprintf(urls[0], URL_BYTES, "%s/api/v2/alerts", a->url);
		(void)snprintf(urls[1], URL_BYTES, "%s/api/v2/status", a->url);
		http_ask(client, requests, 2, NULL, deadline, responses);
		if (check_response(&responses[0], why) == 0 && check_response(&responses[1], why) == 0 &&
		    read_alerts(responses[0].body, view, why) == 0)
			result = read_status(&responses[1], view, why);
	} else if (client != NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	free(responses);
	return result;
}

void
alertmanager_release(struct alertmanager_view *view)
{
	http_client_free(view->client);
	free(view->alerts);
	*view = (struct alertmanager_view){ 0 };
}

const struct alertmanager_alert *
alertmanager_find(const struct alertmanager_view *view, const char *fingerprint)
{
	struct alertmanager_alert wanted = { 0 };

	(void)snprintf(wanted.fingerprint, sizeof(wanted.fingerprint), "%s", fingerprint);
	return view->count > 0 ? bsearch(&wanted, view->alerts, view->count, sizeof(wanted), by_fingerprint)
			       : NULL;
}

/* --- Silences --- */

/* `*alive`: it is there and not over; then `starts` is when it began, as Alertmanager writes it. */
static int
read_silence(struct http_client *client, const char *url, const char *id, struct deadline deadline,
    char starts[TIME_TEXT + 8], bool *alive, struct failure *why)
{
	char address[URL_BYTES], room[TIME_TEXT + 8];
	const struct http_request request = { .url = address };
	struct http_response response = { 0 };
	struct slice begin, state;
	struct json_scan scan;

	*alive = false;
	(void)snprintf(address, sizeof(address), "%s/api/v2/silence/%s", url, id);
	http_ask(client, &request, 1, NULL, deadline, &response);
	/* Alertmanager forgot it, after a restart without its data: not an error, a new one is begun. */
	if (response.failure.kind == FAILURE_NONE && response.status == 404)
		return 0;
	if (check_response(&response, why) != 0 || json_scan_open(&scan, response.body, why) != 0)
		return -1;
	if (!json_scan_string(json_scan_get(&scan, scan.text, "/startsAt"), room, sizeof(room), &begin) ||
	    begin.length >= TIME_TEXT + 8 ||
	    !json_scan_string(json_scan_get(&scan, scan.text, "/status/state"), room, sizeof(room), &state))
		return failure_set(why, FAILURE_PROTOCOL, "Alertmanager does not say when a silence began");
	memcpy(starts, begin.at, begin.length);
	starts[begin.length] = '\0';
	*alive = !slice_is(state, "expired");
	return json_scan_check(&scan, why);
}

static json_t *
matchers_of(const json_t *labels)
{
	/* Equality of every label, no pattern: the silence must hide this alert and no other. */
	json_t *matchers = json_array();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)labels, name, value)(void) json_array_append_new(matchers,
	    json_pack("{s:s, s:O, s:b, s:b}", "name", name, "value", value, "isRegex", 0, "isEqual", 1));
	return matchers;
}

/* The body of the request, for free(); NULL: out of memory. */
static char *
silence_text(const struct alertmanager_silence *silence, const char *id, const char *starts)
{
	char ends[TIME_TEXT];
	json_t *body = json_pack("{s:o, s:s, s:s, s:s, s:s}", "matchers", matchers_of(silence->labels),
	    "startsAt", starts, "endsAt", time_text((double)silence->ends_ms / 1000, ends), "createdBy",
	    silence->by, "comment", silence->comment);
	char *text;

	if (body != NULL && *id != '\0')
		(void)json_object_set_new(body, "id", json_string(id));
	text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	return text;
}

static int
post_silence(struct http_client *client, const char *url, const char *body, struct deadline deadline,
    char id[SILENCE_ID], struct failure *why)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	char address[URL_BYTES], room[SILENCE_ID];
	const struct http_request request = { .url = address, .body = body, .headers = headers };
	struct http_response response = { 0 };
	struct json_scan scan;
	struct slice given;

	(void)snprintf(address, sizeof(address), "%s/api/v2/silences", url);
	http_ask(client, &request, 1, NULL, deadline, &response);
	if (check_response(&response, why) != 0 || json_scan_open(&scan, response.body, why) != 0)
		return -1;
	if (!json_scan_string(json_scan_get(&scan, scan.text, "/silenceID"), room, sizeof(room), &given) ||
	    given.length == 0 || given.length >= SILENCE_ID)
		return failure_set(why, FAILURE_PROTOCOL, "Alertmanager made a silence without an id");
	memcpy(id, given.at, given.length);
	id[given.length] = '\0';
	/* It becomes a part of a URL. */
	if (id[strspn(id, "0123456789abcdefABCDEF-")] != '\0') {
		*id = '\0';
		return failure_set(why, FAILURE_PROTOCOL, "Alertmanager made a silence with an odd id");
	}
	return json_scan_check(&scan, why);
}

int
alertmanager_silence(const struct alertmanager *a, const struct alertmanager_silence *silence, bool end,
    char id[SILENCE_ID], struct deadline deadline, struct failure *why)
{
	struct http_client *client = open_client(a, why);
	char starts[TIME_TEXT + 8], *body = NULL;
	bool alive = false;
	int result = -1;

	if (client == NULL)
		return -1;
	if (*id != '\0' && read_silence(client, a->url, id, deadline, starts, &alive, why) != 0)
		goto done;
	result = 0;
	if (!alive) {
		if (end)
			goto done;
		/* Alertmanager answers 404 to the id of a silence that it does not know. */
		*id = '\0';
		(void)time_text((double)silence->starts_ms / 1000, starts);
	}
	body = silence_text(silence, id, starts);
	result = body != NULL ? post_silence(client, a->url, body, deadline, id, why)
			      : failure_set(why, FAILURE_LOCAL, "out of memory");
done:
	free(body);
	http_client_free(client);
	return result;
}
