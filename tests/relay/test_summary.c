#include <stdlib.h>
#include <string.h>

#include "relay/summary.h"
#include "tests/suite.h"

static struct failure why;

static struct history_summary
day_of_alerts(void)
{
	struct history_summary summary = { .noisiest_count = 2, .sent = 41, .failed = 2 };

	for (size_t i = 0; i < HISTORY_SEVERITIES; i++)
		summary.severities[i] = (struct history_figures){
			.severity = { 'P', (char)('0' + i) }, .acknowledge_seconds = -1, .resolve_seconds = -1
		};
	summary.severities[0].began = 3;
	summary.severities[0].acknowledged = 2;
	summary.severities[0].acknowledge_seconds = 90;
	summary.severities[2].began = 9;
	summary.severities[2].open = 1;
	summary.noisiest[0] = (struct history_figures){ .name = "Slow<b>\r\n&",
		.severity = "P2",
		.began = 9,
		.open = 1,
		.acknowledge_seconds = -1,
		.resolve_seconds = 3600 };
	summary.noisiest[1] = (struct history_figures){ .name = "한국어\xea\xb5",
		.severity = "P0",
		.began = 3,
		.acknowledge_seconds = 90,
		.resolve_seconds = -1 };
	return summary;
}

START_TEST(a_day_is_told_in_figures)
{
	struct history_summary summary = day_of_alerts();
	struct templates *english = templates_new("en", NULL, &why);
	struct summary_mail mail;

	ck_assert_ptr_nonnull(english);
	ck_assert_int_eq(time_zone_use("Asia/Seoul", &why), 0);
	ck_assert_int_eq(summary_compose(english, &summary, 1795910400000, 1795996800000, &mail, &why), 0);
	ck_assert_str_eq(mail.subject, "Alerts of the last day: 3 P0, 9 P2");
	buffer_append(&mail.text, "", 1);
	buffer_append(&mail.html, "", 1);
	ck_assert_str_eq(mail.text.text,
	    "Alerts of the last day\r\n"
	    "2026-11-29 09:00:00 KST – 2026-11-30 09:00:00 KST\r\n"
	    "\r\n"
	    "P0 critical: Began: 3, Still open: 0, Acknowledged: 2, Median time to acknowledge: 1min 30s\r\n"
	    "P1 urgent: Began: 0, Still open: 0, Acknowledged: 0\r\n"
	    "P2 warning: Began: 9, Still open: 1, Acknowledged: 0\r\n"
	    "P3 information: Began: 0, Still open: 0, Acknowledged: 0\r\n"
	    "\r\n"
	    "The noisiest\r\n"
	    "P2 Slow<b> &: Began: 9, Still open: 1, Acknowledged: 0, Median time to resolve: 1h\r\n"
	    "P0 한국어\xEF\xBF\xBD\xEF\xBF\xBD: Began: 3, Still open: 0, Acknowledged: 0, "
	    "Median time to acknowledge: 1min 30s\r\n"
	    "\r\n"
	    "Alerts delivered, counted for each channel: 41. Attempts that failed: 2.\r\n");
	ck_assert_ptr_nonnull(
	    strstr(mail.html.text, "<td>P2 Slow&lt;b&gt; &amp;</td><td align=right>9</td>"));
	ck_assert_ptr_null(strstr(mail.html.text, "Slow<b>"));
	buffer_release(&mail.text);
	buffer_release(&mail.html);
	templates_free(english);
}
END_TEST

START_TEST(a_quiet_day_is_told_too)
{
	struct history_summary summary = { 0 };
	struct templates *korean = templates_new("ko", NULL, &why);
	struct summary_mail mail;

	ck_assert_ptr_nonnull(korean);
	ck_assert_int_eq(summary_compose(korean, &summary, 0, 86400000, &mail, &why), 0);
	ck_assert_str_eq(mail.subject, "지난 하루의 알림");
	buffer_append(&mail.text, "", 1);
	ck_assert_ptr_nonnull(strstr(mail.text.text, "알림이 없었습니다."));
	buffer_release(&mail.text);
	buffer_release(&mail.html);
	templates_free(korean);
}
END_TEST

/* Unix times that `date -d TEXT +%s` gives, with TZ as the zone. */
static const struct {
	const char *zone;
	int minute;
	int64_t now, next;
} days[] = {
	{ "Asia/Seoul", 7 * 60 + 30, 1795990000, 1795991400 },    /* 07:06:40, the same day */
	{ "Asia/Seoul", 7 * 60 + 30, 1795991400, 1796077800 },    /* 07:30:00, the next day */
	{ "Europe/Berlin", 7 * 60 + 30, 1774682000, 1774762200 }, /* summer time begins in between */
	{ "Europe/Berlin", 7 * 60 + 30, 1792825000, 1792909800 }, /* and ends */
};

START_TEST(it_comes_at_its_time_of_the_day)
{
	ck_assert_int_eq(time_zone_use(days[_i].zone, &why), 0);
	ck_assert_int_eq(summary_next_ms(days[_i].minute, days[_i].now * 1000), days[_i].next * 1000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("summary");
	TCase *all = tcase_create("all");

	tcase_add_test(all, a_day_is_told_in_figures);
	tcase_add_test(all, a_quiet_day_is_told_too);
	tcase_add_loop_test(all, it_comes_at_its_time_of_the_day, 0, LENGTH(days));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
