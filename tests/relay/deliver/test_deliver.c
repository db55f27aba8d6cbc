/* What a channel gets while it works: order, merging, limits, threads, buttons, repeats. */

#include "tests/relay/deliver/stage.h"

#define TELEGRAM "telegram:main"
#define SLACK    "slack:main"
#define MAIL     "mail:main"
#define WEBHOOK  "webhook:main"

START_TEST(an_alert_is_said_once_in_each_chain)
{
	stage_start("-> telegram:main | webhook:main, mail:main repeat=0s");
	stage_fire("A", "P0");
	stage_drain();
	ck_assert_uint_eq(stage_count(NULL, false), 2);
	ck_assert_uint_eq(stage_count(TELEGRAM, true), 1);
	ck_assert_uint_eq(stage_count(MAIL, true), 1);
	ck_assert_int_eq(stage_get(TELEGRAM, 0)->kinds[0], MESSAGE_FIRED);
	ck_assert_str_eq(stage_get(TELEGRAM, 0)->ack_data, stage_get(TELEGRAM, 0)->ids[0]);
	ck_assert_str_eq(stage_get(MAIL, 0)->ack_data, "");
	ck_assert_uint_eq(stage_events(EVENT_SENT, NULL), 2);
	ck_assert_uint_eq(stage_events(EVENT_MERGED, NULL), 0);
}
END_TEST

START_TEST(what_waits_is_merged_and_named_once)
{
	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_push("A", "P2", 0, 1, false);
	while (!stage_is_waiting())
		stage_pause();
	stage_push("B", "P2", 0, 300, false);
	stage_open_gate();
	stage_drain();
	/* Each message may have two hundred at the most. */
	ck_assert_uint_le(stage_count(MAIL, true), 8);
	for (size_t i = 0; i < stage.count; i++) {
		for (size_t k = 0; k < stage.requests[i]->count; k++)
			ck_assert_uint_eq(stage_named(MAIL, stage.requests[i]->ids[k], MESSAGE_FIRED), 1);
	}
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 301);
	ck_assert_uint_ge(stage_events(EVENT_MERGED, MAIL), 300 - 8);
}
END_TEST

START_TEST(a_p0_does_not_wait_for_the_rest)
{
	size_t before;

	stage.settings.limits = limit_rules;
	stage_start("-> telegram:main repeat=0s");
	stage_push("Rest", "P2", 0, 2000, false);
	stage_await(TELEGRAM, 1, true);
	stage_fire("Urgent", "P0");
	before = stage_count(TELEGRAM, true);
	/* One of the others may have been on its way. */
	stage_await(TELEGRAM, before + 1, true);
	if (before == 0 || stage_get(TELEGRAM, before - 1)->count > 1) {
		stage_await(TELEGRAM, before + 2, true);
		ck_assert(
		    stage_get(TELEGRAM, before)->count == 1 || stage_get(TELEGRAM, before + 1)->count == 1);
	}
	ck_assert_uint_gt(stage_waiting(), 1000);
}
END_TEST

START_TEST(the_graver_alerts_of_the_rest_come_first)
{
	const struct request *request;

	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_push("First", "P2", 0, 1, false);
	while (!stage_is_waiting())
		stage_pause();
	stage_push("Many", "P2", 0, 500, false);
	stage_push("Grave", "P1", 0, 3, false);
	stage_open_gate();
	stage_await(MAIL, 2, true);
	request = stage_get(MAIL, 1);
	ck_assert_uint_gt(request->count, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(request->names[i], "Grave");
	stage_drain();
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 504);
}
END_TEST

/* Ten in a window, without gaps. */
static const struct limit_rule tight[CHANNEL_KINDS] = {
	[CHANNEL_TELEGRAM] = { .window_ms = 60000, .most = 10, .most_of_rest = 5 },
};

