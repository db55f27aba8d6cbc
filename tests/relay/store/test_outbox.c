#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relay/store/incidents.h"
#include "relay/store/outbox.h"
#include "relay/store/said.h"
#include "relay/store/store.h"
#include "tests/suite.h"

#define NOW INT64_C(1795224705123)

static char directory[64];
static struct store *store;
static struct failure why;
static struct task tasks[16];
static size_t task_count;

/* A P0 and a P2. */
static struct incident urgent, calm;

static void
add(struct incident *incident, int number, enum alert_severity severity)
{
	*incident = (struct incident){ .severity = severity, .starts_ms = NOW, .seen_ms = NOW };
	incident->labels = json_pack("{ss}", "alertname", "A");
	incident->annotations = json_object();
	(void)snprintf(incident->fingerprint, sizeof(incident->fingerprint), "%016x", (unsigned)number);
	incident_make_id(incident->fingerprint, NOW, incident->id);
	incident_add(store, incident);
}

static void
set_up(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-outbox.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	store = store_open(directory, true, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
	store_begin(store);
	add(&urgent, 1, SEVERITY_P0);
	add(&calm, 2, SEVERITY_P2);
	task_count = 0;
}

static void
tear_down(void)
{
	tasks_release(tasks, task_count);
	ck_assert_msg(store_end(store, &why) == 0, "%s", why.text);
	store_close(store);
	incident_release(&urgent);
	incident_release(&calm);
	suite_remove(directory);
}

static size_t
due(const char *channel, enum task_lane lane, int64_t now_ms)
{
	tasks_release(tasks, task_count);
	task_count = outbox_due(store, channel, lane, now_ms, tasks, 16);
	return task_count;
}

/* How many wait in all. */
static size_t
waiting(void)
{
	struct outbox_channel channels[16];
	size_t sum = 0;

	for (size_t i = outbox_channels(store, channels, 16); i > 0; i--)
		sum += channels[i - 1].count;
	return sum;
}

START_TEST(test_a_task_waits_in_the_first_channel_of_its_chain)
{
	outbox_add(store, &calm, TASK_FIRED, "telegram:main | mail:main|slack:main", NOW);
	ck_assert_uint_eq(due("telegram:main", LANE_REST, NOW - 1), 0);
	ck_assert_uint_eq(due("mail:main", LANE_REST, NOW), 0);
	ck_assert_uint_eq(due("telegram:main", LANE_URGENT, NOW), 0);
	ck_assert_uint_eq(due("telegram:main", LANE_REST, NOW), 1);
	ck_assert_int_eq(tasks[0].kind, TASK_FIRED);
	ck_assert_str_eq(tasks[0].channel, "telegram:main");
	ck_assert_uint_eq(tasks[0].attempt, 0);
	ck_assert_str_eq(tasks[0].incident.id, calm.id);
	ck_assert_str_eq(alert_text(tasks[0].incident.labels, "alertname"), "A");

	ck_assert(outbox_move(store, &tasks[0], NOW + 5));
	ck_assert_uint_eq(due("telegram:main", LANE_REST, NOW + 5), 0);
	ck_assert_uint_eq(due("mail:main", LANE_REST, NOW + 4), 0);
	ck_assert_uint_eq(due("mail:main", LANE_REST, NOW + 5), 1);
	ck_assert_str_eq(tasks[0].next, "slack:main");
	ck_assert(outbox_move(store, &tasks[0], NOW + 5));
	ck_assert_uint_eq(due("slack:main", LANE_REST, NOW + 5), 1);
	ck_assert(!outbox_move(store, &tasks[0], NOW + 5));
	ck_assert_uint_eq(due("slack:main", LANE_REST, NOW + 5), 1);
	outbox_remove(store, tasks[0].row);
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

START_TEST(test_all_of_p0_is_urgent_but_acknowledgements)
{
	for (int kind = 0; kind < TASK_KINDS; kind++) {
		outbox_add(store, &urgent, (enum task_kind)kind, "t", NOW);
		outbox_add(store, &calm, (enum task_kind)kind, "t", NOW);
	}
	ck_assert_uint_eq(due("t", LANE_URGENT, NOW), TASK_KINDS - 1);
	for (size_t i = 0; i < task_count; i++)
		ck_assert(tasks[i].kind != TASK_ACKNOWLEDGED && tasks[i].incident.row == urgent.row);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), TASK_KINDS + 1);
}
END_TEST

START_TEST(test_a_p0_of_paper_is_the_first_of_the_rest)
{
	(void)json_object_set_new(urgent.labels, "env", json_string("paper"));
	outbox_add(store, &calm, TASK_FIRED, "t", NOW);
	outbox_add(store, &urgent, TASK_FIRED, "t", NOW);
	ck_assert_uint_eq(due("t", LANE_URGENT, NOW), 0);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 2);
	ck_assert_int_eq(tasks[0].incident.row, urgent.row);
}
END_TEST

