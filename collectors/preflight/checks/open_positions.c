/*
 * Before the bot trades, nothing is in flight: any position at an exchange that the
 * baseline does not name is a finding, and so is any difference from what the bot
 * believes. An account that cannot be read is not flat; in live that fails.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/exchanges.h"
#include "positions/engine_view.h"
#include "positions/exchange_view.h"
#include "positions/policy.h"

const struct option open_positions_options[] = {
	{ .name = "engine.postgres",
	    .argument = "DSN",
	    .help = "database in which the bot keeps its positions, as a libpq connection string",
	    .secret = true },
	{ .name = "engine.redis",
	    .argument = "URL",
	    .help = "Redis in which the bot keeps its positions: redis://[user:password@]host[:port][/db], "
		    "rediss:// or unix://",
	    .secret = true },
	{ .name = "exposure.currency",
	    .argument = "CURRENCY",
	    .fallback = "USDT",
	    .help = "currency of the amount in --dust" },
	{ 0 },
};

struct open_positions {
	struct exchanges *exchanges;
	bool live;
	enum check_status severity;
	struct policy policy;
	struct exchange_view exchange_view;
	struct engine_view engine_view;
	bool *comparable; /* by exchange */
	size_t explained; /* of this run: markets that are open, and in which the bot agrees */
};

static int
open_positions_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct open_positions *s = state;
	struct exchanges *e = setup->exchanges;

	s->exchanges = e;
	s->live = setup->live;
	s->severity = setup->live ? STATUS_FAIL : STATUS_WARN;
	if (e->count == 0)
		return 0;
	if (policy_read(&s->policy, setup->given, &e->accounts.settings, why) != 0)
		return -1;
	s->comparable = calloc(e->count, sizeof(*s->comparable));
	return s->comparable != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

static void
open_positions_close(void *state)
{
	struct open_positions *s = state;

	free(s->comparable);
	engine_view_release(&s->engine_view);
	exchange_view_release(&s->exchange_view);
	policy_release(&s->policy);
}

/* What could not be read --------------------------------------------- */

static const char unreadable[] =
    "make the account and the bot's positions readable: what is unreadable may be open";

static void
add_unread_account(const struct open_positions *s, size_t index, struct check_result *result)
{
	const struct account *account = &s->exchanges->accounts.items[index];
	const struct failure *why = &s->exchange_view.failures[index];
	struct failure held = { 0 };

	for (int e = 0; account->reading != NULL && e < ACCOUNT_ENDPOINTS && why->kind == FAILURE_NONE; e++)
		if (account->reading->parts[e].asked && !account->reading->parts[e].read)
			why = &account->reading->parts[e].failure;
	if (why->kind == FAILURE_NONE) {
		(void)failure_set(&held, FAILURE_REJECTED,
		    "not asked: it has banned this address, or wants fewer requests");
		why = &held;
	}
	check_result_add_failure(result, s->severity, unreadable, account->name, why);
}

static void
add_unread_engine(const struct open_positions *s, struct check_result *result)
{
	const struct engine_view *engine_view = &s->engine_view;
	char what[96];

	for (int store = 0; store < ENGINE_STORES; store++)
		if (engine_view->store_failures[store].kind != FAILURE_NONE) {
			(void)snprintf(what, sizeof(what), "the bot's positions (%s)",
			    engine_store_name((enum engine_store)store));
			check_result_add_failure(
			    result, s->severity, unreadable, what, &engine_view->store_failures[store]);
		}
	for (size_t i = 0; i < engine_view->exchange_count; i++)
		if (engine_view->failures[i].kind != FAILURE_NONE) {
			(void)snprintf(what, sizeof(what), "the bot's positions at %s",
			    s->exchanges->accounts.items[i].name);
			check_result_add_failure(
			    result, s->severity, unreadable, what, &engine_view->failures[i]);
		}
}

