/*
 * When is a collector's file too old to be believed?  The file says when its
 * last run ended and how often it repeats, so a collector that stopped is
 * found without any setting.  A run that takes long or a busy machine must not
 * raise an alarm: hence three intervals, and 30 s on top, which matters for
 * short intervals.  Where the file gives no interval that can be, the setting
 * --health.max-age decides.  A time far in the future is as bad as an old one:
 * the true age is not known.
 */

#include <math.h>

#include "exporter/health/rules.h"
#include "exporter/health/text.h"

/* Clocks of one machine agree; this is for a clock that was just set, or files from another machine. */
static const double future_slack = 60;
/* Of a collector that repeats: runs it may miss, and seconds on top for those that repeat often. */
static const double intervals_missed = 3, interval_slack = 30;
/* No collector takes a longer interval (collectors/harness/settings.c): a
 * longer one would hide that it stopped. */
static const double longest_interval = 86400;

struct freshness
freshness_of(double last_run, double interval, double max_age, double now)
{
	bool repeats = interval > 0 && interval <= longest_interval;
	struct freshness fresh = { .stale = true,
		.last_run = last_run,
		.age = NAN,
		.interval = repeats || interval == 0 ? interval : NAN };
	struct words why = words_start(fresh.why, sizeof(fresh.why));
	char age[WORDS_TIME], expected[WORDS_TIME];
	double limit = repeats ? intervals_missed * interval + interval_slack : max_age;

	words_rfc3339(last_run, age);
	if (age[0] == '\0') {
		fresh.last_run = NAN;
		words_add(&why, "when it last ran is not known");
		return fresh;
	}
	if (last_run > now + future_slack) {
		words_duration(last_run - now, age);
		words_add(&why, "last run is %s in the future: a clock is wrong", age);
		return fresh;
	}
	fresh.age = last_run < now ? now - last_run : 0;
	fresh.stale = fresh.age > limit;
	words_duration(fresh.age, age);
	words_duration(repeats ? interval : max_age, expected);
	if (fresh.stale)
		words_add(
		    &why, "last run %s ago, expected %s %s", age, repeats ? "every" : "within", expected);
	return fresh;
}