START_TEST(the_limit_holds_over_a_restart)
{
	stage.settings.limits = tight;
	stage_start("-> telegram:main, mail:main repeat=0s");
	for (int i = 0; i < 10; i++) {
		stage_push("A", "P0", i, 1, false);
		stage_await(TELEGRAM, (size_t)i + 1, true);
		stage_await(MAIL, (size_t)i + 1, true);
	}
	stage_restart("-> telegram:main, mail:main repeat=0s");
	stage_push("A", "P0", 10, 5, false);
	stage_await(MAIL, 11, true);
	/* The mail was sent, and more than that time passes for the other one, too. */
	stage_push("A", "P0", 20, 1, false);
	stage_await(MAIL, 12, true);
	while (stage_waiting() > 6)
		stage_pause();
	ck_assert_uint_eq(stage_count(TELEGRAM, false), 10);
}
END_TEST

START_TEST(a_p1_is_said_once_in_a_while)
{
	struct task task;
	struct said said;
	int64_t due;

	stage.settings.throttle_ms = 3600 * 1000;
	stage_start("-> webhook:main repeat=0s");
	stage_fire("A", "P1");
	stage_await(WEBHOOK, 1, true);
	stage_drain();
	stage_resolve("A", "P1");
	stage_await(WEBHOOK, 2, true);
	stage_drain();
	stage_fire("A", "P1");
	while (stage_events(EVENT_THROTTLED, WEBHOOK) == 0)
		stage_pause();
	stage_stop();
	ck_assert_uint_eq(stage_count(WEBHOOK, false), 2);
	store_begin(stage.store);
	due = outbox_next_due(stage.store, WEBHOOK, LANE_REST);
	ck_assert_uint_eq(outbox_due(stage.store, WEBHOOK, LANE_REST, due, &task, 1), 1);
	ck_assert(said_find(stage.store, task.incident.fingerprint, WEBHOOK, &said));
	ck_assert_int_eq(due, said.said_ms + 3600 * 1000);
	/* Then it is said. */
	outbox_delay(stage.store, task.row, store_now_ms(), 0);
	stage_commit();
	tasks_release(&task, 1);
	stage.settings.throttle_ms = 1;
	stage_start("-> webhook:main repeat=0s");
	stage_await(WEBHOOK, 3, true);
	ck_assert_int_eq(stage_get(WEBHOOK, 2)->kinds[0], MESSAGE_FIRED);
}
END_TEST

START_TEST(a_p0_is_never_held_back_by_that)
{
	stage.settings.throttle_ms = 3600 * 1000;
	stage_start("-> webhook:main repeat=0s");
	for (size_t i = 0; i < 3; i++) {
		stage_fire("A", "P0");
		stage_await(WEBHOOK, 2 * i + 1, true);
		stage_resolve("A", "P0");
		stage_await(WEBHOOK, 2 * i + 2, true);
	}
	ck_assert_uint_eq(stage_events(EVENT_THROTTLED, NULL), 0);
}
END_TEST

START_TEST(what_is_over_before_it_was_said_is_said_once_as_over)
{
	const struct request *request;

	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_fire("A", "P0");
	while (!stage_is_waiting())
		stage_pause();
	stage_push("B", "P0", 0, 2, false);
	stage_push("B", "P0", 0, 2, true);
	stage_open_gate();
	stage_drain();
	for (size_t i = 0; i < stage_count(MAIL, true); i++) {
		request = stage_get(MAIL, i);
		for (size_t k = 0; k < request->count; k++)
			ck_assert_uint_eq(stage_named(MAIL, request->ids[k], request->kinds[k]), 1);
	}
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 3);
}
END_TEST

START_TEST(the_end_of_what_was_on_its_way_is_said_behind_it)
{
	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_fire("A", "P0");
	while (!stage_is_waiting())
		stage_pause();
	stage_resolve("A", "P0");
	stage_open_gate();
	stage_drain();
	ck_assert_uint_eq(stage_count(MAIL, true), 2);
	ck_assert_int_eq(stage_get(MAIL, 0)->kinds[0], MESSAGE_FIRED);
	ck_assert_int_eq(stage_get(MAIL, 1)->kinds[0], MESSAGE_RESOLVED);
}
END_TEST

