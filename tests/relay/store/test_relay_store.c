#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "relay/store/incidents.h"
#include "relay/store/journal.h"
#include "relay/store/mutes.h"
#include "relay/store/outbox.h"
#include "relay/store/said.h"
#include "relay/store/store.h"
#include "relay/store/upkeep.h"
#include "tests/suite.h"

#define NOW INT64_C(1795224705123)

static char directory[64];
static struct store *store;
static struct failure why;

static void
open_store(void)
{
	store = store_open(directory, true, &why);
	ck_assert_msg(store != NULL, "%s", why.text);
}

static void
set_up(void)
{
	(void)snprintf(directory, sizeof(directory), "/tmp/arbwatch-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	open_store();
}

/* Paths of the directory's files by a pattern. */
static size_t
files(const char *pattern, glob_t *found)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", directory, pattern);
	return glob(path, 0, NULL, found) == 0 ? found->gl_pathc : 0;
}

static void
tear_down(void)
{
	store_close(store);
	store = NULL;
	suite_remove(directory);
}

static void
reopen(void)
{
	store_close(store);
	open_store();
}

static void
end(void)
{
	ck_assert_msg(store_end(store, &why) == 0, "%s", why.text);
}

/* An open incident, whose fingerprint is a number; with annotations of so many bytes. */
static struct incident
add(int number, enum alert_severity severity, size_t bytes)
{
	struct incident incident = { .severity = severity,
		.starts_ms = NOW + number,
		.seen_ms = NOW,
		.expires_ms = NOW + 60000,
		.feeds = FEED_OBSERVE };
	char *text = malloc(bytes + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', bytes);
	text[bytes] = '\0';
	incident.labels = json_pack("{ss ss si}", "alertname", "A", "service", "bot", "number", number);
	incident.annotations = json_pack("{ss}", "summary", text);
	free(text);
	(void)snprintf(incident.fingerprint, sizeof(incident.fingerprint), "%016x", (unsigned)number);
	incident_make_id(incident.fingerprint, incident.starts_ms, incident.id);
	incident_add(store, &incident);
	return incident;
}

static void
add_many(int count, size_t bytes)
{
	for (int i = 1; i <= count; i++) {
		struct incident incident = add(i, SEVERITY_P2, bytes);

		incident_release(&incident);
	}
}

static size_t
count_open(void)
{
	size_t counts[SEVERITIES];

	incident_count(store, counts);
	return counts[0] + counts[1] + counts[2] + counts[3];
}

/* Every field gets a value that no other one has. */
static void
fill(struct incident *in)
{
	in->link = strdup("https://p/");
	in->acknowledged_ms = NOW + 1;
	incident_text(&in->acknowledged_by, "Ann");
	incident_text(&in->acknowledged_via, "page");
	incident_text(&in->note, "on it");
	incident_text(&in->silence_id, "s-1");
	in->check_ms = NOW + 2;
	in->suppressed = SUPPRESSED_SILENCED;
	in->status = INCIDENT_EXPIRED;
	in->ends_ms = NOW + 3;
	in->closed_ms = NOW + 4;
	in->seen_ms = NOW + 5;
	in->promised_ms = NOW + 6;
	in->expires_ms = NOW + 7;
	in->feeds = FEED_PUSH | FEED_OBSERVE;
	in->repeats = 8;
	in->missed = 9;
	in->delivered_ms = NOW + 10;
	in->end_told = true;
	in->escalated_ms = NOW + 11;
}

static void
expect_filled(const struct incident *out, const struct incident *in)
{
	ck_assert_int_eq(out->row, in->row);
	ck_assert_int_eq(out->severity, SEVERITY_P0);
	ck_assert(json_equal(out->labels, in->labels) && json_equal(out->annotations, in->annotations));
	ck_assert_str_eq(out->link, "https://p/");
	ck_assert_int_eq(out->starts_ms, in->starts_ms);
	ck_assert_int_eq(out->status, INCIDENT_EXPIRED);
	ck_assert_int_eq(out->ends_ms, NOW + 3);
	ck_assert_int_eq(out->closed_ms, NOW + 4);
	ck_assert_int_eq(out->seen_ms, NOW + 5);
	ck_assert_int_eq(out->promised_ms, NOW + 6);
	ck_assert_int_eq(out->expires_ms, NOW + 7);
	ck_assert_uint_eq(out->feeds, FEED_PUSH | FEED_OBSERVE);
	ck_assert_uint_eq(out->repeats, 8);
	ck_assert_uint_eq(out->missed, 9);
	ck_assert_int_eq(out->delivered_ms, NOW + 10);
	ck_assert(out->end_told);
	ck_assert_int_eq(out->escalated_ms, NOW + 11);
	ck_assert_int_eq(out->acknowledged_ms, NOW + 1);
	ck_assert_str_eq(out->acknowledged_by, "Ann");
	ck_assert_str_eq(out->acknowledged_via, "page");
	ck_assert_str_eq(out->note, "on it");
	ck_assert_str_eq(out->silence_id, "s-1");
	ck_assert_int_eq(out->check_ms, NOW + 2);
	ck_assert_int_eq(out->suppressed, SUPPRESSED_SILENCED);
}

START_TEST(test_what_is_committed_is_there_after_a_restart)
{
	struct incident in, out;
	struct stat file;
	char path[128], uuid[STORE_UUID];

	store_begin(store);
	in = add(7, SEVERITY_P0, 10);
	fill(&in);
	incident_save(store, &in);
	incident_renew(store, &in);
	(void)snprintf(uuid, sizeof(uuid), "%s", store_uuid(store));
	ck_assert_uint_eq(strlen(uuid), STORE_UUID - 1);
	end();
	reopen();

	store_begin(store);
	ck_assert(incident_find(store, in.id, &out));
	expect_filled(&out, &in);
	ck_assert_str_eq(store_uuid(store), uuid);
	end();
	incident_release(&in);
	incident_release(&out);

	(void)snprintf(path, sizeof(path), "%s/relay.db", directory);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_int_eq(file.st_mode & 07777, 0600);
}
END_TEST

START_TEST(test_what_is_cancelled_did_not_happen)
{
	store_begin(store);
	add_many(3, 10);
	ck_assert_uint_eq(count_open(), 3);
	store_cancel(store);
	store_begin(store);
	ck_assert_uint_eq(count_open(), 0);
	end();
}
END_TEST

START_TEST(test_an_error_sticks_and_nothing_of_it_happened)
{
	struct incident twice;
	struct mute mute = { .service = "bot", .until_ms = NOW + 1 };

	store_begin(store);
	add_many(1, 10);
	end();
	store_begin(store);
	mute_put(store, &mute);
	twice = add(1, SEVERITY_P2, 10);
	incident_release(&twice);
	ck_assert(store_failed(store));
	/* Nothing is found any more. */
	ck_assert(!mute_next(store, "", NOW, &mute));
	ck_assert_int_eq(store_end(store, &why), -1);
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_uint_eq(store_failures(store), 1);

	store_begin(store);
	ck_assert(!store_failed(store));
	ck_assert_uint_eq(count_open(), 1);
	ck_assert(!mute_next(store, "", NOW, &mute));
	end();
}
END_TEST

/* One transaction after the other, each of which puts its number into the pipe when it is durable. */
static void
commit_for_ever(int pipe)
{
	store = store_open(directory, true, &why);
	for (int number = 1; store != NULL; number++) {
		struct incident incident;

		store_begin(store);
		incident = add(number + (int)getpid() * 10000, SEVERITY_P1, 500);
		outbox_add(store, &incident, TASK_FIRED, "t", NOW);
		incident_release(&incident);
		if (store_end(store, &why) != 0 || write(pipe, &number, sizeof(number)) != sizeof(number))
			break;
	}
	_exit(1);
}

START_TEST(test_what_was_answered_outlives_a_kill)
{
	struct outbox_channel channels[2];
	size_t sum = 0;

	store_close(store);
	for (int round = 0; round < 5; round++) {
		int pipes[2], number = 0, wanted = 1 + round * 3;
		pid_t child;

		ck_assert_int_eq(pipe(pipes), 0);
		child = fork();
		if (child == 0)
			commit_for_ever(pipes[1]);
		(void)close(pipes[1]);
		while (number < wanted)
			ck_assert_int_eq(read(pipes[0], &number, sizeof(number)), sizeof(number));
		(void)kill(child, SIGKILL);
		while (read(pipes[0], &number, sizeof(number)) == sizeof(number))
			continue;
		(void)close(pipes[0]);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
		open_store();
		store_begin(store);
		sum += (size_t)number;
		ck_assert_uint_eq(outbox_channels(store, channels, 2), 1);
		/* The last one may have been killed before it could say so. */
		ck_assert_uint_ge(channels[0].count, sum);
		ck_assert_uint_le(channels[0].count, sum + 1);
		ck_assert_uint_eq(count_open(), channels[0].count);
		sum = channels[0].count;
		end();
		store_close(store);
	}
	store = NULL;
}
END_TEST

START_TEST(test_a_second_process_is_turned_away)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		_exit(store_open(directory, true, &why) == NULL &&
			      strstr(why.text, "another process uses") != NULL
			  ? 0
			  : 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(test_a_directory_is_made_and_one_that_cannot_be_is_named)
{
	char path[128];
	struct store *other;

	(void)snprintf(path, sizeof(path), "%s/new", directory);
	other = store_open(path, false, &why);
	ck_assert_msg(other != NULL, "%s", why.text);
	store_close(other);
	(void)snprintf(path, sizeof(path), "rm -r %s/new", directory);
	ck_assert_int_eq(system(path), 0);
	ck_assert_ptr_null(store_open("/proc/no/such", false, &why));
	ck_assert_ptr_nonnull(strstr(why.text, "/proc/no/such"));
}
END_TEST

/* Write over all of the files. */
static void
spoil(const char *pattern)
{
	static char junk[65536];
	glob_t found;

	memset(junk, 0xa5, sizeof(junk));
	for (size_t i = 0, count = files(pattern, &found); i < count; i++) {
		struct stat file;
		int fd = open(found.gl_pathv[i], O_WRONLY);

		ck_assert_int_eq(fstat(fd, &file), 0);
		for (off_t at = 0; at < file.st_size; at += (off_t)sizeof(junk))
			ck_assert(pwrite(fd, junk, sizeof(junk), at) > 0);
		(void)close(fd);
	}
	globfree(&found);
}

static void
expect_replaced(void)
{
	struct failure notice;
	glob_t found;

	ck_assert(store_notice(store, &notice));
	ck_assert_ptr_nonnull(strstr(notice.text, "was damaged"));
	ck_assert(!store_notice(store, &notice));
	ck_assert_uint_eq(files("relay.db.damaged-*[0-9]", &found), 1);
	globfree(&found);
	store_begin(store);
	ck_assert_uint_eq(count_open(), 0);
	add_many(1, 10);
	end();
}

START_TEST(test_a_database_that_is_damaged_is_moved_aside_at_the_start)
{
	store_begin(store);
	add_many(10, 10);
	end();
	store_close(store);
	spoil("relay.db*");
	open_store();
	expect_replaced();
}
END_TEST

START_TEST(test_a_damaged_page_is_found_at_the_start)
{
	char path[128], uuid[STORE_UUID];
	int fd;

	store_begin(store);
	add_many(500, 1000);
	(void)snprintf(uuid, sizeof(uuid), "%s", store_uuid(store));
	end();
	store_close(store);
	(void)snprintf(path, sizeof(path), "%s/relay.db", directory);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "spoiled", 7, 40 * 4096), 7);
	(void)close(fd);
	open_store();
	/* Its events are others than those of the one before. */
	ck_assert_str_ne(store_uuid(store), uuid);
	expect_replaced();
}
END_TEST

