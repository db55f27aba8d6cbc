/*
 * open_positions: what is really open, what the bot believes, and where the two differ?
 *
 * All accounts are read at once with signed requests that can only read, and so is the bot's own
 * view.  What could not be read is left out: it is not flat.  A run goes: what is remembered, and
 * who may be asked; asking; bans, before anything else can fail; both views; then the metrics.
 * positions/ does the work; this file keeps the order, and frees each large list as soon as the
 * next one is made of it, because there may be tens of thousands of positions.
 */

#include <stdlib.h>

#include "collectors/harness/collector.h"
#include "collectors/open_positions/bans.h"
#include "collectors/open_positions/log_lines.h"
#include "collectors/open_positions/report.h"
#include "contract/open_positions.h"
#include "exchange/options.h"
#include "positions/engine_view.h"
#include "positions/exchange_view.h"
#include "positions/exposure.h"
#include "positions/history.h"
#include "positions/policy.h"
#include "positions/reconcile.h"
#include "positions/sources.h"

static const struct option options[] = {
	/* It has no default, unlike that of exchange_health: prices cost requests. */
	{ .name = "symbol",
	    .argument = "[NAME:]BASE/QUOTE",
	    .help = "order books to read prices from; with NAME, that exchange reads them instead of the "
		    "common ones, as in upbit:BTC/KRW",
	    .repeatable = true },
	{ .name = "engine.postgres",
	    .argument = "DSN",
	    .variable = "POSTGRES_DSN",
	    .help = "database in which the bot keeps its positions, as a libpq connection string",
	    .secret = true },
	{ .name = "engine.redis",
	    .argument = "URL",
	    .variable = "REDIS_URL",
	    .help = "Redis in which the bot keeps its positions: redis://[user:password@]host[:port][/db], "
		    "rediss:// or unix://",
	    .secret = true },
	{ .name = "grace",
	    .argument = "DURATION",
	    .fallback = "30s",
	    .help = "a difference becomes a mismatch after this time, because fills may be in flight" },
	{ .name = "exposure.currency",
	    .argument = "CURRENCY",
	    .fallback = "USDT",
	    .help = "currency in which exposure is published",
	    .repeatable = true },
	{ .name = "inventory",
	    .argument = "NAME,NAME",
	    .help = "two exchanges whose holdings should be in balance (default: the first two that hold "
		    "assets)" },
	{ .name = "weight.limit",
	    .argument = "N",
	    .fallback = "100",
	    .help =
		"how much of one exchange's rate limit a run may use at most, in the exchange's weights" },
	{ 0 },
};

static const struct option *const shared_options[] = { exchange_options, position_options, NULL };

struct open_positions {
	struct accounts accounts;
	struct policy policy;
	struct sources sources;
	struct exchange_view exchange_view;
	struct engine_view engine_view;
	bool comparable[EXCHANGES_MAX];
};

/* Settings ----------------------------------------------------------- */

static void
open_positions_close(void *closing)
{
	struct open_positions *s = closing;

	if (s == NULL)
		return;
	engine_view_release(&s->engine_view);
	exchange_view_release(&s->exchange_view);
	sources_release(&s->sources);
	policy_release(&s->policy);
	accounts_release(&s->accounts);
	free(s);
}

static int
open_positions_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct open_positions *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* Accounts come first: all others speak of exchanges by their place among them. */
	if (accounts_open(&s->accounts, given, secrets, why) == 0 &&
	    policy_read(&s->policy, given, &s->accounts.settings, why) == 0 &&
	    policy_read_while_trading(&s->policy, given, &s->accounts.settings, why) == 0 &&
	    sources_open(&s->sources, given, secrets, why) == 0) {
		*state = s;
		return 0;
	}
	/* Takes one that is open in part, because everything was zero at first. */
	open_positions_close(s);
	return -1;
}

/* Differences -------------------------------------------------------- */

struct remembrance {
	const struct metrics *last;
	const struct accounts *accounts;
};

/* reconcile() knows nothing of files and asks this: since when the market differs; -1 if it did not. */
static double
remembered(const void *memory, size_t exchange, const char *symbol)
{
	const struct remembrance *remembrance = memory;

	return history_gauge(remembrance->last, OPEN_MISMATCH_SINCE,
	    LABELS(remembrance->accounts->items[exchange].name, symbol), -1);
}

static struct reconcile_list
list_of(const struct holdings *holdings)
{
	return (struct reconcile_list){ holdings->rows, holdings->count };
}