/* Returns how many accounts there are to look at; in paper an account without a key does not count. */
static size_t
add_unread(const struct open_positions *s, struct check_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < s->exchanges->accounts.count; i++) {
		bool counts = s->live || !s->exchanges->accounts.items[i].withheld;

		count += counts;
		if (counts && !s->exchange_view.known[i])
			add_unread_account(s, i, result);
	}
	if (s->exchanges->sources.has_engine)
		add_unread_engine(s, result);
	return count;
}

/* What is open ------------------------------------------------------- */

/* One row for each market, of the exchanges that are known.  NULL: out of memory. */
static struct reconcile_row *
compare(struct open_positions *s, const struct holdings *engine, const struct reconcile_limits *limits,
    size_t *count)
{
	const struct holdings *held = &s->exchange_view.holdings, *baseline = &s->policy.baseline;
	struct reconcile_input input = { engine, held, baseline, s->comparable, s->exchanges->count };
	struct reconcile_row *rows = calloc(engine->count + held->count + baseline->count + 1, sizeof(*rows));

	if (rows != NULL)
		*count = reconcile(limits, &input, rows);
	return rows;
}

/* The order of all lists: negative if the row's market is before the other one. */
static int
compare_market(const struct reconcile_row *row, size_t exchange, const char *symbol)
{
	if (row->exchange != exchange)
		return row->exchange < exchange ? -1 : 1;
	return strcmp(row->symbol, symbol);
}

static bool
differs(const struct reconcile_row *row)
{
	return !row->known || row->mismatched;
}

/* Add a market that differs and its quantity to the text, for as many as there is room. */
static void
write_row(const struct open_positions *s, const struct reconcile_row *row, struct decimal quantity,
    size_t number, char *text, size_t size)
{
	size_t length = strlen(text);
	char digits[DECIMAL_TEXT];

	if (length + 160 <= size)
		(void)snprintf(text + length, size - length, "%s%s %.48s %s", number > 1 ? ", " : "",
		    s->exchanges->names[row->exchange], row->symbol,
		    row->known ? decimal_text(quantity, digits) : "(too many digits)");
}

/*
 * What is held beyond the baseline is what differs from it: the same comparison, with an engine that
 * has nothing.  Any quantity counts, and so does a long beside a short of the same size: of the
 * tolerances, only the share of what the baseline names applies here.
 *
 * A position that the bot itself has, and that agrees, is not reported.  All lists have one order.
 */
static void
add_open(struct open_positions *s, const struct reconcile_row held[], size_t held_count,
    const struct reconcile_row compared[], size_t compared_count, struct check_result *result)
{
	const struct holdings *engine = &s->engine_view.holdings;
	size_t found = 0, differing = 0, in_compared = 0, in_engine = 0;
	char text[320] = "", difference[320] = "";

	for (size_t i = 0; i < held_count; i++) {
		const struct reconcile_row *row = &held[i];

		if (!differs(row))
			continue;
		while (in_compared < compared_count &&
		       compare_market(&compared[in_compared], row->exchange, row->symbol) < 0)
			in_compared++;
		while (in_engine < engine->count && compare_market(row, engine->rows[in_engine].exchange,
							engine->rows[in_engine].symbol.text) > 0)
			in_engine++;
		if (in_compared < compared_count && in_engine < engine->count &&
		    compare_market(&compared[in_compared], row->exchange, row->symbol) == 0 &&
		    compare_market(
			row, engine->rows[in_engine].exchange, engine->rows[in_engine].symbol.text) == 0 &&
		    !differs(&compared[in_compared]))
			s->explained++;
		else
			write_row(s, row, decimal_negative(row->difference), ++found, text, sizeof(text));
	}
	for (size_t i = 0; i < compared_count; i++)
		if (differs(&compared[i]))
			write_row(s, &compared[i], compared[i].difference, ++differing, difference,
			    sizeof(difference));
	if (found > 0)
		check_result_add(result, s->severity,
		    "close them, or name with baseline what is kept there and does not belong to the bot",
		    "%zu open: %s", found, text);
	if (differing > 0)
		check_result_add(result, s->severity, "reconcile the bot's positions with the exchanges'",
		    "%zu differ from what the bot believes: %s", differing, difference);
}

