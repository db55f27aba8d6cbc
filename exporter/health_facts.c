#include "exporter/health_facts.h"

#include <math.h>
#include <stdlib.h>

#include "textfile/number.h"
#include "textfile/room.h"

const char *const health_failures[] = { "resolve", "connect", "tls", "auth", "timeout", "rejected",
	"protocol", "local", NULL };
const char *const health_states[] = { "healthy", "degraded", "down", "frozen", "banned", "maintenance",
	NULL };
const char *const health_preflight_checks[] = { "environment", "secrets", "live_guard", "redis", "postgres",
	"exchange_health", "open_positions", "git_safety", NULL };
static const char *const sources[] = { "exchange", "engine", NULL };

/* How many checks of a kind there is room for: together HEALTH_CHECKS, so that no kind can crowd out another.
 */
static const size_t shares[HEALTH_KINDS] = {
	[CHECK_COLLECTOR] = 64,
	[CHECK_REDIS] = 64,
	[CHECK_POSTGRES] = 64,
	[CHECK_EXCHANGE] = 128,
	[CHECK_POSITIONS] = 128,
	[CHECK_PREFLIGHT] = 16,
	[CHECK_FILE] = 48,
};

/* What becomes of a sample's value when there is one of another sample already. */
enum joining { LEAST, MOST, SUM, ZEROS, DIFFERENCES, BUCKETS };

/* One row: a family, what it is about, and where its values go. */
struct family_rule {
	const char *family;
	bool makes; /* a check is there because of it; others outlive what they are about (`kept` gauges,
		       counters) */
	enum health_kind kind;
	const char *name; /* the label that names the check, or "=" and the name itself */
	enum fact fact;   /* the first of several with `choices` */
	enum joining joining;
	const char *label; /* whose value is one of `choices` */
	const char *const *choices;
	const char *only; /* value of label `status`, others do not count; or NULL */
};

