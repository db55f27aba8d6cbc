#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/checks/git_safety.h"
#include "collectors/preflight/checks/placeholder.h"
#include "collectors/preflight/verdict.h"
#include "common/system/time.h"
#include "tests/suite.h"

/* Placeholders ------------------------------------------------------- */

static const char *const names[] = { "binance", "upbit" };

static const char *const placeholders[] = { "", " ", "changeme", "CHANGE_ME", "Change-Me!", "change this",
	"<api key>", "<>", "[secret]", "{key}", "${KEY}", "${KEY:-none}", "$KEY", "%KEY%", "{{ key }}",
	"xxxx", "XXXX", "x", "****", "....", "0000000000000000", "your-api-key", "YOUR_SECRET_HERE",
	"your key", "insert-your-key", "example", "example-secret-key", "TODO", "todo: ask", "replace_me",
	"replace with the real one", "placeholder", "secret", "Password", "p-a-s-s-w-o-r-d", "test", "none",
	"API_KEY_GOES_HERE", "secret goes here", "my-secret", "binance_secret", "UPBIT_API_KEY",
	"supersecret", "changme", "aaaabbbb", "1111111122222222", "the-example-secret",
	"REPLACE_WITH_YOUR_SECRET_KEY_OF_64_CHARACTERS_FROM_THE_API_PAGE_OF_BINANCE", "null", "12345678",
	"abc123", "api_key", "dummy", "\"changeme\"", "put your key in here", "not_set", "redacted" };

START_TEST(what_stands_in_examples_is_a_placeholder)
{
	ck_assert_msg(placeholder_is(placeholders[_i], names, LENGTH(names)), "'%s'", placeholders[_i]);
}
END_TEST

static const char *const real[] = { "paper-key", "paper-secret-0123456789abcdef0123456789abcdef",
	"cGFwZXItc2VjcmV0LTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVm", "s3cret-arbwatch",
	"correct horse battery", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
	"a1b2c3d4", "$argon2id$v=19$m=65536",
	"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDV9QNCQcFPjaVeWFjti\n-----END PRIVATE KEY-----",
	"110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "P@ssw0rd-of-ours", "0x", "tests-are-run-daily" };

START_TEST(what_could_be_a_secret_is_none)
{
	ck_assert_msg(!placeholder_is(real[_i], names, LENGTH(names)), "'%s'", real[_i]);
}
END_TEST

/* The same in each run: a linear congruential generator. */
static unsigned
next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*state >> 33);
}

static const struct {
	const char *characters;
	size_t length;
} kinds[] = {
	{ "0123456789abcdef", 16 },
	{ "0123456789abcdef", 32 },
	{ "0123456789abcdef", 64 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 24 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 64 },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 88 },
	{ "abcdefghijklmnopqrstuvwxyz", 20 },
};

START_TEST(no_random_key_is_a_placeholder)
{
	uint64_t state = (uint64_t)_i;
	size_t count = strlen(kinds[_i].characters);
	char key[128] = "";

	for (int i = 0; i < 10000; i++) {
		for (size_t j = 0; j < kinds[_i].length; j++)
			key[j] = kinds[_i].characters[next_random(&state) % count];
		ck_assert_msg(!placeholder_is(key, names, LENGTH(names)), "'%s'", key);
		ck_assert_msg(!placeholder_is_unfilled(key), "'%s'", key);
	}
}
END_TEST

START_TEST(a_setting_may_be_any_word_but_not_a_template)
{
	ck_assert(!placeholder_is_unfilled("1"));
	ck_assert(!placeholder_is_unfilled("test"));
	ck_assert(!placeholder_is_unfilled("default"));
	ck_assert(!placeholder_is_unfilled("secret"));
	ck_assert(!placeholder_is_unfilled("https://db.example.com/"));
	ck_assert(placeholder_is_unfilled("changeme"));
	ck_assert(
	    placeholder_is_unfilled("REPLACE_WITH_YOUR_SECRET_KEY_OF_64_CHARACTERS_FROM_THE_API_PAGE_OF_IT"));
	ck_assert(placeholder_is_unfilled("${BOT_MODE}"));
	ck_assert(placeholder_is_unfilled("<mode>"));
}
END_TEST

