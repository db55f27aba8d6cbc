/*
 * Before the bot trades, nothing is in flight: any position at an exchange that the
 * baseline does not name is a finding, and so is any difference from what the bot
 * believes. An account that cannot be read is not flat; in live that fails.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/checks.h"
#include "positions/reconcile.h"

enum { LATE_NS = 100 * 1000 * 1000 };

/* Asking ------------------------------------------------------------- */

static bool
is_wanted(const struct preflight *preflight)
{
	bool positions = preflight_includes(preflight, CHECK_OPEN_POSITIONS);
	bool guard = preflight->live && preflight_includes(preflight, CHECK_LIVE_GUARD);

	return preflight->has_exchanges && preflight->memory_failure.kind == FAILURE_NONE &&
	       (positions || guard);
}

void
preflight_ask_accounts(struct preflight *preflight, struct deadline deadline)
{
	double now = clock_unix_seconds();

	for (size_t i = 0; i < preflight->accounts.count; i++) {
		struct account *account = &preflight->accounts.items[i];

		account->reading = NULL;
		account->prices = NULL;
		account->retry_at = preflight->retry_at[i];
		account->health_known = false;
	}
	if (is_wanted(preflight))
		sources_read(&preflight->sources, &preflight->accounts, deadline, now);
}

/* What assets are worth, by the order books that exchange_health's check read. */
static void
set_prices(struct preflight *preflight, struct deadline deadline)
{
	/* They come by the deadline, and a thread may be late. */
	deadline.at_ns += LATE_NS;
	if (!preflight->shares_books || preflight->policy.dust <= 0 ||
	    !order_books_ready_wait(&preflight->order_books_ready, deadline))
		return;
	for (size_t i = 0; i < preflight->accounts.count; i++)
		preflight->accounts.items[i].prices = preflight->venues.items[i].reading;
}

/* What could not be read --------------------------------------------- */

static const char unreadable[] = "make the account and the bot's positions readable: unreadable is not flat";

static void
add_unread_account(const struct preflight *preflight, size_t index, struct check_result *result)
{
	const struct account *account = &preflight->accounts.items[index];
	const struct failure *why = &preflight->exchange_view.failures[index];
	struct failure held = { 0 };

	for (int e = 0; account->reading != NULL && e < ACCOUNT_ENDPOINTS && why->kind == FAILURE_NONE; e++)
		if (account->reading->parts[e].asked && !account->reading->parts[e].read)
			why = &account->reading->parts[e].failure;
	if (why->kind == FAILURE_NONE) {
		(void)failure_set(&held, FAILURE_REJECTED, "%s",
		    account->key == NULL ? "there is no key for it"
					 : "not asked: it has banned this address, or wants fewer requests");
		why = &held;
	}
	check_result_add_failure(result, preflight_severity(preflight), unreadable, account->name, why);
}

static void
add_unread_engine(const struct preflight *preflight, struct check_result *result)
{
	const struct engine_view *engine_view = &preflight->engine_view;
	char what[96];

	for (int store = 0; store < ENGINE_STORES; store++)
		if (engine_view->store_failures[store].kind != FAILURE_NONE) {
			(void)snprintf(what, sizeof(what), "the bot's positions (%s)",
			    engine_store_name((enum engine_store)store));
			check_result_add_failure(result, preflight_severity(preflight), unreadable, what,
			    &engine_view->store_failures[store]);
		}
	for (size_t i = 0; i < engine_view->exchange_count; i++)
		if (engine_view->failures[i].kind != FAILURE_NONE)
			check_result_add_failure(result, preflight_severity(preflight), unreadable,
			    preflight->accounts.items[i].name, &engine_view->failures[i]);
}

/* Returns how many accounts there are to look at; in paper an account without a key does not count. */
static size_t
add_unread(const struct preflight *preflight, struct check_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < preflight->accounts.count; i++) {
		bool counts = preflight->live || !preflight->accounts.items[i].withheld;

		count += counts;
		if (counts && !preflight->exchange_view.known[i])
			add_unread_account(preflight, i, result);
	}
	if (preflight->sources.has_engine)
		add_unread_engine(preflight, result);
	return count;
}

/* What is open ------------------------------------------------------- */

/* The text names each market that differs with its quantity, for as many as there is room. */
static size_t
write_rows(const struct preflight *preflight, const struct reconcile_row rows[], size_t count, bool negated,
    char *text, size_t size)
{
	size_t found = 0, length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		struct decimal difference =
		    negated ? decimal_negative(rows[i].difference) : rows[i].difference;
		char digits[DECIMAL_TEXT];

		if (rows[i].known && !rows[i].mismatched)
			continue;
		found++;
		if (length + 160 > size)
			continue;
		length += (size_t)snprintf(text + length, size - length, "%s%s %.48s %s",
		    found > 1 ? ", " : "", preflight->accounts.items[rows[i].exchange].name, rows[i].symbol,
		    rows[i].known ? decimal_text(difference, digits) : "(too many digits)");
	}
	return found;
}

