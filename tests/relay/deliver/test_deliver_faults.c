/* What happens when channels fail, answer oddly or leave, when the store fails, and when the process is
 * killed. */

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/relay/deliver/stage.h"

#define TELEGRAM "telegram:main"
#define SLACK    "slack:main"
#define MAIL     "mail:main"
#define WEBHOOK  "webhook:main"

static bool
is_to(const struct request *request, const char *channel)
{
	return strcmp(request->channel, channel) == 0;
}

static void
answer_with(struct channel_result *result, enum channel_outcome outcome, int status)
{
	result->outcome = outcome;
	result->status = status;
	(void)failure_set(&result->failure, FAILURE_REJECTED, "it said %d", status);
}

static int faults; /* so many answers to Telegram fail */

static void
some_fail(const struct request *request, struct channel_result *result)
{
	if (is_to(request, TELEGRAM) && faults > 0) {
		faults--;
		answer_with(result, CHANNEL_RETRY, 503);
	}
}

static size_t
self_alerts(void)
{
	struct incident incident;
	size_t count = 0;
	int64_t row = 0;

	store_begin(stage.store);
	while (incident_next(stage.store, row, &incident)) {
		row = incident.row;
		count += strcmp(alert_text(incident.labels, "alertname"), "AlertRelayDeliveryFailed") == 0;
		incident_release(&incident);
	}
	stage_commit();
	return count;
}

START_TEST(what_fails_is_tried_three_times_more_and_later_each_time)
{
	stage.answer = some_fail;
	faults = 3;
	stage_start("-> telegram:main | mail:main repeat=0s");
	stage_fire("A", "P0");
	stage_await(TELEGRAM, 1, true);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, false), 4);
	for (size_t i = 1; i < 4; i++)
		ck_assert_int_ge(
		    stage_get(TELEGRAM, i)->at_ms - stage_get(TELEGRAM, i - 1)->at_ms, 19 << (i - 1));
	ck_assert_uint_eq(stage_events(EVENT_RETRIED, TELEGRAM), 3);
	ck_assert_uint_eq(stage_events(EVENT_FAILED, NULL), 0);
	ck_assert_uint_eq(stage_events(EVENT_SENT, TELEGRAM), 1);
	ck_assert_uint_eq(stage_count(MAIL, false), 0);
}
END_TEST

START_TEST(after_four_attempts_the_next_channel_has_it_and_the_failure_is_an_alert)
{
	struct deliver_counters counters;

	stage.answer = some_fail;
	faults = 4;
	stage_start("-> telegram:main | mail:main repeat=0s");
	stage_fire("A", "P0");
	stage_await(MAIL, 1, true);
	/* The alert about Telegram goes to the mail, too, and not to Telegram. */
	stage_await(MAIL, 2, true);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, false), 4);
	ck_assert_uint_eq(stage_events(EVENT_FAILED, TELEGRAM), 1);
	ck_assert_uint_eq(self_alerts(), 1);
	deliver_counters(stage.deliver, 0, &counters);
	ck_assert_int_eq(counters.up, 0);
	ck_assert_uint_eq(counters.retried, 3);
	ck_assert_uint_eq(counters.failed, 1);
	/* The next message there is its end. */
	stage_fire("B", "P0");
	stage_await(TELEGRAM, 5, false);
	stage_await(MAIL, 3, true);
	stage_drain();
	ck_assert_uint_eq(self_alerts(), 0);
	ck_assert_int_eq(stage_get(MAIL, 2)->kinds[0], MESSAGE_RESOLVED);
	deliver_counters(stage.deliver, 0, &counters);
	ck_assert_int_eq(counters.up, 1);
	ck_assert_uint_eq(counters.sent, 1);
}
END_TEST

static void
telegram_refuses(const struct request *request, struct channel_result *result)
{
	if (is_to(request, TELEGRAM))
		answer_with(result, CHANNEL_REFUSED, 403);
}

START_TEST(what_is_refused_goes_to_the_next_channel_at_once)
{
	stage.answer = telegram_refuses;
	stage_start("severity=P0 -> telegram:main | mail:main repeat=0s");
	stage_fire("A", "P0");
	stage_await(MAIL, 1, true);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, false), 1);
	ck_assert_uint_eq(stage_events(EVENT_RETRIED, NULL), 0);
	ck_assert_uint_eq(stage_events(EVENT_FAILED, TELEGRAM), 1);
}
END_TEST

