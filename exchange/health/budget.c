/*
 * Whether the settings fit into the rate limits, checked before the first request.
 *
 * The limits of most exchanges are on the address.  A monitor beside the bot spends what the bot needs, and
 * one that asks too much gets the bot banned.  A wrong interval must therefore end with an error at the
 * start, and not with a 429 later.
 */

#include <stdio.h>
#include <string.h>

#include "exchange/health/budget.h"

static const int64_t second_ns = 1000000000, cron_ns = 60 * 1000000000LL;

/* What is reckoned with, for one venue. */
struct budget {
	const struct health_venue *venue;
	const struct exchange_target *target;
	int64_t besides;
	const struct options *given;
	int64_t interval_ns;
	double headroom;
};

/* Rounded up: each run that begins within the window costs. */
static int64_t
runs_within(const struct budget *budget, const struct profile_limit *limit)
{
	int64_t window_ns = limit->window_seconds * second_ns;

	return (window_ns + budget->interval_ns - 1) / budget->interval_ns;
}

/* `where` is "" or says which endpoint it is that costs so much. */
static int
check_cost(const struct budget *budget, const struct profile_limit *limit, int64_t weight, const char *where,
    struct failure *why)
{
	int64_t runs = runs_within(budget, limit);
	double cost = (double)runs * (double)weight;
	double usable = limit->ceiling * (1 - budget->headroom);

	/* The slack is for fractions that binary numbers cannot hold: 10 less a fifth of it is 8. */
	if (cost <= usable + 1e-9 * limit->ceiling)
		return 0;
	return options_failure(budget->given,
	    options_given(budget->given, "interval") ? "interval" : "symbol", 0, why,
	    "%s allows %.15g in %ds (%s), of which %.15g may be used (degraded.headroom is %.15g); %lld run%s in "
	    "that time cost%s %.15g%s%s: ask for fewer order books (%zu now), or less often",
	    budget->venue->name, limit->ceiling, limit->window_seconds, limit->name, usable, budget->headroom,
	    (long long)runs, runs == 1 ? "" : "s", runs == 1 ? "s" : "", cost, *where != '\0' ? " on " : "",
	    where, budget->venue->book_count);
}

static int
check_limit(const struct budget *budget, const struct profile_limit *limit, struct failure *why)
{
	if (!(limit->ceiling > 0))
		return 0; /* only the exchange knows it */
	/* A limit for each endpoint (Upbit) is not shared: each counts by itself. */
	if (strcmp(limit->scope, "endpoint") != 0)
		return check_cost(budget, limit, exchange_weight(budget->target) + budget->besides, "", why);
	for (int e = 0; e < ENDPOINTS; e++)
		if (check_cost(budget, limit, exchange_endpoint_weight(budget->target, (enum endpoint)e),
			endpoint_name((enum endpoint)e), why) != 0)
			return -1;
	return 0;
}

static int
check_run(const struct budget *budget, int64_t limit, struct failure *why)
{
	int64_t weight = exchange_weight(budget->target) + budget->besides;

	if (weight <= limit)
		return 0;
	return options_failure(budget->given, "weight.limit", 0, why,
	    "a run on %s costs %lld of its rate limit (order books: %zu), and %lld is the most: ask for fewer, "
	    "or raise it",
	    budget->venue->name, (long long)weight, budget->venue->book_count, (long long)limit);
}

static int
check_venue(const struct budget *budget, int64_t run_limit, struct failure *why)
{
	const struct profile *profile = budget->venue->profile;

	if (check_run(budget, run_limit, why) != 0)
		return -1;
	for (size_t i = 0; i < profile->limit_count; i++)
		if (check_limit(budget, &profile->limits[i], why) != 0)
			return -1;
	return 0;
}

int
budget_check(const struct venues *v, const int64_t besides[], const struct options *given, double headroom,
    struct failure *why)
{
	struct exchange_target target;
	struct budget budget = { .given = given, .target = &target, .headroom = headroom };
	int64_t run_limit;

	if (options_integer(given, "weight.limit", 1, 1000000, &run_limit, why) != 0 ||
	    options_duration(given, "interval", &budget.interval_ns, why) != 0)
		return -1;
	if (budget.interval_ns <= 0)
		budget.interval_ns = cron_ns;
	for (size_t i = 0; i < v->count; i++) {
		/* Nothing is remembered of it yet, so that everything is due. */
		budget.venue = &v->items[i];
		venue_choose(budget.venue, &target);
		budget.besides = besides != NULL ? besides[i] : 0;
		if (check_venue(&budget, run_limit, why) != 0)
			return -1;
	}
	return 0;
}