/* Files -------------------------------------------------------------- */

static const char *const secret_files[] = { ".env", "a/.env", ".env.production", "prod.env", "server.pem",
	"a/b/c.KEY", "keys/binance.secret", "okx.passphrase", "id_rsa", ".ssh/id_ed25519", ".netrc",
	".pgpass", "credentials.json", "conf/secrets.yaml", "secrets.yml", "binance_api_key.txt",
	"wallet.keystore", "cert.p12", "wallet.json", "bot/wallet.dat", "id_rsa.bak", "id_ed25519.old",
	"server.key~", "server.key.bak", "binance.secret.orig", "credentials.json.save" };

START_TEST(files_that_hold_secrets_are_known_by_their_names)
{
	ck_assert_msg(git_safety_is_secret(secret_files[_i]), "'%s'", secret_files[_i]);
}
END_TEST

static const char *const other_files[] = { ".env.example", "a/.env.sample", "server.pem.template",
	"id_rsa.pub", "env.py", "key.c", "docs/secrets.md", "secrets.py", "keys/README.md", "monkey", "pem",
	"config.example.env", "id_rsa_loader.py", "id_ed25519.pub", "id_rsa.pub.bak", "wallet.py",
	".env.example.bak", "~", ".bak" };

START_TEST(files_that_only_look_so_are_not_reported)
{
	ck_assert_msg(!git_safety_is_secret(other_files[_i]), "'%s'", other_files[_i]);
}
END_TEST

/* Results ------------------------------------------------------------ */

START_TEST(the_worst_finding_is_the_status)
{
	struct check_result result;

	check_result_init(&result);
	check_result_add(&result, STATUS_WARN, "one thing", "a is %d", 1);
	check_result_add(&result, STATUS_FAIL, "another", "b");
	check_result_add(&result, STATUS_WARN, "one thing", "c");
	check_result_conclude(&result, STATUS_PASS, "all is well");
	ck_assert_int_eq(result.status, STATUS_FAIL);
	ck_assert_str_eq(result.reason, "a is 1; b; c");
	ck_assert_str_eq(result.hint, "one thing; another");
}
END_TEST

START_TEST(a_check_that_is_skipped_does_not_pass)
{
	struct check_result result;

	check_result_init(&result);
	check_result_conclude(&result, STATUS_SKIP, "nothing to do");
	check_result_conclude(&result, STATUS_PASS, "all is well");
	ck_assert_int_eq(result.status, STATUS_SKIP);
	ck_assert_str_eq(result.reason, "nothing to do");
}
END_TEST

START_TEST(a_thousand_findings_have_no_more_room_than_there_is)
{
	struct check_result result;

	check_result_init(&result);
	for (int i = 0; i < 1000; i++)
		check_result_add(&result, STATUS_FAIL, "do something", "finding number %d", i);
	ck_assert_uint_lt(strlen(result.reason), sizeof(result.reason));
	ck_assert_str_eq(result.reason + strlen(result.reason) - 5, "; ...");
	ck_assert_str_eq(result.hint, "do something");
}
END_TEST

START_TEST(what_could_not_be_measured_has_a_kind)
{
	const struct failure why = { FAILURE_TIMEOUT, "no answer" };
	struct check_result result;

	check_result_init(&result);
	check_result_add_failure(&result, STATUS_FAIL, "", "main", &why);
	ck_assert_int_eq(result.kind, FAILURE_TIMEOUT);
	ck_assert_str_eq(result.reason, "main: no answer");
}
END_TEST

START_TEST(no_text_moves_a_cursor_or_breaks_json)
{
	char text[] = "a\033[31m\tb\xC2\x9B"
		      "c\xFF\xC3\xA9\x7F";

	check_text_clean(text);
	ck_assert_str_eq(text, "a?[31m?b??c?\xC3\xA9?");
}
END_TEST

START_TEST(no_text_turns_the_direction_of_a_line)
{
	char text[] = "BTC\xE2\x80\xAE/TDSU\xE2\x81\xA9\xE2\x80\x8E\xD8\x9C\xE2\x82\xAC";

	check_text_clean(text);
	ck_assert_str_eq(text, "BTC??"
			       "?/TDSU??"
			       "??"
			       "??"
			       "??\xE2\x82\xAC");
}
END_TEST

