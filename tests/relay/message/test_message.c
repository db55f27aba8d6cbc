#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text/utf8.h"
#include "relay/message/message.h"
#include "relay/message/templates.h"
#include "tests/suite.h"

enum { LIMIT = 4000 };

static struct failure why;

static struct templates *
words_of(const char *language)
{
	struct templates *templates = templates_new(language, NULL, &why);

	ck_assert_msg(templates != NULL, "%s", why.text);
	ck_assert_int_eq(time_zone_use("Asia/Seoul", &why), 0);
	return templates;
}

static struct message_item
item_of(const char *severity, const char *alertname, const char *target)
{
	return (struct message_item){ .kind = MESSAGE_FIRED,
		.id = "00000000000000aa-1",
		.labels = json_pack("{ss ss ss ss ss}", "alertname", alertname, "severity", severity, "env",
		    "live", "service", "redis", "target", target),
		.annotations = json_pack("{ss ss ss}", "summary", "Redis does not answer", "action",
		    "Stop the bot", "dashboard_url", "https://grafana.example/d/x?a=1&b=2"),
		.starts_ms = INT64_C(1796000000000) };
}

static void
release_item(struct message_item *item)
{
	json_decref((json_t *)(uintptr_t)item->labels);
	json_decref((json_t *)(uintptr_t)item->annotations);
}

static void
annotate(struct message_item *item, const char *name, const char *value)
{
	json_object_set_new((json_t *)(uintptr_t)item->annotations, name, json_string(value));
}

/* The message with its markup made visible: **bold**, [text](url). */
static char *
seen(const struct message *message)
{
	struct buffer text;

	buffer_init(&text, 1024 * 1024);
	for (size_t i = 0; i < message->count; i++) {
		const struct message_piece *piece = &message->pieces[i];
		const char *mark = piece->kind == PIECE_BOLD ? "**" : "";

		ck_assert(utf8_valid(piece->text));
		if (piece->kind == PIECE_BREAK) {
			buffer_string(&text, "\n");
		} else if (piece->kind == PIECE_LINK) {
			buffer_format(&text, "[%.*s](%.*s)", SLICE_ARGS(piece->text), SLICE_ARGS(piece->url));
		} else {
			buffer_string(&text, mark);
			buffer_append(&text, piece->text.at, piece->text.length);
			buffer_string(&text, mark);
		}
	}
	buffer_append(&text, "", 1);
	ck_assert(!text.failed);
	return text.text;
}

/* Visible UTF-16 units, counted in another way than the composer does. */
static size_t
visible_units(const struct message *message)
{
	size_t units = 0;

	for (size_t i = 0; i < message->count; i++) {
		const struct slice text = message->pieces[i].text;

		units += message->pieces[i].kind == PIECE_BREAK;
		for (size_t j = 0; j < text.length; j++)
			units += ((unsigned char)text.at[j] & 0xC0) != 0x80 ? 1 : 0;
		for (size_t j = 0; j < text.length; j++)
			units += (unsigned char)text.at[j] >= 0xF0;
	}
	return units;
}

static char *
compose_one(const struct templates *templates, struct message_item *item, struct message *message)
{
	size_t used = 0;

	ck_assert_int_eq(message_compose(templates, item, 1, LIMIT, message, &used, &why), 0);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_le(visible_units(message), LIMIT);
	return seen(message);
}

static void
expect(const struct templates *templates, struct message_item *item, const char *subject, const char *text)
{
	struct message message;
	char *got = compose_one(templates, item, &message);

	ck_assert_str_eq(got, text);
	ck_assert_str_eq(message.subject, subject);
	message_release(&message);
	free(got);
}