START_TEST(without_a_next_channel_it_is_tried_from_time_to_time)
{
	stage.answer = some_fail;
	faults = 12;
	stage_start("severity=P0 -> telegram:main repeat=0s");
	stage_fire("A", "P0");
	stage_await(TELEGRAM, 1, true);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, false), 13);
	for (size_t i = 5; i < 13; i++)
		ck_assert_int_ge(stage_get(TELEGRAM, i)->at_ms - stage_get(TELEGRAM, i - 1)->at_ms, 49);
	/* It failed once, and is not told of each time. */
	ck_assert_uint_eq(stage_events(EVENT_FAILED, TELEGRAM), 1);
	ck_assert_uint_eq(self_alerts(), 0);
}
END_TEST

static const char *poison;

static void
one_is_poison(const struct request *request, struct channel_result *result)
{
	for (size_t i = 0; i < request->count; i++) {
		if (is_to(request, TELEGRAM) && poison != NULL && strncmp(request->ids[i], poison, 16) == 0) {
			answer_with(result, CHANNEL_REFUSED, 400);
			result->content = true;
		}
	}
}

static char marked[INCIDENT_ID];

static void
mark(struct incident *incident)
{
	if (strcmp(alert_text(incident->labels, "instance"), "i7") == 0)
		(void)snprintf(marked, sizeof(marked), "%s", incident->id);
}

START_TEST(an_alert_that_spoils_its_message_holds_up_no_other)
{
	stage.answer = one_is_poison;
	stage.closed = true;
	stage_start("severity=P2 -> telegram:main | mail:main repeat=0s");
	stage_push("First", "P2", 0, 1, false);
	while (!stage_is_waiting())
		stage_pause();
	stage_push("A", "P2", 0, 20, false);
	stage_each(mark);
	poison = marked;
	stage_open_gate();
	stage_await(MAIL, 1, true);
	stage_drain();
	ck_assert_uint_eq(stage_events(EVENT_SENT, TELEGRAM), 20);
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 1);
	ck_assert_str_eq(stage_get(MAIL, 0)->ids[0], marked);
	ck_assert_uint_lt(stage_count(TELEGRAM, false), 15);
}
END_TEST

static int64_t leave_ms;

static void
one_flood(const struct request *request, struct channel_result *result)
{
	if (is_to(request, TELEGRAM) && faults > 0) {
		faults--;
		answer_with(result, CHANNEL_RETRY, 429);
		result->retry_after_ms = leave_ms;
	}
}

START_TEST(a_channel_that_asks_for_time_gets_it_from_both_lanes)
{
	stage.answer = one_flood;
	faults = 1;
	leave_ms = 1200;
	stage_start("-> telegram:main | mail:main repeat=0s");
	stage_fire("A", "P2");
	stage_await(TELEGRAM, 1, false);
	stage_fire("B", "P0");
	stage_await(TELEGRAM, 2, true);
	stage_drain();
	for (size_t i = 1; i < 3; i++)
		ck_assert_int_ge(stage_get(TELEGRAM, i)->at_ms - stage_get(TELEGRAM, 0)->at_ms, 1199);
	/* It is no failure. */
	ck_assert_uint_eq(stage_events(EVENT_RETRIED, NULL), 0);
	ck_assert_uint_eq(stage_count(MAIL, false), 0);
}
END_TEST

START_TEST(a_channel_that_asks_for_much_time_is_left_to_the_next_one)
{
	stage.answer = one_flood;
	faults = 1000;
	leave_ms = 3600 * 1000;
	stage_start("severity=~\"P0|P2\" -> telegram:main | mail:main repeat=0s");
	stage_fire("A", "P2");
	stage_await(MAIL, 1, true);
	/* What comes later does not even ask. */
	stage_fire("B", "P0");
	stage_await(MAIL, 2, true);
	stage_drain();
	ck_assert_uint_eq(stage_count(TELEGRAM, false), 1);
}
END_TEST

START_TEST(what_waits_for_a_channel_that_left_goes_to_the_next_one)
{
	stage.answer = telegram_refuses;
	stage.settings.retry_slow_ms = 3600 * 1000;
	stage_start("alertname=A -> telegram:main");
	stage_fire("A", "P0");
	stage_await(TELEGRAM, 1, false);
	stage_stop();
	/* Now there are two that wait: one with a next channel. */
	routes_free(stage.routes);
	stage.routes = NULL;
	stage_start("alertname=B -> telegram:main | mail:main");
	stage_stop();
	stage_fire("B", "P2");
	ck_assert_uint_eq(stage_waiting(), 2);
	stage.settings.channels = &stage_channels[1];
	stage.settings.channel_count--;
	stage_start("alertname=B -> mail:main");
	stage_await(MAIL, 1, true);
	stage_drain();
	ck_assert_uint_eq(stage_get(MAIL, 0)->count, 1);
	ck_assert_uint_eq(self_alerts(), 0);
}
END_TEST

