/*
 * Settings that could only be a mistake are refused here, before anything is
 * asked: an exchange that costs more than weight.limit, or a paper host that is
 * the exchange itself.
 *
 * The locks are held while a question is asked.  A check that waits for one is
 * as late as the check that asks, and nobody else takes them: what the main
 * thread needs of a run that may be late (the bans) has a lock of its own, which
 * is held for a copy only.
 */

#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/exchanges.h"
#include "common/text/slice.h"
#include "contract/preflight.h"
#include "exchange/client.h"
#include "exchange/health/budget.h"
#include "exchange/health/history.h"
#include "exchange/options.h"
#include "positions/keys.h"
#include "probes/http/http.h"
#include "textfile/state.h"

enum {
	BODY_LIMIT = 256 * 1024,
	CONNECTIONS = 128,
};

const struct option exchanges_options[] = {
	{ .name = "weight.limit",
	    .argument = "N",
	    .fallback = "200",
	    .help = "how much of one exchange's rate limit a run may use at most, accounts included, in the "
		    "exchange's weights" },
	{ .name = "paper.host",
	    .argument = "HOST",
	    .help = "host of an exchange of our own, at a private address; its keys are not live keys",
	    .repeatable = true },
	{ .name = "exchange_health.name",
	    .argument = "NAME",
	    .fallback = "exchange_health",
	    .help = "name of exchange_health's file, which says which order books stand still" },
	{ 0 },
};

/* Settings ----------------------------------------------------------- */

/* As a paper host, the name of an exchange would make its live key a paper key. */
static int
check_paper_hosts(const struct exchanges *e, const struct options *given, struct failure *why)
{
	for (size_t host = 0; host < e->paper_hosts.count; host++) {
		const char *text = e->paper_hosts.items[host];

		if (*text == '\0' || strpbrk(text, "/:@ ") != NULL)
			return options_failure(given, "paper.host", host, why,
			    "'%s' is neither a host name nor an IPv4 address", text);
		for (size_t i = 0; i < e->count; i++) {
			const struct profile *profile = e->accounts.items[i].setting->profile;

			if (profile_is_at(profile, text))
				return options_failure(
				    given, "paper.host", host, why, "'%s' is %s itself", text, profile->name);
		}
	}
	return 0;
}

/* What all checks ask of an exchange counts together, and each order book is read once. */
static int
share_weight(struct exchanges *e, const struct check_setup *setup, struct failure *why)
{
	bool health = setup->included[CHECK_EXCHANGE_HEALTH];
	int64_t besides[EXCHANGES_MAX] = { 0 };

	e->shares_books = health && setup->included[CHECK_OPEN_POSITIONS];
	for (size_t i = 0; i < e->count; i++) {
		struct account *account = &e->accounts.items[i];
		struct exchange_target target;

		account_choose(account);
		besides[i] = account_weight(&account->target);
		/* Only open_positions needs prices; live_guard asks for the keys. */
		account->books_are_read = e->shares_books || !setup->included[CHECK_OPEN_POSITIONS];
		venue_choose(&e->venues.items[i], &target);
		if (health)
			account->weight_limit -= exchange_weight(&target);
	}
	return budget_check(&e->venues, besides, setup->given, e->limits.headroom, why);
}

