#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/intake/intake.h"
#include "relay/store/journal.h"
#include "relay/store/mutes.h"
#include "relay/store/outbox.h"
#include "relay/store/said.h"
#include "relay/store/store.h"
#include "tests/suite.h"

/* 2026-11-21T01:31:45.123Z, and what is added to it in the tests. */
#define NOW    INT64_C(1795224705123)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

static char directory[64];
static struct store *store;
static struct failure why;
static struct intake_counts counts;
static int64_t now;
static char *link_sent; /* NULL: none */

/* All go to two channels, unless their service is "nowhere". */
static size_t
chains(void *context, const json_t *labels, const char *list[], size_t room)
{
	(void)context;
	ck_assert_uint_ge(room, 2);
	if (strcmp(alert_text(labels, "service"), "nowhere") == 0)
		return 0;
	list[0] = "telegram:main|mail:main";
	list[1] = "slack:main";
	return 2;
}

static const struct intake_plan plan = { .chains = chains };

static void
set_up(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-intake.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	store = store_open(directory, true, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	counts = (struct intake_counts){ 0 };
	now = NOW;
	link_sent = NULL;
	store_begin(store);
	intake_start(store, now);
}

static void
tear_down(void)
{
	ck_assert_msg(store_end(store, &why) == 0, "%s", why.text);
	store_close(store);
	suite_remove(directory);
}

/* The alert "A" of this service; times of 0 are not sent. */
static void
tell_of(enum incident_feed feed, const char *service, const char *severity, bool resolved, int64_t starts_ms,
    int64_t ends_ms)
{
	struct alert alert = { .severity = SEVERITY_P0,
		.resolved = resolved,
		.starts_ms = starts_ms,
		.ends_ms = ends_ms,
		.link = link_sent };
	struct alert_list list = { .alerts = &alert, .count = 1 };

	alert.labels = json_pack("{ss ss ss}", "alertname", "A", "service", service, "severity", severity);
	alert.annotations = json_pack("{sI}", "at", (json_int_t)now);
	alert.severity = alert_severity(alert.labels);
	/* Any function of the labels will do. */
	(void)snprintf(alert.fingerprint, sizeof(alert.fingerprint), "%-16.16s", service);
	intake_take(store, &list, feed, &plan, now, &counts);
	json_decref(alert.labels);
	json_decref(alert.annotations);
}

static void
fire(enum incident_feed feed, int64_t starts_ms)
{
	/* Prometheus promises four minutes. */
	tell_of(feed, "bot", "P0", false, starts_ms, feed == FEED_OBSERVE ? now + 4 * MINUTE : 0);
}

static void
resolve(enum incident_feed feed, int64_t starts_ms, int64_t ends_ms)
{
	tell_of(feed, "bot", "P0", true, starts_ms, ends_ms);
}

static void
sweep(void)
{
	intake_sweep(store, &plan, now);
}

/* Events that came since the last call, as "fired sent ...", must be these. */
static void
expect_events(const char *expected)
{
	struct journal_entry entries[64];
	size_t count = journal_read(store, entries, 64);
	char text[1024] = "";

	for (size_t i = 0; i < count; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 0 ? " " : "",
		    event_kind_name(entries[i].kind));
	if (count > 0)
		journal_remove(store, entries[count - 1].seq);
	journal_release(entries, count);
	ck_assert_str_eq(text, expected);
}

/* Tasks of a channel, as "fired resolved", must be these; they are removed. */
static void
expect_tasks(const char *channel, const char *expected)
{
	struct task tasks[32];
	char text[1024] = "";

	for (int lane = 0; lane < TASK_LANES; lane++) {
		size_t count = outbox_due(store, channel, (enum task_lane)lane, now, tasks, 32);

		for (size_t i = 0; i < count; i++) {
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			    *text != '\0' ? " " : "", task_kind_name(tasks[i].kind));
			outbox_remove(store, tasks[i].row);
		}
		tasks_release(tasks, count);
	}
	ck_assert_str_eq(text, expected);
}

