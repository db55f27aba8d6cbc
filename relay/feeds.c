/*
 * One transaction for all requests that wait: a disk takes as long to make one alert durable as a hundred.
 * The requests are read one by one within it, so that the alerts of one are in memory at a time.
 *
 * The promise of this file is its answer. 200 is sent after store_end(), which is after the disk has the
 * alerts; until then a sender repeats, and a repeat changes nothing (relay/intake). 503 makes Alertmanager
 * and Prometheus send again. 4xx makes Alertmanager drop the alerts, so it is only for what would be refused
 * again.
 */

#include <assert.h>
#include <string.h>

#include "common/deadline.h"
#include "common/system/time.h"
#include "common/version.h"
#include "relay/feeds.h"
#include "relay/store/store.h"

const char *const feed_names[FEEDS] = { "webhook", "push", "observe" };
static const enum incident_feed feed_bits[FEEDS] = { FEED_WEBHOOK, FEED_PUSH, FEED_OBSERVE };

static const int64_t quiet_ns = INT64_C(10) * 1000 * 1000 * 1000;

enum outcome { TAKEN, REFUSED, FAILED };

/* What became of one request, until the transaction ends. */
struct taken {
	size_t feed;
	enum outcome outcome;
	struct failure why; /* of the request, or of the first alert that was refused */
	size_t refused;     /* alerts */
	struct intake_counts counts;
	bool beats;
};

static size_t
feed_of(const char *path)
{
	if (strncmp(path, "/webhook/", 9) == 0)
		return 0;
	return strncmp(path, "/observe/", 9) == 0 ? 2 : 1;
}

static void
take(struct feeds *feeds, const struct web_request *request, int64_t now_ms, struct taken *taken)
{
	bool only_beats = strcmp(request->path, "/webhook/heartbeat") == 0;
	struct alert_list list = { 0 };
	int result;

	*taken = (struct taken){ .feed = feed_of(request->path) };
	result = taken->feed == 0 ? alert_read_webhook(request->body, now_ms, &list, &taken->why)
				  : alert_read_push(request->body, now_ms, &list, &taken->why);
	/* No memory: of this request nothing is taken, and the others in the transaction do not suffer. */
	if (result != 0 && taken->why.kind == FAILURE_LOCAL) {
		taken->outcome = FAILED;
		return;
	}
	if (result != 0) {
		taken->outcome = REFUSED;
		taken->refused = 1;
		return;
	}
	/* The body of a heartbeat must be valid as well: otherwise anything
	 * that posts to that path would look like a living Alertmanager. */
	if (!only_beats)
		intake_take(
		    feeds->store, &list, feed_bits[taken->feed], &feeds->plan, now_ms, &taken->counts);
	taken->beats = only_beats || taken->counts.heartbeat;
	taken->refused = list.refused;
	taken->why = list.reason;
	alert_list_release(&list);
}

static void
count(struct feeds *feeds, const struct taken *taken, int64_t now_ms)
{
	atomic_fetch_add(&feeds->received[taken->feed][0], taken->counts.firing);
	atomic_fetch_add(&feeds->received[taken->feed][1], taken->counts.resolved);
	atomic_fetch_add(&feeds->refused[taken->feed], taken->refused);
	if (taken->beats)
		/* Only after the commit, as all counts: a relay that cannot
		 * write must not look alive to what watches the heartbeat. */
		atomic_store(&feeds->heartbeat_ms, now_ms);
}

/* Not for each request: a sender that is wrong is wrong again and again. */
static void
tell_refused(struct feeds *feeds, const struct taken *taken)
{
	if (taken->refused == 0 || (feeds->told_ns != 0 && clock_now_ns() - feeds->told_ns < quiet_ns))
		return;
	feeds->told_ns = clock_now_ns();
	feeds->notice(feeds->context, true,
	    taken->outcome == REFUSED ? "a request with alerts was refused" : "an alert was refused",
	    taken->why.text);
}

static void
tell_store(struct feeds *feeds, bool failing, const struct failure *why)
{
	if (failing != atomic_exchange(&feeds->failing, failing))
		feeds->notice(feeds->context, failing,
		    failing ? "alerts are not taken: they cannot be written to the disk"
			    : "alerts are taken again",
		    failing ? why->text : NULL);
}

void
feeds_take(struct feeds *feeds, struct web_exchange *const exchanges[], size_t count_of)
{
	struct taken taken[WEB_TOGETHER];
	struct failure why = { 0 };
	int64_t now_ms = store_now_ms();
	bool kept, wrote = false;

	assert(count_of <= WEB_TOGETHER);
	store_begin(feeds->store);
	for (size_t i = 0; i < count_of; i++)
		take(feeds, &exchanges[i]->request, now_ms, &taken[i]);
	kept = store_end(feeds->store, &why) == 0;
	for (size_t i = 0; i < count_of; i++)
		wrote |= !taken[i].beats && taken[i].counts.firing + taken[i].counts.resolved > 0;
	/* A heartbeat writes nothing, and so says nothing of the disk. */
	if (!kept || wrote)
		tell_store(feeds, !kept, &why);
	for (size_t i = 0; i < count_of; i++) {
		struct web_answer *answer = &exchanges[i]->answer;

		if (taken[i].outcome == REFUSED || kept) {
			count(feeds, &taken[i], now_ms);
			tell_refused(feeds, &taken[i]);
		}
		if (taken[i].outcome == REFUSED)
			web_answer_text(answer, 400, taken[i].why.text);
		else if (taken[i].outcome == FAILED)
			web_answer_text(
			    answer, 503, "not taken, send it again: alert_relay is out of memory");
		else if (kept)
			web_answer_text(answer, 200, "taken");
		else
			web_answer_text(
			    answer, 503, "not taken, send it again: the disk of alert_relay has a fault");
	}
}

void
feeds_status(double started, struct web_answer *answer)
{
	char uptime[TIME_TEXT];

	/* These are the fields that the definition of Alertmanager's
	 * API requires, and readers made from it rely on. */
	buffer_format(&answer->body,
	    "{\"cluster\":{\"status\":\"disabled\",\"peers\":[]},\"config\":{\"original\":\"\"},\"uptime\":\"%s\","
	    "\"versionInfo\":{\"version\":\"%s\",\"revision\":\"%s\",\"branch\":\"\",\"buildUser\":\"\","
	    "\"buildDate\":\"\",\"goVersion\":\"\"}}\n",
	    time_text(started, uptime), version_number, version_revision);
	web_answer_json(answer, 200);
}
