/*
 * The files are joined into one text when the directory has changed, and that
 * text answers every request until the next change.  Each answer gets a copy, so
 * a slow client holds no lock and delays nobody.  The exporter's own metrics
 * change all the time; they are written for each request behind the text, which
 * is possible because telemetry_reserved() keeps their names out of the files.
 *
 * The directory is looked at for every scrape, so a fault that lasts would be
 * logged with each of them.  So the last messages are kept, and only what
 * is not in it is news.
 */

#include "exporter/metrics/exposition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exporter/metrics/gzip.h"
#include "textfile/merge.h"

/* Limits on what a directory can cost us: a file of very short lines needs about ten times its size. */
static const size_t largest_file = 16 << 20;
static const size_t largest_sum = 64 << 20;

/* What was logged, as texts one behind the other, and what holds now.  More than this is not logged. */
enum { NOTES_LIMIT = 65536 };
struct notes {
	struct buffer told, telling;
};

struct exposition {
	char *directory;
	bool serve; /* the files are a part of all that is said */
	bool joins; /* they are joined: it serves them, or somebody has asked for them */
	double max_age;
	struct store *store;
	struct buffer joined;    /* the files' text, while it is current */
	struct buffer packed;    /* the same, packed once a client asks for that */
	struct gzip_start start; /* of what is packed */
	bool is_current, is_packed;
	uint64_t joined_of; /* the generation it was made of */
	size_t left_out;    /* files past the limit, at that time */
	double next_stale;  /* the first time at which one of its files is too old; 0: it has none */
	size_t stale;       /* good files that are left out */
	size_t conflicts;   /* families and series that are left out */
	bool unlisted;
	struct failure why; /* it is unlisted */
	struct notes notes;
	exposition_notice *notice;
	void *context;
	const char **names; /* while files are joined: by document */
};

struct exposition *
exposition_new(const char *directory, bool serve, exposition_notice *notice, void *context)
{
	const struct store_limits limits = { largest_file, largest_sum, EXPOSITION_FILES };
	struct exposition *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	*e = (struct exposition){ .directory = strdup(directory),
		.serve = serve,
		.joins = serve,
		.store = store_new(directory, &limits),
		.notice = notice,
		.context = context };
	buffer_init(&e->joined, SIZE_MAX);
	buffer_init(&e->packed, SIZE_MAX);
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
	buffer_release(&e->joined);
	buffer_release(&e->packed);
	store_free(e->store);
	buffer_release(&e->notes.told);
	buffer_release(&e->notes.telling);
	free(e->directory);
	free(e);
}

void
exposition_join_files(struct exposition *e)
{
	e->is_current = e->is_current && e->joins;
	e->joins = true;
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

/* --- Joining --- */

/* `file` is NULL where it is about the directory. */
static void
note(struct exposition *e, const char *message, const char *file, const char *reason)
{
	struct notes *notes = &e->notes;
	size_t begin = notes->telling.length, length;
	const char *text;

	/* With their NULs, which are in none of them. */
	buffer_append(&notes->telling, message, strlen(message) + 1);
	buffer_string(&notes->telling, file != NULL ? file : "");
	buffer_append(&notes->telling, "", 1);
	buffer_append(&notes->telling, reason, strlen(reason) + 1);
	if (notes->telling.failed)
		return;
	text = notes->telling.text + begin;
	length = notes->telling.length - begin;
	if (memmem(notes->telling.text, begin, text, length) == NULL &&
	    (notes->told.length == 0 || memmem(notes->told.text, notes->told.length, text, length) == NULL))
		e->notice(e->context, true, message, file, reason);
}

static void
report(void *context, size_t file, const struct fault *fault)
{
	struct exposition *e = context;

	e->conflicts++;
	note(e, "left out", e->names[file], fault->text);
}

/* Choose the good files that are not too old, and note what is wrong with the others, and when the first of
 * the chosen will be too old. */
static size_t
choose(struct exposition *e, double now, const struct document **documents)
{
	size_t count = 0;

	e->stale = 0;
	e->next_stale = 0;
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		if (file->state != STORE_GOOD) {
			note(e, "file left out", file->name, file->reason);
			continue;
		}
		if (!e->joins)
			continue;
		if (e->max_age > 0 && now - file->modified > e->max_age) {
			e->stale++;
			note(e, "stale file left out", file->name, "not modified for --textfile.max-age");
			continue;
		}
		if (e->max_age > 0 && (e->next_stale == 0 || file->modified + e->max_age < e->next_stale))
			e->next_stale = file->modified + e->max_age;
		if (file->dropped > 0)
			note(e, "left out", file->name, "some of its series contradict others of the file");
		e->names[count] = file->name;
		documents[count++] = &file->document;
	}
	return count;
}

