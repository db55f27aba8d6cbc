/*
 * What a run must know of earlier ones and of other programs, in a loop as from cron.
 *
 * The published file is the memory: a run reads it back from its own metrics.  Anybody may have edited
 * that file, or its writer had another clock, so each number is bounded before it decides anything.
 * Counters and kept gauges go on by themselves, by the harness; other gauges are of one run, and those
 * that must go on are copied here.
 *
 * Bans are on the address, so they are in a list for all programs (exchange/ban_list.h).  Ban or back-off
 * makes no difference here: both are a time before which nothing is asked.  The list goes by the URL that
 * is really asked, so a ban by a test system does not hold back the live one.
 */

#include <assert.h>
#include <math.h>
#include <string.h>

#include "collectors/open_positions/history.h"
#include "exchange/ban_list.h"

/* A double counts whole numbers exactly to here, and further. */
static const double largest_count = 1e15;
/* A clock may have been set back a little since a time was written. */
static const double clock_slack = 3600;

double
history_gauge(
    const struct metrics *last, enum open_family family, const char *const labels[], double otherwise)
{
	double value;

	/* Other gauges are not read from the file at all: the answer would always be "none". */
	assert(family_continues(&open_families[family]) || open_families[family].recalled);
	return metrics_value(last, &open_families[family], labels, &value) ? value : otherwise;
}

/* Numbers out of range count as not there; so does NaN, which fails both comparisons. */
static double
read_value(const struct metrics *last, enum open_family family, const char *exchange, double most)
{
	double value = history_gauge(last, family, LABELS(exchange), 0);

	return value >= 0 && value <= most ? value : 0;
}

static bool
has(const struct metrics *last, enum open_family family, const char *const labels[])
{
	return !isnan(history_gauge(last, family, labels, (double)NAN));
}

/* Exchanges tell different things of a key: any of them is enough. */
static bool
knows_key(const struct metrics *last, const char *exchange)
{
	if (has(last, OPEN_KEY_EXPIRY, LABELS(exchange)) ||
	    has(last, OPEN_KEY_IP_RESTRICTED, LABELS(exchange)))
		return true;
	for (int p = 0; p < ACCOUNT_PERMISSIONS; p++)
		if (has(last, OPEN_KEY_PERMISSION,
			LABELS(exchange, account_permission_name((enum account_permission)p))))
			return true;
	return false;
}

static void
read_account(const struct metrics *last, double now, struct account *account)
{
	const struct profile_account *profile = &account->setting->profile->account;

	account->runs = read_value(last, OPEN_RUNS, account->name, largest_count);
	/* A time that is further away than any ban lasts would hold us back for nothing. */
	account->retry_at =
	    read_value(last, OPEN_RETRY_AT, account->name, now + (double)BAN_MOST + clock_slack);
	/* Only then may a run leave these questions out: see account_choose(). */
	account->health_known =
	    (profile->reads[ACCOUNT_KEY].path == NULL || knows_key(last, account->name)) &&
	    (profile->reads[ACCOUNT_LOCK].path == NULL ||
		has(last, OPEN_TRADING_LOCKED, LABELS(account->name)));
}

static void
hold_back(struct account *account, const struct ban_list *list)
{
	struct ban ban = ban_list_find(list, account_base_url(account));

	if (ban.banned_until > account->retry_at)
		account->retry_at = ban.banned_until;
	if (ban.retry_at > account->retry_at)
		account->retry_at = ban.retry_at;
}

int
history_read_accounts(
    struct accounts *accounts, struct run *run, const struct metrics *last, double now, struct failure *why)
{
	struct ban_list list;
	int result;

	if (last == NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the last file cannot be read, or memory ran out, so no exchange is asked");
	result = ban_list_read(&list, run_directory(run), now, why);
	if (result != 0)
		(void)failure_prefix(why, "the ban list could not be read, so no exchange is queried");
	/* A damaged line is a failure of the run, but the others still hold. */
	else if (list.damage.kind != FAILURE_NONE)
		run_failed(run, "exchanges", &list.damage);
	for (size_t i = 0; result == 0 && i < accounts->count; i++) {
		read_account(last, now, &accounts->items[i]);
		hold_back(&accounts->items[i], &list);
	}
	ban_list_release(&list);
	return result;
}

void
history_raise_bans(const struct accounts *accounts, struct run *run)
{
	double now = clock_unix_seconds();

	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->items[i];
		/* It is of this run alone: what the list said before is still in it. */
		struct ban ban = account_refusal(account, now);
		struct failure why = { 0 };

		if ((ban.banned_until <= 0 && ban.retry_at <= 0) ||
		    ban_list_raise(run_directory(run), account_base_url(account), ban, now, run_deadline(run),
			&why) == 0)
			continue;
		(void)failure_prefix(&why, "its ban cannot be kept for other programs");
		run_failed(run, account->name, &why);
	}
}

void
history_write_account(struct metrics *m, const struct account *account, bool asked, double now)
{
	struct ban ban = account_refusal(account, now);
	double refused_until = ban.banned_until > ban.retry_at ? ban.banned_until : ban.retry_at;
	double retry_at = asked ? refused_until : account->retry_at;

	/* This decides when questions are due that are not asked in each run. */
	if (asked)
		metrics_add(m, &open_families[OPEN_RUNS], LABELS(account->name), 1);
	/* Else it goes on as it was: a run beside this one may have met a ban. */
	if (retry_at > 0)
		metrics_set(m, &open_families[OPEN_RETRY_AT], LABELS(account->name), retry_at);
}

/* Going on ----------------------------------------------------------- */

static void
keep(const struct metrics *last, struct metrics *m, enum open_family family, const char *const labels[])
{
	double value;

	if (metrics_value(last, &open_families[family], labels, &value))
		metrics_set(m, &open_families[family], labels, value);
}

void
history_keep_key(const struct metrics *last, struct metrics *m, const char *exchange)
{
	keep(last, m, OPEN_KEY_EXPIRY, LABELS(exchange));
	keep(last, m, OPEN_KEY_IP_RESTRICTED, LABELS(exchange));
	for (int p = 0; p < ACCOUNT_PERMISSIONS; p++)
		keep(last, m, OPEN_KEY_PERMISSION,
		    LABELS(exchange, account_permission_name((enum account_permission)p)));
}

void
history_keep_lock(const struct metrics *last, struct metrics *m, const char *exchange)
{
	keep(last, m, OPEN_TRADING_LOCKED, LABELS(exchange));
}

void
history_keep_since(const struct metrics *last, struct metrics *m, const char *exchange)
{
	size_t family = 0;

	while (metrics_family(last, family) != &open_families[OPEN_MISMATCH_SINCE])
		family++;
	for (size_t i = 0; i < metrics_series_count(last, family); i++) {
		const struct series *series = metrics_series(last, family, i);

		/* Both label values stand one behind the other: "exchange\0symbol\0". */
		if (strcmp(series->labels, exchange) == 0)
			metrics_set(m, &open_families[OPEN_MISMATCH_SINCE],
			    LABELS(exchange, series->labels + strlen(exchange) + 1), series->value);
	}
}
