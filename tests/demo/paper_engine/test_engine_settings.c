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
	struct failure why = { 0 };
	char name[] = "paper_engine", *argv[] = { name, NULL };

	ck_assert_ptr_nonnull(o);
	ck_assert_msg(options_read_flags(o, 1, argv, &why) == 0 && options_read_rest(o, &why) == 0 &&
			  settings_read_backtest(&settings, o, &why) == 0,
	    "%s", why.text);
	ck_assert_mem_eq(
	    &settings.shared.engine.parameters, &defaults.parameters, sizeof(defaults.parameters));
	ck_assert_mem_eq(&settings.shared.engine.costs, &defaults.costs, sizeof(defaults.costs));
	ck_assert_mem_eq(&settings.shared.engine, &defaults, sizeof(defaults));
	settings_release_shared(&settings.shared);
	options_free(o);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine_settings");
	TCase *all = tcase_create("all");

	tcase_add_test(all, without_flags_the_settings_are_the_defaults_of_the_engine);
	suite_add_tcase(suite, all);
	return run_suite(suite);
}