static void
publish_mismatches(struct open_positions *s, struct run *run, const struct metrics *last,
    const struct reconcile_row rows[], size_t count)
{
	struct metrics *m = run_metrics(run);
	struct mismatch_log mismatches = { .last = last,
		.accounts = &s->accounts,
		.engine_view = &s->engine_view,
		.exchange_view = &s->exchange_view,
		.comparable = s->comparable };

	for (size_t i = 0; i < count; i++) {
		report_mismatch(m, s->accounts.items[rows[i].exchange].name, &rows[i]);
		log_lines_write_mismatch(run, &mismatches, &rows[i]);
	}
	for (size_t i = 0; i < s->accounts.count; i++)
		/* While it cannot be compared nobody knows that the difference is gone: its age goes on. */
		if (!s->comparable[i])
			history_keep_since(last, m, s->accounts.items[i].name);
	/* This comes last: it looks for markets that have no metric in this run. */
	log_lines_end_mismatches(run, &mismatches);
}

static int
compare(
    struct open_positions *s, struct run *run, const struct metrics *last, double now, struct failure *why)
{
	struct remembrance remembrance = { .last = last, .accounts = &s->accounts };
	struct reconcile_input input = { .engine = list_of(&s->engine_view.holdings),
		.exchange = list_of(&s->exchange_view.holdings),
		.baseline = list_of(&s->policy.baseline),
		.comparable = s->comparable,
		.exchange_count = s->accounts.count,
		.remembered = remembered,
		.memory = &remembrance,
		.now = now };
	/* In the worst case no two rows are of the same market. */
	size_t most = input.engine.count + input.exchange.count + input.baseline.count;
	struct reconcile_row *rows = calloc(most + 1, sizeof(*rows));

	if (rows == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < s->accounts.count; i++)
		/* Only exchanges that both sides know can be compared. */
		s->comparable[i] = s->engine_view.known[i] && s->exchange_view.known[i];
	publish_mismatches(s, run, last, rows, reconcile(&s->policy.limits, &input, rows));
	free(rows);
	return 0;
}

/* Exposure ----------------------------------------------------------- */