START_TEST(test_a_database_that_is_damaged_meanwhile_is_moved_aside)
{
	struct incident incident;

	store_begin(store);
	add_many(5000, 1000);
	end();
	spoil("relay.db*");
	store_begin(store);
	for (int64_t row = 0; incident_next(store, row, &incident);) {
		row = incident.row;
		incident_release(&incident);
	}
	ck_assert_int_eq(store_end(store, &why), -1);
	expect_replaced();
}
END_TEST

START_TEST(test_a_database_of_a_newer_program_is_left_alone)
{
	char command[256];

	store_close(store);
	store = NULL;
	(void)snprintf(command, sizeof(command), "sqlite3 %s/relay.db 'PRAGMA user_version = 99'", directory);
	ck_assert_int_eq(system(command), 0);
	ck_assert_ptr_null(store_open(directory, true, &why));
	ck_assert_ptr_nonnull(strstr(why.text, "newer version"));
}
END_TEST

START_TEST(test_a_disk_without_room_needs_nothing_but_room)
{
	struct rlimit was, small = { .rlim_cur = 256 * 1024 };

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	small.rlim_max = was.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	store_begin(store);
	add_many(2000, 1000);
	ck_assert_int_eq(store_end(store, &why), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);

	store_begin(store);
	ck_assert_uint_eq(count_open(), 0);
	add_many(2000, 1000);
	end();
	reopen();
	store_begin(store);
	ck_assert_uint_eq(count_open(), 2000);
	end();
}
END_TEST