START_TEST(what_is_over_answers_the_message_that_told_of_it)
{
	const struct request *request;

	stage_start("-> telegram:main, slack:main repeat=0s");
	stage_fire("A", "P0");
	stage_await(SLACK, 1, true);
	stage_await(TELEGRAM, 1, true);
	stage_drain();
	stage_resolve("A", "P0");
	stage_await(SLACK, 2, true);
	stage_await(TELEGRAM, 2, true);
	stage_drain();
	request = stage_get(SLACK, 1);
	ck_assert_int_eq(request->kinds[0], MESSAGE_RESOLVED);
	ck_assert_int_eq(request->reply_to[0], 'm');
	ck_assert_str_eq(request->ack_data, "");
	ck_assert(request->silent);
	ck_assert(!stage_get(SLACK, 0)->silent);
	/* A new one begins anew. */
	stage_fire("A", "P0");
	stage_await(SLACK, 3, true);
	ck_assert_str_eq(stage_get(SLACK, 2)->reply_to, "");
}
END_TEST

START_TEST(an_acknowledgement_changes_the_message_or_answers_it)
{
	stage_start("-> telegram:main, slack:main, mail:main repeat=0s");
	stage_fire("A", "P0");
	stage_await(SLACK, 1, true);
	stage_await(TELEGRAM, 1, true);
	stage_await(MAIL, 1, true);
	stage_drain();
	stage_each(stage_acknowledge);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, true), 2);
	ck_assert_int_eq(stage_get(TELEGRAM, 1)->kinds[0], MESSAGE_ACKNOWLEDGED);
	ck_assert_int_eq(stage_get(TELEGRAM, 1)->edited[0], 'm');
	ck_assert_str_eq(stage_get(TELEGRAM, 1)->ack_data, "");
	ck_assert_uint_eq(stage_count(SLACK, true), 2);
	ck_assert_int_eq(stage_get(SLACK, 1)->reply_to[0], 'm');
	ck_assert_str_eq(stage_get(SLACK, 1)->edited, "");
	ck_assert_uint_eq(stage_count(MAIL, true), 1);
}
END_TEST

START_TEST(alerts_of_one_message_are_acknowledged_in_one_answer)
{
	const struct request *request;

	stage_start("-> telegram:main repeat=0s");
	stage_push("A", "P0", 0, 5, false);
	stage_await(TELEGRAM, 1, true);
	stage_drain();
	ck_assert_uint_eq(stage_get(TELEGRAM, 0)->count, 5);
	ck_assert_str_eq(stage_get(TELEGRAM, 0)->ack_data, DELIVER_ACK_ALL);
	stage_each(stage_acknowledge);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, true), 2);
	request = stage_get(TELEGRAM, 1);
	ck_assert_uint_eq(request->count, 5);
	ck_assert_str_eq(request->edited, "");
	ck_assert_str_eq(request->reply_to, "m1");
}
END_TEST

START_TEST(what_was_acknowledged_before_it_was_said_is_not_said)
{
	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_fire("A", "P0");
	while (!stage_is_waiting())
		stage_pause();
	stage_fire("B", "P0");
	stage_each(stage_acknowledge);
	stage_open_gate();
	stage_await(MAIL, 1, true);
	stage_drain();
	/* The one that was on its way. */
	ck_assert_uint_eq(stage_count(MAIL, true), 1);
}
END_TEST

START_TEST(what_nobody_acknowledges_is_said_again)
{
	int64_t end;

	stage_start("-> webhook:main repeat=100ms");
	stage_fire("A", "P0");
	stage_await(WEBHOOK, 4, true);
	ck_assert_int_eq(stage_get(WEBHOOK, 0)->kinds[0], MESSAGE_FIRED);
	for (size_t i = 1; i < 4; i++) {
		ck_assert_int_eq(stage_get(WEBHOOK, i)->kinds[0], MESSAGE_REPEATED);
		ck_assert_int_ge(stage_get(WEBHOOK, i)->at_ms - stage_get(WEBHOOK, i - 1)->at_ms, 95);
	}
	stage_each(stage_acknowledge);
	stage_drain();
	end = stage_clock_ms() + 400;
	for (size_t count = stage_count(WEBHOOK, false); stage_clock_ms() < end; stage_pause()) {
		deliver_tick(stage.deliver);
		ck_assert_uint_le(stage_count(WEBHOOK, false), count + 1);
	}
}
END_TEST

