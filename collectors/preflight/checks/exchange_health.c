/*
 * Judges one reading of each exchange by the rules of exchange_health, and with what
 * that collector's last file remembers, so that both say the same. Failures, the
 * clock and the books are findings of their own here: a single one matters, because
 * the bot is about to start. An exchange in a back-off or a ban is not asked.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "collectors/preflight/checks.h"
#include "exchange/health/assess.h"

/* Asking ------------------------------------------------------------- */

/* Which ones may be asked, each everything it has: how many. */
static size_t
choose(struct preflight *preflight, double now)
{
	struct venues *v = &preflight->venues;
	size_t count = 0;

	for (size_t i = 0; i < v->count; i++) {
		struct health_venue *venue = &v->items[i];

		venue->reading = NULL;
		if (preflight->memory_failure.kind != FAILURE_NONE || preflight->retry_at[i] > now)
			continue;
		venue_choose(venue, &v->targets[count]);
		memcpy(v->targets[count].asked, venue->endpoints, sizeof(venue->endpoints));
		venue->reading = &v->readings[count++];
	}
	return count;
}

/* Judging ------------------------------------------------------------ */

static void
add_held_back(struct check_result *result, const struct health_venue *venue, double until)
{
	time_t seconds = (time_t)until;
	struct tm utc;
	char text[32];

	if (gmtime_r(&seconds, &utc) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		text[0] = '\0';
	if (result->kind == FAILURE_NONE)
		result->kind = FAILURE_REJECTED;
	check_result_add(result, STATUS_FAIL, "wait until then, and ask it less often",
	    "%s: not asked until %s: it has banned this address, or wants fewer requests", venue->name, text);
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
    const struct assessment *assessment, enum health health)
{
	const struct request_reading *failed = first_failure(venue->reading);
	char what[160];

	if (failed != NULL) {
		(void)snprintf(what, sizeof(what), "%s: %s", venue->name, endpoint_name(failed->endpoint));
		check_result_add_failure(result, judge_is_failed(assessment) ? STATUS_FAIL : STATUS_WARN,
		    "look at the exchange's status page and at the network", what, &failed->failure);
	}
	if (health == HEALTH_HEALTHY || (health == HEALTH_DEGRADED && failed != NULL))
		return;
	check_result_add(result, health == HEALTH_DEGRADED ? STATUS_WARN : STATUS_FAIL,
	    health == HEALTH_DEGRADED ? "trade there with care, or wait"
				      : "do not trade there until it is healthy",
	    "%s is %s", venue->name, health_name(health));
}

static double
reduced(double value, double by)
{
	return value > by ? value - by : 0;
}

/*
 * What is shown fails; what may be warns.  That an exchange tells whole seconds
 * alone nobody can mend, so the grain of its clock is never a reason to warn.
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
			check_result_add(result, STATUS_FAIL, "wait until the exchange tells",
			    "%s: whether %s can be traded is not known", venue->name, book->symbol);
	}
}

static void
judge_venue(struct preflight *preflight, size_t index, struct check_result *result, double now)
{
	struct venues *v = &preflight->venues;
	struct health_venue *venue = &v->items[index];
	struct assessment assessment;

	assess_venue(venue, &v->targets[venue->reading - v->readings], v->seconds, &assessment);
	assess_judge_books(v, venue, &preflight->limits, &assessment);
	judge_remember(&venue->history, &assessment, now);
	judge_health(
	    result, venue, &assessment, judge(&preflight->limits, &venue->history, &assessment, now));
	judge_clock(result, venue, preflight->max_skew);
	judge_books(result, venue);
	if (assessment.latency_seconds > result->latency_seconds)
		result->latency_seconds = assessment.latency_seconds;
}

static void
judge_all(struct preflight *preflight, struct check_result *result)
{
	struct venues *v = &preflight->venues;
	double now = clock_unix_seconds();

	assess_compare_clocks(v);
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].reading != NULL)
			assess_read_books(&v->items[i]);
	assess_find_movers(v);
	for (size_t i = 0; i < v->count; i++) {
		if (v->items[i].reading != NULL)
			judge_venue(preflight, i, result, now);
		else if (preflight->memory_failure.kind == FAILURE_NONE)
			add_held_back(result, &v->items[i], preflight->retry_at[i]);
	}
}

bool
exchanges_are_named(const struct preflight *preflight, struct check_result *result)
{
	if (preflight->has_exchanges)
		return true;
	if (preflight->live)
		check_result_add(
		    result, STATUS_FAIL, "name them with --exchange", "no exchange is configured");
	check_result_skip(result, "not configured: no exchange");
	return false;
}

void
check_exchange_health(struct preflight *preflight, struct deadline deadline, struct check_result *result)
{
	struct venues *v = &preflight->venues;
	struct failure why = { 0 };
	size_t asked;

	if (!exchanges_are_named(preflight, result))
		return;
	asked = choose(preflight, clock_unix_seconds());
	if (preflight->memory_failure.kind != FAILURE_NONE)
		check_result_add_failure(result, STATUS_FAIL,
		    "let this user read the directory of the .prom files",
		    "nobody is asked, there may be a ban", &preflight->memory_failure);
	if (preflight->list_damage.kind != FAILURE_NONE)
		check_result_add(result, STATUS_WARN, "wait, or remove that line if it is none", "%.400s",
		    preflight->list_damage.text);
	if (preflight->history_failure.kind != FAILURE_NONE)
		check_result_add_failure(result, STATUS_WARN,
		    "let this user read that file, or let exchange_health write it anew",
		    "whether books stood still before is not known", &preflight->history_failure);
	if (asked > 0 &&
	    exchange_probe(preflight->client, v->targets, asked, deadline, v->readings, &why) != 0) {
		check_result_add_failure(result, STATUS_FAIL, "free some memory", "exchanges", &why);
		for (size_t i = 0; i < v->count; i++)
			v->items[i].reading = NULL;
		return;
	}
	order_books_ready_set(&preflight->order_books_ready);
	judge_all(preflight, result);
	check_result_pass(result, "%zu exchanges are healthy, typical answer %.1f ms", v->count,
	    result->latency_seconds * 1e3);
}
