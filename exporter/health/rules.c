/*
 * What facts mean: the table in docs/health.md, one function per kind.  Two
 * principles run through all of them.  A fact that is missing or cannot be is
 * never "ok": each chain of conditions asks for the good case exactly (== 1)
 * and ends with "unknown".  And an env that is not exactly "paper" is judged
 * like live, so that a misspelt one is not judged more kindly.
 *
 * Words are for people, but must not claim more than the file says: it has
 * counters since their start, and not what the last run met.  An exact zero is
 * left out of lists, and so is what cannot be: a reason must not say "NaN".
 */

#include "exporter/health/rules.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "exporter/health/text.h"

/* Those of prometheus/rules/thresholds.yml, where an operator may change them; here they are fixed. */
static const double day = 86400, warning_days = 14, clock_slack = 0.5, connections_share = 0.8;

/* --- Words --- */

static void
set(struct health_check *check, enum health_status status, const char *state)
{
	struct words words = words_start(check->state, sizeof(check->state));

	check->status = status;
	words_add(&words, "%s", state);
}

/* One reason more; they are few.  What does not fit is cut. */
__attribute__((format(printf, 2, 3))) static void
say(struct health_check *check, const char *format, ...)
{
	struct words words = { check->reason, sizeof(check->reason), strlen(check->reason) };
	va_list args;

	if (words.length > 0)
		words_add(&words, "; ");
	va_start(args, format);
	words_add_list(&words, format, args);
	va_end(args);
}

/*
 * The counters that are not zero, as "connect 12, timeout 3 so far".  Which of
 * them the last run added to is not in the file, unless there is just one.
 */
static void
say_failures(struct health_check *check, const struct facts_check *facts)
{
	const double *counters = facts->facts + FACT_FAILURES;
	const char *const *names = failure_kind_names + 1;
	char text[HEALTH_REASON];
	struct words words = words_start(text, sizeof(text));

	for (size_t i = 0; names[i] != NULL; i++)
		if (counters[i] > 0 && !isinf(counters[i]))
			words_add(&words, "%s %s %.12g", words.length > 0 ? "," : "", names[i], counters[i]);
	/* The counters are since the file began: without
	 * "so far" they would read like the last run's. */
	if (words.length > 0)
		say(check, "failures:%s so far", text);
}

/* Of the run that led to the verdict. */
static void
say_failed_checks(struct health_check *check, const struct facts_check *facts)
{
	char text[HEALTH_REASON];
	struct words words = words_start(text, sizeof(text));

	for (int i = 0; i < CHECKS; i++)
		if (facts->facts[FACT_CHECKS + i] == STATUS_FAIL)
			words_add(&words, "%s %s", words.length > 0 ? "," : "", check_names[i]);
	if (words.length > 0)
		say(check, "failed checks:%s", text);
}

static void
say_last_success(struct health_check *check, double now)
{
	char ago[WORDS_TIME];

	words_duration(now - check->last_success, ago);
	if (isnan(check->last_success))
		say(check, "it has never succeeded");
	else if (ago[0] != '\0')
		say(check, "last success %s ago", ago);
}

/* "banned until 12:01:30 UTC"; nothing when that is over, or not known. */
static void
say_until(struct health_check *check, const char *what, double until, double now)
{
	char at[WORDS_TIME];

	words_clock(until, now, at);
	if (until > now && at[0] != '\0')
		say(check, "%s until %s UTC", what, at);
}

/* The check is a reason of the table. */
static void
give(struct health_check *check, enum reason_rule rule)
{
	check->rules |= UINT64_C(1) << rule;
}

/* Add a fault; the worst one becomes the state, and all of them are reasons. */
static void
add(struct health_check *check, enum reason_rule rule, enum health_status status, const char *state,
    const char *reason)
{
	give(check, rule);
	if (status > check->status)
		set(check, status, state);
	say(check, "%s", reason);
}

/* How bad is what matters in live alone. */
static enum health_status
fail_in_live(const struct health_check *check)
{
	return strcmp(check->env, "paper") != 0 ? HEALTH_FAIL : HEALTH_WARN;
}

