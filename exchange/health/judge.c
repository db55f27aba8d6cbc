#include "exchange/health/judge.h"

bool
judge_may_ask(const struct history *history, double now)
{
	return history->banned_until <= now && history->retry_at <= now;
}

bool
judge_is_failed(const struct news *news)
{
	if (news->requests == 0)
		return false;
	return news->failures >= news->requests || (news->books > 0 && news->books_read == 0);
}

void
judge_compare_book(const struct book_history *history, struct book_news *news)
{
	news->compared = history->known;
	news->moved = history->known && history->mark != news->mark;
}

/*
 * A book that is still while all others are still too says nothing about the
 * venue: such a run neither counts nor ends the row.
 */
bool
judge_book(const struct judge_limits *limits, struct book_history *history, const struct book_news *news,
    bool others_moved)
{
	if (news->moved || !news->compared)
		history->unchanged_runs = 0;
	else if (others_moved)
		history->unchanged_runs++;
	history->known = true;
	history->mark = news->mark;
	/* Where nobody has traded for long the book may be alive all the same. */
	if (news->borrowed_age && news->moved)
		return false;
	return news->age > limits->frozen_age || history->unchanged_runs >= limits->frozen_runs;
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
remember_errors(struct history *history, const struct news *news, double now)
{
	double passed = now > history->asked_at ? now - history->asked_at : 0;
	double samples = history->error_samples * halved(passed / (double)ERROR_HALF_LIFE);
	double errors = history->error_ratio * samples + (double)news->failures;

	history->error_samples = samples + (double)news->requests;
	history->error_ratio = history->error_samples > 0 ? errors / history->error_samples : 0;
}

/* What a venue demands, within bounds: it may be hostile, or broken. */
static double
hold_until(double demanded, double now, double untold, double most)
{
	if (!(demanded > now))
		demanded = now + untold;
	return demanded < now + most ? demanded : now + most;
}

void
judge_remember(struct history *history, const struct news *news, double now)
{
	double until;

	if (news->requests == 0)
		return;
	history->runs++;
	remember_errors(history, news, now);
	history->asked_at = now;
	/* A refusal is an answer, but of no use: where there was nothing else it neither counts nor ends the
	 * row. */
	if (!judge_is_failed(news))
		history->failed_runs = 0;
	else if (news->failures > news->refusals)
		history->failed_runs++;
	if (news->banned) {
		until = hold_until(news->banned_until, now, BAN_LEAST, BAN_MOST);
		/* One answer of several may tell less: a ban is never shortened. */
		if (until > history->banned_until)
			history->banned_until = until;
	}
	if (news->throttled) {
		until = hold_until(news->retry_at, now, RETRY_UNTOLD, RETRY_MOST);
		if (until > history->retry_at)
			history->retry_at = until;
	}
	if (news->status_told || news->maintenance)
		history->maintenance = news->maintenance;
	if (news->symbols_asked)
		history->symbols_failed = news->symbols_failed;
}

/* 4800 of 6000 leave a fifth, whatever the computer makes of a fifth. */
static const double rounding = 1e-9;

static bool
is_degraded(const struct judge_limits *limits, const struct history *history, const struct news *news)
{
	return judge_is_failed(news) || news->throttled || news->latency_seconds > limits->latency_seconds ||
	       history->error_ratio > limits->error_ratio ||
	       1 - news->used_ratio < limits->headroom - rounding || news->books_standing > 0 ||
	       news->books_halted > 0 || news->restricted;
}

enum health
judge(const struct judge_limits *limits, const struct history *history, const struct news *news, double now)
{
	if (history->banned_until > now)
		return HEALTH_BANNED;
	if (history->maintenance)
		return HEALTH_MAINTENANCE;
	if (history->failed_runs >= limits->down_after)
		return HEALTH_DOWN;
	/* Not asked and not banned: it backs off. */
	if (news == NULL)
		return HEALTH_DEGRADED;
	if (news->requests == 0)
		return history->judged && history->health < HEALTH_DOWN ? history->health : HEALTH_DEGRADED;
	if (news->books_read > 0 && news->books_standing == news->books_read)
		return HEALTH_FROZEN;
	return is_degraded(limits, history, news) ? HEALTH_DEGRADED : HEALTH_HEALTHY;
}