/* The fired tasks are sent in both channels. */
static void
send_fired(void)
{
	struct incident incident;

	expect_tasks("telegram:main", "fired");
	expect_tasks("slack:main", "fired");
	ck_assert(incident_find_open(store, "bot             ", &incident));
	said_put(store, &incident, "telegram:main", "m1", now);
	said_put(store, &incident, "slack:main", "", now);
	incident_release(&incident);
}

/* The open one, which must be there. */
static struct incident
open_one(void)
{
	struct incident incident;

	ck_assert(incident_find_open(store, "bot             ", &incident));
	return incident;
}

static bool
is_open(void)
{
	struct incident incident;
	bool open = incident_find_open(store, "bot             ", &incident);

	if (open)
		incident_release(&incident);
	return open;
}

/* The one that is over and began then, which must be there. */
static struct incident
closed_one(int64_t starts_ms)
{
	struct incident incident;

	ck_assert(incident_find_closed(store, "bot             ", starts_ms, &incident));
	return incident;
}

START_TEST(test_what_the_webhook_tells_is_delivered)
{
	struct incident incident;

	fire(FEED_WEBHOOK, NOW - SECOND);
	expect_events("fired");
	incident = open_one();
	ck_assert_int_eq(incident.delivered_ms, now);
	ck_assert_int_eq(incident.check_ms, now);
	ck_assert_int_eq(incident.starts_ms, NOW - SECOND);
	ck_assert_int_eq(incident.expires_ms, now + 26 * HOUR);
	ck_assert_int_eq(incident.repeats, 0);
	ck_assert_uint_eq(strlen(incident.id), 16 + 1 + 11);
	incident_release(&incident);
	send_fired();
	ck_assert_uint_eq(counts.firing, 1);
}
END_TEST

START_TEST(test_what_a_bot_pushes_is_delivered_and_expires)
{
	struct incident incident;

	fire(FEED_PUSH, NOW);
	expect_events("fired");
	incident = open_one();
	ck_assert_int_eq(incident.expires_ms, now + 5 * MINUTE + 30 * SECOND);
	incident_release(&incident);
	send_fired();
	/* Sent again, it is no repeat. */
	now += 4 * MINUTE;
	fire(FEED_PUSH, now);
	expect_events("");
	expect_tasks("telegram:main", "");
	now += 5 * MINUTE + 29 * SECOND;
	sweep();
	ck_assert(is_open());
	now += SECOND;
	sweep();
	expect_events("expired");
	incident = closed_one(NOW);
	ck_assert_int_eq(incident.status, INCIDENT_EXPIRED);
	/* When it was promised to be over. */
	ck_assert_int_eq(incident.ends_ms, now - 30 * SECOND);
	incident_release(&incident);
}
END_TEST

START_TEST(test_what_is_only_observed_is_not_delivered)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW);
	expect_events("fired");
	expect_tasks("telegram:main", "");
	incident = open_one();
	ck_assert_int_eq(incident.delivered_ms, 0);
	ck_assert_int_eq(incident.expires_ms, now + 4 * MINUTE + 30 * SECOND);
	incident_release(&incident);
	/* Until Alertmanager tells of it: the same incident, and no repeat. */
	now += SECOND;
	fire(FEED_WEBHOOK, NOW);
	expect_events("");
	incident = open_one();
	ck_assert_int_eq(incident.delivered_ms, now);
	ck_assert_int_eq(incident.expires_ms, NOW + 4 * MINUTE + 30 * SECOND);
	ck_assert_int_eq(incident.seen_ms, now);
	ck_assert_uint_eq(incident.feeds, FEED_OBSERVE | FEED_WEBHOOK);
	incident_release(&incident);
	send_fired();
}
END_TEST

START_TEST(test_repeats_of_the_webhook_are_counted_and_not_delivered)
{
	struct incident incident;

	fire(FEED_WEBHOOK, NOW);
	send_fired();
	expect_events("fired");
	fire(FEED_OBSERVE, NOW);
	now += MINUTE;
	fire(FEED_OBSERVE, NOW);
	expect_events("");
	fire(FEED_WEBHOOK, NOW);
	fire(FEED_WEBHOOK, NOW);
	expect_events("repeated repeated");
	expect_tasks("telegram:main", "");
	incident = open_one();
	ck_assert_uint_eq(incident.repeats, 2);
	ck_assert_int_eq(json_integer_value(json_object_get(incident.annotations, "at")), now);
	incident_release(&incident);
}
END_TEST