static void
silence(struct incident *incident)
{
	incident->suppressed = SUPPRESSED_SILENCED;
	incident_save(stage.store, incident);
}

START_TEST(what_is_silenced_is_not_said_again)
{
	size_t count;

	stage_start("-> webhook:main repeat=50ms");
	stage_fire("A", "P0");
	stage_await(WEBHOOK, 2, true);
	stage_each(silence);
	stage_drain();
	count = stage_count(WEBHOOK, false);
	stage_fire("B", "P0");
	/* The other one is repeated in the meantime. */
	stage_await(WEBHOOK, count + 3, true);
	for (size_t i = count; i < count + 3; i++)
		ck_assert_str_ne(stage_get(WEBHOOK, i)->ids[0], stage_get(WEBHOOK, 0)->ids[0]);
}
END_TEST

START_TEST(a_p0_goes_to_the_escalation_once)
{
	stage.settings.escalate_after_ms = 100;
	stage_start("-> webhook:main repeat=50ms escalate=mail:main");
	stage_fire("A", "P0");
	stage_fire("B", "P1");
	stage_await(MAIL, 1, true);
	stage_await(WEBHOOK, 6, true);
	ck_assert_uint_eq(stage_count(MAIL, true), 1);
	ck_assert_int_eq(stage_get(MAIL, 0)->kinds[0], MESSAGE_ESCALATED);
	ck_assert_uint_eq(stage_get(MAIL, 0)->count, 1);
	/* Its end is said there, too. */
	stage_resolve("A", "P0");
	stage_await(MAIL, 2, true);
	ck_assert_int_eq(stage_get(MAIL, 1)->kinds[0], MESSAGE_RESOLVED);
}
END_TEST

START_TEST(the_end_of_a_run_waits_for_what_is_under_way)
{
	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_fire("A", "P0");
	while (!stage_is_waiting())
		stage_pause();
	stage_open_gate();
	stage_restart("-> mail:main repeat=0s");
	stage_drain();
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 1);
	ck_assert_uint_eq(stage_count(MAIL, false), 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deliver");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, stage_set_up, stage_tear_down);
	tcase_add_test(all, an_alert_is_said_once_in_each_chain);
	tcase_add_test(all, what_waits_is_merged_and_named_once);
	tcase_add_test(all, a_p0_does_not_wait_for_the_rest);
	tcase_add_test(all, the_graver_alerts_of_the_rest_come_first);
	tcase_add_test(all, the_limit_holds_over_a_restart);
	tcase_add_test(all, a_p1_is_said_once_in_a_while);
	tcase_add_test(all, a_p0_is_never_held_back_by_that);
	tcase_add_test(all, what_is_over_before_it_was_said_is_said_once_as_over);
	tcase_add_test(all, the_end_of_what_was_on_its_way_is_said_behind_it);
	tcase_add_test(all, what_is_over_answers_the_message_that_told_of_it);
	tcase_add_test(all, an_acknowledgement_changes_the_message_or_answers_it);
	tcase_add_test(all, alerts_of_one_message_are_acknowledged_in_one_answer);
	tcase_add_test(all, what_was_acknowledged_before_it_was_said_is_not_said);
	tcase_add_test(all, what_nobody_acknowledges_is_said_again);
	tcase_add_test(all, what_is_silenced_is_not_said_again);
	tcase_add_test(all, a_p0_goes_to_the_escalation_once);
	tcase_add_test(all, the_end_of_a_run_waits_for_what_is_under_way);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