static int
open_all(struct exchanges *e, const struct check_setup *setup, struct failure *why)
{
	const struct options *given = setup->given;

	e->live = setup->live;
	e->asks_accounts =
	    setup->included[CHECK_OPEN_POSITIONS] || (setup->live && setup->included[CHECK_LIVE_GUARD]);
	if (judge_limits_read(&e->limits, given, why) != 0 ||
	    copy_option(&e->health_name, given, "exchange_health.name", why) != 0 ||
	    copy_option(&e->keys_directory, given, "keys", why) != 0 ||
	    string_list_read(&e->paper_hosts, given, "paper.host", why) != 0)
		return -1;
	if (options_count(given, "exchange") == 0)
		return check_paper_hosts(e, given, why);
	if (venues_open(&e->venues, given, why) != 0 || accounts_open_keyless(&e->accounts, given, why) != 0)
		return -1;
	e->count = e->accounts.count;
	e->retry_at = calloc(e->count, sizeof(*e->retry_at));
	e->credentials = calloc(e->count, sizeof(*e->credentials));
	e->bans = calloc(e->count, sizeof(*e->bans));
	e->names = calloc(e->count, sizeof(*e->names));
	if (e->retry_at == NULL || e->credentials == NULL || e->bans == NULL || e->names == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	for (size_t i = 0; i < e->count; i++) {
		e->names[i] = e->accounts.items[i].name;
		/* Nobody may see keys in our environment. */
		if (keys_hide(e->names[i], why) != 0)
			return -1;
	}
	e->client = exchange_client(given, setup->secrets, BODY_LIMIT, CONNECTIONS, why);
	if (e->client == NULL || share_weight(e, setup, why) != 0 ||
	    sources_open(&e->sources, given, setup->secrets, why) != 0)
		return -1;
	return check_paper_hosts(e, given, why);
}

struct exchanges *
exchanges_open(const struct check_setup *setup, struct failure *why)
{
	struct exchanges *e = calloc(1, sizeof(*e));

	if (e == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	(void)pthread_mutex_init(&e->keys_once.mutex, NULL);
	(void)pthread_mutex_init(&e->accounts_once.mutex, NULL);
	(void)pthread_mutex_init(&e->books_once.mutex, NULL);
	(void)pthread_mutex_init(&e->bans_mutex, NULL);
	if (open_all(e, setup, why) == 0)
		return e;
	exchanges_close(e);
	return NULL;
}

/* Free what the last run read. */
static void
clear(struct exchanges *e)
{
	if (e->accounts_once.done)
		sources_clear(&e->sources, &e->accounts);
	exchange_readings_release(e->venues.readings, e->books_asked);
	e->books_asked = 0;
	for (size_t i = 0; i < e->count; i++) {
		account_key_free(e->accounts.items[i].key);
		e->accounts.items[i].key = NULL;
		e->credentials[i] = (struct credential){ 0 };
		e->bans[i] = (struct ban){ 0 };
	}
	secrets_release(&e->known);
	e->keys_once.done = e->accounts_once.done = e->books_once.done = false;
}

void
exchanges_close(struct exchanges *e)
{
	if (e == NULL)
		return;
	if (e->bans != NULL && e->names != NULL)
		clear(e);
	/* Without any exchange there are secrets all the same: the program's. */
	secrets_release(&e->known);
	(void)pthread_mutex_destroy(&e->keys_once.mutex);
	(void)pthread_mutex_destroy(&e->accounts_once.mutex);
	(void)pthread_mutex_destroy(&e->books_once.mutex);
	(void)pthread_mutex_destroy(&e->bans_mutex);
	free(e->retry_at);
	free(e->credentials);
	free(e->bans);
	free(e->names);
	free(e->keys_directory);
	free(e->health_name);
	string_list_release(&e->paper_hosts);
	sources_release(&e->sources);
	accounts_release(&e->accounts);
	http_client_free(e->client);
	venues_release(&e->venues);
	free(e);
}

bool
exchanges_are_named(const struct exchanges *e, struct check_result *result)
{
	if (e->count > 0)
		return true;
	if (e->live)
		check_result_add(
		    result, STATUS_FAIL, "name them with --exchange", "no exchange is configured");
	check_result_conclude(result, STATUS_SKIP, "not configured: no exchange");
	return false;
}

/* Before the checks --------------------------------------------------- */

/* Nothing is read where exchange_health never published.  -1 with `why`: its file cannot be used. */
static int
read_file(const struct run *run, const char *name, struct metrics *last, struct failure *why)
{
	enum state_result found = STATE_MISSING;
	struct failure ignored = { 0 };
	struct textfile file;
	int result = 0;

	if (textfile_open_unlocked(&file, run_directory(run), name, &ignored) == 0)
		result = state_load(&file, last, &found, why);
	if (found == STATE_UNUSABLE)
		result = failure_set(
		    why, FAILURE_LOCAL, "'%s/%s.prom' is damaged: remove it", file.path, file.name);
	textfile_close(&file);
	return result;
}

static void
read_history(struct exchanges *e, const struct run *run, double now)
{
	const struct family *const tables[] = { exchange_families };
	const size_t count = EXCHANGE_FAMILIES;
	struct metrics *last = metrics_new(run_identity(run).env, tables, &count, 1, &e->history_failure);

	if (last == NULL)
		return;
	/* A damaged file is used as far as it goes. */
	(void)read_file(run, e->health_name, last, &e->history_failure);
	for (size_t i = 0; i < e->count; i++) {
		struct health_venue *venue = &e->venues.items[i];

		history_read(last, venue->name, now, &venue->history);
		/* The ban list is read for that; here it is how this run is refused. */
		venue->history.banned_until = venue->history.retry_at = 0;
		for (size_t book = 0; book < venue->book_count; book++)
			history_read_book(
			    last, venue->name, venue->symbols[book], &venue->books[book].history);
	}
	metrics_free(last);
}

static double
later(double a, double b)
{
	return a > b ? a : b;
}

void
exchanges_begin(struct exchanges *e, struct run *run, bool health_is_checked)
{
	double now = clock_unix_seconds();
	struct ban_list list;

	e->memory_failure = e->list_damage = e->history_failure = (struct failure){ 0 };
	/* A loop also holds to a ban that it met and could not write into the list. */
	for (size_t i = 0; i < e->count; i++)
		e->retry_at[i] = later(e->retry_at[i], later(e->bans[i].banned_until, e->bans[i].retry_at));
	clear(e);
	if (e->count == 0)
		return;
	read_history(e, run, now);
	(void)ban_list_read(&list, run_directory(run), now, &e->memory_failure);
	for (size_t i = 0; i < e->count; i++) {
		struct ban ban = ban_list_find(&list, venue_url(&e->venues.items[i]));

		e->retry_at[i] =
		    later(ban_in_force(e->retry_at[i], now, BAN_MOST), later(ban.banned_until, ban.retry_at));
	}
	e->list_damage = list.damage;
	if (list.damage.kind != FAILURE_NONE && !health_is_checked)
		run_failed(run, "exchanges", &list.damage);
	ban_list_release(&list);
}

/* During the checks --------------------------------------------------- */

/* Returns true, and keeps the lock, if the caller is the first one of this run. */
static bool
once_begin(struct once *once)
{
	(void)pthread_mutex_lock(&once->mutex);
	if (!once->done)
		return true;
	(void)pthread_mutex_unlock(&once->mutex);
	return false;
}

static void
once_end(struct once *once)
{
	once->done = true;
	(void)pthread_mutex_unlock(&once->mutex);
}

void
exchanges_ask_accounts(struct exchanges *e, struct deadline deadline)
{
	double now = clock_unix_seconds();

	exchanges_read_keys(e);
	if (!once_begin(&e->accounts_once))
		return;
	for (size_t i = 0; i < e->count; i++) {
		struct account *account = &e->accounts.items[i];

		account->reading = NULL;
		account->prices = NULL;
		account->retry_at = e->retry_at[i];
		account->health_known = false;
	}
	if (e->count > 0 && e->asks_accounts && e->memory_failure.kind == FAILURE_NONE) {
		sources_read(&e->sources, &e->accounts, deadline, now);
		for (size_t i = 0; i < e->count; i++)
			exchanges_add_ban(e, i, account_refusal(&e->accounts.items[i], clock_unix_seconds()));
	}
	once_end(&e->accounts_once);
}

/* Each exchange that may be asked is asked everything.  Targets and readings stand side by side. */
int
exchanges_read_books(struct exchanges *e, struct deadline deadline, struct failure *why)
{
	struct venues *v = &e->venues;

	if (once_begin(&e->books_once)) {
		double now = clock_unix_seconds();
		size_t count = 0;

		e->books_failure = (struct failure){ 0 };
		for (size_t i = 0; i < v->count; i++) {
			struct health_venue *venue = &v->items[i];

			venue->reading = NULL;
			if (e->memory_failure.kind != FAILURE_NONE || e->retry_at[i] > now)
				continue;
			venue_choose(venue, &v->targets[count]);
			memcpy(v->targets[count].asked, venue->endpoints, sizeof(venue->endpoints));
			venue->reading = &v->readings[count++];
		}
		if (count == 0 || exchange_probe(e->client, v->targets, count, deadline, v->readings,
				      &e->books_failure) == 0)
			e->books_asked = count;
		else
			for (size_t i = 0; i < v->count; i++)
				v->items[i].reading = NULL;
		once_end(&e->books_once);
	}
	*why = e->books_failure;
	return why->kind == FAILURE_NONE ? 0 : -1;
}

void
exchanges_add_ban(struct exchanges *e, size_t index, struct ban ban)
{
	struct ban *known = &e->bans[index];

	(void)pthread_mutex_lock(&e->bans_mutex);
	known->banned_until = later(known->banned_until, ban.banned_until);
	known->retry_at = later(known->retry_at, ban.retry_at);
	(void)pthread_mutex_unlock(&e->bans_mutex);
}

/* After the checks ---------------------------------------------------- */

void
exchanges_publish_bans(struct exchanges *e, struct run *run)
{
	double now = clock_unix_seconds();

	for (size_t i = 0; i < e->count && e->memory_failure.kind == FAILURE_NONE; i++) {
		const struct health_venue *venue = &e->venues.items[i];
		struct failure why = { 0 };
		struct ban ban;
		double until;

		(void)pthread_mutex_lock(&e->bans_mutex);
		ban = e->bans[i];
		(void)pthread_mutex_unlock(&e->bans_mutex);
		until = later(e->retry_at[i], later(ban.banned_until, ban.retry_at));
		if (until > now)
			metrics_set(run_metrics(run), &preflight_families[PREFLIGHT_RETRY_AT],
			    LABELS(venue->name), until);
		if ((ban.banned_until == 0 && ban.retry_at == 0) ||
		    ban_list_raise(run_directory(run), venue_url(venue), ban, now, run_deadline(run), &why) ==
			0)
			continue;
		(void)failure_prefix(&why, "its ban cannot be kept for other programs");
		run_failed(run, venue->name, &why);
	}
}
