/*
 * The files are joined into one text when the directory has changed, and that
 * text answers every request until the next change.  An answer holds a
 * reference to the text and no lock, so a slow client delays nobody: the next
 * join leaves that text alone and makes a new one.  The exporter's own metrics
 * change all the time; they are written for each request and sent behind the
 * text, which is possible because telemetry_reserved() keeps their names out
 * of the files.
 */

#include "exporter/metrics/exposition.h"

#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/change_log.h"
#include "exporter/metrics/files_metrics.h"
#include "exporter/metrics/gzip.h"
#include "textfile/merge.h"

/* Limits on what a directory can cost us: a file of very short lines needs about ten times its size. */
static const size_t largest_file = 16 << 20;
static const size_t largest_sum = 64 << 20;

struct exposition {
	char *directory;
	bool serve;
	double max_age;
	struct store *store;
	struct web_text *joined; /* the files' text, while it is current */
	struct web_text *packed; /* the same, packed once a client asks for that */
	struct gzip_start start; /* of what is packed */
	bool is_current, is_packed;
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
	web_text_drop(e->joined);
	web_text_drop(e->packed);
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
	/* Another age may bring files back, or leave them out. */
	e->is_current = e->is_current && e->max_age == seconds;
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

/* Choose the good files that are not too old, and note when the first of them will be. */
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

/* An empty text.  The old one is used again if no answer holds it: the kernel
 * takes longer to hand out new memory than a join takes.  NULL: out of memory. */
static struct web_text *
empty_text(struct web_text *old)
{
	if (old == NULL || atomic_load(&old->references) > 1) {
		web_text_drop(old);
		return web_text_new();
	}
	old->text.length = 0;
	return old;
}

/* Into e->joined; NULL: out of memory. */
static void
join_documents(struct exposition *e, const struct document *const documents[], size_t count)
{
	e->joined = empty_text(e->joined);
	if (e->joined == NULL ||
	    (merge(documents, count, &e->joined->text, telemetry_reserved, report, e) >= 0 &&
		!e->joined->text.failed))
		return;
	web_text_drop(e->joined);
	e->joined = NULL;
}

static void
join(struct exposition *e, double now)
{
	size_t most = store_count(e->store) + 1, count;
	const struct document **documents = calloc(most, sizeof(*documents));

	e->is_current = e->is_packed = false;
	e->conflicts = 0;
	e->joins++;
	e->names = calloc(most, sizeof(*e->names));
	notices_begin(&e->notices);
	if (documents != NULL && e->names != NULL) {
		count = choose(e, now, documents);
		join_documents(e, documents, count);
		e->is_current = e->joined != NULL;
	}
	free(documents);
	free(e->names);
	e->names = NULL;
	/* After a failure the old notices stay, or all would be repeated. */
	if (e->is_current)
		notices_end(&e->notices);
	e->joined_of = store_generation(e->store);
}

/* Whether the joined text is what a new join would give.  A generation does not tell all: time
 * alone makes files stale, and a stale file that is only touched comes back without a new text. */
static bool
is_up_to_date(const struct exposition *e, double now)
{
	size_t stale = 0;

	if (!e->is_current || e->joined_of != store_generation(e->store))
		return false;
	if (e->max_age <= 0)
		return true;
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		stale += file->state == STORE_GOOD && is_stale(e, file, now);
	}
	/* The number may be the same although one file came and another went: then its time has come. */
	return stale == e->stale && (stale == 0 || e->next_stale == 0 || now < e->next_stale);
}

void
exposition_refresh(struct exposition *e, double now)
{
	e->why = (struct failure){ 0 };
	e->unlisted = store_refresh(e->store, &e->why) != 0;
	notices_of_store(&e->notices, e->store, e->unlisted ? &e->why : NULL);
	if (e->serve && !is_up_to_date(e, now))
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

/* 0, or -1: out of memory. */
static int
pack(struct exposition *e)
{
	struct slice files = e->serve ? buffer_slice(&e->joined->text) : SLICE("");

	e->packed = empty_text(e->packed);
	e->is_packed = e->packed != NULL && gzip_begin(&e->start, files, &e->packed->text) == 0;
	return e->is_packed ? 0 : -1;
}

static int
write_packed(struct exposition *e, const struct telemetry *telemetry, struct web_answer *answer)
{
	struct buffer own;
	int result = -1;

	/* Packed only when a client asks for it: Prometheus does, a person with curl does not. */
	if (!e->is_packed && pack(e) != 0)
		return -1;
	buffer_init(&own, SIZE_MAX);
	write_own(e, telemetry, &own);
	if (!own.failed)
		result = gzip_finish(&e->start, buffer_slice(&own), &answer->body);
	buffer_release(&own);
	answer->start = web_text_keep(e->packed);
	return result;
}

int
exposition_write(
    struct exposition *e, const struct telemetry *telemetry, bool gzip, struct web_answer *answer)
{
	/* An answer without the files would look as if all collectors had gone: better an error. */
	if (e->serve && !e->is_current)
		return -1;
	if (gzip)
		return write_packed(e, telemetry, answer);
	if (e->serve)
		answer->start = web_text_keep(e->joined);
	write_own(e, telemetry, &answer->body);
	return answer->body.failed ? -1 : 0;
}
