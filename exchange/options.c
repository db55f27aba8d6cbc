/*
 * Options that several programs have in common, so that they have one name, one default and one text
 * everywhere.  exchange_options are for all programs that ask exchanges.  judge_options are for
 * exchange_health and preflight, which must judge an exchange alike: preflight would otherwise pass what
 * the dashboards call degraded.
 */

#include "exchange/options.h"

const struct option exchange_options[] = {
	{ .name = "exchange",
	    .argument = "NAME[=URL]",
	    .help = "exchange to query, by the name of its profile; URL replaces the profile's URL",
	    .repeatable = true },
	{ .name = "exchange.profiles",
	    .argument = "DIR",
	    .fallback = PROFILES,
	    .help = "directory of the exchange profiles" },
	{ .name = "tls.ca-file",
	    .argument = "FILE",
	    .help = "CAs that may sign an exchange's certificate, in PEM (default: the system's CAs)" },
	{ .name = "proxy.url",
	    .argument = "URL",
	    .help =
		"proxy to reach exchanges by: http://[user:password@]host:port or socks5h://...; loopback "
		"is reached without it, and https_proxy of the environment is ignored",
	    .secret = true },
	{ 0 },
};

const struct option judge_options[] = {
	{ .name = "symbol",
	    .argument = "[NAME:]BASE/QUOTE",
	    .fallback = "BTC/USDT",
	    .help = "order books to read; with NAME, that exchange reads them instead of the common ones, as "
		    "in upbit:BTC/KRW",
	    .repeatable = true },
	{ .name = "degraded.latency",
	    .argument = "DURATION",
	    .fallback = "500ms",
	    .help = "an exchange is degraded if the median answer time of one endpoint is longer" },
	{ .name = "degraded.error-ratio",
	    .argument = "RATIO",
	    .fallback = "0.05",
	    .help = "an exchange is degraded if a larger share of requests fails; a request counts half "
		    "after 2 minutes" },
	{ .name = "degraded.headroom",
	    .argument = "RATIO",
	    .fallback = "0.2",
	    .help = "an exchange is degraded if a smaller share of a rate limit is left" },
	{ .name = "down.after",
	    .argument = "N",
	    .fallback = "3",
	    .help = "an exchange is down after N runs in a row without a useful answer" },
	{ .name = "frozen.age",
	    .argument = "DURATION",
	    .fallback = "5s",
	    .help = "an older order book stands still; a book without a time of its own must also be "
		    "unchanged" },
	{ .name = "frozen.runs",
	    .argument = "N",
	    .fallback = "2",
	    .help = "an order book stands still if it is the same in N runs while another exchange's book "
		    "changes" },
	{ 0 },
};

int
judge_limits_read(struct judge_limits *limits, const struct options *given, struct failure *why)
{
	int64_t latency, age, down_after, frozen_runs;

	if (options_duration(given, "degraded.latency", &latency, why) != 0 ||
	    options_ratio(given, "degraded.error-ratio", &limits->error_ratio, why) != 0 ||
	    options_ratio(given, "degraded.headroom", &limits->headroom, why) != 0 ||
	    options_integer(given, "down.after", 1, 1000, &down_after, why) != 0 ||
	    options_duration(given, "frozen.age", &age, why) != 0 ||
	    options_integer(given, "frozen.runs", 1, 1000, &frozen_runs, why) != 0)
		return -1;
	/* Durations are nanoseconds in the settings, and seconds everywhere in the judging. */
	limits->latency_seconds = (double)latency / 1e9;
	limits->frozen_age = (double)age / 1e9;
	limits->down_after = (double)down_after;
	limits->frozen_runs = (double)frozen_runs;
	return 0;
}