START_TEST(test_the_last_link_is_kept)
{
	struct incident incident;
	char first[] = "http://p/1", second[] = "http://p/2";

	link_sent = first;
	fire(FEED_OBSERVE, NOW);
	link_sent = second;
	fire(FEED_OBSERVE, NOW);
	link_sent = NULL;
	fire(FEED_OBSERVE, NOW);
	incident = open_one();
	ck_assert_str_eq(incident.link, second);
	incident_release(&incident);
}
END_TEST

START_TEST(test_a_resolution_is_said_where_the_alert_was_said)
{
	struct incident incident;

	fire(FEED_WEBHOOK, NOW);
	expect_tasks("slack:main", "fired");
	incident = open_one();
	said_put(store, &incident, "telegram:main", "m", now);
	incident_release(&incident);
	expect_events("fired");
	now += MINUTE;
	resolve(FEED_WEBHOOK, NOW, NOW + 50 * SECOND);
	expect_events("resolved");
	/* What waits stays: every alert is named in some message. */
	expect_tasks("telegram:main", "fired resolved");
	expect_tasks("slack:main", "");
	incident = closed_one(NOW);
	ck_assert_int_eq(incident.status, INCIDENT_RESOLVED);
	ck_assert_int_eq(incident.ends_ms, NOW + 50 * SECOND);
	ck_assert_int_eq(incident.closed_ms, now);
	ck_assert_int_eq(incident.seen_ms, now);
	ck_assert(incident.end_told);
	ck_assert_int_eq(incident.check_ms, 0);
	incident_release(&incident);
	/* Told again, nothing new happens. */
	resolve(FEED_WEBHOOK, NOW, NOW + 50 * SECOND);
	expect_events("");
	expect_tasks("telegram:main", "");
	ck_assert_uint_eq(counts.resolved, 2);
}
END_TEST

START_TEST(test_an_observed_end_is_said_when_the_webhook_tells_it)
{
	fire(FEED_WEBHOOK, NOW);
	send_fired();
	now += MINUTE;
	resolve(FEED_OBSERVE, NOW, now);
	expect_events("fired resolved");
	expect_tasks("telegram:main", "");
	now += MINUTE;
	resolve(FEED_OBSERVE, NOW, now - MINUTE);
	sweep();
	expect_tasks("telegram:main", "");
	resolve(FEED_WEBHOOK, NOW, now - MINUTE);
	expect_events("");
	expect_tasks("telegram:main", "resolved");
	expect_tasks("slack:main", "resolved");
	now += HOUR;
	sweep();
	expect_tasks("telegram:main", "");
}
END_TEST

START_TEST(test_an_end_that_is_told_as_of_now_is_of_the_last_one)
{
	fire(FEED_WEBHOOK, NOW);
	send_fired();
	now += MINUTE;
	resolve(FEED_OBSERVE, NOW, now);
	expect_events("fired resolved");
	/* preflight has posted the end anew before Alertmanager tells it: this is what Alertmanager knows. */
	now += MINUTE;
	resolve(FEED_WEBHOOK, now - 5 * SECOND, now - 5 * SECOND);
	expect_events("");
	expect_tasks("telegram:main", "resolved");
	expect_tasks("slack:main", "resolved");
	resolve(FEED_WEBHOOK, now, now);
	expect_tasks("telegram:main", "");
}
END_TEST

START_TEST(test_an_end_that_nobody_tells_is_said_after_ten_minutes)
{
	fire(FEED_WEBHOOK, NOW);
	send_fired();
	resolve(FEED_OBSERVE, NOW, now);
	now += 10 * MINUTE - 1;
	sweep();
	expect_tasks("telegram:main", "");
	now += 1;
	sweep();
	expect_tasks("telegram:main", "resolved");
	sweep();
	expect_tasks("telegram:main", "");
}
END_TEST

