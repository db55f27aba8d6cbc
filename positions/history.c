/*
 * The published file is the memory: what a run must know of earlier ones, it reads back from its
 * own metrics, in a loop as from cron.  Anybody may have edited that file, or its writer had
 * another clock, so each number is bounded before it decides anything.  Counters and kept gauges go
 * on by themselves, by the harness; other gauges are of one run, and those that must go on are
 * copied here.
 */

#include <assert.h>
#include <math.h>
#include <string.h>

#include "positions/history.h"

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

void
history_read_account(const struct metrics *last, double now, struct account *account)
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

static double
later(double a, double b)
{
	return a > b ? a : b;
}

struct ban
history_refusal(const struct account *account, double now)
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

void
history_write_account(struct metrics *m, const struct account *account, double now)
{
	struct ban ban = history_refusal(account, now);
	double retry_at = later(ban.banned_until, ban.retry_at);

	/* This decides when questions are due that are not asked in each run. */
	metrics_add(m, &open_families[OPEN_RUNS], LABELS(account->name), 1);
	/* Else it goes on as it was: a run beside this one may have met a ban. */
	if (retry_at > 0)
		metrics_set(m, &open_families[OPEN_RETRY_AT], LABELS(account->name), retry_at);
}

void
history_write_hold_account(struct metrics *m, const struct account *account)
{
	metrics_set(m, &open_families[OPEN_RETRY_AT], LABELS(account->name), account->retry_at);
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
