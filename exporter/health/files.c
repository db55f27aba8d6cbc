/*
 * Checks about files themselves.  A file that cannot be read may hide any bad
 * news, and its name says little: --name sets it.  So it counts as the worst,
 * except where it cannot be one of ours ("arbitrage_" is nowhere in it), or is
 * called like a program with no such news.  A good file can hide something,
 * too: a program's file that does not say what it always says was emptied, or
 * written by something else.
 */

#include <math.h>
#include <string.h>

#include "exporter/directory/judge_file.h"
#include "exporter/health/rules.h"
#include "exporter/health/text.h"

/* What a program always writes into its file, unless --name gave that another name. */
static const struct {
	const char *file;
	enum health_kind kind;
	const char *what;
} programs[] = {
	{ "redis_latency.prom", KIND_REDIS, "about any Redis" },
	{ "postgres_latency.prom", KIND_POSTGRES, "about any Postgres" },
	{ "exchange_health.prom", KIND_EXCHANGE, "about any exchange" },
	{ "open_positions.prom", KIND_POSITIONS, "about any positions" },
	{ "preflight.prom", KIND_PREFLIGHT, "about any checks" },
};
enum { NAMED = sizeof(programs) / sizeof(programs[0]) };

static bool
is_named(const char *name)
{
	for (size_t i = 0; i < NAMED; i++)
		if (strcmp(programs[i].file, name) == 0)
			return true;
	return false;
}

static bool
says(const struct facts *facts, enum health_kind kind, size_t file)
{
	for (size_t i = 0; i < facts->count; i++)
		if (facts->checks[i].kind == kind && facts->checks[i].file == file)
			return true;
	/* Where there was no room for its checks, it may have said it. */
	return facts->more[kind];
}

/* What a good file does not say, although a file of its name always does; NULL: nothing is missing. */
static const char *
missing(const struct facts *facts, const struct store_file *file, size_t index)
{
	for (size_t i = 0; i < NAMED; i++)
		if (strcmp(programs[i].file, file->name) == 0 && !says(facts, programs[i].kind, index))
			return programs[i].what;
	return NULL;
}

static void
start(struct health_check *check, const struct store_file *file, double now)
{
	/* A time in the future has no age. */
	bool known = file->modified >= 0 && file->modified <= now;

	*check = (struct health_check){ .kind = KIND_FILE,
		.last_run = NAN,
		.last_success = NAN,
		.age = known ? now - file->modified : NAN,
		.interval = NAN,
		.duration = NAN };
	words_clean(SLICE(file->name), check->name, sizeof(check->name));
	words_clean(SLICE(file->name), check->file, sizeof(check->file));
}

/* Whether the file is as it should be; if not, the check says what is wrong. */
static bool
is_good(const struct facts *facts, const struct store_file *file, size_t index, struct health_check *check)
{
	struct words state = words_start(check->state, sizeof(check->state));
	struct words reason = words_start(check->reason, sizeof(check->reason));
	const char *what = NULL;
	char cause[HEALTH_REASON / 2]; /* room is left for what follows */

	check->status = file->foreign && !is_named(file->name) ? HEALTH_WARN : HEALTH_FAIL;
	if (file->state != STORE_GOOD) {
		words_add(&state, "%s",
		    file->state == STORE_TOO_LARGE ? "too large" : store_state_name(file->state));
		words_clean(SLICE(file->reason), cause, sizeof(cause));
		words_add(&reason, "%s", cause);
	} else if (file->dropped > 0) {
		/* Series of others are not about anything here; of
		 * ours, a missing one may be the bad one. */
		check->status = judge_has_ours(&file->document) ? HEALTH_FAIL : HEALTH_WARN;
		words_add(&state, "in part");
		words_add(&reason, "faults for which a part of it is left out: %ld", file->dropped);
	} else if ((what = missing(facts, file, index)) != NULL) {
		words_add(&state, "says nothing");
		words_add(&reason, "nothing in it %s", what);
	} else {
		return true;
	}
	if (health_grave(check))
		words_add(&reason, "; what is not read counts as bad: mend the file, or remove it");
	return false;
}

void
health_files(const struct store *store, const struct facts *facts, struct health_report *report)
{
	for (size_t i = 0; i < store_count(store); i++) {
		const struct store_file *file = store_file(store, i);
		struct health_check check;

		start(&check, file, report->made_at);
		if (is_good(facts, file, i, &check)) {
			report->good_files++;
		} else if (report->count < HEALTH_CHECKS) {
			report->checks[report->count++] = check;
		} else {
			report->more_checks = true;
			report->more_grave = report->more_grave || health_grave(&check);
		}
	}
}
