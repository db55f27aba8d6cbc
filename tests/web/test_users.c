#include <pthread.h>
#include <string.h>
#include <time.h>

#include "tests/suite.h"
#include "web/users.h"

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
ask(struct auth *auth, const char *name, const char *password, double *took)
{
	const struct auth_question question = { users, LENGTH(users), name, password };
	enum auth_answer answer = AUTH_PENDING;
	double began = cpu_seconds();

	is_done = false;
	ck_assert_int_eq(auth_submit(auth, &question, &answer, note_done, NULL), AUTH_PENDING);
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

	ck_assert_ptr_nonnull(auth);
	ck_assert_int_eq(ask(auth, "costly", "wrong", &costly), AUTH_NO);
	for (int i = 0; i < LENGTH(names); i++) {
		ck_assert_int_eq(ask(auth, names[i], "wrong", &took), AUTH_NO);
		ck_assert_msg(
		    took > costly / 2 && took < costly * 2, "%s: %f s, costly: %f s", names[i], took, costly);
	}
	auth_free(auth);
}
END_TEST

START_TEST(a_good_password_is_remembered)
{
	struct auth *auth = auth_new();
	struct auth_question question = { users, LENGTH(users), "cheap", "s3cret" };
	double took;

	ck_assert_ptr_nonnull(auth);
	ck_assert(!auth_known(auth, &question));
	ck_assert_int_eq(ask(auth, "cheap", "s3cret", &took), AUTH_YES);
	ck_assert(auth_known(auth, &question));
	question.password = "S3cret";
	ck_assert(!auth_known(auth, &question));
	question = (struct auth_question){ users, LENGTH(users), "other", "s3cret" };
	ck_assert(!auth_known(auth, &question));
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