START_TEST(test_an_observed_end_of_what_alertmanager_does_not_tell_is_said_at_once)
{
	struct incident incident;

	/* Acknowledged, or silenced. */
	for (int i = 0; i < 2; i++) {
		now += HOUR;
		fire(FEED_WEBHOOK, now);
		send_fired();
		incident = open_one();
		incident.acknowledged_ms = i == 0 ? now : 0;
		incident.suppressed = i == 1 ? SUPPRESSED_SILENCED : SUPPRESSED_NOT;
		incident_save(store, &incident);
		resolve(FEED_OBSERVE, incident.starts_ms, now);
		incident_release(&incident);
		expect_tasks("telegram:main", "resolved");
		expect_tasks("slack:main", "resolved");
	}
}
END_TEST

START_TEST(test_what_would_be_said_again_is_not_when_it_is_over)
{
	struct incident incident;

	fire(FEED_WEBHOOK, NOW);
	send_fired();
	incident = open_one();
	outbox_add(store, &incident, TASK_REPEATED, "telegram:main", now);
	outbox_add(store, &incident, TASK_ESCALATED, "telegram:boss", now);
	incident_release(&incident);
	resolve(FEED_WEBHOOK, NOW, now);
	expect_tasks("telegram:main", "resolved");
	expect_tasks("telegram:boss", "");
}
END_TEST

START_TEST(test_an_end_as_promised_is_an_expiry)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW);
	now += 4 * MINUTE;
	resolve(FEED_WEBHOOK, NOW, NOW + 4 * MINUTE);
	expect_events("fired expired");
	incident = closed_one(NOW);
	ck_assert_int_eq(incident.status, INCIDENT_EXPIRED);
	incident_release(&incident);
}
END_TEST

START_TEST(test_what_expired_and_still_fires_is_open_again)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW);
	fire(FEED_WEBHOOK, NOW);
	send_fired();
	expect_events("fired");
	now += 5 * MINUTE;
	sweep();
	expect_events("expired");
	ck_assert(!is_open());
	/* Nobody was told that it was over, so nobody needs to know. */
	fire(FEED_OBSERVE, NOW);
	fire(FEED_WEBHOOK, NOW);
	expect_events("fired repeated");
	expect_tasks("telegram:main", "");
	incident = open_one();
	ck_assert_int_eq(incident.starts_ms, NOW);
	ck_assert(incident.ends_ms == 0 && incident.closed_ms == 0);
	ck_assert_int_eq(incident.check_ms, now);
	incident_release(&incident);

	/* And if they were, they must. */
	now += 5 * MINUTE;
	sweep();
	now += 10 * MINUTE;
	sweep();
	expect_tasks("telegram:main", "resolved");
	incident = closed_one(NOW);
	said_put(store, &incident, "telegram:main", "m2", now);
	incident_release(&incident);
	fire(FEED_OBSERVE, NOW);
	/* What waits is not true any more. */
	expect_tasks("slack:main", "");
	fire(FEED_WEBHOOK, NOW);
	send_fired();
}
END_TEST

START_TEST(test_what_fires_again_with_the_begin_that_it_had_is_open_and_said_again)
{
	static const enum incident_feed feeds[] = { FEED_WEBHOOK, FEED_PUSH };
	struct incident incident;

	fire(feeds[_i], NOW);
	send_fired();
	incident = open_one();
	incident.acknowledged_ms = now;
	incident_save(store, &incident);
	incident_release(&incident);
	now += MINUTE;
	resolve(feeds[_i], NOW, now);
	expect_tasks("telegram:main", "resolved");
	expect_tasks("slack:main", "resolved");
	incident = closed_one(NOW);
	said_put(store, &incident, "telegram:main", "m2", now);
	said_put(store, &incident, "slack:main", "", now);
	incident_release(&incident);
	now += MINUTE;
	fire(feeds[_i], NOW);
	expect_events("fired resolved fired");
	send_fired();
	/* It is another one to people, and so is not acknowledged. */
	incident = open_one();
	ck_assert_int_eq(incident.acknowledged_ms, 0);
	incident_release(&incident);
}
END_TEST

