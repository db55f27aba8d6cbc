/*
 * The settings of both checks that ask exchanges. They are read together because an
 * exchange counts the requests of both against one limit: what exchange_health costs
 * is taken off what open_positions may cost, and each order book is read once.
 *
 * What could only be a mistake is refused here, before anything is asked: an exchange
 * without a symbol, a verified exchange that --exchange does not name, and a paper
 * host that is the exchange itself.
 */

#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/checks/credentials.h"
#include "collectors/preflight/settings.h"
#include "exchange/health/budget.h"
#include "exchange/options.h"
#include "probes/http/settings.h"

enum { BODY_LIMIT = 256 * 1024, CONNECTIONS = 128 };

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

static int
read_limits(struct preflight *preflight, const struct options *given, struct failure *why)
{
	int64_t skew;

	if (judge_limits_read(&preflight->limits, given, why) != 0 ||
	    options_duration(given, "clock.max-skew", &skew, why) != 0)
		return -1;
	preflight->max_skew = (double)skew / 1e9;
	return 0;
}

static int
open_client(struct preflight *preflight, const struct options *given, struct failure *why)
{
	preflight->client = http_client_from(given, "tls.ca-file", BODY_LIMIT, CONNECTIONS, why);
	return preflight->client != NULL ? 0 : -1;
}

/* Of what it trades at an exchange the check must see something, or the exchange would pass. */
static int
check_symbols(const struct preflight *preflight, const struct options *given, struct failure *why)
{
	for (size_t i = 0;
	     i < preflight->venues.count && preflight_includes(preflight, CHECK_EXCHANGE_HEALTH); i++) {
		const struct health_venue *venue = &preflight->venues.items[i];

		if (venue->book_count == 0 && venue->profile->endpoints[ENDPOINT_BOOK].path != NULL)
			return options_failure(given, "exchange", i, why,
			    "%s: no --symbol is for it: give it one, as in '%s:BTC/USDT'", venue->name,
			    venue->name);
	}
	return 0;
}

/* What was said to be so by hand must be of an exchange that is asked. */
static int
check_verified(const struct preflight *preflight, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < preflight->verified.count; i++)
		if (exchange_settings_find(
			&preflight->accounts.settings, SLICE(preflight->verified.items[i])) == NULL)
			return options_failure(given, "live.verified", i, why,
			    "'%s' is no exchange that --exchange names", preflight->verified.items[i]);
	return 0;
}

/* The name of an exchange would make its key one on paper. */
static int
check_paper_host(
    const struct preflight *preflight, const struct options *given, size_t index, struct failure *why)
{
	const char *host = preflight->paper_hosts.items[index];

	if (*host == '\0' || strpbrk(host, "/:@ ") != NULL)
		return options_failure(
		    given, "paper.host", index, why, "'%s' is no name of a host, nor an IPv4 address", host);
	for (size_t i = 0; preflight->has_exchanges && i < preflight->accounts.count; i++) {
		const struct profile *profile = preflight->accounts.items[i].setting->profile;

		if (profile_is_at(profile, host))
			return options_failure(
			    given, "paper.host", index, why, "'%s' is %s itself", host, profile->name);
	}
	return 0;
}

static int
check_paper_hosts(const struct preflight *preflight, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < preflight->paper_hosts.count; i++)
		if (check_paper_host(preflight, given, i, why) != 0)
			return -1;
	return 0;
}

static int
allocate(struct preflight *preflight, struct failure *why)
{
	size_t count = preflight->accounts.count;

	preflight->comparable = calloc(count, sizeof(*preflight->comparable));
	preflight->retry_at = calloc(count, sizeof(*preflight->retry_at));
	preflight->credentials = calloc(count, sizeof(*preflight->credentials));
	if (preflight->comparable == NULL || preflight->retry_at == NULL || preflight->credentials == NULL)
		return out_of_memory(why);
	return 0;
}

/* What both checks ask of an exchange counts, and each order book is read once. */
static int
share_weight(struct preflight *preflight, const struct options *given, struct failure *why)
{
	int64_t besides[EXCHANGES_MAX] = { 0 };

	preflight->shares_books = preflight_includes(preflight, CHECK_EXCHANGE_HEALTH) &&
				  preflight_includes(preflight, CHECK_OPEN_POSITIONS);
	for (size_t i = 0; i < preflight->accounts.count; i++) {
		struct account *account = &preflight->accounts.items[i];
		struct exchange_target target;

		account_choose(account);
		besides[i] = account_weight(&account->target);
		account->books_are_read = preflight->shares_books;
		venue_choose(&preflight->venues.items[i], &target);
		if (preflight_includes(preflight, CHECK_EXCHANGE_HEALTH))
			account->weight_limit -= exchange_weight(&target);
	}
	return budget_check(&preflight->venues, besides, given, preflight->limits.headroom, why);
}

static int
copy_name(struct preflight *preflight, const struct options *given, struct failure *why)
{
	preflight->health_name = strdup(options_text(given, "exchange_health.name"));
	return preflight->health_name != NULL ? 0 : out_of_memory(why);
}

int
preflight_open_exchanges(
    struct preflight *preflight, const struct options *given, struct secrets *secrets, struct failure *why)
{
	preflight->has_exchanges = options_count(given, "exchange") > 0;
	if (read_limits(preflight, given, why) != 0 || copy_name(preflight, given, why) != 0)
		return -1;
	if (!preflight->has_exchanges)
		return check_paper_hosts(preflight, given, why);
	if (venues_open(&preflight->venues, given, why) != 0 || check_symbols(preflight, given, why) != 0 ||
	    accounts_open_keyless(&preflight->accounts, given, why) != 0 ||
	    share_weight(preflight, given, why) != 0 || credentials_hide(&preflight->accounts, why) != 0 ||
	    open_client(preflight, given, why) != 0 ||
	    policy_read(&preflight->policy, given, &preflight->accounts.settings, why) != 0 ||
	    sources_open(&preflight->sources, given, secrets, why) != 0 ||
	    exchange_view_init(&preflight->exchange_view, preflight->accounts.count, why) != 0 ||
	    engine_view_init(&preflight->engine_view, preflight->accounts.count, why) != 0 ||
	    allocate(preflight, why) != 0)
		return -1;
	return check_verified(preflight, given, why) == 0 ? check_paper_hosts(preflight, given, why) : -1;
}

void
preflight_release_exchanges(struct preflight *preflight)
{
	free(preflight->comparable);
	free(preflight->retry_at);
	free(preflight->credentials);
	free(preflight->health_name);
	engine_view_release(&preflight->engine_view);
	exchange_view_release(&preflight->exchange_view);
	sources_release(&preflight->sources);
	policy_release(&preflight->policy);
	accounts_release(&preflight->accounts);
	http_client_free(preflight->client);
	venues_release(&preflight->venues);
}