/* --- Collectors, targets, exchanges --- */

static void
judge_collector(
    const struct facts_check *facts, const struct freshness *fresh, double now, struct health_check *check)
{
	double success = facts->facts[FACT_UP];

	if (fresh->stale) {
		set(check, HEALTH_FAIL, "stale");
		say(check, "%s", fresh->why);
		/* Its verdict may be old on purpose, as where it runs before each start of the bot. */
		give(check, strncmp(check->name, "preflight", 9) == 0 ? REASON_PREFLIGHT_STALE
								      : REASON_COLLECTOR_STALE);
	} else if (success == 1) {
		set(check, HEALTH_OK, "ok");
	} else if (success == 0) {
		set(check, HEALTH_WARN, "failing");
	} else {
		set(check, HEALTH_WARN, "unknown");
		say(check, "it does not say whether its last run succeeded");
	}
	if (check->status == HEALTH_WARN)
		give(check, REASON_COLLECTOR_FAILING);
	if (success == 0) {
		say(check, "its last run could not measure everything");
		say_failures(check, facts);
		say_last_success(check, now);
	}
}

static void
judge_target(const struct facts_check *facts, double now, struct health_check *check)
{
	const double *f = facts->facts;
	double up = f[FACT_UP];

	if (up == 1) {
		set(check, HEALTH_OK, "up");
	} else if (up == 0) {
		set(check, HEALTH_FAIL, "down");
		say_failures(check, facts);
		say_last_success(check, now);
	} else {
		/* One that is down makes the whole unhealthy: so must one of which that is not known. */
		set(check, HEALTH_FAIL, "unknown");
		say(check, "its collector does not say whether it is up");
	}
	if (up != 1)
		give(check, check->kind == KIND_POSTGRES ? REASON_POSTGRES_DOWN : REASON_REDIS_DOWN);
	if (f[FACT_CONNECTIONS] / f[FACT_CONNECTIONS_MAX] > connections_share)
		add(check, REASON_POSTGRES_FULL, HEALTH_WARN, "nearly full",
		    "more than 80 % of its connections are taken");
}

/* Why an exchange is not healthy, as far as the file says:
 * it does not have the limits that it was judged by. */
static void
say_exchange(struct health_check *check, const struct facts_check *facts, double now)
{
	const double *f = facts->facts;

	say_until(check, "banned", f[FACT_BANNED_UNTIL], now);
	say_until(check, "back-off after a 429", f[FACT_RETRY_AT], now);
	if (f[FACT_FAILED_RUNS] == 1)
		say(check, "nothing of use in the last run");
	else if (f[FACT_FAILED_RUNS] > 0 && !isinf(f[FACT_FAILED_RUNS]))
		say(check, "nothing of use in the last %.12g runs", f[FACT_FAILED_RUNS]);
	if (f[FACT_ERROR_RATIO] >= 0.005 && f[FACT_ERROR_RATIO] <= 1)
		say(check, "%.3g %% of its requests fail", 100 * f[FACT_ERROR_RATIO]);
	if (f[FACT_HALTED] > 0)
		say(check, "%.12g %s may not be traded", f[FACT_HALTED],
		    f[FACT_HALTED] == 1 ? "symbol" : "symbols");
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
	static const enum reason_rule rules[HEALTHS] = {
		[HEALTH_DEGRADED] = REASON_EXCHANGE_DEGRADED,
		[HEALTH_FROZEN] = REASON_EXCHANGE_FROZEN,
		[HEALTH_DOWN] = REASON_EXCHANGE_DOWN,
		[HEALTH_MAINTENANCE] = REASON_EXCHANGE_MAINTENANCE,
		[HEALTH_BANNED] = REASON_EXCHANGE_BANNED,
	};
	double up = facts->facts[FACT_UP];
	int state = state_of(facts->facts + FACT_STATE);

	/* Healthy and not up is a contradiction: then nothing is known. */
	if (state == HEALTH_HEALTHY && up == 1) {
		set(check, HEALTH_OK, health_names[state]);
		return;
	}
	if (state <= HEALTH_HEALTHY) {
		set(check, HEALTH_WARN, "unknown");
		say(check, "%s",
		    state < 0 ? "its collector does not say what state it is in"
			      : "its collector calls it healthy, but does not say that it is up");
	} else {
		set(check, state == HEALTH_DEGRADED ? HEALTH_WARN : HEALTH_FAIL, health_names[state]);
	}
	give(check, state <= HEALTH_HEALTHY ? REASON_EXCHANGE_UNKNOWN : rules[state]);
	say_exchange(check, facts, now);
	if (check->reason[0] == '\0')
		say(check, "%s", meanings[state]);
	if (up == 0)
		say_last_success(check, now);
}