/* Memory is used again: the kernel takes longer to hand out new memory than a join takes. */
static void
clear(struct buffer *text)
{
	text->length = 0;
	text->failed = false;
}

static void
join(struct exposition *e, double now)
{
	size_t most = store_count(e->store) + 1, count;
	const struct document **documents = calloc(most, sizeof(*documents));
	char reason[128];

	e->is_current = e->is_packed = false;
	e->conflicts = 0;
	e->names = calloc(most, sizeof(*e->names));
	e->left_out = store_left_out(e->store);
	e->joined_of = store_generation(e->store);
	clear(&e->joined);
	buffer_release(&e->notes.telling);
	buffer_init(&e->notes.telling, NOTES_LIMIT);
	if (documents != NULL && e->names != NULL) {
		(void)snprintf(reason, sizeof(reason), "more than %d files: %zu are not looked at",
		    EXPOSITION_FILES, e->left_out);
		if (e->left_out > 0)
			note(e, "files left out", NULL, reason);
		count = choose(e, now, documents);
		e->is_current =
		    !e->joins || (merge(documents, count, &e->joined, telemetry_reserved, report, e) >= 0 &&
				     !e->joined.failed);
	}
	free(documents);
	free(e->names);
	e->names = NULL;
	/* Only after all was looked at: otherwise what was not reached would be told again. */
	if (!e->is_current)
		return;
	buffer_release(&e->notes.told);
	e->notes.told = e->notes.telling;
	e->notes.telling = (struct buffer){ 0 };
}

/* Whether the joined text is what a new join would give.  A generation does not tell all: time alone makes
 * files stale, and a stale file that is only touched comes back without a new text. */
static bool
is_up_to_date(const struct exposition *e, double now)
{
	return e->is_current && e->joined_of == store_generation(e->store) &&
	       e->left_out == store_left_out(e->store) && e->stale == 0 &&
	       (e->next_stale == 0 || now < e->next_stale);
}

void
exposition_refresh(struct exposition *e, double now)
{
	bool was_unlisted = e->unlisted;

	e->why = (struct failure){ 0 };
	e->unlisted = store_refresh(e->store, &e->why) != 0;
	if (e->unlisted != was_unlisted)
		e->notice(e->context, e->unlisted,
		    e->unlisted ? "no files" : "the directory can be read again", NULL, e->why.text);
	if (!is_up_to_date(e, now))
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

/* Packed only when a client asks for it: Prometheus does, a person with curl does not. */
static void
pack(struct exposition *e)
{
	if (e->is_packed)
		return;
	clear(&e->packed);
	e->is_packed = gzip_begin(&e->start, buffer_slice(&e->joined), &e->packed) == 0;
}

int
exposition_write(struct exposition *e, const struct telemetry *telemetry, bool gzip, struct buffer *out)
{
	bool files = e->serve || telemetry == NULL;
	struct gzip_start start = { 0 };
	struct buffer own;

	/* An answer without the files would look as if all collectors had gone: better an error. */
	if (!e->is_current)
		return -1;
	buffer_init(&own, SIZE_MAX);
	if (telemetry != NULL)
		write_own(e, telemetry, &own);
	if (!gzip) {
		if (files)
			buffer_append(out, e->joined.text, e->joined.length);
		buffer_append(out, own.text, own.length);
	} else if (files) {
		pack(e);
		start = e->start;
		buffer_append(out, e->packed.text, e->packed.length);
		out->failed = out->failed || !e->is_packed;
	} else {
		out->failed = gzip_begin(&start, (struct slice){ 0 }, out) != 0;
	}
	out->failed =
	    out->failed || own.failed || (gzip && gzip_finish(&start, buffer_slice(&own), out) != 0);
	buffer_release(&own);
	return out->failed ? -1 : 0;
}