static const struct family_rule rules[] = {
	{ "arbitrage_collector_success", true, CHECK_COLLECTOR, "collector", FACT_UP, LEAST, NULL, NULL,
	    NULL },
	{ "arbitrage_collector_duration_seconds", false, CHECK_COLLECTOR, "collector", FACT_DURATION, MOST,
	    NULL, NULL, NULL },
	{ "arbitrage_collector_interval_seconds", false, CHECK_COLLECTOR, "collector", FACT_INTERVAL, LEAST,
	    NULL, NULL, NULL },
	{ "arbitrage_collector_last_run_timestamp_seconds", true, CHECK_COLLECTOR, "collector", FACT_LAST_RUN,
	    LEAST, NULL, NULL, NULL },
	{ "arbitrage_collector_last_success_timestamp_seconds", false, CHECK_COLLECTOR, "collector",
	    FACT_LAST_SUCCESS, LEAST, NULL, NULL, NULL },
	{ "arbitrage_collector_failures_total", false, CHECK_COLLECTOR, "collector", FACT_FAILURES, SUM,
	    "kind", health_failures, NULL },

	{ "arbitrage_redis_up", true, CHECK_REDIS, "target", FACT_UP, LEAST, NULL, NULL, NULL },
	{ "arbitrage_redis_last_success_timestamp_seconds", false, CHECK_REDIS, "target", FACT_LAST_SUCCESS,
	    LEAST, NULL, NULL, NULL },
	{ "arbitrage_redis_failures_total", false, CHECK_REDIS, "target", FACT_FAILURES, SUM, "kind",
	    health_failures, NULL },
	{ "arbitrage_redis_latency_seconds", false, CHECK_REDIS, "target", 0, BUCKETS, NULL, NULL, NULL },

	{ "arbitrage_postgres_up", true, CHECK_POSTGRES, "target", FACT_UP, LEAST, NULL, NULL, NULL },
	{ "arbitrage_postgres_last_success_timestamp_seconds", false, CHECK_POSTGRES, "target",
	    FACT_LAST_SUCCESS, LEAST, NULL, NULL, NULL },
	{ "arbitrage_postgres_failures_total", false, CHECK_POSTGRES, "target", FACT_FAILURES, SUM, "kind",
	    health_failures, NULL },
	{ "arbitrage_postgres_latency_seconds", false, CHECK_POSTGRES, "target", 0, BUCKETS, NULL, NULL,
	    NULL },

	{ "arbitrage_exchange_up", true, CHECK_EXCHANGE, "exchange", FACT_UP, LEAST, NULL, NULL, NULL },
	{ "arbitrage_exchange_health_state", true, CHECK_EXCHANGE, "exchange", FACT_STATE, MOST, "state",
	    health_states, NULL },
	{ "arbitrage_exchange_last_success_timestamp_seconds", false, CHECK_EXCHANGE, "exchange",
	    FACT_LAST_SUCCESS, LEAST, NULL, NULL, NULL },
	{ "arbitrage_exchange_banned_until_timestamp_seconds", false, CHECK_EXCHANGE, "exchange",
	    FACT_BANNED_UNTIL, MOST, NULL, NULL, NULL },
	{ "arbitrage_exchange_retry_at_timestamp_seconds", false, CHECK_EXCHANGE, "exchange", FACT_RETRY_AT,
	    MOST, NULL, NULL, NULL },
	{ "arbitrage_exchange_failed_runs", false, CHECK_EXCHANGE, "exchange", FACT_FAILED_RUNS, MOST, NULL,
	    NULL, NULL },
	{ "arbitrage_exchange_error_ratio", false, CHECK_EXCHANGE, "exchange", FACT_ERROR_RATIO, MOST, NULL,
	    NULL, NULL },
	{ "arbitrage_exchange_symbol_tradable", false, CHECK_EXCHANGE, "exchange", FACT_HALTED, ZEROS, NULL,
	    NULL, NULL },
	{ "arbitrage_exchange_request_failures_total", false, CHECK_EXCHANGE, "exchange", FACT_FAILURES, SUM,
	    "kind", health_failures, NULL },
	{ "arbitrage_exchange_request_duration_seconds", false, CHECK_EXCHANGE, "exchange", 0, BUCKETS, NULL,
	    NULL, NULL },

	{ "arbitrage_positions_readable", true, CHECK_POSITIONS, "exchange", FACT_READABLE, LEAST, "source",
	    sources, NULL },
	{ "arbitrage_open_positions", false, CHECK_POSITIONS, "exchange", FACT_OPEN, MOST, "source", sources,
	    NULL },
	{ "arbitrage_position_mismatch", true, CHECK_POSITIONS, "exchange", FACT_MISMATCHES, DIFFERENCES,
	    NULL, NULL, NULL },
	{ "arbitrage_account_last_success_timestamp_seconds", false, CHECK_POSITIONS, "exchange",
	    FACT_LAST_SUCCESS, LEAST, NULL, NULL, NULL },
	{ "arbitrage_account_failures_total", false, CHECK_POSITIONS, "exchange", FACT_FAILURES, SUM, "kind",
	    health_failures, NULL },
	{ "arbitrage_account_retry_at_timestamp_seconds", false, CHECK_POSITIONS, "exchange", FACT_RETRY_AT,
	    MOST, NULL, NULL, NULL },
	{ "arbitrage_account_trading_locked", false, CHECK_POSITIONS, "exchange", FACT_LOCKED, MOST, NULL,
	    NULL, NULL },
	{ "arbitrage_engine_unknown_rows", true, CHECK_POSITIONS, "=engine", FACT_UNKNOWN_ROWS, MOST, NULL,
	    NULL, NULL },

	{ "arbitrage_preflight_ready_for_live", true, CHECK_PREFLIGHT, "=preflight", FACT_UP, LEAST, NULL,
	    NULL, NULL },
	{ "arbitrage_preflight_last_success", true, CHECK_PREFLIGHT, "=preflight", FACT_PASSED, LEAST, NULL,
	    NULL, NULL },
	{ "arbitrage_preflight_checks_total", false, CHECK_PREFLIGHT, "=preflight", FACT_CHECKS, SUM, "check",
	    health_preflight_checks, "fail" },
	{ "arbitrage_preflight_duration_seconds", false, CHECK_PREFLIGHT, "=preflight", 0, BUCKETS, NULL,
	    NULL, NULL },
};
enum { RULES = sizeof(rules) / sizeof(rules[0]) };

void
facts_init(struct facts *facts)
{
	*facts = (struct facts){ .key = hash_key_new() };
}

void
facts_release(struct facts *facts)
{
	free(facts->checks);
	*facts = (struct facts){ 0 };
}

struct slice
facts_label(const struct document *document, const struct sample *sample, const char *name)
{
	const struct label *label = document_label(document, sample, name);

	return label != NULL ? label->value : (struct slice){ "", 0 };
}

/* The slot of the check, or the free one where it would be: there are twice as many slots as checks. */
static size_t
slot_of(const struct facts *facts, enum health_kind kind, size_t file, struct slice name, struct slice env)
{
	uint64_t hash = hash_text(facts->key, name.at, name.length);
	size_t slot;

	hash = hash_mix(facts->key, hash, hash_text(facts->key, env.at, env.length));
	hash = hash_mix(facts->key, hash, (uint64_t)file * HEALTH_KINDS + kind);
	for (slot = hash % (2 * HEALTH_CHECKS); facts->slots[slot] != 0;
	     slot = (slot + 1) % (2 * HEALTH_CHECKS)) {
		const struct facts_check *check = &facts->checks[facts->slots[slot] - 1];

		if (check->kind == kind && check->file == file && slice_equal(check->name, name) &&
		    slice_equal(check->env, env))
			break;
	}
	return slot;
}

const struct facts_check *
facts_find(const struct facts *facts, enum health_kind kind, size_t file, struct slice name, struct slice env)
{
	size_t slot = slot_of(facts, kind, file, name, env);

	return facts->slots[slot] != 0 ? &facts->checks[facts->slots[slot] - 1] : NULL;
}

