/*
 * Which accounts and stores are asked in a run, and asking them.
 *
 * All that can be wrong with the settings is found at the start, before the first request: also what the
 * heaviest run costs, because most exchanges limit requests by address, which a bot on the same host shares.
 * The probes want their targets and readings side by side in arrays.  These have room for every exchange
 * from the start, and a run fills as many as may be asked.
 *
 * A run asks everything at once: accounts, order books and the two stores of the engine, each in a thread
 * of its own, so that the four are of the same moment as far as can be, and the slowest decides how long it
 * takes.  The threads share nothing: each has its own client and its own place for what it finds, and all
 * are read only when parallel_each() is back.
 */

#include <stdlib.h>
#include <string.h>

#include "common/system/parallel.h"
#include "exchange/client.h"
#include "positions/keys.h"
#include "positions/sources.h"

enum {
	ACCOUNT_BODY = 48 * 1024 * 1024, /* 50,000 positions in one answer */
	BOOK_BODY = 1024 * 1024,
	CONNECTIONS = 128,
};

const char *
engine_store_name(enum engine_store store)
{
	return store == STORE_POSTGRES ? "postgres" : "redis";
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

static double
later(double a, double b)
{
	return a > b ? a : b;
}

struct ban
account_refusal(const struct account *account, double now)
{
	const struct account_reading *reading = account->reading;
	const struct exchange_reading *prices = account->prices;
	struct ban ban = { 0, 0 };

	if (reading != NULL && reading->banned)
		ban.banned_until = ban_hold_until(reading->refused_until, now, BAN_LEAST, BAN_MOST);
	else if (reading != NULL && reading->refused)
		ban.retry_at = ban_hold_until(reading->refused_until, now, RETRY_UNTOLD, RETRY_MOST);
	/* Order books were asked of the same exchange, from the same address: the later time counts. */
	if (prices != NULL && prices->banned)
		ban.banned_until =
		    later(ban.banned_until, ban_hold_until(prices->banned_until, now, BAN_LEAST, BAN_MOST));
	if (prices != NULL && prices->throttled)
		ban.retry_at =
		    later(ban.retry_at, ban_hold_until(prices->retry_at, now, RETRY_UNTOLD, RETRY_MOST));
	return ban;
}

/* Accounts ----------------------------------------------------------- */

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
	/* Without either of them the exchange would look flat for ever; margin alone is no position. */
	if (!has(account, ACCOUNT_POSITIONS) &&
	    !(has(account, ACCOUNT_BALANCES) && profile_of(account)->holdings))
		return options_failure(given, "exchange", index, why,
		    "%s: its profile names nothing that would be a position: neither account.positions nor "
		    "account.balances with holdings: true",
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
		return failure_set(why, FAILURE_LOCAL, "out of memory");
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
		if (account->key == NULL && options_switch(given, "config.check"))
			return failure_set(why, FAILURE_LOCAL, "%s: %s", account->name, reason.text);
		/* The others are read all the same. */
		account->withheld = account->key == NULL;
		if (account->withheld)
			(void)failure_set(&account->key_failure, FAILURE_AUTH, "%s", reason.text);
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

/* Sources ------------------------------------------------------------ */

static int
open_postgres(
    struct sources *sources, const struct options *given, struct secrets *secrets, struct failure *why)
{
	const char *dsn = options_text(given, "engine.postgres");
	struct failure reason = { 0 };

	if (dsn == NULL)
		return 0;
	/* The name becomes a part of a statement: it is checked before anything is connected. */
	if (engine_check_view(options_text(given, "engine.view"), &reason) != 0)
		return options_failure(given, "engine.view", 0, why, "%s", reason.text);
	sources->postgres =
	    postgres_target_new(dsn, options_text(given, "engine.postgres-password"), secrets, &reason);
	sources->has_store[STORE_POSTGRES] = sources->postgres != NULL;
	return sources->postgres != NULL
		   ? 0
		   : options_failure(given, "engine.postgres", 0, why, "%s", reason.text);
}

static int
open_redis(struct sources *sources, const struct options *given, struct secrets *secrets, struct failure *why)
{
	const struct redis_tls tls = { .ca_file = options_text(given, "engine.redis-ca-file") };
	const char *url = options_text(given, "engine.redis");
	struct failure reason = { 0 };

	if (url == NULL)
		return 0;
	sources->redis =
	    redis_target_new(url, options_text(given, "engine.redis-password"), &tls, secrets, &reason);
	sources->has_store[STORE_REDIS] = sources->redis != NULL;
	return sources->redis != NULL ? 0 : options_failure(given, "engine.redis", 0, why, "%s", reason.text);
}

int
sources_open(
    struct sources *sources, const struct options *given, struct secrets *secrets, struct failure *why)
{
	/* A client is not for two threads; its limit fits what it reads. */
	sources->account_client = exchange_client(given, secrets, ACCOUNT_BODY, CONNECTIONS, why);
	if (sources->account_client == NULL)
		return -1;
	sources->book_client = exchange_client(given, secrets, BOOK_BODY, CONNECTIONS, why);
	if (sources->book_client == NULL || open_postgres(sources, given, secrets, why) != 0 ||
	    open_redis(sources, given, secrets, why) != 0)
		return -1;
	sources->view = strdup(options_text(given, "engine.view"));
	sources->hash = strdup(options_text(given, "engine.hash"));
	if (sources->view == NULL || sources->hash == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* A store that is configured and cannot be read is unknown, which is not the same as none. */
	sources->has_engine = sources->has_store[STORE_POSTGRES] || sources->has_store[STORE_REDIS];
	return 0;
}

void
sources_release(struct sources *sources)
{
	http_client_free(sources->account_client);
	http_client_free(sources->book_client);
	postgres_target_free(sources->postgres);
	redis_target_free(sources->redis);
	free(sources->view);
	free(sources->hash);
}

/* Run ---------------------------------------------------------------- */

enum source_task { TASK_ACCOUNTS, TASK_BOOKS, TASK_POSTGRES, TASK_REDIS };
enum { SOURCE_TASKS = TASK_REDIS + 1 };

struct sources_run {
	struct sources *sources;
	struct accounts *accounts;
	struct deadline deadline;
};

/* What a probe returns is in the failure too, which is read when all threads are done. */
static void
run_task(void *context, size_t task)
{
	const struct sources_run *run = context;
	const struct accounts *accounts = run->accounts;
	struct sources *s = run->sources;

	switch ((enum source_task)task) {
	case TASK_ACCOUNTS:
		if (s->account_count > 0)
			(void)account_probe(s->account_client, accounts->targets, s->account_count,
			    run->deadline, accounts->readings, &s->account_failure);
		break;
	case TASK_BOOKS:
		if (s->book_count > 0)
			(void)exchange_probe(s->book_client, accounts->book_targets, s->book_count,
			    run->deadline, accounts->book_readings, &s->book_failure);
		break;
	case TASK_POSTGRES:
		if (s->has_store[STORE_POSTGRES])
			engine_read_postgres(s->postgres, s->view, run->deadline, &s->engine[STORE_POSTGRES]);
		break;
	case TASK_REDIS:
		if (s->has_store[STORE_REDIS])
			engine_read_redis(s->redis, s->hash, run->deadline, &s->engine[STORE_REDIS]);
		break;
	}
}

static void
choose(struct sources *sources, struct accounts *accounts, double now)
{
	for (size_t i = 0; i < accounts->count; i++) {
		struct account *account = &accounts->items[i];

		/* They point into the last run, which is gone. */
		account->reading = NULL;
		account->prices = NULL;
		if (!account_may_ask(account, now))
			continue;
		account_choose(account);
		/* Readings are taken from the front: an exchange that is left out has none. */
		account->reading = &accounts->readings[sources->account_count];
		accounts->targets[sources->account_count++] = account->target;
		if (!account->books.asked[ENDPOINT_BOOK])
			continue;
		account->prices = &accounts->book_readings[sources->book_count];
		accounts->book_targets[sources->book_count++] = account->books;
	}
}

/* When memory ran out a probe has released all its readings. */
static void
drop_unread(struct sources *sources, struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++) {
		if (sources->account_failure.kind != FAILURE_NONE)
			accounts->items[i].reading = NULL;
		if (sources->book_failure.kind != FAILURE_NONE)
			accounts->items[i].prices = NULL;
	}
	if (sources->account_failure.kind != FAILURE_NONE)
		sources->account_count = 0;
	if (sources->book_failure.kind != FAILURE_NONE)
		sources->book_count = 0;
}

void
sources_read(struct sources *sources, struct accounts *accounts, struct deadline deadline, double now)
{
	struct sources_run run = { .sources = sources, .accounts = accounts, .deadline = deadline };

	sources->account_count = sources->book_count = 0;
	sources->account_failure = sources->book_failure = (struct failure){ 0 };
	/* What the last run read was released by sources_clear(). */
	memset(sources->engine, 0, sizeof(sources->engine));
	choose(sources, accounts, now);
	/* Each task keeps the deadline by itself: that is what bounds this call. */
	parallel_each(SOURCE_TASKS, run_task, &run);
	drop_unread(sources, accounts);
}

void
sources_clear_positions(const struct sources *sources, struct accounts *accounts)
{
	for (size_t i = 0; i < sources->account_count; i++)
		account_lists_clear_positions(&accounts->readings[i].lists);
}

void
sources_clear_rows(struct sources *sources)
{
	for (int store = 0; store < ENGINE_STORES; store++) {
		free(sources->engine[store].rows);
		sources->engine[store].rows = NULL;
		sources->engine[store].row_count = sources->engine[store].row_room = 0;
	}
}

void
sources_clear(struct sources *sources, struct accounts *accounts)
{
	account_readings_release(accounts->readings, sources->account_count);
	exchange_readings_release(accounts->book_readings, sources->book_count);
	sources->account_count = sources->book_count = 0;
	for (int store = 0; store < ENGINE_STORES; store++)
		if (sources->has_store[store])
			engine_reading_release(&sources->engine[store]);
}
