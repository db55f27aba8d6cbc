/*
 * The last step: checks of the files themselves, and the verdict.
 * What cannot be known counts as the worst it may be.
 *
 * A file that cannot be read may hide any bad news, and its name says little:
 * --name sets it.  So it counts as the worst, except where it cannot be one of
 * ours ("arbitrage_" is nowhere in it).  A good file can hide something, too: a program's file that does not
 * say what it always says was emptied, or written by something else.
 *
 * The summary names the worst reason, since an operator reads this line first.
 */

#include <math.h>
#include <string.h>

#include "exporter/health/rules.h"
#include "exporter/health/text.h"

const char *
health_status_name(enum health_status status)
{
	static const char *const names[] = { "ok", "warn", "fail" };

	return names[status];
}

const char *
health_verdict_name(enum health_verdict verdict)
{
	static const char *const names[] = { "healthy", "degraded", "unhealthy" };

	return names[verdict];
}

const char *
health_kind_name(enum health_kind kind)
{
	static const char *const names[HEALTH_KINDS] = { "collector", "redis", "postgres", "exchange",
		"positions", "preflight", "engine", "file" };

	return names[kind];
}

/* What a program always writes into its file, unless --name gave that another name. */
static const struct program {
	const char *file;
	enum health_kind kind;
	const char *what;
} programs[] = {
	{ "redis_latency.prom", KIND_REDIS, "about any Redis" },
	{ "postgres_latency.prom", KIND_POSTGRES, "about any Postgres" },
	{ "exchange_health.prom", KIND_EXCHANGE, "about any exchange" },
	{ "open_positions.prom", KIND_POSITIONS, "about any positions" },
	{ "preflight.prom", KIND_PREFLIGHT, "about any checks" },
	{ "engine_state.prom", KIND_ENGINE, "about any bot" },
};

/* The program whose file has this name; NULL: another one's. */
static const struct program *
program_of(const char *file)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(programs[i].file, file) == 0)
			return &programs[i];
	return NULL;
}

/* --- Files --- */

static bool
says(const struct facts *facts, enum health_kind kind, size_t file)
{
	for (size_t i = 0; i < facts->count; i++)
		if (facts->checks[i].kind == kind && facts->checks[i].file == file)
			return true;
	/* Where there was no room for its checks, it may have said it. */
	return facts->more;
}

/* Whether the file is as it should be; if not, the check says what is wrong. */
static bool
is_good(const struct facts *facts, const struct store_file *file, size_t index, struct health_check *check)
{
	const struct program *program = program_of(file->name);
	struct words state = words_start(check->state, sizeof(check->state));
	struct words reason = words_start(check->reason, sizeof(check->reason));
	char cause[HEALTH_REASON / 2]; /* room is left for what follows */

	check->status = file->foreign && program == NULL ? HEALTH_WARN : HEALTH_FAIL;
	if (file->state != STORE_GOOD) {
		words_add(&state, "%s",
		    file->state == STORE_TOO_LARGE ? "too large" : store_state_name(file->state));
		words_copy(SLICE(file->reason), false, cause, sizeof(cause));
		words_add(&reason, "%s", cause);
	} else if (file->dropped > 0) {
		words_add(&state, "in part");
		words_add(&reason, "faults for which a part of it is left out: %ld", file->dropped);
	} else if (program != NULL && !says(facts, program->kind, index)) {
		words_add(&state, "says nothing");
		words_add(&reason, "nothing in it %s", program->what);
	} else {
		return true;
	}
	check->rules = UINT64_C(1) << REASON_FILE_BROKEN;
	if (check->status == HEALTH_FAIL)
		words_add(&reason, "; what is not read counts as bad: repair the file, or remove it");
	return false;
}

