/*
 * Judges one reading of each exchange by the rules of exchange_health, and with what
 * that collector's last file remembers, so that both say the same. Failures, the
 * clock and the books are findings of their own here: a single one matters, because
 * the bot is about to start. An exchange in a back-off or a ban is not asked.
 */

#include <stdio.h>
#include <stdlib.h>

#include "collectors/preflight/exchanges.h"
#include "common/system/time.h"
#include "exchange/health/assess.h"

const struct option exchange_health_options[] = {
	{ .name = "clock.max-skew",
	    .argument = "DURATION",
	    .fallback = "500ms",
	    .help = "largest allowed difference between an exchange's clock and ours; half of it is a "
		    "warning" },
	{ 0 },
};

struct exchange_health {
	struct exchanges *exchanges;
	double max_skew; /* seconds */
};

static int
exchange_health_open(const struct check_setup *setup, void *state, struct failure *why)
{
	struct exchange_health *health = state;
	const struct venues *v = &setup->exchanges->venues;
	int64_t skew;

	health->exchanges = setup->exchanges;
	if (options_duration(setup->given, "clock.max-skew", &skew, why) != 0)
		return -1;
	health->max_skew = (double)skew / 1e9;
	/* Without a symbol the check would see nothing of what the bot trades there, and pass. */
	for (size_t i = 0; i < v->count && setup->included[CHECK_EXCHANGE_HEALTH]; i++)
		if (v->items[i].book_count == 0 && v->items[i].profile->endpoints[ENDPOINT_BOOK].path != NULL)
			return options_failure(setup->given, "exchange", i, why,
			    "%s: no --symbol is for it: give it one, as in '%s:BTC/USDT'", v->items[i].name,
			    v->items[i].name);
	return 0;
}

/* Judging ------------------------------------------------------------ */

static void
add_held_back(struct check_result *result, const struct health_venue *venue, double until)
{
	char text[TIME_TEXT];

	if (result->kind == FAILURE_NONE)
		result->kind = FAILURE_REJECTED;
	check_result_add(result, STATUS_FAIL, "wait until then, and ask it less often",
	    "%s: not asked until %s: it has banned this address, or wants fewer requests", venue->name,
	    time_text(until, text));
}

static const struct request_reading *
first_failure(const struct exchange_reading *reading)
{
	for (size_t i = 0; i < reading->request_count; i++)
		if (reading->requests[i].failure.kind != FAILURE_NONE)
			return &reading->requests[i];
	return NULL;
}

static void
judge_health(struct check_result *result, const struct health_venue *venue,
    const struct assessment *assessment, enum health state)
{
	const struct request_reading *failed = first_failure(venue->reading);
	char what[160];

	if (failed != NULL) {
		(void)snprintf(what, sizeof(what), "%s: %s", venue->name, endpoint_name(failed->endpoint));
		check_result_add_failure(result, judge_is_failed(assessment) ? STATUS_FAIL : STATUS_WARN,
		    "look at the exchange's status page and at the network", what, &failed->failure);
	}
	if (state == HEALTH_HEALTHY || (state == HEALTH_DEGRADED && failed != NULL))
		return;
	check_result_add(result, state == HEALTH_DEGRADED ? STATUS_WARN : STATUS_FAIL,
	    state == HEALTH_DEGRADED ? "trade there with care, or wait"
				     : "do not trade there until it is healthy",
	    "%s is %s", venue->name, health_name(state));
}

static double
reduced(double value, double by)
{
	return value > by ? value - by : 0;
}

/*
 * A clock that is certainly off fails, one that may be off warns.  Nobody can
 * change that an exchange reports whole seconds, so the grain of its clock is
 * never a reason to warn.
 */
static void
judge_clock(struct check_result *result, const struct health_venue *venue, double most)
{
	const struct exchange_reading *reading = venue->reading;
	double skew = reading->clock_skew < 0 ? -reading->clock_skew : reading->clock_skew;
	double error = reading->clock_error, grain = reading->clock_grain, shown, possible;

	if (!reading->clock_read) {
		if (venue->endpoints[ENDPOINT_TIME] || venue->profile->time_from_date_header)
			check_result_add(result, STATUS_WARN, "look at the exchange's status page",
			    "%s: its clock could not be read", venue->name);
		return;
	}
	shown = reduced(skew, error);
	possible = reduced(skew, grain) + error - grain;
	if (shown > most / 2 || possible > most)
		check_result_add(result, shown > most ? STATUS_FAIL : STATUS_WARN,
		    shown > most / 2
			? "set this machine's clock (chrony, systemd-timesyncd)"
			: "find out why the exchange answers so late, or set this machine's clock",
		    "%s: its clock and ours are %.0f ms apart, give or take %.0f ms, and %.0f ms are the most",
		    venue->name, reading->clock_skew * 1e3, error * 1e3, most * 1e3);
}

