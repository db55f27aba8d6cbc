#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "relay/act/act.h"
#include "relay/intake/intake.h"
#include "relay/store/journal.h"
#include "relay/store/mutes.h"
#include "relay/store/outbox.h"
#include "relay/store/store.h"
#include "tests/suite.h"

static char directory[] = "/tmp/arbwatch-act.XXXXXX";
static struct store *store;
static struct act *act;
static struct failure why;

static void
remove_file(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
	(void)unlink(path);
}

static struct act *
open_act(void)
{
	const struct act_settings settings = { .directory = directory };

	return act_new(&settings, store, &why);
}

static void
setup(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-act.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	store = store_open(directory, true, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	act = open_act();
	ck_assert_msg(act != NULL, "%s", why.text);
}

static void
teardown(void)
{
	act_free(act);
	store_close(store);
	suite_remove(directory);
}

static size_t
one_chain(void *context, const json_t *labels, const char *chains[], size_t room)
{
	(void)context;
	(void)labels;
	ck_assert_uint_gt(room, 0);
	chains[0] = "telegram:ops|mail:oncall";
	return 1;
}

/* Take one alert, and return the id of its incident. */
static const char *
take(const char *name, bool firing)
{
	static const struct intake_plan plan = { one_chain, NULL };
	static char id[INCIDENT_ID];
	struct incident incident = { 0 };
	struct alert_list list = { 0 };
	struct intake_counts counts = { 0 };
	char body[512];

	(void)snprintf(body, sizeof(body),
	    "[{\"labels\":{\"alertname\":\"%s\",\"severity\":\"P1\",\"service\":\"redis\"},"
	    "\"startsAt\":\"2026-01-01T00:00:00Z\"%s}]",
	    name, firing ? "" : ",\"endsAt\":\"2026-01-01T00:10:00Z\"");
	ck_assert_int_eq(
	    alert_read_push((struct slice){ body, strlen(body) }, store_now_ms(), &list, &why), 0);
	store_begin(store);
	intake_take(store, &list, FEED_PUSH, &plan, store_now_ms(), &counts);
	if (firing) {
		ck_assert(incident_find_open(store, list.alerts[0].fingerprint, &incident));
		memcpy(id, incident.id, sizeof(id));
		incident_release(&incident);
	}
	ck_assert_int_eq(store_end(store, &why), 0);
	alert_list_release(&list);
	return id;
}

static size_t
waiting(enum task_kind kind)
{
	struct task tasks[8];
	size_t count = 0;

	store_begin(store);
	for (int lane = 0; lane < TASK_LANES; lane++) {
		size_t due = outbox_due(
		    store, "telegram:ops", (enum task_lane)lane, store_now_ms() + 86400000, tasks, 8);

		for (size_t i = 0; i < due; i++)
			count += tasks[i].kind == kind;
		tasks_release(tasks, due);
	}
	store_cancel(store);
	return count;
}

/* The last event, and its detail. */
static enum event_kind
last_event(char *detail, size_t size)
{
	struct journal_entry entries[32];
	enum event_kind kind;
	size_t count;

	store_begin(store);
	count = journal_read(store, entries, 32);
	ck_assert_uint_gt(count, 0);
	kind = entries[count - 1].kind;
	(void)snprintf(
	    detail, size, "%s", entries[count - 1].detail != NULL ? entries[count - 1].detail : "");
	journal_release(entries, count);
	store_cancel(store);
	return kind;
}

START_TEST(an_acknowledgement_is_kept_with_who_and_how)
{
	const char *id = take("Slow", true);
	struct incident incident = { 0 };
	char detail[512];

	ck_assert_uint_eq(waiting(TASK_FIRED), 1);
	ck_assert_int_eq(act_acknowledge(act, id, "Ann", "api", "on it", &why), ACT_DONE);
	store_begin(store);
	ck_assert(incident_find(store, id, &incident));
	store_cancel(store);
	ck_assert_str_eq(incident.acknowledged_by, "Ann");
	ck_assert_str_eq(incident.acknowledged_via, "api");
	ck_assert_str_eq(incident.note, "on it");
	ck_assert_int_gt(incident.acknowledged_ms, 0);
	incident_release(&incident);
	ck_assert_int_eq(last_event(detail, sizeof(detail)), EVENT_ACKNOWLEDGED);
	ck_assert_ptr_nonnull(strstr(detail, "\"Ann\""));
	ck_assert_ptr_nonnull(strstr(detail, "\"on it\""));
	ck_assert_uint_eq(waiting(TASK_FIRED), 0);
}
END_TEST

START_TEST(only_an_open_incident_can_be_acknowledged_and_once)
{
	const char *id = take("Slow", true);

	ck_assert_int_eq(act_acknowledge(act, "0123456789abcdef-0", "Ann", "api", NULL, &why), ACT_UNKNOWN);
	ck_assert_int_eq(act_acknowledge(act, "", "Ann", "api", NULL, &why), ACT_UNKNOWN);
	ck_assert_int_eq(act_unacknowledge(act, id, "Ann", "api", &why), ACT_ALREADY);
	ck_assert_int_eq(act_acknowledge(act, id, "Ann", "api", NULL, &why), ACT_DONE);
	ck_assert_int_eq(act_acknowledge(act, id, "Bob", "api", NULL, &why), ACT_ALREADY);
	(void)take("Slow", false);
	ck_assert_int_eq(act_acknowledge(act, id, "Ann", "api", NULL, &why), ACT_CLOSED);
	ck_assert_int_eq(act_unacknowledge(act, id, "Ann", "api", &why), ACT_CLOSED);
}
END_TEST

START_TEST(an_acknowledgement_can_be_taken_back)
{
	const char *id = take("Slow", true);
	struct incident incident = { 0 };
	char detail[512];

	ck_assert_int_eq(act_acknowledge(act, id, "Ann", "api", "on it", &why), ACT_DONE);
	/* As once Alertmanager has the silence: it may be down when that is to end. */
	store_begin(store);
	ck_assert(incident_find(store, id, &incident));
	incident_text(&incident.silence_id, "a silence");
	incident.suppressed = SUPPRESSED_SILENCED;
	incident_save(store, &incident);
	incident_release(&incident);
	ck_assert_int_eq(store_end(store, &why), 0);
	ck_assert_int_eq(act_unacknowledge(act, id, "Bob", "page", &why), ACT_DONE);
	ck_assert_int_eq(last_event(detail, sizeof(detail)), EVENT_UNACKNOWLEDGED);
	ck_assert_ptr_nonnull(strstr(detail, "\"Bob\""));
	store_begin(store);
	ck_assert(incident_find(store, id, &incident));
	store_cancel(store);
	ck_assert_int_eq(incident.acknowledged_ms, 0);
	ck_assert_ptr_null(incident.acknowledged_by);
	ck_assert_ptr_null(incident.note);
	ck_assert_int_eq(incident.suppressed, SUPPRESSED_NOT);
	/* It is looked at for a repeat. */
	ck_assert_int_gt(incident.check_ms, 0);
	ck_assert_int_le(incident.check_ms, store_now_ms());
	incident_release(&incident);
}
END_TEST

static const struct {
	const char *given, *kept;
} names[] = {
	{ "Ann", "Ann" },
	{ "  Ann\t", "Ann" },
	{ "", "somebody" },
	{ "\n\n", "somebody" },
	{ "a\nb", "a b" },
	{ "a\xff"
	  "b",
	    "a b" },
	{ "\xe2\x80\xae"
	  "evil",
	    "evil" }, /* right to left from here on */
	{ "민준", "민준" },
	{ "<b>&\"'", "<b>&\"'" },
	/* 65 bytes end in the middle of a character of 3. */
	{ "123456789012345678901234567890123456789012345678901234567890123\xed\x95\x9c",
	    "123456789012345678901234567890123456789012345678901234567890123" },
};

START_TEST(a_name_from_outside_is_one_line_of_text)
{
	const char *id = take("Slow", true);
	struct incident incident = { 0 };

	ck_assert_int_eq(act_acknowledge(act, id, names[_i].given, "link", NULL, &why), ACT_DONE);
	store_begin(store);
	ck_assert(incident_find(store, id, &incident));
	store_cancel(store);
	ck_assert_str_eq(incident.acknowledged_by, names[_i].kept);
	incident_release(&incident);
}
END_TEST

START_TEST(a_link_is_good_for_its_incident_alone)
{
	char token[ACT_TOKEN], other[ACT_TOKEN];

	act_link_token(act, "0123456789abcdef-1", token);
	act_link_token(act, "0123456789abcdef-2", other);
	ck_assert_uint_eq(strlen(token), ACT_TOKEN - 1);
	ck_assert_str_ne(token, other);
	ck_assert(act_link_check(act, "0123456789abcdef-1", token));
	ck_assert(!act_link_check(act, "0123456789abcdef-2", token));
	ck_assert(!act_link_check(act, "0123456789abcdef-1", ""));
	token[ACT_TOKEN - 2] = token[ACT_TOKEN - 2] == '0' ? '1' : '0';
	ck_assert(!act_link_check(act, "0123456789abcdef-1", token));
	token[ACT_TOKEN - 2] = '\0';
	ck_assert(!act_link_check(act, "0123456789abcdef-1", token));
}
END_TEST

START_TEST(links_outlive_a_restart_and_their_key_is_private)
{
	char before[ACT_TOKEN], after[ACT_TOKEN], path[256];
	struct stat info;

	act_link_token(act, "x", before);
	act_free(act);
	act = open_act();
	ck_assert_ptr_nonnull(act);
	act_link_token(act, "x", after);
	ck_assert_str_eq(before, after);
	(void)snprintf(path, sizeof(path), "%s/link.key", directory);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0600);
	act_free(act);
	remove_file("link.key");
	act = open_act();
	act_link_token(act, "x", after);
	ck_assert_str_ne(before, after);
}
END_TEST

