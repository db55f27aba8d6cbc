/* The values of labels, as they are written. */

#include "contract/labels.h"

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

const char *
health_name(enum health health)
{
	static const char *const names[HEALTHS] = { "healthy", "degraded", "frozen", "down", "maintenance",
		"banned" };

	return names[health];
}

const char *
check_name(enum preflight_check check)
{
	static const char *const names[CHECKS] = { "environment", "secrets", "live_guard", "redis",
		"postgres", "exchange_health", "open_positions", "git_safety" };

	return names[check];
}

const char *
check_status_name(enum check_status status)
{
	static const char *const names[STATUSES] = { "pass", "warn", "fail", "skip" };

	return names[status];
}