static void
judge_certificate(struct check_result *result, const struct health_venue *venue, double now)
{
	char text[TIME_TEXT];

	if (judge_certificate_ends(venue->reading->certificate_expiry, now))
		check_result_add(result, STATUS_WARN,
		    "look at the exchange's status page: without a new certificate it cannot be reached then",
		    "%s: its certificate ends at %s", venue->name,
		    time_text(venue->reading->certificate_expiry, text));
}

static void
judge_books(struct check_result *result, const struct health_venue *venue)
{
	for (size_t i = 0; i < venue->book_count; i++) {
		const struct health_book *book = &venue->books[i];

		if (venue->endpoints[ENDPOINT_BOOK] && !venue->reading->books[i].read)
			check_result_add(result, STATUS_FAIL, "wait until its order book can be read",
			    "%s: no order book of %s", venue->name, book->symbol);
		if (book->assessment.tradable == 0)
			check_result_add(result, STATUS_FAIL, "take the symbol out of the bot, or wait",
			    "%s: %s cannot be traded", venue->name, book->symbol);
		else if (book->assessment.tradable < 0 && venue->endpoints[ENDPOINT_SYMBOLS])
			check_result_add(result, STATUS_FAIL, "wait until the exchange reports it",
			    "%s: whether %s can be traded is not known", venue->name, book->symbol);
	}
}

static void
judge_venue(const struct exchange_health *health, size_t index, struct check_result *result, double now)
{
	struct exchanges *e = health->exchanges;
	struct venues *v = &e->venues;
	struct health_venue *venue = &v->items[index];
	struct assessment assessment;

	assess_venue(venue, &v->targets[venue->reading - v->readings], v->seconds, &assessment);
	assess_judge_books(v, venue, &e->limits, &assessment);
	judge_remember(&venue->history, &assessment, now);
	judge_health(result, venue, &assessment, judge(&e->limits, &venue->history, &assessment, now));
	judge_clock(result, venue, health->max_skew);
	judge_certificate(result, venue, now);
	judge_books(result, venue);
	if (assessment.latency_seconds > result->latency_seconds)
		result->latency_seconds = assessment.latency_seconds;
	exchanges_add_ban(e, index, (struct ban){ venue->history.banned_until, venue->history.retry_at });
}

static void
judge_all(const struct exchange_health *health, struct check_result *result)
{
	const struct exchanges *e = health->exchanges;
	struct venues *v = &health->exchanges->venues;
	double now = clock_unix_seconds();

	assess_compare_clocks(v);
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].reading != NULL)
			assess_read_books(&v->items[i]);
	for (size_t i = 0; i < v->count; i++) {
		if (v->items[i].reading != NULL)
			judge_venue(health, i, result, now);
		else if (e->memory_failure.kind == FAILURE_NONE)
			add_held_back(result, &v->items[i], e->retry_at[i]);
	}
}

static void
exchange_health_run(void *state, struct deadline deadline, struct check_result *result)
{
	const struct exchange_health *health = state;
	struct exchanges *e = health->exchanges;
	struct failure why = { 0 };

	if (!exchanges_are_named(e, result))
		return;
	if (e->memory_failure.kind != FAILURE_NONE)
		check_result_add_failure(result, STATUS_FAIL,
		    "make the directory of the .prom files readable for this user",
		    "no exchange is asked, because there may be a ban", &e->memory_failure);
	if (e->list_damage.kind != FAILURE_NONE)
		check_result_add(result, STATUS_WARN, "wait, or remove that line if it is not a ban",
		    "%.400s", e->list_damage.text);
	if (e->history_failure.kind != FAILURE_NONE)
		check_result_add_failure(result, STATUS_WARN,
		    "make that file readable for this user, or let exchange_health write it anew",
		    "whether books stood still before is not known", &e->history_failure);
	if (exchanges_read_books(e, deadline, &why) != 0) {
		check_result_add_failure(result, STATUS_FAIL, "free some memory", "exchanges", &why);
		return;
	}
	judge_all(health, result);
	check_result_conclude(result, STATUS_PASS, "%zu exchanges are healthy, typical answer %.1f ms",
	    e->count, result->latency_seconds * 1e3);
}

const struct check exchange_health_check = { sizeof(struct exchange_health), exchange_health_open,
	exchange_health_run, NULL };
