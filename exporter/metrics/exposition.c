/*
 * The files are joined into one text when the directory has changed, and that
 * text answers every request until the next change.  An answer is a copy, so that
 * a slow client holds nothing but its own answer.
 */

#include "exporter/metrics/exposition.h"

#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/change_log.h"
#include "exporter/metrics/files_metrics.h"
#include "exporter/metrics/gzip.h"
#include "textfile/merge.h"

/* Bounds on what a directory can make of us.  A file of very short lines needs about ten times its size. */
static const size_t largest_file = 16 << 20;
static const size_t largest_sum = 64 << 20;

struct exposition {
	char *directory;
	bool serve;
	double max_age;
	struct store *store;
	struct buffer text;       /* of the files */
	struct gzip_start packed; /* the same, once somebody asks for it */
	bool is_joined, is_packed;
	uint64_t joins;
	uint64_t joined_of; /* the generation it was made of */
	double next_stale;  /* the first time at which one of its files is too old; 0: it has none */
	size_t stale;       /* good files that are left out */
	size_t conflicts;   /* families and series that are left out */
	bool unlisted;
	struct failure why; /* it is unlisted */
	struct notices notices;
	const char **names; /* while files are joined: by document */
};

struct exposition *
exposition_new(const struct exposition_settings *settings, exposition_notice *notice, void *context)
{
	const struct store_limits limits = { largest_file, largest_sum, EXPOSITION_FILES };
	struct exposition *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	*e = (struct exposition){ .directory = strdup(settings->directory),
		.serve = settings->serve,
		.max_age = settings->max_age,
		.store = store_new(settings->directory, &limits) };
	buffer_init(&e->text, SIZE_MAX);
	notices_init(&e->notices, notice, context);
	if (e->directory != NULL && e->store != NULL)
		return e;
	exposition_free(e);
	return NULL;
}

static void
forget_joined(struct exposition *e)
{
	buffer_release(&e->text);
	gzip_release(&e->packed);
	buffer_init(&e->text, SIZE_MAX);
	e->is_joined = e->is_packed = false;
}

void
exposition_free(struct exposition *e)
{
	if (e == NULL)
		return;
	forget_joined(e);
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
	if (e->max_age != seconds)
		forget_joined(e);
	e->max_age = seconds;
}

const char *
exposition_unlisted(const struct exposition *e)
{
	return e->unlisted ? e->why.text : NULL;
}

uint64_t
exposition_joins(const struct exposition *e)
{
	return e->joins;
}

/* --- Joining --- */

static bool
is_stale(const struct exposition *e, const struct store_file *file, double now)
{
	return e->max_age > 0 && now - file->modified > e->max_age;
}

static void
report(void *context, size_t file, const struct fault *fault)
{
	struct exposition *e = context;

	e->conflicts++;
	notices_add(&e->notices, "left out", e->names[file], fault->text);
}

/* Good files that are not too old. */
static size_t
choose(struct exposition *e, double now, const struct document **documents)
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
		documents[count++] = &file->document;
	}
	return count;
}

static void
join(struct exposition *e, double now)
{
	size_t most = store_count(e->store) + 1, count;
	const struct document **documents = calloc(most, sizeof(*documents));

	forget_joined(e);
	e->conflicts = 0;
	e->joins++;
	e->names = calloc(most, sizeof(*e->names));
	notices_begin(&e->notices);
	if (documents != NULL && e->names != NULL) {
		count = choose(e, now, documents);
		e->is_joined =
		    merge(documents, count, &e->text, telemetry_reserved, report, e) >= 0 && !e->text.failed;
	}
	free(documents);
	free(e->names);
	e->names = NULL;
	if (e->is_joined)
		notices_end(&e->notices);
	e->joined_of = store_generation(e->store);
}

/* Whether a file that is left out was modified since without anything new in it is seen here too. */
static bool
is_current(const struct exposition *e, double now)
{
	size_t stale = 0;

	if (!e->is_joined || e->joined_of != store_generation(e->store))
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
	if (e->serve && !is_current(e, now))
		join(e, now);
}

/* --- Answers --- */

static void
write_own(const struct exposition *e, const struct telemetry *telemetry, struct buffer *out)
{
	if (e->serve)
		about_files_write(
		    &(struct about_files){ e->directory, e->store, e->unlisted, e->stale, e->conflicts },
		    out);
	telemetry_write(telemetry, out);
}

static int
write_packed(struct exposition *e, const struct telemetry *telemetry, struct buffer *out)
{
	struct buffer own;
	int result = -1;

	if (!e->is_packed && gzip_start(&e->packed, buffer_slice(&e->text)) != 0)
		return -1;
	e->is_packed = true;
	buffer_init(&own, SIZE_MAX);
	write_own(e, telemetry, &own);
	if (!own.failed)
		result = gzip_finish(&e->packed, buffer_slice(&own), out);
	buffer_release(&own);
	return result;
}

int
exposition_write(struct exposition *e, const struct telemetry *telemetry, bool gzip, struct buffer *out)
{
	if (e->serve && !e->is_joined)
		return -1;
	if (gzip)
		return write_packed(e, telemetry, out);
	buffer_append(out, e->text.text, e->text.length);
	write_own(e, telemetry, out);
	return out->failed ? -1 : 0;
}