START_TEST(test_the_log_does_not_grow_for_ever)
{
	char path[128];
	struct stat file;

	for (int i = 0; i < 30; i++) {
		store_begin(store);
		for (int j = 1; j <= 50; j++) {
			struct incident incident = add(i * 50 + j, SEVERITY_P2, 10000);

			incident_release(&incident);
		}
		upkeep_prune(store, NOW);
		end();
	}
	(void)snprintf(path, sizeof(path), "%s/relay.db-wal", directory);
	ck_assert_int_eq(stat(path, &file), 0);
	/* 15 MB were written. */
	ck_assert_int_lt(file.st_size, 5 * 1024 * 1024);
}
END_TEST

static int calls_outbox, calls_journal;

static void
changed(void *context, bool outbox, bool journal)
{
	ck_assert_ptr_eq(context, directory);
	calls_outbox += outbox;
	calls_journal += journal;
}

START_TEST(test_a_watcher_is_called_after_what_was_committed)
{
	const struct event event = { .kind = EVENT_FIRED, .at_ms = NOW, .latency_ms = -1 };
	struct incident incident;

	calls_outbox = calls_journal = 0;
	store_watch(store, changed, directory);
	store_begin(store);
	incident = add(1, SEVERITY_P2, 1);
	end();
	ck_assert_int_eq(calls_outbox + calls_journal, 0);
	store_begin(store);
	outbox_add(store, &incident, TASK_FIRED, "telegram:main", NOW);
	store_cancel(store);
	ck_assert_int_eq(calls_outbox + calls_journal, 0);
	store_begin(store);
	outbox_add(store, &incident, TASK_FIRED, "telegram:main", NOW);
	journal_add(store, &incident, &event, false);
	end();
	ck_assert_int_eq(calls_outbox, 1);
	ck_assert_int_eq(calls_journal, 1);
	incident_release(&incident);
}
END_TEST