/* A peer's text that repeats a secret, cut at every place by what has room. */
START_TEST(no_part_of_a_secret_is_left_where_a_text_was_cut)
{
	static const char secret[] = "Zq\x01\xC3\xA9\xE2\x80\xAE-passphrase";
	struct secrets secrets = { 0 };
	struct check_result result;
	struct failure why;
	char echo[1100];

	secrets_add(&secrets, secret);
	for (int before = 0; before < 1024; before++) {
		check_result_init(&result);
		(void)snprintf(echo, sizeof(echo), "%*s%s and more", before, "", secret);
		(void)failure_set(&why, FAILURE_AUTH, "%s", echo);
		check_result_add_failure(&result, STATUS_FAIL, "a hint", "okx", &why);
		check_result_add(&result, STATUS_FAIL, "a hint", "binance: %s", echo);
		check_result_add(&result, STATUS_FAIL, "a hint", "kraken: it is down");
		check_result_mask(&result, &secrets);
		check_result_clean(&result);
		ck_assert_msg(strstr(result.reason, "Zq?"
						    "?") == NULL,
		    "%d: %s", before, result.reason);
		ck_assert_msg(strstr(result.reason, "passphrase") == NULL, "%d: %s", before, result.reason);
	}
	secrets_release(&secrets);
}
END_TEST

/* Verdict ------------------------------------------------------------ */

static struct check_result results[CHECKS];
static bool listed[CHECKS];
static struct verdict verdict;

static void
all_pass(void)
{
	for (int check = 0; check < CHECKS; check++) {
		check_result_init(&results[check]);
		listed[check] = true;
	}
}

static void
reach(bool live, bool strict)
{
	verdict_reach(&verdict, results, listed, (struct verdict_terms){ .live = live, .strict = strict });
}

START_TEST(eight_passes_are_ready)
{
	reach(true, false);
	ck_assert(verdict.ready && verdict.ready_for_live);
	ck_assert_str_eq(verdict.text, "8/8 pass");
	reach(false, false);
	ck_assert(verdict.ready && !verdict.ready_for_live);
}
END_TEST

START_TEST(one_failure_is_not)
{
	results[_i].status = STATUS_FAIL;
	reach(true, false);
	ck_assert(!verdict.ready && !verdict.ready_for_live);
	ck_assert_str_eq(verdict.text, "7/8 pass, 1 fail");
}
END_TEST

START_TEST(a_warning_counts_when_it_is_to)
{
	results[_i].status = STATUS_WARN;
	reach(true, false);
	ck_assert(verdict.ready && verdict.ready_for_live);
	ck_assert_str_eq(verdict.text, "7/8 pass, 1 warn");
	reach(true, true);
	ck_assert(!verdict.ready && !verdict.ready_for_live);
}
END_TEST

START_TEST(what_live_needs_may_not_be_left_out)
{
	bool needed = _i == CHECK_SECRETS || _i == CHECK_LIVE_GUARD || _i == CHECK_EXCHANGE_HEALTH ||
		      _i == CHECK_OPEN_POSITIONS;
	char line[128];

	results[_i].status = STATUS_SKIP;
	reach(true, false);
	ck_assert_int_eq(verdict.passed, !needed);
	ck_assert_int_eq(verdict.ready, !needed);
	ck_assert_int_eq(verdict.ready_for_live, !needed);
	ck_assert_int_eq(verdict.blocks[_i], needed);
	(void)snprintf(line, sizeof(line), "NOT READY for live: %s was left out; 7/8 pass, 1 skip",
	    check_name((enum preflight_check)_i));
	ck_assert_str_eq(verdict.line, needed ? line : "READY for live: 7/8 pass, 1 skip");
	reach(false, false);
	ck_assert(verdict.ready && !verdict.ready_for_live && !verdict.blocks[_i]);
	ck_assert_str_eq(verdict.line, "READY for paper: 7/8 pass, 1 skip");
}
END_TEST