START_TEST(test_the_same_does_not_wait_twice)
{
	outbox_add(store, &calm, TASK_FIRED, "t", NOW);
	outbox_add(store, &calm, TASK_FIRED, "t|m", NOW + 1);
	outbox_add(store, &calm, TASK_RESOLVED, "t", NOW + 1);
	outbox_add(store, &calm, TASK_FIRED, "m|t", NOW + 1);
	ck_assert_uint_eq(waiting(), 3);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 1);
	ck_assert_str_eq(tasks[0].next, "");
	/* Nor after a move. */
	ck_assert_uint_eq(due("m", LANE_REST, NOW + 1), 1);
	ck_assert(outbox_move(store, &tasks[0], NOW));
	ck_assert_uint_eq(waiting(), 2);
	ck_assert_uint_eq(due("m", LANE_REST, NOW + 1), 0);
}
END_TEST

START_TEST(test_what_is_delayed_waits_with_its_attempts)
{
	ck_assert_int_eq(outbox_next_due(store, "t", LANE_REST), INT64_MAX);
	outbox_add(store, &calm, TASK_FIRED, "t", NOW);
	ck_assert_int_eq(outbox_next_due(store, "t", LANE_REST), NOW);
	ck_assert_int_eq(outbox_next_due(store, "t", LANE_URGENT), INT64_MAX);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 1);
	outbox_delay(store, tasks[0].row, NOW + 1000, 2);
	ck_assert_uint_eq(due("t", LANE_REST, NOW + 999), 0);
	ck_assert_int_eq(outbox_next_due(store, "t", LANE_REST), NOW + 1000);
	ck_assert_uint_eq(due("t", LANE_REST, NOW + 1000), 1);
	ck_assert_uint_eq(tasks[0].attempt, 2);
	ck_assert_int_eq(tasks[0].added_ms, NOW);
}
END_TEST

START_TEST(test_the_kinds_that_are_named_are_dropped)
{
	for (int kind = 0; kind < TASK_KINDS; kind++) {
		outbox_add(store, &calm, (enum task_kind)kind, "t", NOW);
		outbox_add(store, &urgent, (enum task_kind)kind, "t", NOW);
	}
	outbox_drop(store, &calm, 1U << TASK_FIRED | 1U << TASK_ESCALATED);
	ck_assert_uint_eq(waiting(), 2 * TASK_KINDS - 2);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), TASK_KINDS - 2 + 1);
	for (size_t i = 0; i < task_count; i++)
		ck_assert(tasks[i].incident.row == urgent.row ||
			  (tasks[i].kind != TASK_FIRED && tasks[i].kind != TASK_ESCALATED));
}
END_TEST

START_TEST(test_names_that_are_too_long_are_left_out)
{
	char chain[200];

	memset(chain, 'x', 100);
	(void)snprintf(chain + 100, 100, "||t");
	outbox_add(store, &calm, TASK_FIRED, chain, NOW);
	outbox_add(store, &urgent, TASK_FIRED, "", NOW);
	ck_assert_uint_eq(waiting(), 1);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 1);
}
END_TEST

START_TEST(test_channels_with_tasks_are_counted)
{
	struct outbox_channel channels[2];

	outbox_add(store, &calm, TASK_FIRED, "b", NOW + 7);
	outbox_add(store, &urgent, TASK_FIRED, "b", NOW + 3);
	outbox_add(store, &urgent, TASK_FIRED, "a", NOW);
	ck_assert_uint_eq(outbox_channels(store, channels, 2), 2);
	ck_assert_str_eq(channels[1].channel, "b");
	ck_assert_uint_eq(channels[1].count, 2);
	ck_assert_int_eq(channels[1].oldest_ms, NOW + 3);
	ck_assert_uint_eq(outbox_channels(store, channels, 1), 1);
}
END_TEST

START_TEST(test_a_channel_that_is_gone_leaves_its_tasks_to_the_next_one)
{
	outbox_add(store, &calm, TASK_FIRED, "gone|m", NOW);
	outbox_add(store, &urgent, TASK_FIRED, "gone", NOW);
	outbox_add(store, &urgent, TASK_FIRED, "t", NOW);
	ck_assert_uint_eq(outbox_abandon(store, "gone", NOW), 1);
	ck_assert_uint_eq(waiting(), 2);
	ck_assert_uint_eq(due("m", LANE_REST, NOW), 1);
}
END_TEST