START_TEST(a_fault_of_the_store_sends_nothing_twice)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	struct rlimit before;

	(void)signal(SIGXFSZ, SIG_IGN);
	stage.closed = true;
	stage_start("-> mail:main repeat=0s");
	stage_fire("A", "P0");
	while (!stage_is_waiting())
		stage_pause();
	/* No file can grow, as on a full disk, when the answer comes. */
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	stage_open_gate();
	while (store_failures(stage.store) < 1)
		stage_pause();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	stage_drain();
	ck_assert_uint_eq(stage_count(MAIL, false), 1);
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 1);
}
END_TEST

/* A count that survives its process. */
static int *arrived;

static void
count_and_die(const struct request *request, struct channel_result *result)
{
	(void)result;
	if (is_to(request, MAIL) && ++*arrived == 1)
		(void)kill(getpid(), SIGKILL);
}

START_TEST(a_kill_before_the_record_repeats_that_message_and_no_other)
{
	int status;
	pid_t child;

	arrived = mmap(NULL, sizeof(*arrived), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(arrived, MAP_FAILED);
	stage.answer = count_and_die;
	store_close(stage.store);
	stage.store = NULL;
	child = fork();
	if (child == 0) {
		stage_open_store();
		stage_start("-> webhook:main, mail:main repeat=0s");
		stage_push("A", "P0", 0, 1, false);
		for (;;)
			(void)pause();
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	stage_open_store();
	stage_start("-> webhook:main, mail:main repeat=0s");
	stage_drain();
	ck_assert_int_eq(*arrived, 2);
	ck_assert_uint_eq(stage_events(EVENT_SENT, MAIL), 1);
	ck_assert_uint_eq(stage_events(EVENT_SENT, WEBHOOK), 1);
	(void)munmap(arrived, sizeof(*arrived));
}
END_TEST

/* Half of all answers fail, for good or for now. */
static void
half_fails(const struct request *request, struct channel_result *result)
{
	static unsigned seed = 7;

	if (is_to(request, TELEGRAM) && rand_r(&seed) % 2 == 0)
		answer_with(result, CHANNEL_RETRY, rand_r(&seed) % 2 == 0 ? 500 : 429);
	result->retry_after_ms = 0;
}

START_TEST(nothing_is_lost_and_nothing_said_twice_where_half_of_it_fails)
{
	stage.answer = half_fails;
	stage.settings.retry_ms = 2;
	stage_start("alertname=A -> telegram:main | mail:main, webhook:main repeat=0s");
	for (int i = 0; i < 40; i++) {
		stage_push("A", i % 2 == 0 ? "P0" : "P2", 5 * i, 5, false);
		if (i == 20)
			stage_restart("alertname=A -> telegram:main | mail:main, webhook:main repeat=0s");
	}
	stage_drain();
	ck_assert_uint_eq(stage_events(EVENT_SENT, TELEGRAM) + stage_events(EVENT_SENT, MAIL), 200);
	ck_assert_uint_eq(stage_events(EVENT_SENT, WEBHOOK), 200);
	for (size_t i = 0; i < stage.count; i++) {
		const struct request *request = stage.requests[i];

		for (size_t k = 0; request->sent && k < request->count; k++) {
			size_t told = stage_named(TELEGRAM, request->ids[k], MESSAGE_FIRED) +
				      stage_named(MAIL, request->ids[k], MESSAGE_FIRED);

			ck_assert_uint_eq(told, 1);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deliver_faults");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, stage_set_up, stage_tear_down);
	tcase_add_test(all, what_fails_is_tried_three_times_more_and_later_each_time);
	tcase_add_test(all, after_four_attempts_the_next_channel_has_it_and_the_failure_is_an_alert);
	tcase_add_test(all, what_is_refused_goes_to_the_next_channel_at_once);
	tcase_add_test(all, without_a_next_channel_it_is_tried_from_time_to_time);
	tcase_add_test(all, an_alert_that_spoils_its_message_holds_up_no_other);
	tcase_add_test(all, a_channel_that_asks_for_time_gets_it_from_both_lanes);
	tcase_add_test(all, a_channel_that_asks_for_much_time_is_left_to_the_next_one);
	tcase_add_test(all, what_waits_for_a_channel_that_left_goes_to_the_next_one);
	tcase_add_test(all, a_fault_of_the_store_sends_nothing_twice);
	tcase_add_test(all, a_kill_before_the_record_repeats_that_message_and_no_other);
	tcase_add_test(all, nothing_is_lost_and_nothing_said_twice_where_half_of_it_fails);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
