/*
 * The table of checks.  Options are in tables of their own because the harness
 * wants their addresses as constants.
 */

#include "collectors/preflight/checks.h"
#include "collectors/preflight/exchanges.h"
#include "collectors/preflight/output/alerts.h"
#include "exchange/options.h"
#include "positions/policy.h"

const struct check *const checks[CHECKS] = {
	[CHECK_ENVIRONMENT] = &environment_check,
	[CHECK_SECRETS] = &secrets_check,
	[CHECK_LIVE_GUARD] = &live_guard_check,
	[CHECK_REDIS] = &redis_check,
	[CHECK_POSTGRES] = &postgres_check,
	[CHECK_EXCHANGE_HEALTH] = &exchange_health_check,
	[CHECK_OPEN_POSITIONS] = &open_positions_check,
	[CHECK_GIT_SAFETY] = &git_safety_check,
};

const struct option *const check_option_tables[] = { environment_options, secrets_options, live_guard_options,
	git_safety_options, redis_options, postgres_options, exchanges_options, exchange_health_options,
	open_positions_options, alert_options, exchange_options, judge_options, position_options, NULL };
