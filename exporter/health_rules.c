#include "exporter/health_rules.h"

#include <math.h>
#include <string.h>

#include "exporter/words.h"

static bool
is_live(const struct health_check *check)
{
	return strcmp(check->env, "paper") != 0;
}

static void
set(struct health_check *check, enum health_status status, const char *state)
{
	struct words words = words_start(check->state, sizeof(check->state));

	check->status = status;
	words_add(&words, "%s", state);
}

/* One reason more; they are few. */
static void
say(struct health_check *check, const char *reason)
{
	struct words words = { check->reason, sizeof(check->reason), strlen(check->reason) };

	words_add(&words, "%s%s", words.length > 0 ? "; " : "", reason);
}

/*
 * The counters that are not zero, as "connect 12, timeout 3 so far".  Which of
 * them the last run added to is not in the file, unless there is just one.
 */
static void
say_counters(struct health_check *check, const char *what, const double counters[], const char *const names[])
{
	char text[HEALTH_REASON];
	struct words words = words_start(text, sizeof(text));
	bool any = false;

	words_add(&words, "%s", what);
	for (size_t i = 0; names[i] != NULL; i++)
		if (counters[i] > 0) {
			words_add(&words, "%s %s %.12g", any ? "," : "", names[i], counters[i]);
			any = true;
		}
	words_add(&words, " so far");
	if (any)
		say(check, text);
}

static void
say_failures(struct health_check *check, const struct facts_check *facts)
{
	say_counters(check, "failures:", facts->facts + FACT_FAILURES, health_failures);
}

static void
say_last_success(struct health_check *check, double now)
{
	char ago[WORDS_TIME], text[64];
	struct words words = words_start(text, sizeof(text));

	words_duration(now - check->last_success, ago);
	if (isnan(check->last_success))
		words_add(&words, "it has never succeeded");
	else if (ago[0] != '\0')
		words_add(&words, "last success %s ago", ago);
	if (text[0] != '\0')
		say(check, text);
}

static void
judge_collector(
    const struct facts_check *facts, const struct freshness *fresh, double now, struct health_check *check)
{
	double success = facts->facts[FACT_UP];

	if (fresh->stale) {
		set(check, HEALTH_FAIL, "stale");
		say(check, fresh->why);
	} else if (success == 1) {
		set(check, HEALTH_OK, "ok");
	} else if (isnan(success)) {
		set(check, HEALTH_WARN, "unknown");
		say(check, "it does not say whether its last run succeeded");
	} else {
		set(check, HEALTH_WARN, "failing");
	}
	if (!isnan(success) && success != 1) {
		say(check, "its last run could not measure everything");
		say_failures(check, facts);
		say_last_success(check, now);
	}
}

static void
judge_target(const struct facts_check *facts, double now, struct health_check *check)
{
	double up = facts->facts[FACT_UP];

	if (up == 1) {
		set(check, HEALTH_OK, "up");
	} else if (isnan(up)) {
		set(check, HEALTH_WARN, "unknown");
		say(check, "its collector does not say whether it is up");
	} else {
		set(check, HEALTH_FAIL, "down");
		say_failures(check, facts);
		say_last_success(check, now);
	}
}

static void
say_until(struct health_check *check, const char *what, double until, double now)
{
	char text[96], at[WORDS_TIME];
	struct words words = words_start(text, sizeof(text));

	words_clock(until, now, at);
	if (until > now && at[0] != '\0') {
		words_add(&words, "%s until %s UTC", what, at);
		say(check, text);
	}
}

