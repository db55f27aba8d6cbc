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
read_limits(struct gate *gate, const struct options *given, struct failure *why)
{
	int64_t skew;

	if (judge_limits_read(&gate->limits, given, why) != 0 ||
	    options_duration(given, "clock.max-skew", &skew, why) != 0)
		return -1;
	gate->max_skew = (double)skew / 1e9;
	return 0;
}

static int
open_client(struct gate *gate, const struct options *given, struct failure *why)
{
	gate->client = http_client_from(given, "tls.ca-file", BODY_LIMIT, CONNECTIONS, why);
	return gate->client != NULL ? 0 : -1;
}

/* Of what it trades at an exchange the check must see something, or the exchange would pass. */
static int
check_symbols(const struct gate *gate, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < gate->venues.count && gate_makes(gate, CHECK_EXCHANGE_HEALTH); i++) {
		const struct health_venue *venue = &gate->venues.items[i];

		if (venue->book_count == 0 && venue->profile->endpoints[ENDPOINT_BOOK].path != NULL)
			return options_failure(given, "exchange", i, why,
			    "%s: no --symbol is for it: give it one, as in '%s:BTC/USDT'", venue->name,
			    venue->name);
	}
	return 0;
}

/* What was said to be so by hand must be of an exchange that is asked. */
static int
check_verified(const struct gate *gate, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < gate->verified.count; i++)
		if (exchange_settings_find(&gate->accounts.settings, SLICE(gate->verified.items[i])) == NULL)
			return options_failure(given, "live.verified", i, why,
			    "'%s' is no exchange that --exchange names", gate->verified.items[i]);
	return 0;
}

/* The name of an exchange would make its key one on paper. */
static int
check_paper_host(const struct gate *gate, const struct options *given, size_t index, struct failure *why)
{
	const char *host = gate->paper_hosts.items[index];

	if (*host == '\0' || strpbrk(host, "/:@ ") != NULL)
		return options_failure(
		    given, "paper.host", index, why, "'%s' is no name of a host, nor an IPv4 address", host);
	for (size_t i = 0; gate->has_exchanges && i < gate->accounts.count; i++) {
		const struct profile *profile = gate->accounts.items[i].setting->profile;

		if (profile_is_at(profile, host))
			return options_failure(
			    given, "paper.host", index, why, "'%s' is %s itself", host, profile->name);
	}
	return 0;
}

static int
check_paper_hosts(const struct gate *gate, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < gate->paper_hosts.count; i++)
		if (check_paper_host(gate, given, i, why) != 0)
			return -1;
	return 0;
}

static int
take_room(struct gate *gate, struct failure *why)
{
	size_t count = gate->accounts.count;

	gate->comparable = calloc(count, sizeof(*gate->comparable));
	gate->retry_at = calloc(count, sizeof(*gate->retry_at));
	gate->credentials = calloc(count, sizeof(*gate->credentials));
	if (gate->comparable == NULL || gate->retry_at == NULL || gate->credentials == NULL)
		return out_of_memory(why);
	return 0;
}

/* What both checks ask of an exchange counts, and each order book is read once. */
static int
share_weight(struct gate *gate, const struct options *given, struct failure *why)
{
	int64_t besides[EXCHANGES_MAX] = { 0 };

	gate->shares_books =
	    gate_makes(gate, CHECK_EXCHANGE_HEALTH) && gate_makes(gate, CHECK_OPEN_POSITIONS);
	for (size_t i = 0; i < gate->accounts.count; i++) {
		struct account *account = &gate->accounts.items[i];
		struct exchange_target target;

		account_choose(account);
		besides[i] = account_weight(&account->target);
		account->books_are_read = gate->shares_books;
		venue_choose(&gate->venues.items[i], &target);
		if (gate_makes(gate, CHECK_EXCHANGE_HEALTH))
			account->weight_limit -= exchange_weight(&target);
	}
	return budget_check(&gate->venues, besides, given, gate->limits.headroom, why);
}

static int
copy_name(struct gate *gate, const struct options *given, struct failure *why)
{
	gate->health_name = strdup(options_text(given, "exchange_health.name"));
	return gate->health_name != NULL ? 0 : out_of_memory(why);
}

int
gate_open_exchanges(
    struct gate *gate, const struct options *given, struct secrets *secrets, struct failure *why)
{
	gate->has_exchanges = options_count(given, "exchange") > 0;
	if (read_limits(gate, given, why) != 0 || copy_name(gate, given, why) != 0)
		return -1;
	if (!gate->has_exchanges)
		return check_paper_hosts(gate, given, why);
	if (venues_open(&gate->venues, given, why) != 0 || check_symbols(gate, given, why) != 0 ||
	    accounts_open_keyless(&gate->accounts, given, why) != 0 || share_weight(gate, given, why) != 0 ||
	    credentials_hide(&gate->accounts, why) != 0 || open_client(gate, given, why) != 0 ||
	    policy_read(&gate->policy, given, &gate->accounts.settings, why) != 0 ||
	    sources_open(&gate->sources, given, secrets, why) != 0 ||
	    exchange_view_init(&gate->exchange_view, gate->accounts.count, why) != 0 ||
	    engine_view_init(&gate->engine_view, gate->accounts.count, why) != 0 || take_room(gate, why) != 0)
		return -1;
	return check_verified(gate, given, why) == 0 ? check_paper_hosts(gate, given, why) : -1;
}

void
gate_release_exchanges(struct gate *gate)
{
	free(gate->comparable);
	free(gate->retry_at);
	free(gate->credentials);
	free(gate->health_name);
	engine_view_release(&gate->engine_view);
	exchange_view_release(&gate->exchange_view);
	sources_release(&gate->sources);
	policy_release(&gate->policy);
	accounts_release(&gate->accounts);
	http_client_free(gate->client);
	venues_release(&gate->venues);
}