static void
check_open(struct open_positions *s, struct check_result *result, struct failure *why)
{
	const struct reconcile_limits exact = { .relative = s->policy.limits.relative };
	const struct holdings nothing = { 0 };
	struct reconcile_row *held, *compared = NULL;
	size_t held_count = 0, compared_count = 0;

	for (size_t i = 0; i < s->exchanges->count; i++)
		s->comparable[i] = s->exchange_view.known[i];
	held = compare(s, &nothing, &exact, &held_count);
	for (size_t i = 0; i < s->exchanges->count; i++)
		s->comparable[i] = s->exchange_view.known[i] && s->engine_view.known[i];
	if (s->exchanges->sources.has_engine)
		compared = compare(s, &s->engine_view.holdings, &s->policy.limits, &compared_count);
	if (held != NULL && (compared != NULL || !s->exchanges->sources.has_engine))
		add_open(s, held, held_count, compared, compared_count, result);
	else
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	free(held);
	free(compared);
	if (s->engine_view.told && s->engine_view.unknown_rows > 0)
		check_result_add(result, s->severity, "name these exchanges with --exchange",
		    "the bot has %zu positions at exchanges that are not configured",
		    s->engine_view.unknown_rows);
	if (!s->exchanges->sources.has_engine && s->live)
		check_result_add(result, STATUS_WARN, "give engine.postgres or engine.redis",
		    "the bot's own positions are not configured, so nothing is compared");
}

static int
build_views(struct open_positions *s, struct failure *why)
{
	struct exchanges *e = s->exchanges;
	struct engine_view_input input = { .policy = &s->policy,
		.exchanges = &e->accounts.settings,
		.sources = &e->sources,
		.held = &s->exchange_view.holdings };
	double now = clock_unix_seconds();

	if (e->sources.account_failure.kind != FAILURE_NONE) {
		*why = e->sources.account_failure;
		return -1;
	}
	if (exchange_view_build(&s->exchange_view, &s->policy, &e->accounts, now, why) != 0 ||
	    engine_view_build(&s->engine_view, &input, now, why) != 0)
		return -1;
	exchange_view_remove_dust(&s->exchange_view, &s->policy, &s->engine_view.holdings);
	return 0;
}

static void
open_positions_run(void *state, struct deadline deadline, struct check_result *result)
{
	struct open_positions *s = state;
	struct exchanges *e = s->exchanges;
	struct failure why = { 0 };
	size_t count = 0;

	if (!exchanges_are_named(e, result))
		return;
	if (e->memory_failure.kind != FAILURE_NONE) {
		check_result_add_failure(result, s->severity,
		    "make the directory of the .prom files readable for this user",
		    "no exchange is asked, because there may be a ban", &e->memory_failure);
		return;
	}
	exchanges_ask_accounts(e, deadline);
	/* What assets are worth, by the order books that exchange_health looks at, too. */
	if (e->shares_books && s->policy.dust > 0 && exchanges_read_books(e, deadline, &why) == 0)
		for (size_t i = 0; i < e->count; i++)
			e->accounts.items[i].prices = e->venues.items[i].reading;
	why = (struct failure){ 0 };
	s->explained = 0;
	if (build_views(s, &why) == 0) {
		count = add_unread(s, result);
		check_open(s, result, &why);
	}
	if (why.kind != FAILURE_NONE)
		check_result_add_failure(result, s->severity, "free some memory", "positions", &why);
	else if (count == 0)
		check_result_conclude(result, STATUS_SKIP, "no account on paper has a key");
	else if (s->explained > 0)
		check_result_conclude(result, STATUS_PASS,
		    "%zu accounts, %zu open positions, as the bot believes", count, s->explained);
	else
		check_result_conclude(result, STATUS_PASS, "%zu accounts are flat%s", count,
		    e->sources.has_engine ? ", and so the bot believes"
					  : "; the bot's view is not configured");
	check_result_mask(result, &e->known);
	exchange_view_release(&s->exchange_view);
	engine_view_release(&s->engine_view);
}

const struct check open_positions_check = { sizeof(struct open_positions), open_positions_open,
	open_positions_run, open_positions_close };