static double
never(const void *memory, size_t exchange, const char *symbol)
{
	(void)memory;
	(void)exchange;
	(void)symbol;
	return -1;
}

static struct reconcile_list
list_of(const struct holdings *holdings)
{
	return (struct reconcile_list){ holdings->rows, holdings->count };
}

/*
 * What is held beyond the baseline is what differs from it: the same reckoning,
 * once with an engine that believes to have nothing, once with the bot's own.
 * What is open is open, however little, and also a long beside a short of one
 * size: of the tolerances, only the share of what the baseline names counts there.
 */
static size_t
differ(struct preflight *preflight, bool with_engine, char *text, size_t size, struct failure *why)
{
	const struct holdings nothing = { 0 };
	struct reconcile_input input = {
		.engine = list_of(with_engine ? &preflight->engine_view.holdings : &nothing),
		.exchange = list_of(&preflight->exchange_view.holdings),
		.baseline = list_of(&preflight->policy.baseline),
		.comparable = preflight->comparable,
		.exchange_count = preflight->accounts.count,
		.remembered = never,
		.now = clock_unix_seconds(),
	};
	struct reconcile_row *rows =
	    calloc(input.engine.count + input.exchange.count + input.baseline.count + 1, sizeof(*rows));
	const struct reconcile_limits held = { .relative = preflight->policy.limits.relative };
	size_t count, found;

	if (rows == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return 0;
	}
	for (size_t i = 0; i < preflight->accounts.count; i++)
		preflight->comparable[i] =
		    preflight->exchange_view.known[i] && (!with_engine || preflight->engine_view.known[i]);
	count = reconcile(with_engine ? &preflight->policy.limits : &held, &input, rows);
	found = write_rows(preflight, rows, count, !with_engine, text, size);
	free(rows);
	return found;
}

static void
add_open(struct preflight *preflight, struct check_result *result)
{
	struct failure why = { 0 };
	char text[320];
	size_t found = differ(preflight, false, text, sizeof(text), &why);

	if (found > 0)
		check_result_add(result, preflight_severity(preflight),
		    "close them, or say with baseline what is kept there and is no position of the bot's",
		    "%zu open: %s", found, text);
	found = preflight->sources.has_engine ? differ(preflight, true, text, sizeof(text), &why) : 0;
	if (found > 0)
		check_result_add(result, preflight_severity(preflight),
		    "reconcile the bot's positions with the exchanges'",
		    "%zu differ from what the bot believes: %s", found, text);
	if (preflight->engine_view.told && preflight->engine_view.unknown_rows > 0)
		check_result_add(result, preflight_severity(preflight),
		    "name these exchanges with --exchange",
		    "the bot has %zu positions at exchanges that nobody checks",
		    preflight->engine_view.unknown_rows);
	if (!preflight->sources.has_engine && preflight->live)
		check_result_add(result, STATUS_WARN, "give engine.postgres or engine.redis",
		    "what the bot believes to have is not known: nothing is compared");
	if (why.kind != FAILURE_NONE)
		check_result_add_failure(
		    result, preflight_severity(preflight), "free some memory", "positions", &why);
}

static int
form(struct preflight *preflight, struct failure *why)
{
	struct engine_view_input input = { .policy = &preflight->policy,
		.exchanges = &preflight->accounts.settings,
		.sources = &preflight->sources,
		.held = &preflight->exchange_view.holdings };
	double now = clock_unix_seconds();

	if (preflight->sources.account_failure.kind != FAILURE_NONE) {
		*why = preflight->sources.account_failure;
		return -1;
	}
	if (exchange_view_build(
		&preflight->exchange_view, &preflight->policy, &preflight->accounts, now, why) != 0 ||
	    engine_view_build(&preflight->engine_view, &input, now, why) != 0)
		return -1;
	exchange_view_remove_dust(
	    &preflight->exchange_view, &preflight->policy, &preflight->engine_view.holdings);
	return 0;
}

void
check_open_positions(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	struct failure why = { 0 };
	size_t count;

	if (!exchanges_are_named(preflight, result))
		return;
	if (preflight->memory_failure.kind != FAILURE_NONE) {
		check_result_add_failure(result, preflight_severity(preflight),
		    "let this user read the directory of the .prom files",
		    "nobody is asked, there may be a ban", &preflight->memory_failure);
		return;
	}
	set_prices(preflight, deadline);
	if (form(preflight, &why) != 0) {
		check_result_add_failure(
		    result, preflight_severity(preflight), "free some memory", "positions", &why);
		return;
	}
	count = add_unread(preflight, result);
	add_open(preflight, result);
	if (count == 0)
		check_result_skip(result, "no account on paper has a key");
	else
		check_result_pass(result, "%zu accounts are flat%s", count,
		    preflight->sources.has_engine ? ", and so the bot believes"
						  : "; the bot's view is not configured");
}
