/*
 * What facts mean: the table in docs/health.md, one function per kind.  Two
 * principles run through all of them.  A fact that is missing or cannot be is
 * never "ok": each chain of conditions asks for the good case exactly (== 1)
 * and ends with "unknown".  And an env that is not exactly "paper" is judged
 * like live, so that a misspelt one is not judged more kindly.  Words are for
 * people, but must not claim more than the file says: it has counters since
 * their start, and not what the last run met.
 */

#include "exporter/health/rules.h"

#include <math.h>
#include <string.h>

#include "exporter/health/say.h"
#include "exporter/health/text.h"

enum health_status
health_fail_in_live(const struct health_check *check)
{
	return strcmp(check->env, "paper") != 0 ? HEALTH_FAIL : HEALTH_WARN;
}

static void
judge_collector(
    const struct facts_check *facts, const struct freshness *fresh, double now, struct health_check *check)
{
	double success = facts->facts[FACT_UP];

	if (fresh->stale) {
		health_set(check, HEALTH_FAIL, "stale");
		health_say(check, fresh->why);
	} else if (success == 1) {
		health_set(check, HEALTH_OK, "ok");
	} else if (success == 0) {
		health_set(check, HEALTH_WARN, "failing");
	} else {
		health_set(check, HEALTH_WARN, "unknown");
		health_say(check, "it does not say whether its last run succeeded");
	}
	if (success == 0) {
		health_say(check, "its last run could not measure everything");
		health_say_failures(check, facts);
		health_say_last_success(check, now);
	}
}

static void
judge_target(const struct facts_check *facts, double now, struct health_check *check)
{
	double up = facts->facts[FACT_UP];

	if (up == 1) {
		health_set(check, HEALTH_OK, "up");
	} else if (up == 0) {
		health_set(check, HEALTH_FAIL, "down");
		health_say_failures(check, facts);
		health_say_last_success(check, now);
	} else {
		/* A Postgres that is down makes the whole unhealthy:
		 * so must one of which that is not known. */
		health_set(check, check->kind == KIND_POSTGRES ? HEALTH_FAIL : HEALTH_WARN, "unknown");
		health_say(check, "its collector does not say whether it is up");
	}
}

/* Why an exchange is not healthy, as far as the file says:
 * it does not have the limits that it was judged by. */
static void
say_exchange(struct health_check *check, const struct facts_check *facts, double now)
{
	const double *f = facts->facts;
	char text[96];
	struct words words;

	health_say_until(check, "banned", f[FACT_BANNED_UNTIL], now);
	health_say_until(check, "left alone after a 429", f[FACT_RETRY_AT], now);
	if (f[FACT_FAILED_RUNS] > 0 && !isinf(f[FACT_FAILED_RUNS])) {
		words = words_start(text, sizeof(text));
		words_add(&words, "nothing of use in the last %s", f[FACT_FAILED_RUNS] == 1 ? "run" : "");
		if (f[FACT_FAILED_RUNS] != 1)
			words_add(&words, "%.12g runs", f[FACT_FAILED_RUNS]);
		health_say(check, text);
	}
	if (f[FACT_ERROR_RATIO] >= 0.005 && f[FACT_ERROR_RATIO] <= 1) {
		words = words_start(text, sizeof(text));
		words_add(&words, "%.3g %% of its requests fail", 100 * f[FACT_ERROR_RATIO]);
		health_say(check, text);
	}
	if (f[FACT_HALTED] > 0) {
		words = words_start(text, sizeof(text));
		words_add(&words, "%.12g %s may not be traded", f[FACT_HALTED],
		    f[FACT_HALTED] == 1 ? "symbol" : "symbols");
		health_say(check, text);
	}
}

/* The one state that the exchange is in.  Negative: the
 * file names none, several, or one that we do not know. */
static int
state_of(const double states[])
{
	int state = -1, said = 0;

	for (int i = 0; i <= HEALTHS; i++)
		if (!isnan(states[i]) && states[i] != 0) {
			state = i < HEALTHS && states[i] == 1 ? i : -1;
			said++;
		}
	return said == 1 ? state : -1;
}

