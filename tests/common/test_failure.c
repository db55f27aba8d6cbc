#include <stdio.h>
#include <string.h>

#include "common/failure.h"
#include "tests/suite.h"

START_TEST(a_failure_holds_its_kind_and_its_text_and_returns_minus_one)
{
	struct failure why = { 0 };

	ck_assert_int_eq(failure_set(&why, FAILURE_AUTH, "user '%s' refused", "arb"), -1);
	ck_assert_int_eq(why.kind, FAILURE_AUTH);
	ck_assert_str_eq(why.text, "user 'arb' refused");
}
END_TEST

START_TEST(control_characters_cannot_break_a_line)
{
	struct failure why = { 0 };

	(void)failure_set(&why, FAILURE_REJECTED, "%s", "a\nb\rc\td\033[31me\177f");
	ck_assert_str_eq(why.text, "a?b?c?d?[31me?f");
	(void)failure_prefix(&why, "%s", "p\nq");
	ck_assert_str_eq(why.text, "p?q: a?b?c?d?[31me?f");
}
END_TEST

START_TEST(letters_beyond_ascii_stay)
{
	struct failure why = { 0 };

	(void)failure_set(&why, FAILURE_REJECTED, "%s", "업비트 \xc3\xa9");
	ck_assert_str_eq(why.text, "업비트 \xc3\xa9");
}
END_TEST

START_TEST(a_prefix_keeps_the_kind)
{
	struct failure why = { 0 };

	(void)failure_set(&why, FAILURE_TIMEOUT, "no answer");
	ck_assert_int_eq(failure_prefix(&why, "target %d", 7), -1);
	ck_assert_int_eq(why.kind, FAILURE_TIMEOUT);
	ck_assert_str_eq(why.text, "target 7: no answer");
}
END_TEST

START_TEST(what_is_too_long_is_cut_and_stays_a_string)
{
	struct failure why = { 0 };
	char text[2000], word[2000];

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = i % 4 == 3 ? ' ' : 'x';
	text[sizeof(text) - 1] = '\0';
	(void)failure_set(&why, FAILURE_LOCAL, "%s", text);
	ck_assert_uint_ge(strlen(why.text), sizeof(why.text) - 8);
	ck_assert_str_eq(why.text + strlen(why.text) - 7, "xxx ...");
	(void)failure_prefix(&why, "front");
	ck_assert_uint_ge(strlen(why.text), sizeof(why.text) - 8);
	ck_assert_int_eq(strncmp(why.text, "front: xxx", 10), 0);
	ck_assert_str_eq(why.text + strlen(why.text) - 7, "xxx ...");
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	(void)failure_set(&why, FAILURE_LOCAL, "it is %s", word);
	ck_assert_str_eq(why.text, "it is ...");
	(void)failure_set(&why, FAILURE_LOCAL, "%s", word);
	ck_assert_str_eq(why.text, "...");
}
END_TEST

/* A peer repeats a password: masking, which comes later, finds it whole, or there is nothing of it. */
START_TEST(a_cut_never_leaves_a_piece_of_a_word)
{
	static const char secret[] = "SeCr3t-0123456789";
	struct failure why = { 0 };
	char text[600];

	for (size_t before = 470; before < 520; before++) {
		const char *left;

		for (size_t i = 0; i < before; i++)
			text[i] = (before - i) % 10 == 1 ? ' ' : 'x';
		(void)snprintf(text + before, sizeof(text) - before, "%s is wrong, said the server", secret);
		(void)failure_set(&why, FAILURE_AUTH, "%s", text);
		left = strstr(why.text, "SeCr");
		ck_assert_msg(left == NULL || strncmp(left, secret, strlen(secret)) == 0, "cut after %zu: %s",
		    before, why.text);
		ck_assert_str_eq(why.text + strlen(why.text) - 4, " ...");
	}
}
END_TEST

START_TEST(every_kind_has_a_name_of_its_own)
{
	static const char *const names[] = { "none", "resolve", "connect", "tls", "auth", "timeout",
		"rejected", "protocol", "local" };

	ck_assert_int_eq(LENGTH(names), FAILURE_KINDS);
	ck_assert_str_eq(failure_kind_name((enum failure_kind)_i), names[_i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failure");
	TCase *failures = tcase_create("failures");

	tcase_add_test(failures, a_failure_holds_its_kind_and_its_text_and_returns_minus_one);
	tcase_add_test(failures, control_characters_cannot_break_a_line);
	tcase_add_test(failures, letters_beyond_ascii_stay);
	tcase_add_test(failures, a_prefix_keeps_the_kind);
	tcase_add_test(failures, what_is_too_long_is_cut_and_stays_a_string);
	tcase_add_test(failures, a_cut_never_leaves_a_piece_of_a_word);
	tcase_add_loop_test(failures, every_kind_has_a_name_of_its_own, 0, FAILURE_KINDS);
	suite_add_tcase(suite, failures);
	return run_suite(suite);
}
