/*
 * example_bot: an example bot that trades on paper against prices it makes up, and the bot of `make run` and
 * of the stack on paper.  It shows how to keep the contract of docs/engine.md in C: ../tell.[ch] is the half
 * in Redis, records.[ch] that in PostgreSQL; bot.[ch] is the loop, and market.[ch] makes up prices and
 * trades. It asks no exchange, and its profit means nothing.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/options.h"
#include "common/net/url.h"
#include "common/system/process.h"
#include "common/version.h"
#include "examples/bot/bot.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct option table[] = {
	{ .name = "redis",
	    .argument = "URL",
	    .fallback = "redis://127.0.0.1:6379",
	    .variable = "REDIS_URL",
	    .help =
		"Redis to which it writes its state: redis://[user:password@]host[:port][/db]; empty: it writes none",
	    .secret = true },
	{ .name = "redis.password",
	    .argument = "PASSWORD",
	    .variable = "REDIS_PASSWORD",
	    .help = "password, if the URL has none",
	    .secret = true },
	{ .name = "postgres",
	    .argument = "DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "database to which it writes its trades and its equity (default: it writes none)",
	    .secret = true },
	{ .name = "postgres.password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password, if the connection string has none",
	    .secret = true },
	{ .name = "prefix",
	    .argument = "TEXT",
	    .fallback = "arbwatch:",
	    .help = "text with which its keys in Redis begin" },
	{ .name = "loop",
	    .argument = "DURATION",
	    .fallback = "250ms",
	    .help = "time from one loop to the next" },
	{ .name = "loops", .argument = "N", .fallback = "0", .help = "end after so many loops; 0: never" },
	{ .name = "trades-per-minute",
	    .argument = "N",
	    .fallback = "6",
	    .help = "trades on average, 0 to 6000" },
	{ .name = "equity.every",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "time between two rows of equity" },
	{ .name = "history.days",
	    .argument = "N",
	    .fallback = "0",
	    .help = "days of trades that it makes up first, if the table has no trade yet" },
	{ .name = "seed", .argument = "NUMBER", .fallback = "1", .help = "seed of its random numbers" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

/* Settings ------------------------------------------------------------- */

/* `url` is what the teller points into. */
static int
read_redis(struct teller *t, const struct options *o, struct url *url, struct failure *why)
{
	if (url_parse(url, options_text(o, "redis"), why) != 0)
		return options_failure(o, "redis", 0, why, "%s", why->text);
	if (strcmp(url->scheme, "redis") != 0)
		return options_failure(o, "redis", 0, why, "this example only speaks redis://");
	t->host = url->host;
	t->port = url->port != 0 ? url->port : 6379;
	t->user = url->user;
	t->password = url->password != NULL ? url->password : options_text(o, "redis.password");
	t->database = url->path[0] == '/' ? (int)strtol(url->path + 1, NULL, 10) : 0;
	t->prefix = options_text(o, "prefix");
	return 0;
}

static int
read_settings(struct bot *bot, const struct options *o, struct url *url, struct failure *why)
{
	int64_t seed, trades, days;

	if (options_duration(o, "loop", &bot->loop_ns, why) != 0 ||
	    options_duration(o, "equity.every", &bot->equity_every_ns, why) != 0 ||
	    options_integer(o, "loops", 0, INT64_MAX, &bot->loops_most, why) != 0 ||
	    options_integer(o, "trades-per-minute", 0, 6000, &trades, why) != 0 ||
	    options_integer(o, "history.days", 0, 366, &days, why) != 0 ||
	    options_integer(o, "seed", 0, INT64_MAX, &seed, why) != 0)
		return -1;
	bot->tells = options_text(o, "redis")[0] != '\0';
	bot->records_trades = options_text(o, "postgres") != NULL;
	bot->trades_a_second = (double)trades / 60;
	bot->market.random = (uint64_t)seed;
	bot->equity = 10000;
	bot->started_at = bot_wall_seconds();
	return bot->tells ? read_redis(&bot->teller, o, url, why) : 0;
}

/* A trade that is lost would be a wrong profit: without its database it does not begin. */
static int
open_records(struct bot *bot, const struct options *o, struct failure *why)
{
	struct records *r = &bot->records;
	const char *days = options_text(o, "history.days");

	if (records_open(r, options_text(o, "postgres"), options_text(o, "postgres.password")) != 0 ||
	    (strcmp(days, "0") != 0 && !records_make_history(r, days)))
		return failure_set(why, FAILURE_CONNECT, "PostgreSQL: %s", r->error);
	bot->equity = records_last_equity(r, bot->equity);
	return 0;
}

static int
trade_until_ended(const struct options *o, struct failure *why)
{
	struct bot bot = { 0 };
	struct url url = { 0 };
	int status = EXIT_USAGE;
	sigset_t ends;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	if (read_settings(&bot, o, &url, why) == 0) {
		status = !bot.records_trades || open_records(&bot, o, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
		if (status == EXIT_ENDED)
			bot_run(&bot, &ends);
	}
	tell_close(&bot.teller);
	records_close(&bot.records);
	url_release(&url);
	return status;
}

static void
print_help(const struct options *o)
{
	printf(
	    "usage: example_bot [--FLAG VALUE]...\n\n"
	    "An example bot that trades on paper against prices it makes up. It writes its state to Redis and\n"
	    "its trades to PostgreSQL, as docs/engine.md describes.\n\n");
	options_print_help(o);
	printf(
	    "\nA flag may be a variable: --loop is ARBWATCH_LOOP. A secret may be in a file: REDIS_PASSWORD_FILE.\n"
	    "Exit status: 0 ended by a signal, 1 could not use PostgreSQL, 2 wrong settings.\n");
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { table };
	struct options *o = options_new("example_bot", tables, 1);
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	process_forbid_dumps();
	if (o != NULL && options_read_flags(o, argc, argv, &why) == 0) {
		status = EXIT_ENDED;
		if (options_switch(o, "help"))
			print_help(o);
		else if (options_switch(o, "version"))
			printf("example_bot, version %s (revision %s)\n", version_number, version_revision);
		else if (options_read_rest(o, &why) != 0)
			status = EXIT_USAGE;
		else
			status = trade_until_ended(o, &why);
	}
	if (status != EXIT_ENDED)
		(void)fprintf(stderr, "example_bot: %s\n", why.text);
	options_free(o);
	return status;
}