START_TEST(test_incidents_are_listed_for_people)
{
	static const enum alert_severity severities[] = { SEVERITY_P2, SEVERITY_P0, SEVERITY_P2,
		SEVERITY_P1 };
	/* By severity, then the latest first; "over" closed first. */
	static const int order[] = { 2, 4, 3, 1 };
	struct incident list[8];

	store_begin(store);
	for (int i = 0; i < LENGTH(severities); i++) {
		struct incident incident = add(i + 1, severities[i], 1);

		incident_release(&incident);
	}
	for (int i = 5; i <= 6; i++) {
		struct incident incident = add(i, SEVERITY_P0, 1);

		incident.status = INCIDENT_RESOLVED;
		incident.closed_ms = incident.ends_ms = NOW + i;
		incident_save(store, &incident);
		incident_release(&incident);
	}
	ck_assert_uint_eq(incident_list(store, true, 0, list, 8), 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(list[i].starts_ms, NOW + order[i]);
		incident_release(&list[i]);
	}
	ck_assert_uint_eq(incident_list_brief(store, list, 3), 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(list[i].starts_ms, NOW + order[i]);
		ck_assert_uint_gt(json_object_size(list[i].labels), 0);
		ck_assert_uint_eq(json_object_size(list[i].annotations), 0);
		incident_release(&list[i]);
	}
	ck_assert_uint_eq(incident_list(store, true, 3, list, 8), 1);
	ck_assert_int_eq(list[0].starts_ms, NOW + 1);
	incident_release(&list[0]);
	ck_assert_uint_eq(incident_list(store, false, 0, list, 1), 1);
	ck_assert_int_eq(list[0].starts_ms, NOW + 6);
	incident_release(&list[0]);
	end();
}
END_TEST

START_TEST(test_an_incident_is_checked_when_its_time_has_come)
{
	struct incident incident;

	store_begin(store);
	for (int i = 1; i <= 3; i++) {
		incident = add(i, SEVERITY_P0, 1);
		incident.check_ms = i == 3 ? 0 : NOW + 10 - i;
		incident_save(store, &incident);
		incident_release(&incident);
	}
	ck_assert(!incident_next_check(store, NOW + 7, &incident));
	for (int i = 2; i >= 1; i--) {
		ck_assert(incident_next_check(store, NOW + 100, &incident));
		ck_assert_int_eq(incident.starts_ms, NOW + i);
		incident.check_ms = 0;
		incident_save(store, &incident);
		incident_release(&incident);
	}
	ck_assert(!incident_next_check(store, NOW + 100, &incident));
	end();
}
END_TEST

