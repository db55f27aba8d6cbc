/*
 * The memory of an exchange between runs, in the published file itself: there is no second file that could
 * be lost or differ, and cron needs a memory too.
 *
 * What is read may have been written by another version, by hand or under another clock.  So each number
 * has its bounds, and one outside of them counts as not there.
 *
 * Bans and back-offs are not read from here: the ban list (exchange/ban_list.h) says what is in force, and
 * the gauges only show it.
 */

#include <assert.h>

#include "contract/exchange_health.h"
#include "exchange/health/history.h"

/* A number outside of its bounds counts as not there. */
static double
read_value(const struct metrics *last, enum exchange_family family, const char *const labels[], double least,
    double most, double otherwise)
{
	double value;

	/* A family that is neither continued nor recalled is always empty here: a mistake of ours. */
	assert(family_continues(&exchange_families[family]) || exchange_families[family].recalled);
	if (!metrics_value(last, &exchange_families[family], labels, &value))
		return otherwise;
	return value >= least && value <= most ? value : otherwise;
}

static const double largest_count = 1e15;

void
history_read(const struct metrics *last, const char *exchange, double now, struct history *history)
{
	const char *const *labels = LABELS(exchange);

	*history = (struct history){
		.runs = read_value(last, EXCHANGE_RUNS, labels, 0, largest_count, 0),
		.failed_runs = read_value(last, EXCHANGE_FAILED_RUNS, labels, 0, largest_count, 0),
		.error_ratio = read_value(last, EXCHANGE_ERROR_RATIO, labels, 0, 1, 0),
		.error_samples = read_value(last, EXCHANGE_ERROR_SAMPLES, labels, 0, largest_count, 0),
		.asked_at = read_value(last, EXCHANGE_LAST_ASKED, labels, 0, now, 0),
		.maintenance = read_value(last, EXCHANGE_MAINTENANCE, labels, 0, 1, 0) == 1,
		.symbols_failed = read_value(last, EXCHANGE_SYMBOLS_FAILED, labels, 0, 1, 0) == 1,
	};
	for (int health = 0; health < HEALTHS && !history->judged; health++) {
		labels = LABELS(exchange, health_name((enum health)health));
		history->judged = read_value(last, EXCHANGE_STATE, labels, 1, 1, 0) == 1;
		history->health = (enum health)health;
	}
}

void
history_read_book(
    const struct metrics *last, const char *exchange, const char *symbol, struct book_history *history)
{
	const char *const *labels = LABELS(exchange, symbol);

	*history = (struct book_history){
		.mark = read_value(last, EXCHANGE_BOOK_MARK, labels, 0, 1e300, -1),
		.unchanged_runs = read_value(last, EXCHANGE_BOOK_UNCHANGED, labels, 0, largest_count, 0),
		.tradable = read_value(last, EXCHANGE_TRADABLE, labels, 0, 1, -1),
	};
	history->known = history->mark >= 0;
}

static void
set(struct metrics *m, enum exchange_family family, const char *const labels[], double value)
{
	metrics_set(m, &exchange_families[family], labels, value);
}

void
history_write_hold(struct metrics *m, const char *exchange, const struct history *history, double now)
{
	const char *const *labels = LABELS(exchange);

	/* What is over stays as it is in the file: another run may have written a later time there. */
	if (history->banned_until > now)
		set(m, EXCHANGE_BANNED_UNTIL, labels, history->banned_until);
	if (history->retry_at > now)
		set(m, EXCHANGE_RETRY_AT, labels, history->retry_at);
}

void
history_write(struct metrics *m, const char *exchange, const struct history *history, double now)
{
	const char *const *labels = LABELS(exchange);

	metrics_add(m, &exchange_families[EXCHANGE_RUNS], labels, 1);
	set(m, EXCHANGE_FAILED_RUNS, labels, history->failed_runs);
	set(m, EXCHANGE_ERROR_RATIO, labels, history->error_ratio);
	set(m, EXCHANGE_ERROR_SAMPLES, labels, history->error_samples);
	set(m, EXCHANGE_LAST_ASKED, labels, history->asked_at);
	set(m, EXCHANGE_MAINTENANCE, labels, history->maintenance);
	set(m, EXCHANGE_SYMBOLS_FAILED, labels, history->symbols_failed);
	history_write_hold(m, exchange, history, now);
}

void
history_write_book(struct metrics *m, const char *exchange, const char *symbol,
    const struct book_history *history, bool with_tradable)
{
	const char *const *labels = LABELS(exchange, symbol);

	if (history->known) {
		set(m, EXCHANGE_BOOK_MARK, labels, history->mark);
		set(m, EXCHANGE_BOOK_UNCHANGED, labels, history->unchanged_runs);
	}
	if (with_tradable && history->tradable >= 0)
		set(m, EXCHANGE_TRADABLE, labels, history->tradable);
}

void
history_write_health(struct metrics *m, const char *exchange, enum health health)
{
	for (int each = 0; each < HEALTHS; each++)
		set(m, EXCHANGE_STATE, LABELS(exchange, health_name((enum health)each)), each == (int)health);
}
