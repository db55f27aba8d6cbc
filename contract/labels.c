/*
 * The values of labels, as they are written.  Each table is in the order of
 * its enum.  Programs read these values back from files
 * (exchange/health/history.c, the exporter), dashboards and alert rules select
 * by them: a value that is spelt in another way breaks all of these, and
 * starts new series.  The tables that end with NULL are for readers that
 * search a value; the others are only written.
 */

#include "contract/labels.h"

#include <stddef.h>

const char *
endpoint_name(enum endpoint endpoint)
{
	static const char *const names[ENDPOINTS] = { "ping", "time", "status", "book", "trade", "symbols" };

	return names[endpoint];
}

const char *
account_endpoint_name(enum account_endpoint endpoint)
{
	static const char *const names[ACCOUNT_ENDPOINTS] = { "balances", "positions", "instruments", "key",
		"lock" };

	return names[endpoint];
}

const char *
account_permission_name(enum account_permission permission)
{
	static const char *const names[ACCOUNT_PERMISSIONS] = { "read", "trade", "futures", "margin",
		"transfer", "withdraw" };

	return names[permission];
}

const char *const health_names[HEALTHS + 1] = { "healthy", "degraded", "frozen", "down", "maintenance",
	"banned", NULL };

const char *
health_name(enum health health)
{
	return health_names[health];
}

const char *const check_names[CHECKS + 1] = { "environment", "secrets", "live_guard", "redis", "postgres",
	"exchange_health", "open_positions", "git_safety", NULL };

const char *
check_name(enum preflight_check check)
{
	return check_names[check];
}

const char *
check_status_name(enum check_status status)
{
	static const char *const names[STATUSES] = { "pass", "warn", "fail", "skip" };

	return names[status];
}

const char *const source_names[SOURCES + 1] = { "exchange", "engine", NULL };