static void
judge_exchange(const struct facts_check *facts, double now, struct health_check *check)
{
	static const char *const meanings[HEALTHS] = {
		[HEALTH_HEALTHY] = "",
		[HEALTH_DEGRADED] = "slow, short of a rate limit, or a book stands still",
		[HEALTH_FROZEN] = "its order books stand still",
		[HEALTH_DOWN] = "nothing of use in the last runs",
		[HEALTH_MAINTENANCE] = "it says that it is in maintenance",
		[HEALTH_BANNED] = "it has banned this address",
	};
	double up = facts->facts[FACT_UP];
	int state = state_of(facts->facts + FACT_STATE);

	/* Healthy and not up is a contradiction: then nothing is known. */
	if (state == HEALTH_HEALTHY && up == 1) {
		health_set(check, HEALTH_OK, health_names[state]);
		return;
	}
	if (state <= HEALTH_HEALTHY) {
		health_set(check, HEALTH_WARN, "unknown");
		health_say(check, state < 0
				      ? "its collector does not say what state it is in"
				      : "its collector calls it healthy, but does not say that it is up");
	} else {
		health_set(check, state == HEALTH_DEGRADED ? HEALTH_WARN : HEALTH_FAIL, health_names[state]);
	}
	say_exchange(check, facts, now);
	if (check->reason[0] == '\0')
		health_say(check, meanings[state]);
	if (up == 0)
		health_say_last_success(check, now);
}

bool
health_has_verdict(const struct facts_check *facts)
{
	return !isnan(facts->facts[FACT_UP]) || !isnan(facts->facts[FACT_PASSED]) ||
	       !isnan(facts->facts[FACT_VERDICT_AT]);
}

static void
judge_preflight(const struct facts_check *facts, struct health_check *check)
{
	double ready = facts->facts[FACT_UP], passed = facts->facts[FACT_PASSED];

	if (!health_has_verdict(facts)) {
		health_set(check, health_fail_in_live(check), "unknown");
		health_say(check, "some checks alone have run so far, and they are no verdict");
		return;
	}
	if (ready == 1 && passed == 1) {
		health_set(check, HEALTH_OK, "ready");
	} else if (ready == 0 && passed == 1 && health_fail_in_live(check) != HEALTH_FAIL) {
		health_set(check, HEALTH_OK, "passed"); /* a paper bot need not be ready for live */
	} else if (ready == 0 || passed == 0) {
		health_set(check, health_fail_in_live(check), "not ready");
		health_say(check, ready == 0 ? "the bot may not go live" : "its last run did not pass");
		health_say_counters(check, "failed checks:", facts->facts + FACT_CHECKS, check_names);
	} else {
		health_set(check, health_fail_in_live(check), "unknown");
		health_say(check, "it does not say whether the bot may go live");
	}
}

/* Nobody measures this any more.  What was fine is not known to be fine now, and
 * what was bad stays bad: stopping a collector must not improve the verdict. */
static void
judge_stale(const struct freshness *fresh, struct health_check *check)
{
	enum health_status status = check->kind == KIND_POSITIONS ? health_fail_in_live(check) : HEALTH_WARN;
	char text[HEALTH_REASON];
	struct words words = words_start(text, sizeof(text));

	if (check->status == HEALTH_OK)
		words_add(&words, "was %s, but no longer measured: %s", check->state, fresh->why);
	else
		words_add(&words, "no longer measured: %s", fresh->why);
	health_say(check, text);
	if (check->status < status)
		health_set(check, status, "stale");
}

void
health_judge(
    const struct facts_check *facts, const struct freshness *fresh, double now, struct health_check *check)
{
	check->reason[0] = '\0';
	switch (check->kind) {
	/* A collector's own staleness is its state already. */
	case KIND_COLLECTOR: judge_collector(facts, fresh, now, check); return;
	case KIND_REDIS:
	case KIND_POSTGRES: judge_target(facts, now, check); break;
	case KIND_EXCHANGE: judge_exchange(facts, now, check); break;
	case KIND_POSITIONS: health_judge_positions(facts, now, check); break;
	case KIND_PREFLIGHT: judge_preflight(facts, check); break;
	case KIND_FILE: return;
	}
	if (fresh->stale)
		judge_stale(fresh, check);
}