/* Find it or make it: 0, with NULL when it is not there or its kind has no room left; -1: out of memory. */
static int
check_for(struct facts *facts, const struct facts_check *wanted, bool make, struct facts_check **check)
{
	size_t slot = slot_of(facts, wanted->kind, wanted->file, wanted->name, wanted->env);
	struct facts_check *moved;

	*check = NULL;
	if (facts->slots[slot] == 0) {
		if (!make)
			return 0;
		if (facts->of_kind[wanted->kind] >= shares[wanted->kind]) {
			facts->more = true;
			return 0;
		}
		moved = room_for(facts->checks, &facts->room, facts->count + 1, 0, sizeof(*moved));
		if (moved == NULL)
			return -1;
		facts->checks = moved;
		moved[facts->count] = *wanted;
		for (size_t i = 0; i < FACTS; i++)
			moved[facts->count].facts[i] = NAN;
		facts->of_kind[wanted->kind]++;
		facts->slots[slot] = (uint16_t)++facts->count;
	}
	*check = &facts->checks[facts->slots[slot] - 1];
	return 0;
}

static void
join(double *fact, enum joining joining, double value)
{
	switch (joining) {
	case LEAST: *fact = isnan(*fact) || value < *fact ? value : *fact; break;
	case MOST: *fact = isnan(*fact) || value > *fact ? value : *fact; break;
	case SUM: *fact = isnan(*fact) ? value : *fact + value; break;
	case ZEROS: *fact = (isnan(*fact) ? 0 : *fact) + (value == 0 ? 1 : 0); break;
	case DIFFERENCES: *fact = (isnan(*fact) ? 0 : *fact) + (value != 0 ? 1 : 0); break;
	case BUCKETS: break;
	}
}

/* Which of the facts that the rule fills the sample is about, or -1. */
static int
fact_of(const struct family_rule *rule, const struct document *document, const struct sample *sample)
{
	struct slice value;

	if (rule->only != NULL && !slice_is(facts_label(document, sample, "status"), rule->only))
		return -1;
	if (rule->choices == NULL)
		return (int)rule->fact;
	value = facts_label(document, sample, rule->label);
	for (int i = 0; rule->choices[i] != NULL; i++)
		if (slice_is(value, rule->choices[i]))
			return (int)rule->fact + i;
	return -1;
}

static void
take_bucket(struct histogram *histogram, const struct document *document, const struct sample *sample)
{
	struct slice bound = facts_label(document, sample, "le");

	if (sample->part != PART_BUCKET)
		return;
	if (number_valid(bound))
		histogram_add(histogram, number_value(bound), number_value(sample->value));
	else
		histogram->odd = true;
}

static void
take_value(struct facts_check *check, const struct family_rule *rule, const struct document *document,
    const struct sample *sample)
{
	double value = number_value(sample->value);
	int fact = fact_of(rule, document, sample);

	if (rule->joining == BUCKETS) {
		take_bucket(&check->histogram, document, sample);
	} else if (fact >= 0 && !isnan(value) && sample->part == PART_VALUE) {
		join(&check->facts[fact], rule->joining, value);
		if (rule->joining == DIFFERENCES && fabs(value) > fabs(check->worst)) {
			check->worst = value;
			check->worst_symbol = facts_label(document, sample, "symbol");
		}
	}
}

static int
take(struct facts *facts, const struct family_rule *rule, const struct document *document,
    const struct sample *sample, size_t file)
{
	struct facts_check wanted = { .kind = rule->kind, .file = file }, *check;

	wanted.name =
	    rule->name[0] == '=' ? SLICE(rule->name + 1) : facts_label(document, sample, rule->name);
	wanted.env = facts_label(document, sample, "env");
	if (check_for(facts, &wanted, rule->makes, &check) == -1)
		return -1;
	if (check != NULL)
		take_value(check, rule, document, sample);
	return 0;
}

static const struct family_rule *
rule_of(struct slice family)
{
	for (size_t i = 0; i < RULES; i++)
		if (slice_is(family, rules[i].family))
			return &rules[i];
	return NULL;
}

/* One time over the samples: of the families that make checks, or of the others. */
static int
take_all(struct facts *facts, const struct family_rule *const of_family[], const struct document *document,
    size_t file, bool make)
{
	int status = 0;

	for (size_t i = 0; i < document->sample_count && status == 0; i++) {
		const struct sample *sample = &document->samples[i];
		const struct family_rule *rule = of_family[sample->family];

		if (rule != NULL && rule->makes == make)
			status = take(facts, rule, document, sample, file);
	}
	return status;
}

int
facts_read(struct facts *facts, const struct store_file *file, size_t index)
{
	const struct document *document = &file->document;
	const struct family_rule **of_family;
	int status;

	if (document->family_count == 0)
		return 0;
	of_family = calloc(document->family_count, sizeof(struct family_rule *));
	if (of_family == NULL)
		return -1;
	for (size_t i = 0; i < document->family_count; i++)
		of_family[i] = rule_of(document->families[i].name);
	status = take_all(facts, of_family, document, index, true);
	if (status == 0)
		status = take_all(facts, of_family, document, index, false);
	free(of_family);
	return status;
}