void
health_files(const struct store *store, const struct facts *facts, struct health_report *report)
{
	for (size_t i = 0; i < store_count(store); i++) {
		const struct store_file *file = store_file(store, i);
		/* A time in the future has no age. */
		bool known = file->modified >= 0 && file->modified <= report->made_at;
		struct health_check check = { .kind = KIND_FILE,
			.last_run = NAN,
			.last_success = NAN,
			.age = known ? report->made_at - file->modified : NAN,
			.interval = NAN,
			.duration = NAN };

		words_copy(SLICE(file->name), false, check.name, sizeof(check.name));
		words_copy(SLICE(file->name), false, check.file, sizeof(check.file));
		if (is_good(facts, file, i, &check))
			report->good_files++;
		else if (report->count < HEALTH_CHECKS)
			report->checks[report->count++] = check;
		else
			report->more_checks = true;
	}
}

/* --- The verdict --- */

static void
summarize_check(const struct health_check *check, size_t others, struct words *words)
{
	static const char *const titles[HEALTH_KINDS] = { "Collector", "Redis", "Postgres", "Exchange",
		"Positions at", "Preflight", "Bot", "File" };
	/* There is one preflight per file: its name would say nothing. */
	bool named = check->kind != KIND_PREFLIGHT;
	char reason[HEALTH_REASON / 2]; /* room is left for what follows */

	words_add(words, "%s%s%s", titles[check->kind], named ? " " : "", named ? check->name : "");
	if (check->env[0] != '\0')
		words_add(words, " (%s)", check->env);
	words_add(words, ": %s", check->state);
	words_copy(SLICE(check->reason), false, reason, sizeof(reason));
	if (reason[0] != '\0')
		words_add(words, ", %s", reason);
	if (others > 0)
		words_add(words, "; and %zu more", others);
}

static void
summarize_collectors(const struct health_report *report, double newest_run, struct words *words)
{
	char age[WORDS_TIME];
	size_t collectors = 0;

	for (size_t i = 0; i < report->count; i++)
		collectors += report->checks[i].kind == KIND_COLLECTOR &&
			      strcmp(report->checks[i].state, "missing") != 0;
	words_duration(report->made_at - newest_run, age);
	words_add(words, collectors > 0 ? "No collector is fresh" : "No collector has written anything");
	if (age[0] != '\0')
		words_add(words, ": the last run of any was %s ago", age);
}

static void
summarize(const struct health_report *report, const char *directory, size_t fresh, double newest_run,
    struct words *words)
{
	const struct health_reason *first = report->reasons;
	size_t others = 0;

	/* What else is wrong with the first check is in its own reason. */
	for (size_t i = 1; i < report->reason_count; i++)
		others += first->check >= report->count || report->reasons[i].check != first->check;
	if (directory != NULL) {
		words_add(words, "The textfile directory cannot be read: %s", directory);
	} else if (fresh == 0) {
		summarize_collectors(report, newest_run, words);
	} else if (report->reason_count == 0) {
		words_add(words, "All checks are ok: %zu", report->count);
	} else if (first->rule == REASON_TOO_MANY) {
		words_add(words,
		    "There are more checks or files than there is room for, and any of them may be bad");
	} else if (first->check < report->count) {
		summarize_check(&report->checks[first->check], others, words);
	} else {
		words_add(words, "%c%s%s%s%s: %s", first->what[0] - 'a' + 'A', first->what + 1,
		    first->env[0] != '\0' ? " (" : "", first->env, first->env[0] != '\0' ? ")" : "",
		    reason_texts[first->rule].why);
		if (others > 0)
			words_add(words, "; and %zu more", others);
	}
}

void
health_decide(struct health_report *report, const char *directory, size_t fresh, double newest_run)
{
	struct words words = words_start(report->summary, sizeof(report->summary));

	summarize(report, directory, fresh, newest_run, &words);
	if (directory != NULL || fresh == 0 || (report->reason_count > 0 && report->reasons[0].value >= 200))
		report->verdict = VERDICT_UNHEALTHY;
	else
		report->verdict = report->reason_count > 0 ? VERDICT_DEGRADED : VERDICT_HEALTHY;
}
