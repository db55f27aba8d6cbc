#include "exporter/health.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/health_positions.h"
#include "exporter/health_rules.h"
#include "exporter/words.h"

/* What is made on the way to a report. */
struct making {
	const struct store *store;
	const struct health_settings *settings;
	double now;
	struct facts facts;
	bool *stale;       /* of each of the facts' checks */
	double newest_run; /* of all collectors; NaN: none */
	size_t fresh;      /* collectors that are */
	struct health_report *report;
};

/* Where something else than our harness wrote the file, its time has to do. */
static struct freshness
freshness_of_file(const struct making *making, size_t file)
{
	double modified = store_file(making->store, file)->modified;

	return freshness_of(modified >= 0 ? modified : NAN, NAN, making->settings->max_age, making->now);
}

static struct freshness
freshness_of_collector(const struct making *making, const struct facts_check *collector)
{
	return freshness_of(collector->facts[FACT_LAST_RUN], collector->facts[FACT_INTERVAL],
	    making->settings->max_age, making->now);
}

/* A check is as fresh as the collector of its file and env; as the stalest, should there be several. */
static struct freshness
freshness_of_check(const struct making *making, const struct facts_check *check, size_t begin, size_t end)
{
	struct freshness found = { 0 };
	bool any = false;

	for (size_t i = begin; i < end; i++) {
		const struct facts_check *collector = &making->facts.checks[i];
		struct freshness fresh;

		if (collector->kind != CHECK_COLLECTOR || !slice_equal(collector->env, check->env))
			continue;
		fresh = freshness_of_collector(making, collector);
		if (!any || (fresh.stale && !found.stale) ||
		    (fresh.stale == found.stale && fresh.age > found.age))
			found = fresh;
		any = true;
	}
	return any ? found : freshness_of_file(making, check->file);
}

/* A collector's picture is that of all it measured. */
static void
show_histogram(const struct making *making, const struct facts_check *of, size_t begin, size_t end,
    struct health_check *check)
{
	struct histogram all = { .odd = false };

	if (of->kind != CHECK_COLLECTOR) {
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
	double passed = facts->facts[FACT_PASSED];

	/* Preflight's gauge is 0 or 1; should it ever be a time, it is one. */
	if (facts->kind == CHECK_PREFLIGHT)
		return passed > 1 ? passed : NAN;
	return facts->facts[FACT_LAST_SUCCESS];
}

static double
positive(double value)
{
	return value >= 0 && !isinf(value) ? value : NAN;
}

static void
make_check(struct making *making, size_t index, size_t begin, size_t end)
{
	const struct facts_check *facts = &making->facts.checks[index];
	struct health_check *check = &making->report->checks[making->report->count++];
	struct freshness fresh = freshness_of_check(making, facts, begin, end);

	if (facts->kind == CHECK_COLLECTOR)
		fresh = freshness_of_collector(making, facts);
	*check = (struct health_check){ .kind = facts->kind, .last_run = fresh.last_run, .age = fresh.age };
	words_label(facts->name, check->name, sizeof(check->name));
	words_label(facts->env, check->env, sizeof(check->env));
	words_clean(SLICE(store_file(making->store, facts->file)->name), check->file, sizeof(check->file));
	check->interval = positive(fresh.interval);
	check->last_success = positive(last_success_of(facts));
	show_histogram(making, facts, begin, end, check);
	check->duration = facts->kind == CHECK_COLLECTOR ? positive(facts->facts[FACT_DURATION])
							 : positive(health_quantile(check, 0.5));
	health_judge(facts, &fresh, making->now, check);
	making->stale[index] = fresh.stale;
	if (facts->kind == CHECK_COLLECTOR) {
		making->fresh += fresh.stale ? 0 : 1;
		if (!isnan(fresh.age) && !(fresh.last_run <= making->newest_run))
			making->newest_run = fresh.last_run;
	}
}

/* Those of one file after the other: they are side by side. */
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

static struct health_check *
add_file(struct making *making, const struct store_file *file)
{
	struct health_report *report = making->report;
	struct health_check *check;

	if (report->count == HEALTH_CHECKS) {
		report->more_checks = true;
		return NULL;
	}
	check = &report->checks[report->count++];
	*check = (struct health_check){ .kind = CHECK_FILE,
		.last_run = NAN,
		.last_success = NAN,
		.age =
		    file->modified >= 0 && file->modified <= making->now ? making->now - file->modified : NAN,
		.interval = NAN,
		.duration = NAN };
	words_clean(SLICE(file->name), check->name, sizeof(check->name));
	words_clean(SLICE(file->name), check->file, sizeof(check->file));
	return check;
}

static void
make_file(struct making *making, const struct store_file *file)
{
	struct health_check *check;
	struct words state, reason;

	if ((file->state == STORE_GOOD && file->dropped == 0) || (check = add_file(making, file)) == NULL)
		return;
	state = words_start(check->state, sizeof(check->state));
	if (file->state != STORE_GOOD) {
		check->status = HEALTH_FAIL;
		words_add(&state, "%s", store_state_name(file->state));
		words_clean(SLICE(file->reason), check->reason, sizeof(check->reason));
		return;
	}
	check->status = HEALTH_WARN;
	words_add(&state, "in part");
	reason = words_start(check->reason, sizeof(check->reason));
	words_add(&reason, "faults for which a part of it is left out: %ld", file->dropped);
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
	return order != 0 ? order : strcmp(a->file, b->file);
}

static int
read_files(struct making *making)
{
	for (size_t i = 0; i < store_count(making->store); i++) {
		const struct store_file *file = store_file(making->store, i);

		if (file->state != STORE_GOOD)
			continue;
		making->report->good_files++;
		if (facts_read(&making->facts, file, i) == -1)
			return -1;
	}
	return 0;
}

static int
make_report(struct making *making)
{
	struct health_report *report = making->report;

	if (read_files(making) == -1)
		return -1;
	report->checks = calloc(HEALTH_CHECKS, sizeof(*report->checks));
	making->stale = calloc(HEALTH_CHECKS, sizeof(*making->stale));
	if (report->checks == NULL || making->stale == NULL)
		return -1;
	make_checks(making);
	for (size_t i = 0; i < store_count(making->store); i++)
		make_file(making, store_file(making->store, i));
	report->more_checks = report->more_checks || making->facts.more;
	qsort(report->checks, report->count, sizeof(*report->checks), compare);
	health_decide(report, making->settings->directory, making->fresh, making->newest_run);
	return health_positions(making->store, &making->facts, making->stale, report);
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
	facts_init(&making.facts);
	status = make_report(&making);
	facts_release(&making.facts);
	free(making.stale);
	return status;
}

void
health_release(struct health_report *report)
{
	free(report->checks);
	free(report->positions);
	*report = (struct health_report){ 0 };
}
