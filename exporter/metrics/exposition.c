#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/change_log.h"
#include "exporter/metrics/exposition.h"
#include "exporter/metrics/files_metrics.h"

/*
 * Bounds on what a directory can make of us.  A file of very short lines needs
 * about ten times its size while it is read.
 */
static const size_t largest_file = 16 << 20;
static const size_t largest_sum = 128 << 20;
static const size_t largest_own = 4 << 20;

struct exposition {
	char *directory;
	bool serve;
	double max_age;
	struct store *store;
	struct joined *joined;
	uint64_t joined_of; /* the generation it was made of */
	double next_stale;  /* the first time at which one of its files is too old; 0: it has none */
	size_t stale;       /* good files that are left out */
	bool unlisted;
	struct failure why; /* it is unlisted */
	struct notices notices;
	const char **names; /* while files are joined: by content */
};

struct exposition *
exposition_new(const struct exposition_settings *settings, exposition_notice *notice, void *context)
{
	const struct store_limits limits = { largest_file, largest_sum, EXPOSITION_FILES, settings->serve };
	struct exposition *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	*e = (struct exposition){ .directory = strdup(settings->directory),
		.serve = settings->serve,
		.max_age = settings->max_age,
		.store = store_new(settings->directory, &limits) };
	notices_init(&e->notices, notice, context);
	if (e->directory != NULL && e->store != NULL)
		return e;
	exposition_free(e);
	return NULL;
}

void
exposition_free(struct exposition *e)
{
	if (e == NULL)
		return;
	joined_drop(e->joined);
	store_free(e->store);
	free(e->directory);
	free(e);
}

const struct store *
exposition_store(const struct exposition *e)
{
	return e->store;
}

void
exposition_set_max_age(struct exposition *e, double seconds)
{
	if (e->max_age == seconds)
		return;
	e->max_age = seconds;
	joined_drop(e->joined);
	e->joined = NULL;
}

const char *
exposition_unlisted(const struct exposition *e)
{
	return e->unlisted ? e->why.text : NULL;
}

/* --- Joining --- */

static bool
is_stale(const struct exposition *e, const struct store_file *file, double now)
{
	return e->max_age > 0 && now - file->modified > e->max_age;
}

static void
report(void *context, size_t file, const char *text)
{
	struct exposition *e = context;

	notices_add(&e->notices, "left out", e->names[file], text);
}

/* Good files that are not too old. */
static size_t
choose(struct exposition *e, double now, struct content **contents)
{
	size_t count = 0;

	e->stale = 0;
	e->next_stale = 0;
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		if (file->state != STORE_GOOD)
			continue;
		if (is_stale(e, file, now)) {
			e->stale++;
			notices_add(&e->notices, "stale file left out", file->name,
			    "not modified for --textfile.max-age");
			continue;
		}
		if (e->next_stale == 0 || file->modified + e->max_age < e->next_stale)
			e->next_stale = file->modified + e->max_age;
		if (file->dropped > 0)
			notices_add(&e->notices, "left out", file->name,
			    "some of its series contradict others of the file");
		e->names[count] = file->name;
		contents[count++] = file->content;
	}
	return count;
}

static struct joined *
join(struct exposition *e, double now)
{
	size_t most = store_count(e->store) + 1, count;
	struct content **contents = calloc(most, sizeof(struct content *));
	struct joined *joined = NULL;

	e->names = calloc(most, sizeof(*e->names));
	notices_begin(&e->notices);
	if (contents != NULL && e->names != NULL) {
		count = choose(e, now, contents);
		joined = joined_new(contents, count, telemetry_reserved, report, e);
	}
	free(contents);
	free(e->names);
	e->names = NULL;
	if (joined != NULL)
		notices_end(&e->notices);
	return joined;
}

/* Whether a file that is left out was modified since without anything new in it is seen here too. */
static bool
is_current(const struct exposition *e, double now)
{
	size_t stale = 0;

	if (e->joined == NULL || e->joined_of != store_generation(e->store))
		return false;
	if (e->max_age <= 0)
		return true;
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		stale += file->state == STORE_GOOD && is_stale(e, file, now);
	}
	return stale == e->stale && (stale == 0 || e->next_stale == 0 || now < e->next_stale);
}

void
exposition_refresh(struct exposition *e, double now)
{
	e->why = (struct failure){ 0 };
	e->unlisted = store_refresh(e->store, &e->why) != 0;
	notices_of_store(&e->notices, e->store, e->unlisted ? &e->why : NULL);
	if (!e->serve || is_current(e, now))
		return;
	joined_drop(e->joined);
	e->joined = join(e, now);
	e->joined_of = store_generation(e->store);
}

int
exposition_write(struct exposition *e, bool gzip, struct body *body)
{
	*body = (struct body){ 0 };
	buffer_init(&body->own, largest_own);
	if (!e->serve)
		return 0;
	if (e->joined == NULL || (gzip && joined_pack(e->joined) != 0))
		return -1;
	body->joined = joined_keep(e->joined);
	about_files_write(
	    &(struct about_files){ e->directory, e->store, e->unlisted, e->stale, e->joined->conflicts },
	    &body->own);
	return 0;
}
