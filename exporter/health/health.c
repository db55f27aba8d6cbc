/*
 * From the files to a report, in this order: facts (facts.c), a check for each
 * of them (rules.c), checks of the files themselves and the verdict (verdict.c), and
 * last the positions for the page (positions.c).  The report owns copies of
 * all texts, so it outlives the next refresh of the store; the facts point
 * into the store and are released here.
 *
 * No fact is judged without its age, because a collector may have stopped while
 * its file stays.  A file says when its collector's last run ended and how often
 * it repeats, so a collector that stopped is found without any setting.  A run
 * that takes long or a busy machine must not raise an alarm: hence three
 * intervals, and 30 s on top, which matters for short intervals.  Where the file
 * gives no interval that can be, the setting --health.max-age decides.  A time far
 * in the future is as bad as an old one: the true age is not known.
 */

#include "exporter/health/health.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/health/rules.h"
#include "exporter/health/text.h"

/* What is made on the way to a report. */
struct making {
	const struct store *store;
	const struct health_settings *settings;
	double now;
	struct facts facts;
	double newest_run; /* of all collectors; NaN: none */
	size_t fresh;      /* collectors that are */
	struct health_report *report;
};

/* Clocks of one machine agree; this is for a clock that was just set, or files from another machine. */
static const double future_slack = 60;
/* Of a collector that repeats: runs it may miss, and seconds on top for those that repeat often. */
static const double intervals_missed = 3, interval_slack = 30;
/* No collector takes a longer interval (collectors/harness/main.c): a
 * longer one would hide that it stopped. */
static const double longest_interval = 86400;

