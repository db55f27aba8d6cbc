#include <string.h>

#include "collectors/harness/targets.h"
#include "tests/suite.h"

static const struct option options[] = {
	{ .name = "target", .argument = "URL", .help = "T.", .repeatable = true, .secret = true },
	{ .name = "samples", .argument = "N", .fallback = "1", .help = "S." },
	{ 0 },
};

/* The harness wants one in each program. */
const struct collector collector = { .name = "test_targets", .options = options };

static const char *seen_url;
static char at_close[64];

static void *
server_open(const char *url, size_t samples, const struct options *given, struct secrets *secrets,
    struct failure *why)
{
	(void)samples;
	(void)given;
	(void)secrets;
	(void)why;
	ck_assert_str_eq(url, "redis://user:hunter2@127.0.0.1");
	seen_url = url;
	return at_close;
}

/* The memory of the URL is not free yet. */
static void
server_close(void *server)
{
	(void)server;
	memcpy(at_close, seen_url, sizeof("redis://user:hunter2@127.0.0.1"));
}

static const struct target_kind kind = {
	.example = "main=redis://...", .open = server_open, .close = server_close
};

START_TEST(no_password_stays_in_the_memory_that_held_the_target)
{
	const struct option *const tables[] = { options };
	char program[] = "test", flag[] = "--target", target[] = "main=redis://user:hunter2@127.0.0.1";
	char *argv[] = { program, flag, target, NULL };
	struct options *given = options_new("test", tables, 1);
	struct secrets secrets = { 0 };
	struct targets *targets = NULL;
	struct failure why = { 0 };

	ck_assert_int_eq(options_read_flags(given, 3, argv, &why), 0);
	ck_assert_msg(targets_open(&kind, given, &secrets, &targets, &why) == 0, "%s", why.text);
	targets_close(targets);
	for (size_t i = 0; i < sizeof("redis://user:hunter2@127.0.0.1"); i++)
		ck_assert_int_eq(at_close[i], 0);
	options_free(given);
	secrets_release(&secrets);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("targets");
	TCase *all = tcase_create("all");

	tcase_add_test(all, no_password_stays_in_the_memory_that_held_the_target);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
