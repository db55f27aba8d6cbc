/*
 * open_positions: what is really open, what the bot believes, and where the two differ?
 *
 * All accounts are read at once with signed requests that can only read, and so is the bot's own
 * view.  What could not be read is left out: it is not flat.  A run goes: what is remembered, and
 * who may be asked; asking; bans, before anything else can fail; both views; then the metrics.
 * positions/ does the work; this file keeps the order.
 */

#include <stdlib.h>

#include "collectors/harness/collector.h"
#include "collectors/open_positions/history.h"
#include "collectors/open_positions/report.h"
#include "contract/open_positions.h"
#include "exchange/options.h"
#include "positions/engine_view.h"
#include "positions/exchange_view.h"
#include "positions/policy.h"
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

/* Run ---------------------------------------------------------------- */

static int
compare(
    struct open_positions *s, struct run *run, const struct metrics *last, double now, struct failure *why)
{
	const struct holdings *engine = &s->engine_view.holdings, *held = &s->exchange_view.holdings;
	const struct holdings *baseline = &s->policy.baseline;
	struct reconcile_input input = { engine, held, baseline, s->comparable, s->accounts.count };
	struct mismatch_report mismatches = { .last = last,
		.accounts = &s->accounts,
		.engine_view = &s->engine_view,
		.exchange_view = &s->exchange_view,
		.comparable = s->comparable };
	/* In the worst case no two rows are of the same market. */
	struct reconcile_row *rows = calloc(engine->count + held->count + baseline->count + 1, sizeof(*rows));
	size_t count;

	if (rows == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < s->accounts.count; i++) {
		/* Only exchanges that both sides know can be compared. */
		s->comparable[i] = s->engine_view.known[i] && s->exchange_view.known[i];
		/* While it cannot be compared nobody knows that the difference is gone: its age goes on. */
		if (!s->comparable[i])
			history_keep_since(last, run_metrics(run), s->accounts.items[i].name);
	}
	count = reconcile(&s->policy.limits, &input, rows);
	for (size_t i = 0; i < count; i++) {
		const char *name = s->accounts.items[rows[i].exchange].name;
		double since = history_gauge(last, OPEN_MISMATCH_SINCE, LABELS(name, rows[i].symbol), -1);

		reconcile_age(&s->policy.limits, &rows[i], since, now);
		report_mismatch(run, &mismatches, &rows[i]);
	}
	/* This comes last: it looks for markets that have no metric in this run. */
	report_end_of_mismatches(run, &mismatches);
	free(rows);
	return 0;
}

static int
publish_exposure(struct open_positions *s, struct run *run, const struct metrics *last, struct failure *why)
{
	struct exposure_input input = { .holdings = &s->exchange_view.holdings,
		.readable = s->exchange_view.known,
		.exchange_count = s->accounts.count,
		/* With fewer than two exchanges that hold assets there is nothing to balance. */
		.inventory = s->policy.has_inventory ? s->policy.inventory : NULL,
		.rates = &s->exchange_view.rates };
	struct asset_exposure *assets;
	size_t count;

	for (size_t i = 0; i < s->policy.currency_count; i++) {
		struct exposure exposure;

		exposure_in(&input, s->policy.currencies[i], &exposure);
		report_exposure(run, s->policy.currencies[i], &exposure, last);
	}
	assets = exposure_assets(&input, &count, why);
	for (size_t i = 0; i < count; i++)
		report_asset(run_metrics(run), &assets[i]);
	free(assets);
	return assets != NULL ? 0 : -1;
}

static void
publish_accounts(
    struct open_positions *s, struct run *run, const struct metrics *last, double started, double now)
{
	for (size_t i = 0; i < s->accounts.count; i++) {
		const struct account *account = &s->accounts.items[i];

		report_account(run, account, &s->exchange_view.failures[i], last, started);
		/* The time is that before asking: else a ban that ended meanwhile would count as asked. */
		history_write_account(run_metrics(run), account, account_may_ask(account, started), now);
	}
	if (s->sources.account_failure.kind != FAILURE_NONE)
		run_failed(run, "accounts", &s->sources.account_failure);
	if (s->sources.book_failure.kind != FAILURE_NONE)
		run_failed(run, "order books", &s->sources.book_failure);
}

static int
publish(struct open_positions *s, struct run *run, const struct metrics *last, double started,
    struct failure *why)
{
	struct engine_view_input input = { .policy = &s->policy,
		.exchanges = &s->accounts.settings,
		.sources = &s->sources,
		.held = &s->exchange_view.holdings };
	struct report_source exchange = { "exchange", &s->exchange_view.holdings, s->exchange_view.known };
	struct report_source engine = { "engine", &s->engine_view.holdings, s->engine_view.known };
	/* This is the time after asking: back-offs and the ages of books are reckoned from it. */
	double now = clock_unix_seconds();

	if (exchange_view_build(&s->exchange_view, &s->policy, &s->accounts, now, why) != 0)
		return -1;
	sources_clear_positions(&s->sources, &s->accounts);
	if (engine_view_build(&s->engine_view, &input, now, why) != 0)
		return -1;
	sources_clear_rows(&s->sources);
	/* This needs both views: assets that the engine has are kept, however little they are worth. */
	exchange_view_remove_dust(&s->exchange_view, &s->policy, &s->engine_view.holdings);
	/* This comes before publishing: it also says which of the engine's contracts are inverse. */
	exchange_view_add_prices(&s->exchange_view, &s->engine_view.holdings);
	publish_accounts(s, run, last, started, now);
	/* Both sources have the same metrics; a label says which one it is. */
	report_source(run_metrics(run), &exchange, &s->accounts, &s->policy, &s->exchange_view, now);
	if (s->sources.has_engine)
		report_source(run_metrics(run), &engine, &s->accounts, &s->policy, &s->exchange_view, now);
	report_engine(run, &s->engine_view, &s->sources, &s->accounts, last);
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

static void
open_positions_collect(void *state, struct run *run)
{
	struct open_positions *s = state;
	const struct metrics *last = run_last(run);
	/* This one time decides who may be asked, before and after asking. */
	double started = clock_unix_seconds();
	struct failure why = { 0 };

	if (history_read_accounts(&s->accounts, run, last, started, &why) != 0) {
		publish_nothing(s, run, last, &why);
		return;
	}
	sources_read(&s->sources, &s->accounts, run_deadline(run), started);
	/* This comes at once: other programs on this machine may be about to ask. */
	history_raise_bans(&s->accounts, run);
	if (publish(s, run, last, started, &why) != 0)
		publish_nothing(s, run, last, &why);
	/* Until the next run nothing of this is needed, and it may be large. */
	sources_clear(&s->sources, &s->accounts);
	exchange_view_release(&s->exchange_view);
	engine_view_release(&s->engine_view);
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