START_TEST(test_an_incident_says_all_of_itself)
{
	struct incident incident;
	json_t *json, *expected;

	store_begin(store);
	incident = add(1, SEVERITY_P0, 1);
	end();
	expected = json_pack("{ss ss ss ss ss ss s{ss ss si} s{ss} sn sI sn sI ss si sn sn sn sn sn sb ss}",
	    "id", incident.id, "fingerprint", "0000000000000001", "alertname", "A", "severity", "P0", "env",
	    "", "service", "bot", "labels", "alertname", "A", "service", "bot", "number", 1, "annotations",
	    "summary", "x", "link", "starts_ms", (json_int_t)NOW + 1, "ends_ms", "seen_ms", (json_int_t)NOW,
	    "status", "open", "repeats", 0, "acknowledged_by", "acknowledged_ms", "acknowledged_via", "note",
	    "silence_id", "delivered", 0, "suppressed", "");
	json = incident_json(&incident);
	ck_assert(expected != NULL && json_equal(json, expected));
	json_decref(expected);
	json_decref(json);
	incident_release(&incident);
}
END_TEST

START_TEST(test_the_journal_keeps_its_order_and_leaves_from_the_front)
{
	struct journal_entry entries[4];
	struct incident incident;
	json_t *detail = json_pack("{ss}", "kind", "fired");
	struct event event = { .kind = EVENT_FIRED, .at_ms = NOW, .latency_ms = -1 };
	int64_t oldest, last;
	size_t count;

	store_begin(store);
	journal_state(store, &count, &oldest);
	ck_assert(count == 0 && oldest == 0);
	incident = add(1, SEVERITY_P0, 1);
	journal_add(store, &incident, &event, true);
	event = (struct event){ .kind = EVENT_SENT,
		.at_ms = NOW + 1,
		.channel = "telegram:main",
		.attempt = 2,
		.latency_ms = 0,
		.detail = detail };
	journal_add(store, &incident, &event, false);
	event = (struct event){ .kind = EVENT_REPEATED, .at_ms = NOW + 2, .latency_ms = -1 };
	journal_add(store, &incident, &event, false);
	end();
	reopen();

	store_begin(store);
	journal_state(store, &count, &oldest);
	ck_assert(count == 3 && oldest == NOW);
	ck_assert_uint_eq(journal_read(store, entries, 2), 2);
	ck_assert_str_eq(entries[0].id, incident.id);
	ck_assert_int_eq(entries[0].kind, EVENT_FIRED);
	ck_assert(entries[0].channel == NULL && entries[0].attempt == 0 && entries[0].latency_ms == -1);
	ck_assert_ptr_null(entries[0].detail);
	ck_assert_ptr_nonnull(strstr(entries[0].incident, "\"alertname\":\"A\""));
	ck_assert(entries[1].seq > entries[0].seq && entries[1].at_ms == NOW + 1);
	ck_assert_str_eq(entries[1].channel, "telegram:main");
	ck_assert(entries[1].attempt == 2 && entries[1].latency_ms == 0);
	ck_assert_str_eq(entries[1].detail, "{\"kind\":\"fired\"}");
	ck_assert_ptr_null(entries[1].incident);
	last = entries[1].seq;
	journal_remove(store, last);
	journal_release(entries, 2);
	journal_state(store, &count, &oldest);
	ck_assert(count == 1 && oldest == NOW + 2);
	journal_remove(store, last + 1);
	end();
	/* A number is never given again, even when nothing is left. */
	reopen();
	store_begin(store);
	journal_add(store, &incident, &event, false);
	ck_assert_uint_eq(journal_read(store, entries, 4), 1);
	ck_assert_int_gt(entries[0].seq, last + 1);
	journal_release(entries, 1);
	end();
	ck_assert_str_eq(event_kind_name(EVENT_RELEASED), "released");
	incident_release(&incident);
	json_decref(detail);
}
END_TEST

START_TEST(test_without_a_history_there_is_no_journal)
{
	struct journal_entry entry;
	struct incident incident;
	const struct event event = { .kind = EVENT_FIRED, .at_ms = NOW, .latency_ms = -1 };

	store_close(store);
	store = store_open(directory, false, &why);
	store_begin(store);
	incident = add(1, SEVERITY_P0, 1);
	journal_add(store, &incident, &event, true);
	ck_assert_uint_eq(journal_read(store, &entry, 1), 0);
	end();
	incident_release(&incident);
}
END_TEST

