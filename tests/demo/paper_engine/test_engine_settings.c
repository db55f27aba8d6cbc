#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "demo/paper_engine/settings.h"
#include "tests/suite.h"

/* Two lists of the same values: what tests and other code begin with, and what --help promises. */
START_TEST(without_flags_the_settings_are_the_defaults_of_the_engine)
{
	static const struct option *const tables[] = { settings_shared, settings_past, settings_backtest };
	const struct engine_settings defaults = engine_settings_default();
	struct options *o = options_new("paper_engine", tables, 3);
	struct backtest_settings settings = { 0 };
	const struct engine_settings *engine = &settings.shared.engine;
	struct failure why = { 0 };
	char name[] = "paper_engine", *argv[] = { name, NULL };

	ck_assert_ptr_nonnull(o);
	ck_assert_msg(options_read_flags(o, 1, argv, &why) == 0 && options_read_rest(o, &why) == 0 &&
			  settings_read_backtest(&settings, o, &why) == 0,
	    "%s", why.text);
	/* Not what is between the int and the next member. */
	ck_assert_mem_eq(engine, &defaults, offsetof(struct engine_settings, limits.losses_in_a_row));
	ck_assert_int_eq(engine->limits.losses_in_a_row, defaults.limits.losses_in_a_row);
	ck_assert_mem_eq(&engine->limits.score, &defaults.limits.score,
	    sizeof(defaults) - offsetof(struct engine_settings, limits.score));
	settings_release_shared(&settings.shared);
	options_free(o);
}
END_TEST

static const struct refusal {
	const char *flag, *value, *text;
} refusals[] = {
	{ "--size", "none", "--size: 'none' is not a number from 0 to 92 billion" },
	{ "--size", "-1", "--size: '-1' is not a number from 0 to 92 billion" },
	{ "--size", "92233720369", "--size: '92233720369' is not a number from 0 to 92 billion" },
	{ "--slippage", "1.1", "--slippage: '1.1' is not a number from 0 to 1" },
	{ "--redis", "http://127.0.0.1", "--redis: paper_engine only speaks redis://" },
	{ "--redis", "redis://127.0.0.1/bot",
	    "--redis: after the '/' comes the number of a database, like /1" },
	{ "--exchange.binance", "ftp://127.0.0.1/binance",
	    "--exchange.binance: it is not like http://HOST:PORT/EXCHANGE" },
	{ "--exchange.upbit", "127.0.0.1:9180/upbit",
	    "--exchange.upbit: it is not like http://HOST:PORT/EXCHANGE" },
};

START_TEST(a_value_that_cannot_be_used_is_refused_with_what_it_must_be)
{
	static const struct option *const tables[] = { settings_shared, settings_run };
	const struct refusal *refusal = &refusals[_i];
	struct options *o = options_new("paper_engine", tables, 2);
	struct run_settings settings = { 0 };
	struct failure why = { 0 };
	char name[] = "paper_engine", flag[32], value[64], *argv[] = { name, flag, value, NULL };

	(void)snprintf(flag, sizeof(flag), "%s", refusal->flag);
	(void)snprintf(value, sizeof(value), "%s", refusal->value);
	ck_assert_ptr_nonnull(o);
	ck_assert_int_eq(options_read_flags(o, 3, argv, &why), 0);
	ck_assert_int_eq(options_read_rest(o, &why), 0);
	ck_assert_int_eq(settings_read_run(&settings, o, &why), -1);
	ck_assert_str_eq(why.text, refusal->text);
	settings_release_run(&settings);
	options_free(o);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_settings");
	TCase *all = tcase_create("all");

	tcase_add_test(all, without_flags_the_settings_are_the_defaults_of_the_engine);
	tcase_add_loop_test(all, a_value_that_cannot_be_used_is_refused_with_what_it_must_be, 0,
	    sizeof(refusals) / sizeof(*refusals));
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