static int
publish_deltas(const struct exposure_input *input, struct metrics *m, struct failure *why)
{
	struct asset_delta *deltas = calloc(input->holding_count + 1, sizeof(*deltas));
	size_t count = 0;
	int result = -1;

	if (deltas == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else
		result = exposure_deltas(input, deltas, &count, why);
	for (size_t i = 0; result == 0 && i < count; i++)
		report_delta(m, &deltas[i]);
	free(deltas);
	return result;
}

static int
publish_imbalances(const struct open_positions *s, const struct exposure_input *input, struct metrics *m,
    struct failure *why)
{
	struct asset_imbalance *imbalances;
	size_t count = 0;
	int result = -1;

	/* With fewer than two exchanges that hold assets there is nothing to balance. */
	if (!s->policy.has_inventory)
		return 0;
	imbalances = calloc(input->holding_count + 1, sizeof(*imbalances));
	if (imbalances == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else
		result = exposure_imbalances(
		    input, s->policy.inventory[0], s->policy.inventory[1], imbalances, &count, why);
	for (size_t i = 0; result == 0 && i < count; i++)
		report_imbalance(m, &imbalances[i]);
	free(imbalances);
	return result;
}

static int
publish_exposure(struct open_positions *s, struct run *run, const struct metrics *last, struct failure *why)
{
	struct metrics *m = run_metrics(run);
	struct exposure_input input = { .holdings = s->exchange_view.holdings.rows,
		.holding_count = s->exchange_view.holdings.count,
		.readable = s->exchange_view.known,
		.exchange_count = s->accounts.count,
		.rates = &s->exchange_view.rates };

	for (size_t i = 0; i < s->policy.currency_count; i++) {
		struct exposure exposure;

		exposure_in(&input, s->policy.currencies[i], &exposure);
		report_exposure(m, s->policy.currencies[i], &exposure);
		log_lines_write_exposure(run, s->policy.currencies[i], &exposure, last);
	}
	if (publish_deltas(&input, m, why) != 0)
		return -1;
	return publish_imbalances(s, &input, m, why);
}

/* Run ---------------------------------------------------------------- */

static void
publish_accounts(
    struct open_positions *s, struct run *run, const struct metrics *last, double started, double now)
{
	struct metrics *m = run_metrics(run);

	for (size_t i = 0; i < s->accounts.count; i++) {
		const struct account *account = &s->accounts.items[i];

		report_account(m, account, last);
		/* The time is that before asking: else a ban that ended meanwhile would count as asked. */
		if (account_may_ask(account, started))
			history_write_account(m, account, now);
		else
			history_write_hold_account(m, account);
		log_lines_write_account(run, account, &s->exchange_view.failures[i], started);
		log_lines_write_key(run, account, last);
	}
	if (s->sources.account_failure.kind != FAILURE_NONE)
		run_failed(run, "accounts", &s->sources.account_failure);
	if (s->sources.book_failure.kind != FAILURE_NONE)
		run_failed(run, "order books", &s->sources.book_failure);
}

/* Both sources have the same metrics; a label says which one it is. */
static void
publish_sources(struct open_positions *s, struct run *run, double now)
{
	struct metrics *m = run_metrics(run);
	struct report_source exchange = { "exchange", &s->exchange_view.holdings, s->exchange_view.known };
	struct report_source engine = { "engine", &s->engine_view.holdings, s->engine_view.known };

	report_source(m, &exchange, &s->accounts, &s->policy, &s->exchange_view, now);
	if (s->sources.has_engine)
		report_source(m, &engine, &s->accounts, &s->policy, &s->exchange_view, now);
	report_engine(m, &s->engine_view, &s->sources);
}

static int
publish(struct open_positions *s, struct run *run, const struct metrics *last, double started,
    struct failure *why)
{
	struct engine_view_input input = { .policy = &s->policy,
		.exchanges = &s->accounts.settings,
		.sources = &s->sources,
		.held = &s->exchange_view.holdings };
	/* This is the time after asking: back-offs and the ages of books are reckoned from it. */
	double now = clock_unix_seconds();

	if (exchange_view_build(&s->exchange_view, &s->policy, &s->accounts, now, why) != 0)
		return -1;
	/* They are holdings now, and need not be in memory twice. */
	sources_clear_positions(&s->sources, &s->accounts);
	if (engine_view_build(&s->engine_view, &input, now, why) != 0)
		return -1;
	sources_clear_rows(&s->sources);
	/* This needs both views: assets that the engine has are kept, however little they are worth. */
	exchange_view_remove_dust(&s->exchange_view, &s->policy, &s->engine_view.holdings);
	/* This comes before publishing: it also says which of the engine's contracts are inverse. */
	exchange_view_add_prices(&s->exchange_view, &s->engine_view.holdings);
	publish_accounts(s, run, last, started, now);
	log_lines_write_engine(run, &s->engine_view, &s->accounts);
	log_lines_write_unknown_rows(run, &s->engine_view, last);
	publish_sources(s, run, now);
	/* Without an engine there is nothing to compare with. */
	if (s->sources.has_engine && compare(s, run, last, now, why) != 0)
		return -1;
	return publish_exposure(s, run, last, why);
}

/* Without memory, or not knowing who must not be asked: nothing can be said.  `last` may be NULL. */
static void
publish_nothing(
    struct open_positions *s, struct run *run, const struct metrics *last, const struct failure *why)
{
	struct metrics *m = run_metrics(run);

	run_failed(run, "positions", why);
	for (size_t i = 0; i < s->accounts.count; i++) {
		const char *name = s->accounts.items[i].name;

		metrics_set(m, &open_families[OPEN_READABLE], LABELS("exchange", name), 0);
		if (s->sources.has_engine)
			metrics_set(m, &open_families[OPEN_READABLE], LABELS("engine", name), 0);
		if (s->sources.has_engine && last != NULL)
			history_keep_since(last, m, name);
		/* By a series of its own the harness lets the exchange's counters go on. */
		metrics_add(m, &open_families[OPEN_RUNS], LABELS(name), 0);
	}
	for (size_t i = 0; i < s->policy.currency_count; i++)
		metrics_set(m, &open_families[OPEN_EXPOSURE_KNOWN], LABELS(s->policy.currencies[i]), 0);
}

/* Reads which exchanges refused this program or another one.  -1 with `why`: nobody may be asked. */
static int
read_history(
    struct open_positions *s, struct run *run, const struct metrics *last, double now, struct failure *why)
{
	if (last == NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the last file cannot be read, or memory ran out, so no exchange is asked");
	for (size_t i = 0; i < s->accounts.count; i++)
		history_read_account(last, now, &s->accounts.items[i]);
	return bans_read(&s->accounts, run, now, why);
}

static void
open_positions_collect(void *state, struct run *run)
{
	struct open_positions *s = state;
	const struct metrics *last = run_last(run);
	/* This one time decides who may be asked, before and after asking. */
	double started = clock_unix_seconds();
	struct failure why = { 0 };

	if (read_history(s, run, last, started, &why) != 0) {
		publish_nothing(s, run, last, &why);
		return;
	}
	sources_read(&s->sources, &s->accounts, run_deadline(run), started);
	/* This comes at once: other programs on this machine may be about to ask. */
	bans_raise(&s->accounts, run);
	if (publish(s, run, last, started, &why) != 0)
		publish_nothing(s, run, last, &why);
	/* Until the next run nothing of this is needed, and it may be large. */
	sources_clear(&s->sources, &s->accounts);
	exchange_view_clear(&s->exchange_view);
	engine_view_clear(&s->engine_view);
}

const struct collector collector = {
	.name = "open_positions",
	.summary = "read what is open at crypto exchanges, and compare it with what the bot believes",
	.options = options,
	.shared_options = shared_options,
	.families = open_families,
	.family_count = OPEN_FAMILIES,
	.open = open_positions_open,
	.collect = open_positions_collect,
	.close = open_positions_close,
};