START_TEST(an_alert_that_is_over_says_how_long_it_lasted)
{
	struct templates *english = words_of("en"), *korean = words_of("ko");
	struct message_item item = item_of("P0", "RedisDown", "main");

	item.kind = MESSAGE_RESOLVED;
	item.ends_ms = item.starts_ms + 3725000;
	item.acknowledged_by = "@ann";
	expect(english, &item, "✅ P0 RedisDown live is resolved",
	    "✅ **P0 critical: RedisDown** is resolved\n"
	    "Redis does not answer\n"
	    "\n"
	    "Where: live redis target=main\n"
	    "Lasted 1h 2min, from 2026-11-30 09:53:20 KST to 2026-11-30 10:55:25 KST\n"
	    "Acknowledged by @ann\n"
	    "[Dashboard](https://grafana.example/d/x?a=1&b=2)");
	expect(korean, &item, "✅ P0 RedisDown live 해결됨",
	    "✅ **P0 심각: RedisDown** 해결됨\n"
	    "Redis does not answer\n"
	    "\n"
	    "위치: live redis target=main\n"
	    "지속 시간: 1시간 2분 (2026-11-30 09:53:20 KST ~ 2026-11-30 10:55:25 KST)\n"
	    "확인한 사람: @ann\n"
	    "[대시보드](https://grafana.example/d/x?a=1&b=2)");
	item.expired = true;
	item.acknowledged_by = NULL;
	item.ends_ms = item.starts_ms;
	expect(english, &item, "✅ P0 RedisDown live has expired: nobody reports it any more",
	    "✅ **P0 critical: RedisDown** has expired: nobody reports it any more\n"
	    "Redis does not answer\n"
	    "\n"
	    "Where: live redis target=main\n"
	    "Lasted 0s, from 2026-11-30 09:53:20 KST to 2026-11-30 09:53:20 KST\n"
	    "[Dashboard](https://grafana.example/d/x?a=1&b=2)");
	release_item(&item);
	templates_free(english);
	templates_free(korean);
}
END_TEST

START_TEST(an_alert_that_fires_says_what_where_and_what_to_do)
{
	struct templates *english = words_of("en");
	struct message_item item = item_of("critical", "RedisDown", "main");
	struct message message;
	char *text;

	annotate(&item, "value", "12.5 s");
	annotate(&item, "limit", "3 s");
	annotate(&item, "runbook_url", "#redisdown");
	item.acknowledge_url = "https://relay.example/ack/1?k=2";
	text = compose_one(english, &item, &message);
	ck_assert_ptr_nonnull(
	    strstr(text, "🔴 **P0 critical: RedisDown** is firing\nRedis does not answer\n\nWhere: "));
	ck_assert_ptr_nonnull(strstr(text, "\nSince: 2026-11-30 09:53:20 KST\nValue: "));
	ck_assert_ptr_nonnull(strstr(text, "\nValue: 12.5 s\nLimit: 3 s\nAction: Stop the bot\n[Dashboard]"));
	ck_assert_ptr_nonnull(strstr(text, ") · [Acknowledge](https://relay.example/ack/1?k=2)"));
	/* A text that is not an address does not become a link. */
	ck_assert_ptr_null(strstr(text, "Runbook"));
	ck_assert_str_eq(message.button, "Acknowledge");
	message_release(&message);
	free(text);
	item.kind = MESSAGE_ESCALATED;
	text = compose_one(english, &item, &message);
	ck_assert_ptr_nonnull(strstr(text, "nobody has acknowledged it: escalated"));
	ck_assert_ptr_nonnull(strstr(text, " KST\nDuration: "));
	message_release(&message);
	free(text);
	item.kind = MESSAGE_FIRED;
	item.ends_ms = item.starts_ms + 1000;
	text = compose_one(english, &item, &message);
	ck_assert_ptr_nonnull(strstr(text, "has fired and is over"));
	/* There is nothing left to acknowledge. */
	ck_assert_ptr_null(strstr(text, "[Acknowledge]"));
	message_release(&message);
	free(text);
	release_item(&item);
	templates_free(english);
}
END_TEST

static const char *const hostile[] = { "<b>x</b>&amp;<script>", "**x** [x](http://evil.example)",
	"{{alertname}} {{", "*x* _y_ `z` <!channel> <http://evil.example|x>", "\"'\\ )](", "한국어 알림 😀" };

