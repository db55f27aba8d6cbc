#include <pthread.h>
#include <string.h>
#include <time.h>

#include "tests/suite.h"
#include "web/access/users.h"

/* "s3cret" with cost 4, and hashes of nothing in particular with cost 8 and 4. */
static struct web_user users[] = {
	{ (char[]){ "cheap" }, (char[]){ "$2y$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG" },
	    4 },
	{ (char[]){ "costly" }, (char[]){ "$2b$09$abcdefghijklmnopqrstuuxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01" },
	    9 },
	{ (char[]){ "other" }, (char[]){ "$2b$04$abcdefghijklmnopqrstuuxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01" },
	    4 },
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_done;

static void
note_done(void *context)
{
	(void)context;
	(void)pthread_mutex_lock(&lock);
	is_done = true;
	(void)pthread_cond_signal(&changed);
	(void)pthread_mutex_unlock(&lock);
}

/* Time of the processor, not of the clock: a busy machine does not change it. */
static double
cpu_seconds(void)
{
	struct timespec used;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static enum auth_answer
ask(struct auth *auth, const char *name, const char *password, double *took, bool *at_once)
{
	const struct auth_question question = { users, LENGTH(users), name, password };
	enum auth_answer answer = AUTH_PENDING, submitted;
	double began = cpu_seconds();

	is_done = false;
	submitted = auth_check(auth, &question, &answer, note_done, NULL);
	*at_once = submitted != AUTH_PENDING;
	if (*at_once)
		return submitted;
	(void)pthread_mutex_lock(&lock);
	while (!is_done)
		(void)pthread_cond_wait(&changed, &lock);
	(void)pthread_mutex_unlock(&lock);
	*took = cpu_seconds() - began;
	return answer;
}

START_TEST(the_time_of_a_refusal_does_not_tell_which_names_exist)
{
	static const char *const names[] = { "cheap", "other", "nobody" };
	struct auth *auth = auth_new();
	double costly, took;
	bool at_once;

	ck_assert_ptr_nonnull(auth);
	ck_assert_int_eq(ask(auth, "costly", "wrong", &costly, &at_once), AUTH_NO);
	for (int i = 0; i < LENGTH(names); i++) {
		ck_assert_int_eq(ask(auth, names[i], "wrong", &took, &at_once), AUTH_NO);
		ck_assert_msg(
		    took > costly / 2 && took < costly * 2, "%s: %f s, costly: %f s", names[i], took, costly);
	}
	auth_free(auth);
}
END_TEST

START_TEST(a_good_password_is_remembered)
{
	struct auth *auth = auth_new();
	double took;
	bool at_once;

	ck_assert_ptr_nonnull(auth);
	ck_assert_int_eq(ask(auth, "cheap", "s3cret", &took, &at_once), AUTH_YES);
	ck_assert(!at_once);
	ck_assert_int_eq(ask(auth, "cheap", "s3cret", &took, &at_once), AUTH_YES);
	ck_assert(at_once);
	ck_assert_int_eq(ask(auth, "cheap", "S3cret", &took, &at_once), AUTH_NO);
	ck_assert(!at_once);
	ck_assert_int_eq(ask(auth, "other", "s3cret", &took, &at_once), AUTH_NO);
	ck_assert(!at_once);
	auth_free(auth);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("users");
	TCase *tests = tcase_create("users");

	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, the_time_of_a_refusal_does_not_tell_which_names_exist);
	tcase_add_test(tests, a_good_password_is_remembered);
	return run_suite(suite);
}
