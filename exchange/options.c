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
	    .help = "an exchange by its profile's name; URL instead of the profile's",
	    .repeatable = true },
	{ .name = "exchange.profiles",
	    .argument = "DIR",
	    .fallback = PROFILES,
	    .help = "where the profiles are" },
	{ .name = "tls.ca-file",
	    .argument = "FILE",
	    .help = "who may sign an exchange's certificate (default: the system's CAs)" },
	{ 0 },
};

const struct option judge_options[] = {
	{ .name = "symbol",
	    .argument = "[NAME:]BASE/QUOTE",
	    .fallback = "BTC/USDT",
	    .help = "whose order books are read; for one exchange alone, instead of those for all: "
		    "upbit:BTC/KRW",
	    .repeatable = true },
	{ .name = "degraded.latency",
	    .argument = "DURATION",
	    .fallback = "500ms",
	    .help =
		"above it an exchange is degraded: the median of a run's answers, of the slowest endpoint" },
	{ .name = "degraded.error-ratio",
	    .argument = "RATIO",
	    .fallback = "0.05",
	    .help = "above it too: requests that fail; one that is 2 minutes old counts half" },
	{ .name = "degraded.headroom",
	    .argument = "RATIO",
	    .fallback = "0.2",
	    .help = "below it too: what is left of a rate limit" },
	{ .name = "down.after",
	    .argument = "N",
	    .fallback = "3",
	    .help = "runs in a row without anything of use until it is down" },
	{ .name = "frozen.age",
	    .argument = "DURATION",
	    .fallback = "5s",
	    .help = "an older order book stands still (without a time of its own: if it did not move)" },
	{ .name = "frozen.runs",
	    .argument = "N",
	    .fallback = "2",
	    .help = "so does one that is the same in N runs while another exchange's moves" },
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