static struct freshness
freshness_of(const struct making *making, double last_run, double interval)
{
	double now = making->now, max_age = making->settings->max_age;
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

static const struct freshness *
staler(const struct freshness *one, const struct freshness *other)
{
	if (one->stale != other->stale)
		return one->stale ? one : other;
	return other->age > one->age ? other : one;
}

/*
 * A check is as fresh as the collector of its file and env; if there are several, as the stalest one.  A file
 * without a collector's own metrics was not written by our harness: then its time of modification counts.
 */
static struct freshness
freshness_of_check(const struct making *making, const struct facts_check *check, size_t begin, size_t end)
{
	double modified = store_file(making->store, check->file)->modified;
	struct freshness found = { 0 }, other;
	bool any = false;

	for (size_t i = begin; i < end; i++) {
		const struct facts_check *collector = &making->facts.checks[i];

		if (collector->kind != KIND_COLLECTOR || !slice_equal(collector->env, check->env) ||
		    (check->kind == KIND_COLLECTOR && collector != check))
			continue;
		other =
		    freshness_of(making, collector->facts[FACT_LAST_RUN], collector->facts[FACT_INTERVAL]);
		found = any ? *staler(&found, &other) : other;
		any = true;
	}
	if (!any)
		found = freshness_of(making, modified >= 0 ? modified : NAN, NAN);
	found.by_file = !any;
	if (check->kind != KIND_PREFLIGHT || !health_has_verdict(check))
		return found;
	/* A run of preflight with --check has no verdict: the file then repeats
	 * the one of an older run, which is as old as that. */
	other = freshness_of(making, check->facts[FACT_VERDICT_AT], found.interval);
	return *staler(&other, &found);
}

/* A collector's picture is that of all that it measured. */
static void
show_histogram(const struct making *making, const struct facts_check *of, size_t begin, size_t end,
    struct health_check *check)
{
	struct histogram all = { .odd = false };

	if (of->kind != KIND_COLLECTOR) {
		histogram_show(&of->histogram, check);
		return;
	}
	for (size_t i = begin; i < end; i++)
		if (slice_equal(making->facts.checks[i].env, of->env))
			histogram_join(&all, &making->facts.checks[i].histogram);
	histogram_show(&all, check);
}

static double
last_success_of(const struct facts_check *facts)
{
	/* Its last verdict was a success only if it passed; the file does not say when an older one did. */
	if (facts->kind == KIND_PREFLIGHT)
		return facts->facts[FACT_PASSED] == 1 ? facts->facts[FACT_VERDICT_AT] : NAN;
	return facts->facts[facts->kind == KIND_ENGINE ? FACT_HEARTBEAT : FACT_LAST_SUCCESS];
}

static double
positive(double value)
{
	return value >= 0 && !isinf(value) ? value : NAN;
}

static void
make_check(struct making *making, size_t index, size_t begin, size_t end)
{
	struct facts_check *facts = &making->facts.checks[index];
	struct health_check *check = &making->report->checks[making->report->count++];
	struct freshness fresh = freshness_of_check(making, facts, begin, end);

	*check = (struct health_check){ .kind = facts->kind, .last_run = fresh.last_run, .age = fresh.age };
	words_copy(facts->name, true, check->name, sizeof(check->name));
	words_copy(facts->env, true, check->env, sizeof(check->env));
	words_copy(
	    SLICE(store_file(making->store, facts->file)->name), false, check->file, sizeof(check->file));
	check->interval = positive(fresh.interval);
	check->last_success = positive(last_success_of(facts));
	show_histogram(making, facts, begin, end, check);
	check->duration = facts->kind == KIND_COLLECTOR ? positive(facts->facts[FACT_DURATION])
							: positive(health_quantile(check, 0.5));
	health_judge(facts, &fresh, making->now, check);
	facts->stale = fresh.stale;
	/* An exposure that is known is no news. */
	if (!isnan(facts->facts[FACT_EXPOSURE]) && check->rules == 0)
		making->report->count--;
	if (facts->kind == KIND_COLLECTOR) {
		making->fresh += fresh.stale ? 0 : 1;
		/* A run in the future has no age, and must not count as the newest one. */
		if (!isnan(fresh.age) && !(fresh.last_run <= making->newest_run))
			making->newest_run = fresh.last_run;
	}
}

/* The checks of a file are side by side, and so can be looked at together. */
static void
make_checks(struct making *making)
{
	const struct facts *facts = &making->facts;

	for (size_t begin = 0, end; begin < facts->count; begin = end) {
		end = begin;
		while (end < facts->count && facts->checks[end].file == facts->checks[begin].file)
			end++;
		for (size_t i = begin; i < end; i++)
			make_check(making, i, begin, end);
	}
}

/* By kind, worst first, then by env and name; the file decides between two of the same name. */
static int
compare(const void *one, const void *other)
{
	const struct health_check *a = one, *b = other;
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->status != b->status)
		return a->status > b->status ? -1 : 1;
	order = strcmp(a->env, b->env);
	if (order == 0)
		order = strcmp(a->name, b->name);
	/* No two checks are equal, so the page and the summary
	 * do not change from one request to the next. */
	return order != 0 ? order : strcmp(a->file, b->file);
}

static int
make_report(struct making *making)
{
	struct health_report *report = making->report;

	for (size_t i = 0; i < store_count(making->store); i++) {
		const struct store_file *file = store_file(making->store, i);

		if (file->state == STORE_GOOD && facts_read(&making->facts, file, i) == -1)
			return -1;
	}
	/* The most that can be: then nothing below has to grow. */
	report->checks = calloc(HEALTH_CHECKS, sizeof(*report->checks));
	if (report->checks == NULL)
		return -1;
	make_checks(making);
	/* A file that was not looked at may hide anything. */
	report->more_checks = making->facts.more || store_left_out(making->store) > 0;
	health_files(making->store, &making->facts, report);
	health_missing(making->settings->expected, report);
	qsort(report->checks, report->count, sizeof(*report->checks), compare);
	if (health_reasons(report) == -1)
		return -1;
	health_decide(report, making->settings->directory, making->fresh, making->newest_run);
	return health_positions(making->store, &making->facts, report);
}

int
health_read(const struct store *store, const struct health_settings *settings, double now,
    struct health_report *report)
{
	struct making making = {
		.store = store, .settings = settings, .now = now, .newest_run = NAN, .report = report
	};
	int status;

	*report = (struct health_report){ .made_at = now };
	status = make_report(&making);
	facts_release(&making.facts);
	return status;
}

void
health_release(struct health_report *report)
{
	free(report->checks);
	free(report->positions);
	free(report->reasons);
	*report = (struct health_report){ 0 };
}
