/*
 * trading_kpis: how does the bot trade?  Profit, drawdown, risk and speed, from its trades and its equity.
 *
 * The bot's operator defines the views that this reads in the bot's database (docs/trading.md).  The server
 * adds up, engine/trades.c reads the sums, engine/kpis.c has the formulas, report.c publishes.
 */

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/harness/collector.h"
#include "collectors/trading_kpis/report.h"

enum { NAMES_MOST = 1000 };

static const struct option options[] = {
	{ .name = "engine.name",
	    .argument = "NAME",
	    .fallback = "main",
	    .help = "name of the bot, and value of the label engine; give a second bot a --name, too" },
	{ .name = "engine.postgres",
	    .argument = "DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "database in which the bot keeps its trades, as a libpq connection string",
	    .secret = true },
	{ .name = "password",
	    .argument = "PASSWORD",
	    .variable = "POSTGRES_PASSWORD",
	    .help = "password for a DSN without one",
	    .secret = true },
	{ .name = "engine.schema",
	    .argument = "SCHEMA",
	    .fallback = "arbwatch",
	    .help = "schema of the views trades, equity, cash_flows, rates and tuning" },
	{ .name = "time-zone",
	    .argument = "ZONE",
	    .fallback = "UTC",
	    .help = "time zone in which a day begins, such as Europe/Berlin" },
	{ .name = "currency",
	    .argument = "CURRENCY",
	    .help = "currency that profit is converted to, by the view rates (default: none)" },
	{ .name = "rate.max-age",
	    .argument = "DURATION",
	    .fallback = "1h",
	    .help = "a rate that is older counts as missing" },
	{ .name = "names.max",
	    .argument = "N",
	    .fallback = "20",
	    .help = "how many symbols, and how many routes, are published, 0 to 1000; those with the lowest "
		    "profit are kept" },
	{ 0 },
};

struct trading_kpis {
	struct postgres_target *target;
	struct trades_memory *memory;
	char *name, *schema, *time_zone, *currency;
	struct kpi_report report;
};

static void
trading_kpis_close(void *closing)
{
	struct trading_kpis *s = closing;

	if (s == NULL)
		return;
	postgres_target_free(s->target);
	trades_memory_free(s->memory);
	free(s->name);
	free(s->schema);
	free(s->time_zone);
	free(s->currency);
	free(s);
}

static int
check_texts(const struct options *given, struct failure *why)
{
	const char *name = options_text(given, "engine.name"), *currency = options_text(given, "currency");
	size_t legal = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
	struct failure reason = { 0 };

	/* As the names of targets. */
	if (legal == 0 || legal > 64 || name[legal] != '\0')
		return options_failure(given, "engine.name", 0, why,
		    "'%s' is not a valid name: write 1 to 64 letters, digits, '_', '.' and '-'",
		    secret_shown(name));
	if (currency != NULL && (currency[0] == '\0' || strlen(currency) >= TRADES_CURRENCY))
		return options_failure(given, "currency", 0, why,
		    "'%s' is not a currency: write 1 to %d bytes", secret_shown(currency),
		    (int)TRADES_CURRENCY - 1);
	if (trades_check_schema(options_text(given, "engine.schema"), &reason) != 0)
		return options_failure(given, "engine.schema", 0, why, "%s", reason.text);
	if (trades_check_time_zone(options_text(given, "time-zone"), &reason) != 0)
		return options_failure(given, "time-zone", 0, why, "%s", reason.text);
	return 0;
}

/* Copies of all that a run needs, because the options change with a reload. */
static int
read_settings(struct trading_kpis *s, const struct options *given, struct failure *why)
{
	const char *currency = options_text(given, "currency");
	int64_t max_age_ns, names;

	if (check_texts(given, why) != 0 || options_duration(given, "rate.max-age", &max_age_ns, why) != 0 ||
	    options_integer(given, "names.max", 0, NAMES_MOST, &names, why) != 0)
		return -1;
	if (max_age_ns <= 0)
		return options_failure(given, "rate.max-age", 0, why, "must be above 0");
	s->name = strdup(options_text(given, "engine.name"));
	s->schema = strdup(options_text(given, "engine.schema"));
	s->time_zone = strdup(options_text(given, "time-zone"));
	s->currency = currency != NULL ? strdup(currency) : NULL;
	s->memory = trades_memory_new();
	if (s->name == NULL || s->schema == NULL || s->time_zone == NULL || s->memory == NULL ||
	    (currency != NULL && s->currency == NULL))
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	s->report = (struct kpi_report){ .engine = s->name,
		.currency = s->currency,
		.rate_max_age = (double)max_age_ns / 1e9,
		.names_max = (size_t)names };
	return 0;
}

/* Without a default, since a database that is not the bot's has no views to read. */
static int
read_target(struct trading_kpis *s, const struct options *given, struct secrets *secrets, struct failure *why)
{
	const char *dsn = options_text(given, "engine.postgres");
	struct failure reason = { 0 };

	if (dsn == NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "--engine.postgres is missing: name the database in which the bot keeps its trades");
	s->target = postgres_target_new(dsn, options_text(given, "password"), secrets, &reason);
	return s->target != NULL ? 0 : options_failure(given, "engine.postgres", 0, why, "%s", reason.text);
}

static int
trading_kpis_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct trading_kpis *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* What the reading's thread frees is used again by ours: that keeps a run below 12 MB. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (read_settings(s, given, why) == 0 && read_target(s, given, secrets, why) == 0) {
		*state = s;
		return 0;
	}
	trading_kpis_close(s);
	return -1;
}

/* One clock for the statements and for the figures: a window must not move in between. */
static void
trading_kpis_collect(void *state, struct run *run)
{
	struct trading_kpis *s = state;
	const struct trades_query query = {
		.schema = s->schema,
		.time_zone = s->time_zone,
		.now = clock_unix_seconds(),
		.names_max = s->report.names_max,
	};
	struct trades_reading reading;

	trades_read(s->target, &query, s->memory, run_deadline(run), &reading);
	kpi_report_write(&s->report, &reading, run);
	trades_reading_release(&reading);
}

const struct collector collector = {
	.name = "trading_kpis",
	.summary = "read the bot's trades and equity, and compute its profit, risk and speed",
	.options = options,
	.families = kpi_families,
	.family_count = KPI_FAMILIES,
	.open = trading_kpis_open,
	.collect = trading_kpis_collect,
	.close = trading_kpis_close,
};
