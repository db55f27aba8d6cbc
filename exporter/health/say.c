/*
 * State and reasons of a check, in words that fit their fixed buffers.
 * Reasons are joined by "; ", and what does not fit is cut between characters
 * (text.c).  An exact zero is left out of lists, and so is what cannot be: a
 * reason must not say "NaN".
 */

#include "exporter/health/say.h"

#include <math.h>
#include <string.h>

#include "exporter/health/text.h"

void
health_set(struct health_check *check, enum health_status status, const char *state)
{
	struct words words = words_start(check->state, sizeof(check->state));

	check->status = status;
	words_add(&words, "%s", state);
}

void
health_say(struct health_check *check, const char *reason)
{
	struct words words = { check->reason, sizeof(check->reason), strlen(check->reason) };

	words_add(&words, "%s%s", words.length > 0 ? "; " : "", reason);
}

void
health_say_counters(
    struct health_check *check, const char *what, const double counters[], const char *const names[])
{
	char text[HEALTH_REASON];
	struct words words = words_start(text, sizeof(text));
	bool any = false;

	words_add(&words, "%s", what);
	for (size_t i = 0; names[i] != NULL; i++)
		if (counters[i] > 0 && !isinf(counters[i])) {
			words_add(&words, "%s %s %.12g", any ? "," : "", names[i], counters[i]);
			any = true;
		}
	/* The counters are since the file began: without
	 * these words they would read like the last run's. */
	words_add(&words, " so far");
	if (any)
		health_say(check, text);
}

void
health_say_failures(struct health_check *check, const struct facts_check *facts)
{
	health_say_counters(check, "failures:", facts->facts + FACT_FAILURES, failure_kind_names + 1);
}

void
health_say_last_success(struct health_check *check, double now)
{
	char ago[WORDS_TIME], text[64];
	struct words words = words_start(text, sizeof(text));

	words_duration(now - check->last_success, ago);
	if (isnan(check->last_success))
		words_add(&words, "it has never succeeded");
	else if (ago[0] != '\0')
		words_add(&words, "last success %s ago", ago);
	if (text[0] != '\0')
		health_say(check, text);
}

void
health_say_until(struct health_check *check, const char *what, double until, double now)
{
	char text[96], at[WORDS_TIME];
	struct words words = words_start(text, sizeof(text));

	words_clock(until, now, at);
	if (until > now && at[0] != '\0') {
		words_add(&words, "%s until %s UTC", what, at);
		health_say(check, text);
	}
}