/* What will hurt soon, whatever its state is. */
static void
judge_exchange_besides(const struct facts_check *facts, double now, struct health_check *check)
{
	const double *f = facts->facts;

	if (fabs(f[FACT_SKEW]) - f[FACT_SKEW_ERROR] > clock_slack)
		add(check, REASON_EXCHANGE_CLOCK, HEALTH_WARN, "clock differs",
		    "its clock and ours differ by more than 0.5 s");
	if (f[FACT_CERTIFICATE] - now < warning_days * day)
		add(check, REASON_EXCHANGE_CERTIFICATE, HEALTH_WARN, "certificate",
		    "its certificate expires within two weeks");
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
		set(check, fail_in_live(check), "unknown");
		say(check, "only single checks have run so far, which give no verdict");
		return;
	}
	if (ready == 1 && passed == 1) {
		set(check, HEALTH_OK, "ready");
	} else if (ready == 0 && passed == 1 && fail_in_live(check) != HEALTH_FAIL) {
		set(check, HEALTH_OK, "passed"); /* a paper bot need not be ready for live */
	} else if (ready == 0 || passed == 0) {
		set(check, fail_in_live(check), "not ready");
		say(check, ready == 0 ? "the bot may not go live" : "its last run did not pass");
		say_failed_checks(check, facts);
	} else {
		set(check, fail_in_live(check), "unknown");
		say(check, "it does not say whether the bot may go live");
	}
}

/* --- The bot --- */

/* "running", and the worst guard, if one is on: "running, cooldown". */
static void
say_run(struct health_check *check, const double *f)
{
	struct words state = words_start(check->state, sizeof(check->state));
	double worst = GUARD_OK;
	int run = 0;

	while (run < RUN_STATES && f[FACT_RUN + run] != 1)
		run++;
	words_add(&state, "%s", run < RUN_STATES ? run_state_names[run] : "up");
	for (int tier = 0; tier < GUARD_TIERS; tier++)
		worst = f[FACT_GUARDS + tier] > worst ? f[FACT_GUARDS + tier] : worst;
	if (worst > GUARD_OK && worst <= GUARD_BLOCK)
		words_add(&state, ", %s", guard_state_names[(int)worst]);
}

/* The collector leaves out what a bot wrote before it went down. */
static void
judge_engine(const struct facts_check *facts, double now, struct health_check *check)
{
	const double *f = facts->facts;
	char ago[WORDS_TIME];

	if (f[FACT_UP] != 1) {
		set(check, fail_in_live(check), f[FACT_UP] == 0 ? "down" : "unknown");
		give(check, REASON_ENGINE_DOWN);
		words_duration(now - f[FACT_HEARTBEAT], ago);
		if (ago[0] != '\0')
			say(check, "last heartbeat %s ago", ago);
		else
			say(check, "the time of its last heartbeat is not known");
	} else {
		check->status = HEALTH_OK;
		say_run(check, f);
	}
	if (f[FACT_LOSS] >= f[FACT_LOSS_LIMIT] && f[FACT_LOSS_LIMIT] > 0)
		add(check, REASON_DAILY_LOSS, HEALTH_FAIL, "daily loss",
		    "it has lost as much today as it may");
	if (f[FACT_GUARDS + TIER_GLOBAL] >= GUARD_BLOCK)
		add(check, REASON_ENGINE_BLOCKED, HEALTH_FAIL, "blocked",
		    "its global guard blocks all trading");
}