START_TEST(a_value_is_text_whatever_it_contains)
{
	struct templates *english = words_of("en");
	struct message_item item = item_of("P1", hostile[_i], hostile[_i]);
	struct message message;
	char line[256], *text;
	size_t links = 0;

	annotate(&item, "summary", hostile[_i]);
	text = compose_one(english, &item, &message);
	(void)snprintf(line, sizeof(line), "**P1 urgent: %s** is firing\n%s\n", hostile[_i], hostile[_i]);
	ck_assert_ptr_nonnull(strstr(text, line));
	for (size_t i = 0; i < message.count; i++)
		links += message.pieces[i].kind == PIECE_LINK;
	ck_assert_uint_eq(links, 1);
	message_release(&message);
	free(text);
	release_item(&item);
	templates_free(english);
}
END_TEST

START_TEST(what_does_not_show_or_breaks_lines_is_a_blank)
{
	struct templates *english = words_of("en");
	struct message_item item = item_of("P1", "A", "main");
	struct message message;
	char *text;

	annotate(&item, "summary",
	    "one\r\nAction: two\t\x1b[31m\xE2\x80\xAE three\xE2\x80\xA8"
	    "four ");
	item.acknowledged_by = "bad \xff\xc3 bytes\n";
	text = compose_one(english, &item, &message);
	ck_assert_ptr_nonnull(strstr(text, "\none Action: two [31m three four\n"));
	ck_assert_ptr_nonnull(strstr(text, "\nAcknowledged by bad \xEF\xBF\xBD\xEF\xBF\xBD bytes\n"));
	message_release(&message);
	free(text);
	release_item(&item);
	templates_free(english);
}
END_TEST

static const char *const urls[] = { "javascript:alert(1)", "http://x/\" onclick=\"y", "https://x/<b>", "//x",
	"http://x/ y", "http://x/\ny", "ftp://x", "" };

START_TEST(only_an_address_of_the_web_is_a_link)
{
	struct templates *english = words_of("en");
	struct message_item item = item_of("P1", "A", "main");
	struct message message;
	char *text;

	annotate(&item, "dashboard_url", urls[_i]);
	text = compose_one(english, &item, &message);
	ck_assert_ptr_null(strchr(text, '['));
	message_release(&message);
	free(text);
	release_item(&item);
	templates_free(english);
}
END_TEST

/* `word` again and again, for at least so many bytes. */
static char *
repeated(const char *word, size_t bytes)
{
	char *text = calloc(1, bytes + 64);

	ck_assert_ptr_nonnull(text);
	for (size_t used = 0; used < bytes; used += strlen(word))
		memcpy(text + used, word, strlen(word));
	return text;
}

static const char *const longs[] = { "word ", "한국어 ", "😀", "&", "<&> ", "x" };

START_TEST(an_alert_that_is_too_long_is_trimmed_and_keeps_its_action_and_links)
{
	struct templates *english = words_of("en");
	struct message_item item = item_of("P1", "A", "main");
	char *description = repeated(longs[_i], 10000), *text;
	struct message message;

	annotate(&item, "description", description);
	text = compose_one(english, &item, &message);
	ck_assert_uint_ge(visible_units(&message), LIMIT / 2);
	ck_assert_ptr_nonnull(strstr(text, "…\n"));
	if (longs[_i][strlen(longs[_i]) - 1] == ' ')
		ck_assert_ptr_null(strstr(text, "wor…"));
	ck_assert_ptr_nonnull(
	    strstr(text, "\nAction: Stop the bot\n[Dashboard](https://grafana.example/d/x?a=1&b=2)"));
	message_release(&message);
	free(text);
	/* All of them long: still within the limit. */
	annotate(&item, "summary", description);
	annotate(&item, "action", description);
	annotate(&item, "value", description);
	annotate(&item, "limit", description);
	free(compose_one(english, &item, &message));
	message_release(&message);
	release_item(&item);
	free(description);
	templates_free(english);
}
END_TEST

/* Storms */

enum { STORM = 500 };

