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

/* One venue and what is reckoned with. */
struct budget {
	const struct health_venue *venue;
	const struct options *given;
	int64_t interval_ns;
	double headroom;
};

/* `where` is "" or says which endpoint it is that costs so much. */
static int
check_cost(const struct budget *budget, const struct profile_limit *limit, int64_t weight, const char *where,
    struct failure *why)
{
	/* Rounded up: each run that begins within the window costs. */
	int64_t runs = (limit->window_seconds * second_ns + budget->interval_ns - 1) / budget->interval_ns;
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

/* All limits whose ceiling the profile knows.  A limit for each endpoint (Upbit) is not shared. */
static int
check_limits(
    const struct budget *budget, const struct exchange_target *target, int64_t weight, struct failure *why)
{
	const struct profile *profile = budget->venue->profile;

	for (size_t i = 0; i < profile->limit_count; i++) {
		const struct profile_limit *limit = &profile->limits[i];
		bool apart = strcmp(limit->scope, "endpoint") == 0;

		if (!(limit->ceiling > 0))
			continue;
		if (!apart && check_cost(budget, limit, weight, "", why) != 0)
			return -1;
		for (int e = 0; apart && e < ENDPOINTS; e++)
			if (check_cost(budget, limit, exchange_endpoint_weight(target, (enum endpoint)e),
				endpoint_name((enum endpoint)e), why) != 0)
				return -1;
	}
	return 0;
}

int
budget_check(const struct venues *v, const int64_t besides[], const struct options *given, double headroom,
    struct failure *why)
{
	struct budget budget = { .given = given, .headroom = headroom };
	int64_t run_limit;

	if (options_integer(given, "weight.limit", 1, 1000000, &run_limit, why) != 0 ||
	    options_duration(given, "interval", &budget.interval_ns, why) != 0)
		return -1;
	if (budget.interval_ns <= 0)
		budget.interval_ns = cron_ns;
	for (size_t i = 0; i < v->count; i++) {
		struct exchange_target target;
		int64_t weight;

		/* Nothing is remembered of it yet, so that everything is due. */
		budget.venue = &v->items[i];
		venue_choose(budget.venue, &target);
		weight = exchange_weight(&target) + (besides != NULL ? besides[i] : 0);
		if (weight > run_limit)
			return options_failure(given, "weight.limit", 0, why,
			    "a run on %s costs %lld of its rate limit (order books: %zu), and %lld is the most: "
			    "ask for fewer, or raise it",
			    budget.venue->name, (long long)weight, budget.venue->book_count,
			    (long long)run_limit);
		if (check_limits(&budget, &target, weight, why) != 0)
			return -1;
	}
	return 0;
}
