/*
 * The files are joined into one text when the directory has changed, and that
 * text answers every request until the next change.  An answer holds a
 * reference to the text and no lock, so a slow client delays nobody: the next
 * join leaves that text alone and makes a new one.  The exporter's own metrics
 * change all the time; they are written for each request and sent behind the
 * text, which is possible because telemetry_reserved() keeps their names out
 * of the files.
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
	bool serve;
	double max_age;
	struct store *store;
	struct web_text *joined; /* the files' text, while it is current */
	struct web_text *packed; /* the same, packed once a client asks for that */
	struct gzip_start start; /* of what is packed */
	bool is_current, is_packed;
	uint64_t joined_of; /* the generation it was made of */
	double next_stale;  /* the first time at which one of its files is too old; 0: it has none */
	size_t stale;       /* good files that are left out */
	size_t conflicts;   /* families and series that are left out */
	bool unlisted;
	struct failure why; /* it is unlisted */
	size_t left_out;    /* files past the limit, as it was logged last */
	struct notes of_files, of_joins;
	exposition_notice *notice;
	void *context;
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
		.store = store_new(settings->directory, &limits),
		.notice = notice,
		.context = context };
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
	buffer_release(&e->of_files.told);
	buffer_release(&e->of_joins.told);
	buffer_release(&e->of_joins.telling);
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

/* --- Notes --- */

static void
notes_begin(struct notes *notes)
{
	buffer_release(&notes->telling);
	buffer_init(&notes->telling, NOTES_LIMIT);
}

/* Only after all was looked at: otherwise what was not reached would be told again. */
static void
notes_end(struct notes *notes)
{
	buffer_release(&notes->told);
	notes->told = notes->telling;
	notes->telling = (struct buffer){ 0 };
}

static void
note(struct exposition *e, struct notes *notes, const char *message, const char *file, const char *reason)
{
	size_t begin = notes->telling.length, length;
	const char *text;

	/* With their NULs, which are in none of them. */
	buffer_append(&notes->telling, message, strlen(message) + 1);
	buffer_append(&notes->telling, file, strlen(file) + 1);
	buffer_append(&notes->telling, reason, strlen(reason) + 1);
	if (notes->telling.failed)
		return;
	text = notes->telling.text + begin;
	length = notes->telling.length - begin;
	if (memmem(notes->telling.text, begin, text, length) == NULL &&
	    (notes->told.length == 0 || memmem(notes->told.text, notes->told.length, text, length) == NULL))
		e->notice(e->context, true, message, file, reason);
}

/* What the last refresh found. */
static void
note_files(struct exposition *e, bool was_unlisted)
{
	size_t left_out = store_left_out(e->store);
	char reason[128];

	if (e->unlisted != was_unlisted)
		e->notice(e->context, e->unlisted,
		    e->unlisted ? "no files" : "the directory can be read again", NULL, e->why.text);
	/* Only a changed number is news. */
	if (left_out != e->left_out && left_out > 0) {
		(void)snprintf(reason, sizeof(reason), "more than %d files: %zu are not looked at",
		    EXPOSITION_FILES, left_out);
		e->notice(e->context, true, "files left out", NULL, reason);
	}
	e->left_out = left_out;
	notes_begin(&e->of_files);
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		if (file->state != STORE_GOOD)
			note(e, &e->of_files, "file left out", file->name, file->reason);
	}
	notes_end(&e->of_files);
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
	note(e, &e->of_joins, "left out", e->names[file], fault->text);
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
			note(e, &e->of_joins, "stale file left out", file->name,
			    "not modified for --textfile.max-age");
			continue;
		}
		if (e->max_age > 0 && (e->next_stale == 0 || file->modified + e->max_age < e->next_stale))
			e->next_stale = file->modified + e->max_age;
		if (file->dropped > 0)
			note(e, &e->of_joins, "left out", file->name,
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
	e->names = calloc(most, sizeof(*e->names));
	notes_begin(&e->of_joins);
	if (documents != NULL && e->names != NULL) {
		count = choose(e, now, documents);
		join_documents(e, documents, count);
		e->is_current = e->joined != NULL;
	}
	free(documents);
	free(e->names);
	e->names = NULL;
	if (e->is_current)
		notes_end(&e->of_joins);
	e->joined_of = store_generation(e->store);
}

/* Whether the joined text is what a new join would give.  A generation does not tell all: time alone makes
 * files stale, and a stale file that is only touched comes back without a new text. */
static bool
is_up_to_date(const struct exposition *e, double now)
{
	return e->is_current && e->joined_of == store_generation(e->store) && e->stale == 0 &&
	       (e->next_stale == 0 || now < e->next_stale);
}

void
exposition_refresh(struct exposition *e, double now)
{
	bool was_unlisted = e->unlisted;

	e->why = (struct failure){ 0 };
	e->unlisted = store_refresh(e->store, &e->why) != 0;
	note_files(e, was_unlisted);
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
