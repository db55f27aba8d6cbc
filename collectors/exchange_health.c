/*
 * exchange_health: can the bot trade there now, and would what it sees be true?
 *
 * All exchanges are asked at once, by their profiles.  One that has banned us, or told us to slow
 * down, is not asked at all until the time it said: exchanges ban those who go on asking.  So a run
 * begins with the ban list, and asks no exchange if that cannot be read.
 *
 * Judging needs all exchanges together before each alone: whether our clock or theirs is wrong, and
 * whether a market stands still or only one exchange's copy of it, shows in the comparison.  This
 * file keeps the order of steps; exchange/health/ judges.
 */

#include <stdio.h>
#include <stdlib.h>

#include "collectors/exchange_health/report.h"
#include "collectors/harness/collector.h"
#include "common/system/time.h"
#include "contract/exchange_health.h"
#include "exchange/ban_list.h"
#include "exchange/client.h"
#include "exchange/health/assess.h"
#include "exchange/health/budget.h"
#include "exchange/health/history.h"
#include "exchange/health/venues.h"
#include "exchange/options.h"
#include "probes/http/http.h"

enum {
	BODY_LIMIT = 256 * 1024,
	CONNECTIONS = 128,
};

static const struct option options[] = {
	/* It is not among the shared options, because preflight has it with another default. */
	{ .name = "weight.limit",
	    .argument = "N",
	    .fallback = "100",
	    .help =
		"how much of one exchange's rate limit a run may use at most, in the exchange's weights" },
	{ 0 },
};

static const struct option *const shared_options[] = { exchange_options, judge_options, NULL };

struct exchange_health {
	struct venues venues;
	struct judge_limits limits;
	struct http_client *client;
};

/* Settings ----------------------------------------------------------- */

static void
exchange_health_close(void *closing)
{
	struct exchange_health *s = closing;

	if (s == NULL)
		return;
	http_client_free(s->client);
	venues_release(&s->venues);
	free(s);
}

static int
exchange_health_open(const struct options *given, struct secrets *secrets, void **state, struct failure *why)
{
	struct exchange_health *s = calloc(1, sizeof(*s));

	/* What is asked here is public: no key is needed. */
	if (s == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (judge_limits_read(&s->limits, given, why) == 0 && venues_open(&s->venues, given, why) == 0 &&
	    budget_check(&s->venues, NULL, given, s->limits.headroom, why) == 0 &&
	    (s->client = exchange_client(given, secrets, BODY_LIMIT, CONNECTIONS, why)) != NULL) {
		*state = s;
		return 0;
	}
	exchange_health_close(s);
	return -1;
}

/* Run ---------------------------------------------------------------- */

static double
later(double a, double b)
{
	return a > b ? a : b;
}

/* Reads what is known of it from earlier runs and from the ban list.  Returns whether it may be asked. */
static bool
read_history(struct health_venue *venue, const struct metrics *last, const struct ban_list *bans, double now)
{
	const struct ban listed = ban_list_find(bans, venue_url(venue));
	/* A loop also holds to a ban that it met and could not write into the list. */
	const struct history met = venue->history;

	history_read(last, venue->name, now, &venue->history);
	venue->history.banned_until =
	    later(listed.banned_until, ban_in_force(met.banned_until, now, BAN_MOST));
	venue->history.retry_at = later(listed.retry_at, ban_in_force(met.retry_at, now, RETRY_MOST));
	for (size_t i = 0; i < venue->book_count; i++)
		history_read_book(last, venue->name, venue->symbols[i], &venue->books[i].history);
	return judge_may_ask(&venue->history, now);
}

static void
log_held_back(struct run *run, const struct health_venue *venue, double now)
{
	const struct history *history = &venue->history;
	bool banned = history->banned_until > now;
	struct failure why = { 0 };
	char until[TIME_TEXT];

	(void)failure_set(&why, FAILURE_REJECTED, "not asked: the exchange %s until %s",
	    banned ? "has banned this address" : "wants fewer requests, so it gets none",
	    time_text(banned ? history->banned_until : history->retry_at, until));
	run_failed(run, venue->name, &why);
}

/* A venue has one line, however many of its requests failed: the first says why. */
static void
log_failure(struct run *run, const struct health_venue *venue, const struct assessment *assessment)
{
	const struct exchange_reading *reading = venue->reading;
	const struct request_reading *request = reading->requests;
	const char *endpoint, *symbol = "";
	struct failure why;

	if (assessment->failures == 0)
		return;
	/* There is one, or the count of failures would be 0. */
	while (request->failure.kind == FAILURE_NONE)
		request++;
	endpoint = endpoint_name(request->endpoint);
	if (venue->profile->endpoints[request->endpoint].per_symbol)
		symbol = venue->symbols[request->symbol];
	why = request->failure;
	(void)failure_prefix(&why, "%zu of %zu requests failed: %s%s%s", assessment->failures,
	    assessment->requests, endpoint, *symbol != '\0' ? " " : "", symbol);
	run_failed(run, venue->name, &why);
}

static void
log_change(struct run *run, const struct health_venue *venue, enum health health)
{
	char text[64];

	/* In the first run everything would be a change. */
	if (!venue->history.judged || venue->history.health == health)
		return;
	(void)snprintf(
	    text, sizeof(text), "was %s, is %s", health_name(venue->history.health), health_name(health));
	run_log_warning(run, venue->name, text);
}

/* This comes before anything else can fail: other programs ask from the same address. */
static void
publish_ban(struct run *run, const struct health_venue *venue, double now)
{
	const struct ban ban = { venue->history.banned_until, venue->history.retry_at };
	struct failure why = { 0 };

	if (ban_list_raise(run_directory(run), venue_url(venue), ban, now, run_deadline(run), &why) == 0)
		return;
	(void)failure_prefix(&why, "its ban cannot be kept for other programs");
	run_failed(run, venue->name, &why);
}

static void
publish_asked(const struct exchange_health *s, struct health_venue *venue,
    const struct exchange_target *target, struct run *run, double now)
{
	struct metrics *m = run_metrics(run);
	struct assessment assessment;
	enum health health;
	bool failed;

	assess_venue(venue, target, s->venues.seconds, &assessment);
	assess_judge_books(&s->venues, venue, &s->limits, &assessment);
	/* This comes before judge(), which counts failed runs in a row, this one included. */
	judge_remember(&venue->history, &assessment, now);
	if (assessment.banned || assessment.throttled)
		publish_ban(run, venue, now);
	health = judge(&s->limits, &venue->history, &assessment, now);
	failed = judge_is_failed(&assessment);
	report_venue(m, venue, assessment.requests > 0 && !failed, now);
	/* A run that asked nothing has learnt nothing: what is in the file stays. */
	if (assessment.requests > 0)
		history_write(m, venue->name, &venue->history, now);
	/* Whether a symbol is tradable is known no longer when the exchange fails, unless it just said so. */
	for (size_t i = 0; i < venue->book_count; i++)
		history_write_book(m, venue->name, venue->symbols[i], &venue->books[i].history,
		    !failed || venue->books[i].assessment.tradable >= 0);
	history_write_health(m, venue->name, health);
	log_failure(run, venue, &assessment);
	log_change(run, venue, health);
}

/* It still has a state, by what is remembered. */
static void
publish_not_asked(
    const struct exchange_health *s, const struct health_venue *venue, struct run *run, double now)
{
	enum health health = judge(&s->limits, &venue->history, NULL, now);

	report_venue(run_metrics(run), venue, false, now);
	history_write_hold(run_metrics(run), venue->name, &venue->history, now);
	history_write_health(run_metrics(run), venue->name, health);
	log_change(run, venue, health);
}

/* Ask all that may be asked.  Returns how many; 0 when memory ran out, which is logged. */
static size_t
ask(struct exchange_health *s, const struct metrics *last, const struct ban_list *bans, struct run *run,
    double now)
{
	struct venues *v = &s->venues;
	struct failure why = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < v->count; i++) {
		struct health_venue *venue = &v->items[i];

		if (!read_history(venue, last, bans, now)) {
			log_held_back(run, venue, now);
			continue;
		}
		venue_choose(venue, &v->targets[count]);
		/* Targets and readings stand side by side from the front: the probe takes no gaps. */
		venue->reading = &v->readings[count++];
	}
	/* Without memory there are no readings: it is as if no exchange had been asked. */
	if (count == 0 ||
	    exchange_probe(s->client, v->targets, count, run_deadline(run), v->readings, &why) == 0)
		return count;
	for (size_t i = 0; i < v->count; i++)
		v->items[i].reading = NULL;
	run_failed(run, "exchanges", &why);
	return 0;
}