START_TEST(test_what_was_said_is_known_by_fingerprint_channel_and_message)
{
	struct said said;

	said_put(store, &urgent, "t", "m1", NOW);
	said_put(store, &calm, "t", "m1", NOW);
	said_put(store, &urgent, "s", "x", NOW);
	ck_assert(said_find(store, urgent.fingerprint, "t", &said));
	ck_assert_str_eq(said.message, "m1");
	ck_assert_str_eq(said.incident, urgent.id);
	ck_assert(!said.resolved && said.said_ms == NOW);
	ck_assert(!said_find(store, calm.fingerprint, "s", &said));

	ck_assert(said_next(store, urgent.fingerprint, "", &said));
	ck_assert_str_eq(said.channel, "s");
	ck_assert(said_next(store, urgent.fingerprint, said.channel, &said));
	ck_assert_str_eq(said.channel, "t");
	ck_assert(!said_next(store, urgent.fingerprint, "t", &said));

	ck_assert(said_in_message(store, "t", "m1", "", &said));
	ck_assert_str_eq(said.fingerprint, urgent.fingerprint);
	ck_assert(said_in_message(store, "t", "m1", said.fingerprint, &said));
	ck_assert_str_eq(said.fingerprint, calm.fingerprint);
	ck_assert(!said_in_message(store, "t", "m1", said.fingerprint, &said));

	/* Said again, the last message counts. */
	urgent.status = INCIDENT_RESOLVED;
	said_put(store, &urgent, "t", "m2", NOW + 5);
	ck_assert(said_find(store, urgent.fingerprint, "t", &said));
	ck_assert_str_eq(said.message, "m2");
	ck_assert(said.resolved && said.said_ms == NOW + 5);
	ck_assert(said_in_message(store, "t", "m1", "", &said));
	ck_assert_str_eq(said.fingerprint, calm.fingerprint);
	ck_assert_uint_eq(waiting(), 0);
}
END_TEST

START_TEST(test_an_end_that_is_said_late_is_not_the_last_word_on_the_next_one)
{
	struct incident older = calm;
	struct said said;

	older.status = INCIDENT_RESOLVED;
	(void)snprintf(older.id, sizeof(older.id), "%s-1", older.fingerprint);
	said_put(store, &calm, "t", "m1", NOW);
	said_put(store, &older, "t", "m2", NOW + 1);
	ck_assert(said_find(store, calm.fingerprint, "t", &said));
	ck_assert_str_eq(said.incident, calm.id);
	ck_assert_str_eq(said.message, "m1");
	ck_assert(!said.resolved);
}
END_TEST

START_TEST(test_what_changed_while_its_message_was_under_way_is_said_next)
{
	struct incident later = calm;

	later.status = INCIDENT_RESOLVED;
	later.ends_ms = later.closed_ms = NOW + 1;
	/* Its end is not for saying yet. */
	incident_save(store, &later);
	said_put(store, &calm, "t", "m", NOW);
	ck_assert_uint_eq(waiting(), 0);
	later.end_told = true;
	incident_save(store, &later);
	said_put(store, &calm, "t", "m", NOW);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 1);
	ck_assert_int_eq(tasks[0].kind, TASK_RESOLVED);
	outbox_remove(store, tasks[0].row);
	/* The message said so itself. */
	said_put(store, &later, "t", "m", NOW);
	ck_assert_uint_eq(waiting(), 0);

	later = urgent;
	later.acknowledged_ms = NOW;
	incident_save(store, &later);
	said_put(store, &urgent, "t", "m", NOW);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 1);
	ck_assert_int_eq(tasks[0].kind, TASK_ACKNOWLEDGED);
}
END_TEST

START_TEST(test_an_acknowledgement_goes_where_the_incident_was_said)
{
	struct incident older = calm;

	said_put(store, &calm, "t", "m", NOW);
	said_put(store, &calm, "s", "", NOW);
	/* Of the same fingerprint, another one. */
	(void)snprintf(older.id, sizeof(older.id), "%s-1", older.fingerprint);
	said_put(store, &older, "m", "", NOW);
	outbox_acknowledge(store, &calm, NOW);
	ck_assert_uint_eq(waiting(), 2);
	ck_assert_uint_eq(due("t", LANE_REST, NOW), 1);
	ck_assert_uint_eq(due("s", LANE_REST, NOW), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("outbox");
	TCase *tests = tcase_create("outbox");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_a_task_waits_in_the_first_channel_of_its_chain);
	tcase_add_test(tests, test_all_of_p0_is_urgent_but_acknowledgements);
	tcase_add_test(tests, test_a_p0_of_paper_is_the_first_of_the_rest);
	tcase_add_test(tests, test_the_same_does_not_wait_twice);
	tcase_add_test(tests, test_what_is_delayed_waits_with_its_attempts);
	tcase_add_test(tests, test_the_kinds_that_are_named_are_dropped);
	tcase_add_test(tests, test_names_that_are_too_long_are_left_out);
	tcase_add_test(tests, test_channels_with_tasks_are_counted);
	tcase_add_test(tests, test_a_channel_that_is_gone_leaves_its_tasks_to_the_next_one);
	tcase_add_test(tests, test_what_was_said_is_known_by_fingerprint_channel_and_message);
	tcase_add_test(tests, test_an_end_that_is_said_late_is_not_the_last_word_on_the_next_one);
	tcase_add_test(tests, test_what_changed_while_its_message_was_under_way_is_said_next);
	tcase_add_test(tests, test_an_acknowledgement_goes_where_the_incident_was_said);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