START_TEST(a_damaged_key_is_named_and_not_replaced)
{
	char path[256];
	FILE *file;

	act_free(act);
	(void)snprintf(path, sizeof(path), "%s/link.key", directory);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	(void)fputs("0123\n", file);
	(void)fclose(file);
	act = open_act();
	ck_assert_ptr_null(act);
	ck_assert_ptr_nonnull(strstr(why.text, "link.key"));
	ck_assert_ptr_nonnull(strstr(why.text, "remove it"));
}
END_TEST

static bool
is_muted(const char *service)
{
	json_t *labels = json_pack("{s:s}", "service", service);
	bool muted;

	store_begin(store);
	muted = mute_covers(store, labels, store_now_ms(), NULL);
	store_cancel(store);
	json_decref(labels);
	return muted;
}

START_TEST(a_mute_ends_when_it_is_said)
{
	int64_t now = store_now_ms();

	ck_assert_int_eq(act_mute(act, "redis", now + 60000, "Ann", "upgrade", &why), ACT_DONE);
	ck_assert(is_muted("redis"));
	ck_assert(!is_muted("postgres"));
	ck_assert_int_eq(act_mute(act, "redis", now, "Ann", "done", &why), ACT_DONE);
	ck_assert(!is_muted("redis"));
}
END_TEST