/* False: which exchanges are banned is not known, so none is queried. */
static bool
read_bans(struct ban_list *bans, const struct metrics *last, struct run *run, double now)
{
	struct failure why = { 0 };
	bool known = ban_list_read(bans, run_directory(run), now, &why) == 0;

	if (!known)
		(void)failure_prefix(&why, "the ban list could not be read, so no exchange is queried");
	/* The harness says why.  Without its history a run would forget failed runs and lose counters. */
	else if (last == NULL)
		(void)failure_set(&why, FAILURE_LOCAL,
		    "the last published file could not be read, so no exchange is queried");
	/* The lines that could be read still hold. */
	else
		why = bans->damage;
	if (why.kind != FAILURE_NONE)
		run_failed(run, "exchanges", &why);
	return known && last != NULL;
}

static void
publish(struct exchange_health *s, struct run *run, double now)
{
	struct venues *v = &s->venues;

	/* This comes first, because the age of a book is reckoned by the clock that is believed. */
	assess_compare_clocks(v);
	for (size_t i = 0; i < v->count; i++)
		if (v->items[i].reading != NULL)
			assess_read_books(&v->items[i]);
	/* All books are read now: one that did not change counts only if its market moved elsewhere. */
	for (size_t i = 0; i < v->count; i++) {
		struct health_venue *venue = &v->items[i];

		if (venue->reading != NULL)
			publish_asked(s, venue, &v->targets[venue->reading - v->readings], run, now);
		else
			publish_not_asked(s, venue, run, now);
	}
}

static void
exchange_health_collect(void *state, struct run *run)
{
	struct exchange_health *s = state;
	struct venues *v = &s->venues;
	const struct metrics *last = run_last(run);
	double started = clock_unix_seconds();
	struct ban_list bans;
	size_t asked;

	for (size_t i = 0; i < v->count; i++)
		v->items[i].reading = NULL;
	if (read_bans(&bans, last, run, started)) {
		asked = ask(s, last, &bans, run, started);
		/* The time is that after asking: a ban for which no end was named begins now. */
		publish(s, run, clock_unix_seconds());
		exchange_readings_release(v->readings, asked);
	} else {
		for (size_t i = 0; i < v->count; i++)
			/* Without this the counters of all exchanges would disappear with this run. */
			report_venue(run_metrics(run), &v->items[i], false, started);
	}
	ban_list_release(&bans);
}

const struct collector collector = {
	.name = "exchange_health",
	.summary = "ask crypto exchanges whether they are healthy, and judge what they answer",
	.options = options,
	.shared_options = shared_options,
	.families = exchange_families,
	.family_count = EXCHANGE_FAMILIES,
	.open = exchange_health_open,
	.collect = exchange_health_collect,
	.close = exchange_health_close,
};