/* --- Positions --- */

/*
 * Money is at risk here.  The engine and an exchange that differ are always a
 * failure.  In live, so is all that cannot be known: unknown is not flat.  The
 * order matters: whether the positions can be read comes first, since counts of an
 * unreadable account mean nothing; a difference is looked at in any case, and
 * outweighs the rest.
 */

static void
say_source(struct health_check *check, const char *whose, double readable)
{
	if (readable == 0)
		say(check, "%s positions cannot be read", whose);
	else if (readable != 1)
		say(check, "the file does not say whether %s positions can be read", whose);
}

/* In live, not knowing what is open is as bad as knowing that it is wrong.
 * An engine that is not configured has no facts (NaN) and is no fault. */
static bool
judge_readable(const struct facts_check *facts, struct health_check *check)
{
	double there = facts->facts[FACT_READABLE], engine = facts->facts[FACT_READABLE + 1];

	if (there != 1)
		give(check, REASON_POSITIONS_UNREADABLE);
	if (engine != 1 && !isnan(engine))
		give(check, REASON_ENGINE_UNREADABLE);
	if (there == 1 && (engine == 1 || isnan(engine)))
		return true;
	set(check, fail_in_live(check), there == 0 || engine == 0 ? "unreadable" : "unknown");
	say_source(check, "its", there);
	if (!isnan(engine))
		say_source(check, "the engine's", engine);
	say_failures(check, facts);
	return false;
}

/* Judge positions that could be read. */
static void
judge_account(const struct facts_check *facts, struct health_check *check)
{
	const double *f = facts->facts;
	struct words state;

	set(check, HEALTH_OK, "flat");
	if (f[FACT_OPEN] > 0) {
		state = words_start(check->state, sizeof(check->state));
		words_add(&state, "%.12g open", f[FACT_OPEN]);
	}
	if (!isfinite(f[FACT_OPEN]))
		add(check, REASON_POSITIONS_UNREADABLE, fail_in_live(check), "unknown",
		    "how many are open is not known");
	if (f[FACT_READABLE + 1] == 1 && !isfinite(f[FACT_OPEN + 1]))
		add(check, REASON_ENGINE_UNREADABLE, fail_in_live(check), "unknown",
		    "how many the engine has is not known");
	if (f[FACT_LOCKED] == 1)
		add(check, REASON_ACCOUNT_LOCKED, HEALTH_WARN, "locked",
		    "the exchange has locked trading on the account");
	else if (f[FACT_LOCKED] > 0)
		add(check, REASON_ACCOUNT_LOCKED, HEALTH_WARN, "unknown",
		    "the file does not say whether trading on the account is locked");
	if (isnan(f[FACT_READABLE + 1]) && fail_in_live(check) == HEALTH_FAIL)
		add(check, REASON_POSITIONS_UNCHECKED, HEALTH_WARN, "unchecked",
		    "they are not compared with the engine's");
}

/* For all that both sides were read for, open_positions writes a mismatch, even if it is
 * 0.  No mismatch at all, although something is open, means that nothing was compared. */
static void
judge_difference(const struct facts_check *facts, struct health_check *check)
{
	const double *f = facts->facts;
	char more[48];
	struct words words = words_start(more, sizeof(more));

	if (f[FACT_MISMATCHES] > 0) {
		set(check, HEALTH_FAIL, facts->worst != 0 ? "differ" : "unknown");
		give(check, REASON_POSITIONS_DIFFER);
		check->differ_since = f[FACT_DIFFER_SINCE];
		words_copy(facts->worst_symbol, true, check->symbol, sizeof(check->symbol));
		if (f[FACT_MISMATCHES] > 1)
			words_add(&words, ", and %.12g more", f[FACT_MISMATCHES] - 1);
		if (facts->worst != 0)
			say(check, "%s differs by %.12g (engine minus exchange)%s", check->symbol,
			    facts->worst, more);
		else
			say(check, "the file does not say whether %s differs%s", check->symbol, more);
	} else if (isnan(f[FACT_MISMATCHES]) && f[FACT_READABLE] == 1 && f[FACT_READABLE + 1] == 1 &&
		   (f[FACT_OPEN] > 0 || f[FACT_OPEN + 1] > 0)) {
		add(check, REASON_POSITIONS_UNCOMPARED, HEALTH_FAIL, "unknown",
		    "the file does not say whether they differ from the engine's");
	}
}