START_TEST(a_mute_without_a_name_or_a_reason_is_refused)
{
	int64_t now = store_now_ms();

	ck_assert_int_eq(act_mute(act, "redis", now + 60000, "", "upgrade", &why), ACT_FAILED);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	ck_assert_int_eq(act_mute(act, "redis", now + 60000, "Ann", " ", &why), ACT_FAILED);
	ck_assert(!is_muted("redis"));
}
END_TEST

START_TEST(a_mute_without_a_service_or_an_end_is_refused)
{
	int64_t now = store_now_ms();
	char longer[MUTE_SERVICE + 8];

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_int_eq(act_mute(act, "", now + 60000, "Ann", "x", &why), ACT_FAILED);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	ck_assert_int_eq(act_mute(act, longer, now + 60000, "Ann", "x", &why), ACT_FAILED);
	ck_assert_int_eq(act_mute(act, "redis", now + INT64_C(31) * 86400000, "Ann", "x", &why), ACT_FAILED);
	ck_assert_int_eq(why.kind, FAILURE_REJECTED);
	ck_assert(!is_muted("redis"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("act");
	TCase *cases = tcase_create("act");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, an_acknowledgement_is_kept_with_who_and_how);
	tcase_add_test(cases, only_an_open_incident_can_be_acknowledged_and_once);
	tcase_add_test(cases, an_acknowledgement_can_be_taken_back);
	tcase_add_loop_test(cases, a_name_from_outside_is_one_line_of_text, 0, LENGTH(names));
	tcase_add_test(cases, a_link_is_good_for_its_incident_alone);
	tcase_add_test(cases, links_outlive_a_restart_and_their_key_is_private);
	tcase_add_test(cases, a_damaged_key_is_named_and_not_replaced);
	tcase_add_test(cases, a_mute_ends_when_it_is_said);
	tcase_add_test(cases, a_mute_without_a_name_or_a_reason_is_refused);
	tcase_add_test(cases, a_mute_without_a_service_or_an_end_is_refused);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