static size_t
compose_all(const struct templates *templates, struct message_item items[], size_t count, size_t limit,
    struct buffer *all)
{
	size_t messages = 0, used;

	for (size_t done = 0; done < count; done += used) {
		struct message message;
		char *text;

		ck_assert_int_eq(
		    message_compose(templates, items + done, count - done, limit, &message, &used, &why), 0);
		ck_assert_uint_ge(used, 1);
		ck_assert_uint_eq(message.item_count, used);
		ck_assert_uint_le(visible_units(&message), limit);
		text = seen(&message);
		buffer_string(all, text);
		buffer_string(all, "\n");
		message_release(&message);
		free(text);
		messages++;
	}
	buffer_append(all, "", 1);
	return messages;
}

START_TEST(a_storm_is_a_handful_of_messages_that_name_every_alert)
{
	struct templates *templates = words_of(_i == 0 ? "en" : "ko");
	struct message_item *items = calloc(STORM, sizeof(*items));
	struct buffer all;
	char name[64];

	ck_assert_ptr_nonnull(items);
	buffer_init(&all, 1024 * 1024);
	for (int i = 0; i < STORM; i++) {
		(void)snprintf(name, sizeof(name), "host%d.example", i);
		items[i] = item_of(i % 50 == 7 ? "P0" : "P2", i % 3 == 0 ? "RedisSlow" : "RedisDown", name);
	}
	ck_assert_uint_le(compose_all(templates, items, STORM, LIMIT, &all), 6);
	for (int i = 0; i < STORM; i++) {
		(void)snprintf(name, sizeof(name), "target=host%d.example\n", i);
		ck_assert_msg(strstr(all.text, name) != NULL, "%s is not named", name);
	}
	/* P0 first, and what they share is said once for each group. */
	ck_assert_ptr_nonnull(strstr(all.text, "P0"));
	ck_assert(strstr(all.text, "host457.example") < strstr(all.text, "host0.example"));
	ck_assert_ptr_nonnull(strstr(all.text, "10 P0, "));
	ck_assert_ptr_nonnull(strstr(all.text, "\nlive redis\n"));
	for (int i = 0; i < STORM; i++)
		release_item(&items[i]);
	buffer_release(&all);
	free(items);
	templates_free(templates);
}
END_TEST

START_TEST(a_list_tells_what_fires_from_what_is_over)
{
	struct templates *english = words_of("en");
	struct message_item items[] = { item_of("P2", "B", "b2"), item_of("P2", "B", "b1"),
		item_of("P1", "A", "a1"), item_of("P2", "B", "b3") };
	struct message message;
	size_t used;
	char *text;

	items[0].kind = MESSAGE_RESOLVED;
	items[0].ends_ms = items[0].starts_ms + 5000;
	items[1].kind = MESSAGE_REPEATED;
	items[3].starts_ms += 1000;
	ck_assert_int_eq(message_compose(english, items, 4, LIMIT, &message, &used, &why), 0);
	ck_assert_uint_eq(used, 4);
	text = seen(&message);
	for (char *day; (day = strstr(text, "11-30 ")) != NULL;)
		(void)memmove(day, day + 6, strlen(day + 6) + 1);
	for (char *seconds; (seconds = strstr(text, ":20")) != NULL ||
			    (seconds = strstr(text, ":21")) != NULL ||
			    (seconds = strstr(text, ":25")) != NULL;)
		(void)memmove(seconds, seconds + 3, strlen(seconds + 3) + 1);
	ck_assert_str_eq(text, "🟠 **4 alerts**: 1 P1, 3 P2\n"
			       "\n"
			       "🟠 **P1 urgent: A** (1) is firing\n"
			       "Redis does not answer\n"
			       "live redis target=a1\n"
			       "Action: Stop the bot\n"
			       "• 09:53\n"
			       "\n"
			       "🟡 **P2 warning: B** (2) is firing\n"
			       "Redis does not answer\n"
			       "live redis\n"
			       "Action: Stop the bot\n"
			       "• 09:53 target=b1 (not acknowledged)\n"
			       "• 09:53 target=b3\n"
			       "\n"
			       "✅ **P2 warning: B** (1) is resolved\n"
			       "live redis target=b2\n"
			       "• 09:53–09:53");
	ck_assert_str_eq(message.subject, "🟠 4 alerts: 1 P1, 3 P2");
	free(text);
	message_release(&message);
	for (int i = 0; i < 4; i++)
		release_item(&items[i]);
	templates_free(english);
}
END_TEST

