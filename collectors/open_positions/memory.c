#include <string.h>

#include "collectors/open_positions/memory.h"

static const double largest_count = 1e15;
/* As exchange_health has it; clocks are moved a little all the time. */
static const double retry_most = 7 * 86400.0, retry_default = 60, clock_slack = 3600;

double
memory_gauge(
    const struct metrics *last, enum open_family family, const char *const labels[], double otherwise)
{
	double value;

	return metrics_value(last, &open_families[family], labels, &value) ? value : otherwise;
}

/* The file may be anybody's: what is no sensible number counts as not there. */
static double
read_value(const struct metrics *last, enum open_family family, const char *exchange, double most)
{
	double value = memory_gauge(last, family, LABELS(exchange), 0);

	return value >= 0 && value <= most ? value : 0;
}

static bool
has(const struct metrics *last, enum open_family family, const char *const labels[])
{
	double value;

	return metrics_value(last, &open_families[family], labels, &value);
}

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
memory_read_account(const struct metrics *last, double now, struct account *account)
{
	const struct profile_account *profile = &account->setting->profile->account;

	account->runs = read_value(last, OPEN_RUNS, account->name, largest_count);
	account->retry_at = read_value(last, OPEN_RETRY_AT, account->name, now + retry_most + clock_slack);
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

double
memory_retry_at(const struct account *account, double now)
{
	const struct account_reading *reading = account->reading;
	const struct exchange_reading *prices = account->prices;
	bool refused = false;
	double until = 0;

	if (reading != NULL && reading->refused) {
		refused = true;
		until = reading->refused_until;
	}
	if (prices != NULL && (prices->throttled || prices->banned)) {
		refused = true;
		until = later(until, later(prices->throttled ? prices->retry_at : 0,
					 prices->banned ? prices->banned_until : 0));
	}
	if (!refused)
		return 0;
	if (until <= now)
		until = now + retry_default;
	return until < now + retry_most ? until : now + retry_most;
}

void
memory_write_account(struct metrics *m, const struct account *account, double now)
{
	double retry_at = memory_retry_at(account, now);

	metrics_add(m, &open_families[OPEN_RUNS], LABELS(account->name), 1);
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
memory_keep_key(const struct metrics *last, struct metrics *m, const char *exchange)
{
	keep(last, m, OPEN_KEY_EXPIRY, LABELS(exchange));
	keep(last, m, OPEN_KEY_IP_RESTRICTED, LABELS(exchange));
	for (int p = 0; p < ACCOUNT_PERMISSIONS; p++)
		keep(last, m, OPEN_KEY_PERMISSION,
		    LABELS(exchange, account_permission_name((enum account_permission)p)));
}

void
memory_keep_lock(const struct metrics *last, struct metrics *m, const char *exchange)
{
	keep(last, m, OPEN_TRADING_LOCKED, LABELS(exchange));
}

void
memory_keep_since(const struct metrics *last, struct metrics *m, const char *exchange)
{
	size_t family = 0;

	while (metrics_family(last, family) != &open_families[OPEN_MISMATCH_SINCE])
		family++;
	for (size_t i = 0; i < metrics_series_count(last, family); i++) {
		const struct series *series = metrics_series(last, family, i);

		if (strcmp(series->labels, exchange) == 0)
			metrics_set(m, &open_families[OPEN_MISMATCH_SINCE],
			    LABELS(exchange, series->labels + strlen(exchange) + 1), series->value);
	}
}