START_TEST(all_that_was_left_out_is_named)
{
	for (int check = 0; check < CHECKS; check++)
		results[check].status = check == CHECK_REDIS ? STATUS_WARN : STATUS_SKIP;
	reach(true, true);
	ck_assert_str_eq(verdict.line,
	    "NOT READY for live: secrets, live_guard, exchange_health, open_positions were left out; "
	    "0/8 pass, 1 warn, 7 skip (strict: warnings count)");
}
END_TEST

START_TEST(nothing_that_was_looked_at_is_not_ready)
{
	for (int check = 0; check < CHECKS; check++)
		results[check].status = STATUS_SKIP;
	reach(false, false);
	ck_assert(!verdict.passed && !verdict.ready);
	ck_assert_str_eq(verdict.text, "0/8 pass, 8 skip");
	ck_assert(verdict.blocks[_i]);
}
END_TEST

/* Also where all were named: it was not meant to be one. */
START_TEST(some_checks_alone_are_no_verdict)
{
	const struct verdict_terms terms = { .live = true, .partial = true };

	for (int check = 0; check < CHECKS; check++)
		listed[check] = check == _i || _i == CHECKS;
	verdict_reach(&verdict, results, listed, terms);
	ck_assert(verdict.passed && !verdict.ready && !verdict.ready_for_live);
	ck_assert_str_eq(verdict.line, _i == CHECKS ? "8/8 pass for live; some checks alone give no verdict"
						    : "1/1 pass for live; some checks alone give no verdict");
	results[_i % CHECKS].status = STATUS_FAIL;
	verdict_reach(&verdict, results, listed, terms);
	ck_assert(!verdict.passed && !verdict.ready);
	ck_assert_ptr_null(strstr(verdict.line, "READY"));
}
END_TEST

START_TEST(times_are_rfc_3339)
{
	char text[TIME_TEXT];

	ck_assert_str_eq(time_text(0, text), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(time_text(1763688705.1234, text), "2025-11-21T01:31:45.123Z");
	ck_assert_str_eq(time_text(1763688705.9996, text), "2025-11-21T01:31:46.000Z");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("preflight");
	TCase *texts = tcase_create("texts"), *verdicts = tcase_create("verdict");

	tcase_add_loop_test(texts, what_stands_in_examples_is_a_placeholder, 0, LENGTH(placeholders));
	tcase_add_loop_test(texts, what_could_be_a_secret_is_none, 0, LENGTH(real));
	tcase_add_loop_test(texts, no_random_key_is_a_placeholder, 0, LENGTH(kinds));
	tcase_add_test(texts, a_setting_may_be_any_word_but_not_a_template);
	tcase_add_loop_test(texts, files_that_hold_secrets_are_known_by_their_names, 0, LENGTH(secret_files));
	tcase_add_loop_test(texts, files_that_only_look_so_are_not_reported, 0, LENGTH(other_files));
	tcase_add_test(texts, the_worst_finding_is_the_status);
	tcase_add_test(texts, a_check_that_is_skipped_does_not_pass);
	tcase_add_test(texts, a_thousand_findings_have_no_more_room_than_there_is);
	tcase_add_test(texts, what_could_not_be_measured_has_a_kind);
	tcase_add_test(texts, no_text_moves_a_cursor_or_breaks_json);
	tcase_add_test(texts, no_text_turns_the_direction_of_a_line);
	tcase_add_test(texts, no_part_of_a_secret_is_left_where_a_text_was_cut);
	tcase_add_test(texts, times_are_rfc_3339);
	tcase_add_checked_fixture(verdicts, all_pass, NULL);
	tcase_add_test(verdicts, eight_passes_are_ready);
	tcase_add_loop_test(verdicts, one_failure_is_not, 0, CHECKS);
	tcase_add_loop_test(verdicts, a_warning_counts_when_it_is_to, 0, CHECKS);
	tcase_add_loop_test(verdicts, what_live_needs_may_not_be_left_out, 0, CHECKS);
	tcase_add_test(verdicts, all_that_was_left_out_is_named);
	tcase_add_loop_test(verdicts, nothing_that_was_looked_at_is_not_ready, 0, CHECKS);
	tcase_add_loop_test(verdicts, some_checks_alone_are_no_verdict, 0, CHECKS + 1);
	suite_add_tcase(suite, texts);
	suite_add_tcase(suite, verdicts);
	return run_suite(suite);
}