START_TEST(a_list_says_once_what_to_do_and_who_acknowledged)
{
	struct templates *english = words_of("en");
	struct message_item items[] = { item_of("P0", "A", "a1"), item_of("P0", "A", "a2"),
		item_of("P0", "A", "a3"), item_of("P0", "A", "a4"), item_of("P0", "A", "a5") };
	struct message message;
	size_t used;
	char *text, *first;

	annotate(&items[1], "summary", "what differs is not said of all");
	for (int i = 2; i < 5; i++) {
		items[i].kind = MESSAGE_ACKNOWLEDGED;
		items[i].acknowledged_by = i == 3 ? "Jun" : "Mina";
	}
	ck_assert_int_eq(message_compose(english, items, 5, LIMIT, &message, &used, &why), 0);
	text = seen(&message);
	ck_assert_ptr_null(strstr(text, "Redis does not answer"));
	ck_assert_ptr_null(strstr(text, "what differs"));
	first = strstr(text, "Action: Stop the bot\n");
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_null(strstr(first + 1, "Action"));
	ck_assert_ptr_nonnull(
	    strstr(first, "(1) is acknowledged\nlive redis target=a4\nAcknowledged by Jun\n"));
	ck_assert_ptr_nonnull(strstr(first, "(2) is acknowledged\nlive redis\nAcknowledged by Mina\n"));
	free(text);
	message_release(&message);
	for (int i = 0; i < 5; i++)
		release_item(&items[i]);
	templates_free(english);
}
END_TEST

START_TEST(long_labels_in_a_list_leave_room_for_one_alert_at_least)
{
	struct templates *english = words_of("en");
	char *name = repeated("한국어", 1000);
	struct message_item items[] = { item_of("P2", name, "1"), item_of("P2", name, "2"),
		item_of("P2", "B", name) };
	struct buffer all;

	buffer_init(&all, 1024 * 1024);
	json_object_set_new((json_t *)(uintptr_t)items[0].labels, "env", json_string(name));
	json_object_set_new((json_t *)(uintptr_t)items[1].labels, "service", json_string(name));
	ck_assert_uint_le(compose_all(english, items, 3, MESSAGE_LIMIT_LEAST, &all), 3);
	buffer_release(&all);
	for (int i = 0; i < 3; i++)
		release_item(&items[i]);
	free(name);
	templates_free(english);
}
END_TEST

START_TEST(alerts_without_labels_are_told_all_the_same)
{
	struct templates *english = words_of("en");
	struct message_item items[] = { { .kind = MESSAGE_FIRED },
		{ .kind = MESSAGE_RESOLVED, .ends_ms = 5 } };
	struct message message;
	struct buffer all;
	char *text = compose_one(english, &items[0], &message);

	ck_assert_ptr_nonnull(strstr(text, "🟡 **P2 warning: "));
	free(text);
	message_release(&message);
	buffer_init(&all, 1024 * 1024);
	ck_assert_uint_eq(compose_all(english, items, 2, LIMIT, &all), 1);
	buffer_release(&all);
	templates_free(english);
}
END_TEST

/* Templates */

static const struct {
	const char *file, *text, *fault; /* no fault: it is taken */
} own[] = {
	{ "firing.txt", "{{alertname}} burns\n", NULL },
	{ "firing.txt", "\n{{alertname}}: {{smmary}}\n", "line 2: there is no field {{smmary}}" },
	{ "firing.txt", "{{alertname\n", "line 1: a {{ has no }}" },
	{ "list.txt", "**{{count}}\n", "line 1: a ** has no second one" },
	{ "firing.txt", "[x]({{alertname}})\n", "line 1: {{alertname}} is not an address" },
	{ "firing.txt", "{{runbook_url}}\n", "line 1: {{runbook_url}} is an address" },
	{ "firing.txt", "\xff\n", "is not a UTF-8 text" },
	{ "words.txt", "P9: x\n", "line 1: 'P9' is not one of its words" },
	{ "words.txt", "acknowledge: OK\n", NULL },
};

