/*
 * The rules for positions, where money is at risk.  The engine and an exchange
 * that differ are always a failure.  In live, so is all that cannot be known:
 * unknown is not flat.  The order matters: whether the positions can be read
 * comes first, since counts of an unreadable account mean nothing; a
 * difference is looked at in any case, and outweighs the rest.
 */

#include <math.h>

#include "exporter/health/rules.h"
#include "exporter/health/say.h"
#include "exporter/health/text.h"

/* Add a fault; the worst one becomes the state, and all of them are reasons. */
static void
add(struct health_check *check, enum health_status status, const char *state, const char *reason)
{
	if (status > check->status)
		health_set(check, status, state);
	health_say(check, reason);
}

static void
say_source(struct health_check *check, const char *whose, double readable)
{
	char text[96];
	struct words words = words_start(text, sizeof(text));

	if (readable == 1)
		return;
	if (readable == 0)
		words_add(&words, "%s positions cannot be read", whose);
	else
		words_add(&words, "nobody says whether %s positions can be read", whose);
	health_say(check, text);
}

/* In live, not knowing what is open is as bad as knowing that it is wrong.
 * An engine that is not configured has no facts (NaN) and is no fault. */
static bool
judge_readable(const struct facts_check *facts, struct health_check *check)
{
	double there = facts->facts[FACT_READABLE], engine = facts->facts[FACT_READABLE + 1];

	if (there == 1 && (engine == 1 || isnan(engine)))
		return true;
	health_set(check, health_fail_in_live(check), there == 0 || engine == 0 ? "unreadable" : "unknown");
	say_source(check, "its", there);
	if (!isnan(engine))
		say_source(check, "the engine's", engine);
	health_say_failures(check, facts);
	return false;
}

/* Judge positions that could be read. */
static void
judge_account(const struct facts_check *facts, struct health_check *check)
{
	const double *f = facts->facts;
	struct words state;

	health_set(check, HEALTH_OK, "flat");
	if (f[FACT_OPEN] > 0) {
		state = words_start(check->state, sizeof(check->state));
		words_add(&state, "%.12g open", f[FACT_OPEN]);
	}
	if (!isfinite(f[FACT_OPEN]))
		add(check, health_fail_in_live(check), "unknown", "how many are open is not known");
	if (f[FACT_READABLE + 1] == 1 && !isfinite(f[FACT_OPEN + 1]))
		add(check, health_fail_in_live(check), "unknown", "how many the engine has is not known");
	if (f[FACT_LOCKED] == 1)
		add(check, HEALTH_WARN, "locked", "the exchange has locked trading on the account");
	else if (f[FACT_LOCKED] > 0)
		add(check, HEALTH_WARN, "unknown", "nobody says whether trading on the account is locked");
	if (isnan(f[FACT_READABLE + 1]) && health_fail_in_live(check) == HEALTH_FAIL)
		add(check, HEALTH_WARN, "unchecked", "nobody compares them with the engine's");
}

static void
say_difference(struct health_check *check, const struct facts_check *facts)
{
	char text[HEALTH_REASON], symbol[HEALTH_NAME];
	struct words words = words_start(text, sizeof(text));

	words_label(facts->worst_symbol, symbol, sizeof(symbol));
	if (facts->worst != 0)
		words_add(&words, "%s differs by %.12g (engine minus exchange)", symbol, facts->worst);
	else
		words_add(&words, "nobody knows whether %s differs", symbol);
	if (facts->facts[FACT_MISMATCHES] > 1)
		words_add(&words, ", and %.12g more", facts->facts[FACT_MISMATCHES] - 1);
	health_say(check, text);
}

/* For all that both sides were read for, open_positions writes a mismatch, even if it is
 * 0.  No mismatch at all, although something is open, means that nothing was compared. */
static void
judge_difference(const struct facts_check *facts, struct health_check *check)
{
	const double *f = facts->facts;

	if (f[FACT_MISMATCHES] > 0) {
		health_set(check, HEALTH_FAIL, facts->worst != 0 ? "differ" : "unknown");
		say_difference(check, facts);
	} else if (isnan(f[FACT_MISMATCHES]) && f[FACT_READABLE] == 1 && f[FACT_READABLE + 1] == 1 &&
		   (f[FACT_OPEN] > 0 || f[FACT_OPEN + 1] > 0)) {
		add(check, HEALTH_FAIL, "unknown", "nobody knows whether they differ from the engine's");
	}
}

/* The engine's positions at exchanges that open_positions does not read: only their number is known. */
static void
judge_unknown_rows(double rows, struct health_check *check)
{
	char text[96];
	struct words words = words_start(text, sizeof(text));

	if (rows == 0) {
		health_set(check, HEALTH_OK, "checked");
		return;
	}
	if (isinf(rows))
		words_add(&words, "nobody knows how many positions are at exchanges that are not configured");
	else
		words_add(&words, "positions at exchanges that are not configured: %.12g", rows);
	health_set(check, HEALTH_WARN, "unchecked");
	health_say(check, text);
}

void
health_judge_positions(const struct facts_check *facts, double now, struct health_check *check)
{
	const double *f = facts->facts;

	/* This check is about the engine's unknown rows, not about an exchange. */
	if (!isnan(f[FACT_UNKNOWN_ROWS]) && isnan(f[FACT_READABLE])) {
		judge_unknown_rows(f[FACT_UNKNOWN_ROWS], check);
		return;
	}
	if (judge_readable(facts, check))
		judge_account(facts, check);
	else
		health_say_until(check, "left alone", f[FACT_RETRY_AT], now);
	judge_difference(facts, check);
}