START_TEST(test_what_was_resolved_is_not_opened_by_what_comes_late)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW);
	now += MINUTE;
	resolve(FEED_OBSERVE, NOW, now);
	expect_events("fired resolved");
	fire(FEED_OBSERVE, NOW);
	expect_events("");
	ck_assert(!is_open());
	expect_tasks("telegram:main", "");
	/* But Alertmanager wanted it to be said, and it was not. */
	fire(FEED_WEBHOOK, NOW);
	ck_assert(!is_open());
	expect_events("");
	expect_tasks("telegram:main", "fired");
	expect_tasks("slack:main", "fired");
	fire(FEED_WEBHOOK, NOW);
	expect_tasks("telegram:main", "");
	incident = closed_one(NOW);
	ck_assert_int_eq(incident.check_ms, 0);
	incident_release(&incident);
}
END_TEST

START_TEST(test_what_the_slower_of_two_tells_after_the_end_is_no_new_incident)
{
	/* preflight posts a begin and an end at once; Prometheus sees both a scrape later. */
	fire(FEED_WEBHOOK, NOW);
	send_fired();
	now += MINUTE;
	resolve(FEED_WEBHOOK, now - 5 * SECOND, now - 5 * SECOND);
	expect_tasks("telegram:main", "resolved");
	expect_tasks("slack:main", "resolved");
	expect_events("fired resolved");
	now += 2 * SECOND;
	fire(FEED_OBSERVE, NOW + 10 * SECOND);
	fire(FEED_WEBHOOK, NOW + 10 * SECOND);
	ck_assert(!is_open());
	expect_tasks("telegram:main", "");
	expect_events("");
	/* An alert that still fires a minute later is a new incident. */
	now += MINUTE;
	fire(FEED_WEBHOOK, NOW + 10 * SECOND);
	ck_assert(is_open());
	expect_tasks("telegram:main", "fired");
}
END_TEST

START_TEST(test_a_new_begin_is_a_new_incident)
{
	struct incident first, second;

	fire(FEED_WEBHOOK, NOW);
	send_fired();
	first = open_one();
	now += MINUTE;
	resolve(FEED_WEBHOOK, NOW, now);
	expect_tasks("telegram:main", "resolved");
	expect_tasks("slack:main", "resolved");
	now += MINUTE;
	fire(FEED_WEBHOOK, now);
	second = open_one();
	ck_assert_str_ne(first.id, second.id);
	ck_assert_int_eq(second.starts_ms, now);
	expect_events("fired resolved fired");
	expect_tasks("telegram:main", "fired");
	/* The end of the first one, told again, is not that of the second. */
	resolve(FEED_WEBHOOK, NOW, now - MINUTE);
	ck_assert(is_open());
	expect_events("");
	incident_release(&first);
	incident_release(&second);
}
END_TEST

START_TEST(test_alerts_that_overlap_are_one_incident_with_the_earliest_begin)
{
	struct incident first, second;

	fire(FEED_OBSERVE, NOW - SECOND);
	first = open_one();
	fire(FEED_WEBHOOK, NOW - MINUTE);
	second = open_one();
	ck_assert_str_eq(first.id, second.id);
	ck_assert_int_eq(second.starts_ms, NOW - MINUTE);
	incident_release(&second);
	fire(FEED_OBSERVE, NOW - SECOND);
	second = open_one();
	ck_assert_int_eq(second.starts_ms, NOW - MINUTE);
	expect_events("fired");
	incident_release(&first);
	incident_release(&second);
	/* Its end is found by either begin. */
	resolve(FEED_OBSERVE, NOW - SECOND, NOW);
	resolve(FEED_WEBHOOK, NOW - MINUTE, NOW);
	expect_events("resolved");
}
END_TEST

START_TEST(test_an_end_is_told_again_with_the_begin_that_a_restarted_prometheus_saw)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW - HOUR);
	fire(FEED_WEBHOOK, NOW - HOUR);
	fire(FEED_OBSERVE, NOW - MINUTE);
	resolve(FEED_OBSERVE, NOW - MINUTE, NOW);
	expect_events("fired resolved");
	/* Prometheus tells of an end for 15 minutes. */
	now += MINUTE;
	resolve(FEED_OBSERVE, NOW - MINUTE, NOW);
	expect_events("");
	incident = closed_one(NOW - HOUR);
	ck_assert_int_eq(incident.ends_ms, NOW);
	incident_release(&incident);
}
END_TEST