START_TEST(a_file_of_the_directory_takes_the_place_of_one_that_is_shipped)
{
	char directory[] = "/tmp/arbwatch-templates.XXXXXX", path[128];
	struct message_item item = item_of("P1", "A", "main");
	struct templates *templates;
	struct message message;
	FILE *file;
	char *text;

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(path, sizeof(path), "%s/%s", directory, own[_i].file);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	(void)fputs(own[_i].text, file);
	(void)fclose(file);
	templates = templates_new("en", directory, &why);
	if (own[_i].fault != NULL) {
		ck_assert_ptr_null(templates);
		ck_assert_msg(strstr(why.text, own[_i].fault) != NULL, "%s", why.text);
		ck_assert_ptr_nonnull(strstr(why.text, own[_i].file));
	} else {
		ck_assert_msg(templates != NULL, "%s", why.text);
		text = compose_one(templates, &item, &message);
		ck_assert_int_eq(strcmp(text, "A burns") == 0, _i == 0);
		ck_assert_str_eq(message.button, _i == 0 ? "Acknowledge" : "OK");
		free(text);
		message_release(&message);
	}
	templates_free(templates);
	(void)unlink(path);
	(void)rmdir(directory);
	release_item(&item);
}
END_TEST

START_TEST(what_is_not_there_is_an_error)
{
	ck_assert_ptr_null(templates_new("fr", NULL, &why));
	ck_assert_ptr_nonnull(strstr(why.text, "use en or ko"));
	ck_assert_ptr_null(templates_new("en", "/nonexistent", &why));
	ck_assert_ptr_nonnull(strstr(why.text, "/nonexistent"));
	ck_assert_int_eq(time_zone_use("Asia/Seul", &why), -1);
	ck_assert_ptr_nonnull(strstr(why.text, "Asia/Seul"));
	ck_assert_int_eq(time_zone_use("../../etc/passwd", &why), -1);
	ck_assert_int_eq(time_zone_use("Asia", &why), -1);
	ck_assert_int_eq(time_zone_use(NULL, &why), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message");
	TCase *one = tcase_create("one"), *list = tcase_create("list"), *files = tcase_create("templates");

	tcase_add_test(one, an_alert_that_is_over_says_how_long_it_lasted);
	tcase_add_test(one, an_alert_that_fires_says_what_where_and_what_to_do);
	tcase_add_loop_test(one, a_value_is_text_whatever_it_contains, 0, LENGTH(hostile));
	tcase_add_test(one, what_does_not_show_or_breaks_lines_is_a_blank);
	tcase_add_loop_test(one, only_an_address_of_the_web_is_a_link, 0, LENGTH(urls));
	tcase_add_loop_test(
	    one, an_alert_that_is_too_long_is_trimmed_and_keeps_its_action_and_links, 0, LENGTH(longs));
	tcase_add_loop_test(list, a_storm_is_a_handful_of_messages_that_name_every_alert, 0, 2);
	tcase_add_test(list, a_list_tells_what_fires_from_what_is_over);
	tcase_add_test(list, a_list_says_once_what_to_do_and_who_acknowledged);
	tcase_add_test(list, long_labels_in_a_list_leave_room_for_one_alert_at_least);
	tcase_add_test(list, alerts_without_labels_are_told_all_the_same);
	tcase_add_loop_test(
	    files, a_file_of_the_directory_takes_the_place_of_one_that_is_shipped, 0, LENGTH(own));
	tcase_add_test(files, what_is_not_there_is_an_error);
	suite_add_tcase(suite, one);
	suite_add_tcase(suite, list);
	suite_add_tcase(suite, files);
	return run_suite(suite);
}