START_TEST(test_a_mute_covers_its_service_until_its_end)
{
	struct mute mute = { .service = "bot",
		.who = "Ann",
		.reason = "update",
		.since_ms = NOW,
		.until_ms = NOW + 10 },
		    other = { .service = "api", .since_ms = NOW, .until_ms = NOW + 5 }, found;
	json_t *bot = json_pack("{ss}", "service", "bot"), *none = json_object();

	store_begin(store);
	mute_put(store, &mute);
	mute_put(store, &other);
	ck_assert(mute_covers(store, bot, NOW + 9, &found));
	ck_assert_str_eq(found.who, "Ann");
	ck_assert_str_eq(found.reason, "update");
	ck_assert_int_eq(found.since_ms, NOW);
	ck_assert_int_eq(found.until_ms, NOW + 10);
	ck_assert(!mute_covers(store, bot, NOW + 10, NULL));
	ck_assert(!mute_covers(store, none, NOW, NULL));
	ck_assert(mute_next(store, "", NOW, &found));
	ck_assert_str_eq(found.service, "api");
	ck_assert(mute_next(store, "api", NOW, &found));
	ck_assert_str_eq(found.service, "bot");
	ck_assert(!mute_next(store, "bot", NOW, &found));
	/* In its place. */
	mute.until_ms = NOW;
	mute_put(store, &mute);
	ck_assert(!mute_covers(store, bot, NOW, NULL));
	end();
	json_decref(bot);
	json_decref(none);
}
END_TEST

START_TEST(test_the_times_of_messages_outlive_a_restart)
{
	struct sent sent[3];

	store_begin(store);
	for (int i = 0; i < 4; i++)
		sent_add(store, "telegram", i == 3 ? LANE_REST : LANE_URGENT, NOW + i * 1000);
	sent_add(store, "slack", LANE_REST, NOW);
	end();
	reopen();
	store_begin(store);
	ck_assert_uint_eq(sent_since(store, "telegram", NOW + 1000, NOW + 3000, sent, 3), 3);
	ck_assert(sent[0].at_ms == NOW + 3000 && sent[0].lane == LANE_REST);
	ck_assert(sent[2].at_ms == NOW + 1000 && sent[2].lane == LANE_URGENT);
	ck_assert_uint_eq(sent_since(store, "telegram", NOW, NOW + 3000, sent, 2), 2);
	/* The clock was set back: those are not in the past any more, and do not count for ever. */
	ck_assert_uint_eq(sent_since(store, "telegram", NOW - 60000, NOW + 999, sent, 3), 1);
	sent_add(store, "telegram", LANE_REST, NOW + 999);
	ck_assert_uint_eq(sent_since(store, "telegram", NOW - 60000, NOW + 9999, sent, 3), 2);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("relay_store");
	TCase *tests = tcase_create("relay_store");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_what_is_committed_is_there_after_a_restart);
	tcase_add_test(tests, test_what_is_cancelled_did_not_happen);
	tcase_add_test(tests, test_an_error_sticks_and_nothing_of_it_happened);
	tcase_add_test(tests, test_what_was_answered_outlives_a_kill);
	tcase_add_test(tests, test_a_second_process_is_turned_away);
	tcase_add_test(tests, test_a_directory_is_made_and_one_that_cannot_be_is_named);
	tcase_add_test(tests, test_a_database_that_is_damaged_is_moved_aside_at_the_start);
	tcase_add_test(tests, test_a_damaged_page_is_found_at_the_start);
	tcase_add_test(tests, test_a_database_that_is_damaged_meanwhile_is_moved_aside);
	tcase_add_test(tests, test_a_database_of_a_newer_program_is_left_alone);
	tcase_add_test(tests, test_a_disk_without_room_needs_nothing_but_room);
	tcase_add_test(tests, test_the_log_does_not_grow_for_ever);
	tcase_add_test(tests, test_a_watcher_is_called_after_what_was_committed);
	tcase_add_test(tests, test_incidents_are_listed_for_people);
	tcase_add_test(tests, test_an_incident_is_checked_when_its_time_has_come);
	tcase_add_test(tests, test_an_incident_says_all_of_itself);
	tcase_add_test(tests, test_the_journal_keeps_its_order_and_leaves_from_the_front);
	tcase_add_test(tests, test_without_a_history_there_is_no_journal);
	tcase_add_test(tests, test_a_mute_covers_its_service_until_its_end);
	tcase_add_test(tests, test_the_times_of_messages_outlive_a_restart);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