START_TEST(test_a_begin_is_not_before_the_end_of_the_one_before)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW - HOUR);
	resolve(FEED_OBSERVE, NOW - HOUR, NOW - MINUTE);
	fire(FEED_OBSERVE, NOW);
	/* Alertmanager has not noticed that it was over in between. */
	fire(FEED_WEBHOOK, NOW - HOUR);
	incident = open_one();
	ck_assert_int_eq(incident.starts_ms, NOW);
	ck_assert_int_ne(incident.delivered_ms, 0);
	incident_release(&incident);
}
END_TEST

START_TEST(test_an_end_of_what_nobody_knows_is_kept_once)
{
	struct incident incident;

	resolve(FEED_OBSERVE, NOW - 2 * MINUTE, NOW - MINUTE);
	resolve(FEED_OBSERVE, NOW - 2 * MINUTE, NOW - MINUTE);
	expect_events("fired resolved");
	expect_tasks("telegram:main", "");
	incident = closed_one(NOW - 2 * MINUTE);
	ck_assert_int_eq(incident.ends_ms, NOW - MINUTE);
	incident_release(&incident);
	/* Too old, or without a begin. */
	resolve(FEED_OBSERVE, NOW - 3 * HOUR, NOW - 2 * HOUR);
	resolve(FEED_PUSH, NOW, NOW);
	expect_events("");
}
END_TEST

START_TEST(test_an_end_that_two_feeds_tell_with_other_begins_is_of_one_incident)
{
	/* preflight posts its alert a second before Prometheus finds it, and its end likewise. */
	fire(FEED_WEBHOOK, NOW - MINUTE);
	resolve(FEED_WEBHOOK, NOW - MINUTE, NOW - 10 * SECOND);
	expect_events("fired resolved");
	resolve(FEED_OBSERVE, NOW - MINUTE + SECOND, NOW - SECOND);
	expect_events("");
	/* What begins when the other one is over is another one. */
	resolve(FEED_OBSERVE, NOW - 9 * SECOND, NOW - SECOND);
	expect_events("fired resolved");
}
END_TEST

START_TEST(test_muted_alerts_are_kept_and_said_when_the_mute_is_over)
{
	struct mute mute = { .service = "bot", .since_ms = NOW, .until_ms = NOW + 3 * MINUTE };
	struct incident incident;

	mute_put(store, &mute);
	fire(FEED_WEBHOOK, NOW);
	fire(FEED_WEBHOOK, NOW);
	expect_events("fired muted repeated");
	expect_tasks("telegram:main", "");
	incident = open_one();
	ck_assert_int_eq(incident.suppressed, SUPPRESSED_MUTED);
	ck_assert_int_eq(incident.delivered_ms, 0);
	incident_release(&incident);
	now += 3 * MINUTE - 1;
	sweep();
	expect_tasks("telegram:main", "");
	now += 1;
	sweep();
	expect_events("released");
	send_fired();
	incident = open_one();
	ck_assert_int_eq(incident.suppressed, SUPPRESSED_NOT);
	ck_assert_int_eq(incident.delivered_ms, now);
	incident_release(&incident);
	sweep();
	expect_tasks("telegram:main", "");
	ck_assert(!mute_next(store, "", NOW, &mute));
}
END_TEST

START_TEST(test_a_mute_that_is_taken_back_is_over)
{
	struct mute mute = { .service = "bot", .since_ms = NOW, .until_ms = NOW + HOUR };

	mute_put(store, &mute);
	fire(FEED_WEBHOOK, NOW);
	sweep();
	expect_tasks("telegram:main", "");
	mute.until_ms = now;
	mute_put(store, &mute);
	sweep();
	expect_tasks("telegram:main", "fired");
}
END_TEST

START_TEST(test_what_was_said_before_a_mute_has_its_end_said)
{
	struct mute mute = { .service = "bot", .since_ms = NOW, .until_ms = NOW + HOUR };

	fire(FEED_WEBHOOK, NOW);
	send_fired();
	mute_put(store, &mute);
	fire(FEED_WEBHOOK, NOW);
	expect_events("fired repeated");
	resolve(FEED_WEBHOOK, NOW, now);
	expect_tasks("telegram:main", "resolved");
}
END_TEST