static void
judge_key(const struct facts_check *facts, double now, struct health_check *check)
{
	if (facts->facts[FACT_WITHDRAW] == 1)
		add(check, REASON_KEY_WITHDRAW, HEALTH_WARN, "may withdraw", "its key may withdraw");
	if (facts->facts[FACT_KEY] - now < warning_days * day)
		add(check, REASON_KEY_EXPIRES, HEALTH_WARN, "key expires",
		    "its key expires within two weeks");
}

/* Positions at an exchange; or the engine's at exchanges that open_positions does not
 * read, of which only the number is known; or the exposure in a currency. */
static void
judge_positions(const struct facts_check *facts, double now, struct health_check *check)
{
	const double *f = facts->facts;

	if (!isnan(f[FACT_EXPOSURE]) && isnan(f[FACT_READABLE])) {
		set(check, HEALTH_OK, "known");
		if (f[FACT_EXPOSURE] != 1)
			add(check, REASON_EXPOSURE_UNKNOWN, HEALTH_WARN, "unknown",
			    "a price or a rate is missing, or an exchange cannot be read");
		return;
	}
	if (isnan(f[FACT_UNKNOWN_ROWS]) || !isnan(f[FACT_READABLE])) {
		if (judge_readable(facts, check))
			judge_account(facts, check);
		else
			say_until(check, "back-off", f[FACT_RETRY_AT], now);
		judge_difference(facts, check);
		judge_key(facts, now, check);
		return;
	}
	set(check, f[FACT_UNKNOWN_ROWS] == 0 ? HEALTH_OK : HEALTH_WARN,
	    f[FACT_UNKNOWN_ROWS] == 0 ? "checked" : "unchecked");
	if (f[FACT_UNKNOWN_ROWS] != 0)
		give(check, REASON_ENGINE_ROWS);
	if (isinf(f[FACT_UNKNOWN_ROWS]))
		say(check,
		    "the file does not say how many positions are at exchanges that are not configured");
	else if (f[FACT_UNKNOWN_ROWS] != 0)
		say(check, "positions at exchanges that are not configured: %.12g", f[FACT_UNKNOWN_ROWS]);
}

/* --- All --- */

/* What no collector measures any more: what was fine is not known to be fine now, and what
 * was bad stays bad.  Stopping a collector must not improve the verdict. */
static void
judge_stale(const struct freshness *fresh, struct health_check *check)
{
	enum health_status status = check->kind == KIND_POSITIONS ? fail_in_live(check) : HEALTH_WARN;

	if (check->status == HEALTH_OK)
		say(check, "was %s, but no longer measured: %s", check->state, fresh->why);
	else
		say(check, "no longer measured: %s", fresh->why);
	if (check->status < status)
		set(check, status, "stale");
	if (check->kind == KIND_PREFLIGHT)
		give(check, REASON_PREFLIGHT_STALE);
	else if (fresh->by_file)
		give(check, REASON_COLLECTOR_STALE);
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
	case KIND_EXCHANGE:
		judge_exchange(facts, now, check);
		judge_exchange_besides(facts, now, check);
		break;
	case KIND_POSITIONS: judge_positions(facts, now, check); break;
	case KIND_PREFLIGHT:
		judge_preflight(facts, check);
		if (check->status != HEALTH_OK)
			give(check, REASON_PREFLIGHT_NOT_READY);
		break;
	case KIND_ENGINE: judge_engine(facts, now, check); break;
	case KIND_FILE: return;
	}
	if (fresh->stale)
		judge_stale(fresh, check);
}