/* What is known of why an exchange is not healthy; the limits it was judged by are not in the file. */
static void
say_exchange(struct health_check *check, const struct facts_check *facts, double now)
{
	const double *f = facts->facts;
	char text[96];
	struct words words;

	say_until(check, "banned", f[FACT_BANNED_UNTIL], now);
	say_until(check, "left alone after a 429", f[FACT_RETRY_AT], now);
	if (f[FACT_FAILED_RUNS] > 0) {
		words = words_start(text, sizeof(text));
		words_add(&words, "nothing of use in the last %s", f[FACT_FAILED_RUNS] == 1 ? "run" : "");
		if (f[FACT_FAILED_RUNS] != 1)
			words_add(&words, "%.12g runs", f[FACT_FAILED_RUNS]);
		say(check, text);
	}
	if (f[FACT_ERROR_RATIO] >= 0.005) {
		words = words_start(text, sizeof(text));
		words_add(&words, "%.3g %% of its requests fail", 100 * f[FACT_ERROR_RATIO]);
		say(check, text);
	}
	if (f[FACT_HALTED] > 0) {
		words = words_start(text, sizeof(text));
		words_add(&words, "%.12g %s may not be traded", f[FACT_HALTED],
		    f[FACT_HALTED] == 1 ? "symbol" : "symbols");
		say(check, text);
	}
}

static void
judge_exchange(const struct facts_check *facts, double now, struct health_check *check)
{
	static const char *const meanings[HEALTH_STATES] = { "",
		"slow, short of a rate limit, or a book stands still", "nothing of use in the last runs",
		"its order books stand still", "it has banned this address",
		"it says that it is in maintenance" };
	int state = -1, states = 0;

	for (int i = 0; i < HEALTH_STATES; i++)
		if (facts->facts[FACT_STATE + i] == 1) {
			state = i;
			states++;
		}
	if (states != 1 || (state == 0 && facts->facts[FACT_UP] == 0)) {
		set(check, HEALTH_WARN, "unknown");
		say(check, "its collector does not say what state it is in");
	} else {
		set(check,
		    state == 0   ? HEALTH_OK
		    : state == 1 ? HEALTH_WARN
				 : HEALTH_FAIL,
		    health_states[state]);
	}
	if (check->status != HEALTH_OK) {
		say_exchange(check, facts, now);
		if (check->reason[0] == '\0')
			say(check, meanings[state]);
		if (facts->facts[FACT_UP] != 1)
			say_last_success(check, now);
	}
}

/* Unknown is not flat: in live, not to know what is open is as bad as to know that it is wrong. */
static bool
judge_readable(const struct facts_check *facts, struct health_check *check)
{
	double there = facts->facts[FACT_READABLE], engine = facts->facts[FACT_READABLE + 1];
	bool lost = (!isnan(there) && there != 1) || (!isnan(engine) && engine != 1);

	if (!lost && !isnan(there))
		return true;
	if (!lost) {
		set(check, HEALTH_WARN, "unknown");
		say(check, "its collector does not say whether positions can be read");
		return false;
	}
	set(check, is_live(check) ? HEALTH_FAIL : HEALTH_WARN, "unreadable");
	if (!isnan(there) && there != 1)
		say(check, "its positions cannot be read");
	if (!isnan(engine) && engine != 1)
		say(check, "the engine's positions cannot be read");
	say_failures(check, facts);
	return false;
}

static void
say_difference(struct health_check *check, const struct facts_check *facts)
{
	char text[HEALTH_REASON], symbol[HEALTH_NAME];
	struct words words = words_start(text, sizeof(text));

	words_label(facts->worst_symbol, symbol, sizeof(symbol));
	words_add(&words, "%s differs by %.12g (engine minus exchange)", symbol, facts->worst);
	if (facts->facts[FACT_MISMATCHES] > 1)
		words_add(&words, ", and %.12g more", facts->facts[FACT_MISMATCHES] - 1);
	say(check, text);
}

/* Of rows at exchanges that nobody reads there is nothing but their number. */
static void
judge_unknown_rows(const struct facts_check *facts, struct health_check *check)
{
	char text[96];
	struct words words = words_start(text, sizeof(text));

	if (facts->facts[FACT_UNKNOWN_ROWS] == 0) {
		set(check, HEALTH_OK, "checked");
		return;
	}
	set(check, HEALTH_WARN, "unchecked");
	words_add(
	    &words, "positions at exchanges that are not configured: %.12g", facts->facts[FACT_UNKNOWN_ROWS]);
	say(check, text);
}