START_TEST(test_what_has_no_channel_is_kept_alone)
{
	tell_of(FEED_WEBHOOK, "nowhere", "P1", false, NOW, 0);
	tell_of(FEED_WEBHOOK, "nowhere", "P1", true, NOW, NOW);
	expect_events("fired resolved");
	expect_tasks("telegram:main", "");
}
END_TEST

START_TEST(test_a_heartbeat_is_no_incident)
{
	tell_of(FEED_WEBHOOK, "watchdog", "none", true, NOW, NOW);
	ck_assert(!counts.heartbeat);
	/* That Prometheus lives says nothing of Alertmanager. */
	tell_of(FEED_OBSERVE, "watchdog", "none", false, NOW, 0);
	ck_assert(!counts.heartbeat);
	tell_of(FEED_WEBHOOK, "watchdog", "none", false, NOW, 0);
	ck_assert(counts.heartbeat);
	expect_events("");
}
END_TEST

START_TEST(test_what_only_the_webhook_told_expires_after_a_day)
{
	struct incident incident;

	fire(FEED_WEBHOOK, NOW);
	now += 26 * HOUR - 1;
	sweep();
	ck_assert(is_open());
	now += 1;
	sweep();
	incident = closed_one(NOW);
	ck_assert_int_eq(incident.status, INCIDENT_EXPIRED);
	ck_assert_int_eq(incident.ends_ms, now);
	incident_release(&incident);
}
END_TEST

START_TEST(test_nothing_expires_because_the_relay_was_away)
{
	fire(FEED_OBSERVE, NOW);
	now += HOUR;
	intake_start(store, now);
	sweep();
	ck_assert(is_open());
	now += 2 * MINUTE - 1;
	sweep();
	ck_assert(is_open());
	now += 1;
	sweep();
	ck_assert(!is_open());
}
END_TEST

START_TEST(test_a_clock_that_is_set_back_delays_nothing)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW);
	fire(FEED_WEBHOOK, NOW);
	incident = open_one();
	incident.check_ms = now + MINUTE;
	incident_save(store, &incident);
	incident_release(&incident);
	sweep();
	now -= 24 * HOUR;
	expect_tasks("telegram:main", "");
	sweep();
	expect_tasks("telegram:main", "fired");
	incident = open_one();
	ck_assert_int_eq(incident.check_ms, now);
	ck_assert_int_eq(incident.seen_ms, now);
	ck_assert_int_le(incident.expires_ms, now + 5 * MINUTE);
	incident_release(&incident);
}
END_TEST

START_TEST(test_a_clock_that_was_set_back_while_the_relay_was_away_delays_nothing)
{
	fire(FEED_WEBHOOK, NOW);
	ck_assert_int_eq(store_end(store, &why), 0);
	store_close(store);
	store = store_open(directory, true, &why);
	ck_assert_ptr_nonnull(store);
	store_begin(store);
	now -= HOUR;
	intake_start(store, now);
	expect_tasks("telegram:main", "fired");
}
END_TEST

START_TEST(test_what_is_observed_again_is_nobody_s_to_check)
{
	struct incident incident;

	fire(FEED_OBSERVE, NOW);
	now += 5 * MINUTE;
	sweep();
	fire(FEED_OBSERVE, NOW);
	incident = open_one();
	ck_assert_int_eq(incident.check_ms, 0);
	incident_release(&incident);
}
END_TEST

START_TEST(test_what_is_over_leaves_when_the_history_has_it)
{
	struct incident incident;
	struct said said;

	fire(FEED_WEBHOOK, NOW);
	send_fired();
	now += MINUTE;
	resolve(FEED_WEBHOOK, NOW, now);
	expect_tasks("slack:main", "resolved");
	now += HOUR + 1;
	/* It waits in the journal, and in the outbox. */
	sweep();
	incident = closed_one(NOW);
	incident_release(&incident);
	expect_events("fired resolved");
	sweep();
	incident = closed_one(NOW);
	incident_release(&incident);
	expect_tasks("telegram:main", "resolved");
	sweep();
	ck_assert(!incident_find_closed(store, "bot             ", NOW, &incident));
	ck_assert(!said_find(store, "bot             ", "telegram:main", &said));
}
END_TEST

