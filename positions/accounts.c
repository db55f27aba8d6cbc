/*
 * From the settings to what a run asks of each exchange.  All that can be wrong is found here,
 * before the first request: also what the heaviest run costs, because most exchanges limit requests
 * by address, which a bot on the same host shares.  The probes want their targets and readings side
 * by side in arrays.  These have room for every exchange from the start, and a run fills as many as
 * may be asked.
 */

#include <stdlib.h>

#include "positions/accounts.h"
#include "positions/keys.h"

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

static const struct profile_account *
profile_of(const struct account *account)
{
	return &account->setting->profile->account;
}

/* Whether the profile names a way to read it. */
static bool
has(const struct account *account, enum account_endpoint endpoint)
{
	return profile_of(account)->reads[endpoint].path != NULL;
}

/* Choosing ----------------------------------------------------------- */

static bool
is_due(const struct account *account, enum account_endpoint endpoint)
{
	int every = profile_of(account)->reads[endpoint].every_runs;

	if (!has(account, endpoint))
		return false;
	/* What is open changes at any moment; the rights of a key hardly ever do. */
	if (endpoint != ACCOUNT_KEY && endpoint != ACCOUNT_LOCK)
		return true;
	/* `every` counts runs, which the published file remembers: so it works from cron, too. */
	return every <= 1 || !account->health_known || (int64_t)account->runs % every == 0;
}

void
account_choose(struct account *account)
{
	const struct exchange_setting *setting = account->setting;

	account->target = (struct account_target){ .profile = setting->profile,
		.base_url = setting->base_url,
		.key = account->key,
		.paper_only = account->paper_only,
		.paper_hosts = account->paper_hosts,
		.paper_host_count = account->paper_host_count };
	for (int e = 0; e < ACCOUNT_ENDPOINTS; e++)
		account->target.asked[e] = is_due(account, (enum account_endpoint)e);
	account->books = (struct exchange_target){ .profile = setting->profile,
		.base_url = setting->base_url,
		.symbols = (const char *const *)setting->symbols,
		.symbol_count = setting->symbol_count };
	/* preflight reads each order book once, for both of its checks of exchanges. */
	account->books.asked[ENDPOINT_BOOK] = !account->books_are_read && setting->symbol_count > 0 &&
					      setting->profile->endpoints[ENDPOINT_BOOK].path != NULL;
	/* How many pages a list has is known only when they come: they may cost what the books leave. */
	account->target.weight_most = account->weight_limit - exchange_weight(&account->books);
}

const char *
account_base_url(const struct account *account)
{
	const struct exchange_setting *setting = account->setting;

	return setting->base_url != NULL ? setting->base_url : setting->profile->base_url;
}

bool
account_may_ask(const struct account *account, double now)
{
	return !account->withheld && account->retry_at <= now;
}

bool
account_is_read(const struct account *account)
{
	const struct account_reading *reading = account->reading;
	/* Where the profile reads no positions, balances are all there is. */
	bool balances = profile_of(account)->holdings || !has(account, ACCOUNT_POSITIONS);

	if (reading == NULL)
		return false;
	if (has(account, ACCOUNT_POSITIONS) && !reading->parts[ACCOUNT_POSITIONS].read)
		return false;
	return !balances || reading->parts[ACCOUNT_BALANCES].read;
}

/* Opening ------------------------------------------------------------ */

/* Nothing is known of the key yet, so everything is due: the heaviest run is what counts. */
static int
check_weight(struct account *account, const struct options *given, struct failure *why)
{
	int64_t weight;

	account_choose(account);
	weight = account_weight(&account->target) + exchange_weight(&account->books);
	if (weight > account->weight_limit)
		return options_failure(given, "weight.limit", 0, why,
		    "a run on %s costs %lld of its rate limit (order books: %zu), and %lld is the most: ask for "
		    "fewer, or raise it",
		    account->name, (long long)weight, account->setting->symbol_count,
		    (long long)account->weight_limit);
	return 0;
}

static int
add_account(struct accounts *accounts, const struct options *given, size_t index, int64_t weight_limit,
    struct failure *why)
{
	const struct exchange_setting *setting = &accounts->settings.items[index];
	struct account *account = &accounts->items[index];

	/* It counts at once, so that accounts_release() knows of it. */
	accounts->count++;
	*account =
	    (struct account){ .name = setting->name, .setting = setting, .weight_limit = weight_limit };
	/* Without either of them the exchange would look flat for ever. */
	if (!has(account, ACCOUNT_BALANCES) && !has(account, ACCOUNT_POSITIONS))
		return options_failure(given, "exchange", index, why,
		    "%s: its profile names neither balances nor positions to read (account.balances, "
		    "account.positions)",
		    setting->name);
	return 0;
}

static int
allocate(struct accounts *accounts, size_t count, struct failure *why)
{
	accounts->items = calloc(count, sizeof(*accounts->items));
	accounts->targets = calloc(count, sizeof(*accounts->targets));
	accounts->readings = calloc(count, sizeof(*accounts->readings));
	accounts->book_targets = calloc(count, sizeof(*accounts->book_targets));
	accounts->book_readings = calloc(count, sizeof(*accounts->book_readings));
	if (accounts->items == NULL || accounts->targets == NULL || accounts->readings == NULL ||
	    accounts->book_targets == NULL || accounts->book_readings == NULL)
		return out_of_memory(why);
	return 0;
}

int
accounts_open_keyless(struct accounts *accounts, const struct options *given, struct failure *why)
{
	int64_t limit;

	if (options_integer(given, "weight.limit", 1, 1000000, &limit, why) != 0 ||
	    exchange_settings_read(&accounts->settings, given, why) != 0 ||
	    allocate(accounts, accounts->settings.count, why) != 0)
		return -1;
	for (size_t i = 0; i < accounts->settings.count; i++)
		if (add_account(accounts, given, i, limit, why) != 0)
			return -1;
	return 0;
}

int
accounts_open(
    struct accounts *accounts, const struct options *given, struct secrets *secrets, struct failure *why)
{
	struct failure reason = { 0 };

	if (accounts_open_keyless(accounts, given, why) != 0)
		return -1;
	for (size_t i = 0; i < accounts->count; i++) {
		struct account *account = &accounts->items[i];

		if (check_weight(account, given, why) != 0)
			return -1;
		account->key = keys_open(options_text(given, "keys"), account->setting, secrets, &reason);
		if (account->key == NULL)
			return failure_set(why, FAILURE_LOCAL, "%s: %s", account->name, reason.text);
	}
	return 0;
}

void
accounts_release(struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++)
		account_key_free(accounts->items[i].key);
	free(accounts->items);
	free(accounts->targets);
	free(accounts->readings);
	free(accounts->book_targets);
	free(accounts->book_readings);
	/* The settings go last: accounts borrow their names and profiles. */
	exchange_settings_release(&accounts->settings);
}