static void
judge_positions(const struct facts_check *facts, double now, struct health_check *check)
{
	const double *f = facts->facts;
	struct words state;

	if (!isnan(f[FACT_UNKNOWN_ROWS]) && isnan(f[FACT_READABLE])) {
		judge_unknown_rows(facts, check);
		return;
	}
	if (judge_readable(facts, check)) {
		set(check, HEALTH_OK, f[FACT_OPEN] == 0 ? "flat" : "read");
		if (f[FACT_OPEN] > 0) {
			state = words_start(check->state, sizeof(check->state));
			words_add(&state, "%.12g open", f[FACT_OPEN]);
		}
		if (f[FACT_LOCKED] == 1) {
			set(check, HEALTH_WARN, "locked");
			say(check, "the exchange has locked trading on the account");
		}
	} else {
		say_until(check, "left alone", f[FACT_RETRY_AT], now);
	}
	if (f[FACT_MISMATCHES] > 0) {
		set(check, HEALTH_FAIL, "differ");
		say_difference(check, facts);
	}
}

static void
judge_preflight(const struct facts_check *facts, struct health_check *check)
{
	double ready = facts->facts[FACT_UP], passed = facts->facts[FACT_PASSED];

	if (ready == 1 && passed != 0) {
		set(check, HEALTH_OK, "ready");
	} else if (isnan(ready)) {
		set(check, HEALTH_WARN, "unknown");
		say(check, "it does not say whether the bot may go live");
	} else if (!is_live(check) && passed == 1) {
		set(check, HEALTH_OK, "passed"); /* a paper bot need not be ready for live */
	} else {
		set(check, is_live(check) ? HEALTH_FAIL : HEALTH_WARN, "not ready");
		say(check, ready == 1 ? "its last run did not pass" : "the bot may not go live");
		say_counters(check, "failed checks:", facts->facts + FACT_CHECKS, health_preflight_checks);
	}
}

/* What is no longer measured is not fine any more, and what was bad does not end by not looking. */
static void
judge_stale(const struct freshness *fresh, struct health_check *check)
{
	char text[HEALTH_REASON];
	struct words words = words_start(text, sizeof(text));

	if (check->status == HEALTH_OK)
		words_add(&words, "was %s, but no longer measured: %s", check->state, fresh->why);
	else
		words_add(&words, "no longer measured: %s", fresh->why);
	say(check, text);
	if (check->kind == CHECK_POSITIONS && is_live(check) && check->status != HEALTH_FAIL)
		set(check, HEALTH_FAIL, "stale");
	else if (check->status == HEALTH_OK)
		set(check, HEALTH_WARN, "stale");
}

void
health_judge(
    const struct facts_check *facts, const struct freshness *fresh, double now, struct health_check *check)
{
	check->reason[0] = '\0';
	switch (check->kind) {
	case CHECK_COLLECTOR: judge_collector(facts, fresh, now, check); return;
	case CHECK_REDIS:
	case CHECK_POSTGRES: judge_target(facts, now, check); break;
	case CHECK_EXCHANGE: judge_exchange(facts, now, check); break;
	case CHECK_POSITIONS: judge_positions(facts, now, check); break;
	case CHECK_PREFLIGHT: judge_preflight(facts, check); break;
	case CHECK_FILE: return;
	}
	if (fresh->stale)
		judge_stale(fresh, check);
}

bool
health_grave(const struct health_check *check)
{
	return check->status == HEALTH_FAIL &&
	       (check->kind == CHECK_POSTGRES || check->kind == CHECK_POSITIONS ||
		   check->kind == CHECK_PREFLIGHT);
}