START_TEST(test_the_same_alert_twice_in_one_request_is_one_incident)
{
	size_t open[SEVERITIES];
	struct alert alerts[2] = { { .severity = SEVERITY_P3, .starts_ms = NOW } };
	struct alert_list list = { .alerts = alerts, .count = 2 };

	alerts[0].labels = json_pack("{ss}", "alertname", "A");
	alerts[0].annotations = json_object();
	(void)snprintf(alerts[0].fingerprint, sizeof(alerts[0].fingerprint), "0123456789abcdef");
	alerts[1] = alerts[0];
	intake_take(store, &list, FEED_PUSH, &plan, now, &counts);
	incident_count(store, open);
	ck_assert_uint_eq(open[SEVERITY_P3], 1);
	expect_tasks("telegram:main", "fired");
	json_decref(alerts[0].labels);
	json_decref(alerts[0].annotations);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("intake");
	TCase *tests = tcase_create("intake");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_what_the_webhook_tells_is_delivered);
	tcase_add_test(tests, test_what_a_bot_pushes_is_delivered_and_expires);
	tcase_add_test(tests, test_what_is_only_observed_is_not_delivered);
	tcase_add_test(tests, test_repeats_of_the_webhook_are_counted_and_not_delivered);
	tcase_add_test(tests, test_the_last_link_is_kept);
	tcase_add_test(tests, test_a_resolution_is_said_where_the_alert_was_said);
	tcase_add_test(tests, test_an_observed_end_is_said_when_the_webhook_tells_it);
	tcase_add_test(tests, test_an_end_that_is_told_as_of_now_is_of_the_last_one);
	tcase_add_test(tests, test_an_end_that_nobody_tells_is_said_after_ten_minutes);
	tcase_add_test(tests, test_an_observed_end_of_what_alertmanager_does_not_tell_is_said_at_once);
	tcase_add_test(tests, test_what_would_be_said_again_is_not_when_it_is_over);
	tcase_add_test(tests, test_an_end_as_promised_is_an_expiry);
	tcase_add_test(tests, test_what_expired_and_still_fires_is_open_again);
	tcase_add_loop_test(
	    tests, test_what_fires_again_with_the_begin_that_it_had_is_open_and_said_again, 0, 2);
	tcase_add_test(tests, test_what_was_resolved_is_not_opened_by_what_comes_late);
	tcase_add_test(tests, test_what_the_slower_of_two_tells_after_the_end_is_no_new_incident);
	tcase_add_test(tests, test_a_new_begin_is_a_new_incident);
	tcase_add_test(tests, test_alerts_that_overlap_are_one_incident_with_the_earliest_begin);
	tcase_add_test(tests, test_an_end_is_told_again_with_the_begin_that_a_restarted_prometheus_saw);
	tcase_add_test(tests, test_a_begin_is_not_before_the_end_of_the_one_before);
	tcase_add_test(tests, test_an_end_of_what_nobody_knows_is_kept_once);
	tcase_add_test(tests, test_an_end_that_two_feeds_tell_with_other_begins_is_of_one_incident);
	tcase_add_test(tests, test_muted_alerts_are_kept_and_said_when_the_mute_is_over);
	tcase_add_test(tests, test_a_mute_that_is_taken_back_is_over);
	tcase_add_test(tests, test_what_was_said_before_a_mute_has_its_end_said);
	tcase_add_test(tests, test_what_has_no_channel_is_kept_alone);
	tcase_add_test(tests, test_a_heartbeat_is_no_incident);
	tcase_add_test(tests, test_what_only_the_webhook_told_expires_after_a_day);
	tcase_add_test(tests, test_nothing_expires_because_the_relay_was_away);
	tcase_add_test(tests, test_a_clock_that_is_set_back_delays_nothing);
	tcase_add_test(tests, test_a_clock_that_was_set_back_while_the_relay_was_away_delays_nothing);
	tcase_add_test(tests, test_what_is_observed_again_is_nobody_s_to_check);
	tcase_add_test(tests, test_what_is_over_leaves_when_the_history_has_it);
	tcase_add_test(tests, test_the_same_alert_twice_in_one_request_is_one_incident);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
