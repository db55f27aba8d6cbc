/*
 * paper_engine is an arbitrage engine that trades on paper at the paper exchange: a bot that keeps the
 * contract of docs/engine.md, for the demo and the tests.  See docs/paper_engine.md.
 */

#include <stdio.h>
#include <string.h>

#include "common/system/process.h"
#include "common/version.h"
#include "demo/paper_engine/settings.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { MOST_TABLES = 3 };

struct command {
	const char *name;
	const struct option *tables[MOST_TABLES];
	size_t table_count;
	int (*execute)(const struct options *o, struct failure *why); /* an exit status */
};

static int
execute_run(const struct options *o, struct failure *why)
{
	struct run_settings settings = { 0 };
	int status = EXIT_USAGE;

	if (settings_read_run(&settings, o, why) == 0)
		status = run_live(&settings, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
	settings_release_run(&settings);
	return status;
}

static int
execute_backtest(const struct options *o, struct failure *why)
{
	struct backtest_settings settings = { 0 };
	int status = EXIT_USAGE;

	if (settings_read_backtest(&settings, o, why) == 0)
		status = run_backtest(&settings, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
	settings_release_shared(&settings.shared);
	return status;
}

static int
execute_tune(const struct options *o, struct failure *why)
{
	struct tune_settings settings = { 0 };
	int status = EXIT_USAGE;

	if (settings_read_tune(&settings, o, why) == 0)
		status = run_tune(&settings, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
	settings_release_shared(&settings.shared);
	return status;
}

static const struct command commands[] = {
	{ "run", { settings_shared, settings_run }, 2, execute_run },
	{ "backtest", { settings_shared, settings_past, settings_backtest }, 3, execute_backtest },
	{ "tune", { settings_shared, settings_past, settings_tune }, 3, execute_tune },
};

static void
print_table(const char *title, const struct option *table)
{
	struct options *o = options_new("paper_engine", &table, 1);

	printf("\n%s:\n", title);
	if (o != NULL)
		options_print_help(o);
	options_free(o);
}

static void
print_help(void)
{
	printf(
	    "usage: paper_engine [run|backtest|tune] [--FLAG VALUE]...\n\n"
	    "Trade on paper between two exchanges of paper_exchange: run does so until it is ended, backtest does\n"
	    "it with books of the past, and tune looks for good parameters with them.\n");
	print_table("Flags of all", settings_shared);
	print_table("Flags of run", settings_run);
	print_table("Flags of backtest and tune", settings_past);
	print_table("Flags of backtest", settings_backtest);
	print_table("Flags of tune", settings_tune);
	printf(
	    "\nA flag may be a variable: --loop is ARBWATCH_LOOP. A secret may be in a file: REDIS_PASSWORD_FILE.\n"
	    "Exit status: 0 done, or ended by a signal; 1 failed; 2 wrong settings.\n");
}

/* The command that is named, or "run"; NULL: another word. */
static const struct command *
find_command(int argc, char *argv[])
{
	const char *name = argc > 1 && argv[1][0] != '-' ? argv[1] : "run";

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
execute(const struct command *command, const struct options *o, struct failure *why)
{
	if (options_switch(o, "help")) {
		print_help();
		return EXIT_ENDED;
	}
	if (options_switch(o, "version")) {
		printf("paper_engine, version %s (revision %s)\n", version_number, version_revision);
		return EXIT_ENDED;
	}
	return command->execute(o, why);
}

int
main(int argc, char *argv[])
{
	const struct command *command = find_command(argc, argv);
	struct failure why = { .text = "out of memory" };
	struct options *o = NULL;
	int status = EXIT_USAGE, named = argc > 1 && argv[1][0] != '-';

	process_forbid_dumps();
	if (command == NULL) {
		(void)fprintf(stderr, "paper_engine: '%s' is not one of run, backtest and tune\n", argv[1]);
		return EXIT_USAGE;
	}
	o = options_new("paper_engine", command->tables, command->table_count);
	if (o != NULL && options_read_flags(o, argc - named, argv + named, &why) == 0 &&
	    options_read_rest(o, &why) == 0)
		status = execute(command, o, &why);
	if (status != EXIT_ENDED)
		(void)fprintf(stderr, "paper_engine: %s\n", why.text);
	options_free(o);
	return status;
}
