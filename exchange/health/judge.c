/*
 * The state of an exchange, by rules that a person can check: docs/metrics.md, "States".
 *
 * A single bad run proves little: "down" takes several in a row, errors count as a ratio that fades, and a
 * book stands still only when others move or its time is old.  A ban or maintenance is believed at once:
 * the exchange says it itself.
 */

#include "exchange/health/judge.h"

bool
judge_may_ask(const struct history *history, double now)
{
	return history->banned_until <= now && history->retry_at <= now;
}

bool
judge_is_failed(const struct assessment *assessment)
{
	if (assessment->requests == 0)
		return false;
	return assessment->failures >= assessment->requests ||
	       (assessment->books > 0 && assessment->books_read == 0);
}

void
judge_compare_book(const struct book_history *history, struct book_assessment *assessment)
{
	assessment->compared = history->known;
	assessment->moved = history->known && history->mark != assessment->mark;
}

/*
 * A book that is still while all others are still too says nothing about the
 * venue: such a run neither counts nor ends the row.
 */
bool
judge_book(const struct judge_limits *limits, struct book_history *history,
    const struct book_assessment *assessment, bool others_moved)
{
	if (assessment->moved || !assessment->compared)
		history->unchanged_runs = 0;
	else if (others_moved)
		history->unchanged_runs++;
	history->known = true;
	history->mark = assessment->mark;
	/* The age is that of a trade or a level, and may be high in a quiet market whose book is alive. */
	if (assessment->borrowed_age && assessment->moved)
		return false;
	return assessment->age > limits->frozen_age || history->unchanged_runs >= limits->frozen_runs;
}

/*
 * 2^-x for x >= 0 without libm, which the programs are not linked with: the
 * whole part by halving, the rest by its series.
 */
static double
halved(double x)
{
	double result = 1, term = 1, rest;

	if (!(x < 60))
		return 0;
	rest = (x - (int)x) * -0.69314718055994531;
	for (int i = (int)x; i > 0; i--)
		result /= 2;
	x = 0;
	for (int i = 1; i <= 16; i++) {
		x += term;
		term *= rest / i;
	}
	return result * x;
}

/* Requests fade with time, not with runs: the ratio means the same from cron and in a tight loop. */
static void
remember_errors(struct history *history, const struct assessment *assessment, double now)
{
	double passed = now > history->asked_at ? now - history->asked_at : 0;
	double samples = history->error_samples * halved(passed / (double)ERROR_HALF_LIFE);
	double errors = history->error_ratio * samples + (double)assessment->failures;

	history->error_samples = samples + (double)assessment->requests;
	history->error_ratio = history->error_samples > 0 ? errors / history->error_samples : 0;
}

void
judge_remember(struct history *history, const struct assessment *assessment, double now)
{
	double until;

	if (assessment->requests == 0)
		return;
	history->runs++;
	remember_errors(history, assessment, now);
	history->asked_at = now;
	/* A refusal is an answer, but of no use: a run of refusals neither counts nor ends the row. */
	if (!judge_is_failed(assessment))
		history->failed_runs = 0;
	else if (assessment->failures > assessment->refusals)
		history->failed_runs++;
	if (assessment->banned) {
		until = ban_hold_until(assessment->banned_until, now, BAN_LEAST, BAN_MOST);
		/* One answer of several may tell less: a ban is never shortened. */
		if (until > history->banned_until)
			history->banned_until = until;
	}
	if (assessment->throttled) {
		until = ban_hold_until(assessment->retry_at, now, RETRY_UNTOLD, RETRY_MOST);
		if (until > history->retry_at)
			history->retry_at = until;
	}
	if (assessment->status_told || assessment->maintenance)
		history->maintenance = assessment->maintenance;
	if (assessment->symbols_asked)
		history->symbols_failed = assessment->symbols_failed;
}

bool
judge_certificate_ends(double expiry, double now)
{
	return expiry > 0 && expiry < now + (double)CERTIFICATE_LEAST;
}

/* 4800 of 6000 leave a fifth, but as a binary number 1 - 0.8 is less than 0.2. */
static const double rounding = 1e-9;

static bool
is_degraded(const struct judge_limits *limits, const struct history *history,
    const struct assessment *assessment, double now)
{
	return judge_is_failed(assessment) || assessment->throttled ||
	       assessment->latency_seconds > limits->latency_seconds ||
	       history->error_ratio > limits->error_ratio ||
	       1 - assessment->used_ratio < limits->headroom - rounding || assessment->books_standing > 0 ||
	       assessment->books_halted > 0 || assessment->restricted ||
	       judge_certificate_ends(assessment->certificate_expiry, now);
}

enum health
judge(const struct judge_limits *limits, const struct history *history, const struct assessment *assessment,
    double now)
{
	if (history->banned_until > now)
		return HEALTH_BANNED;
	if (history->maintenance)
		return HEALTH_MAINTENANCE;
	if (history->failed_runs >= limits->down_after)
		return HEALTH_DOWN;
	/* Not asked and not banned: it backs off. */
	if (assessment == NULL)
		return HEALTH_DEGRADED;
	if (assessment->requests == 0)
		return history->judged && history->health < HEALTH_DOWN ? history->health : HEALTH_DEGRADED;
	if (assessment->books_read > 0 && assessment->books_standing == assessment->books_read)
		return HEALTH_FROZEN;
	return is_degraded(limits, history, assessment, now) ? HEALTH_DEGRADED : HEALTH_HEALTHY;
}
