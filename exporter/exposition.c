#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "common/deadline.h"
#include "common/utf8.h"
#include "exporter/exposition.h"
#include "textfile/number.h"

/*
 * Bounds on what a directory can make of us.  A file of very short lines needs
 * about ten times its size while it is read.
 */
enum { MOST_FILES = 2000, TOLD = 256, OWN_LEVEL = 1, OWN_WINDOW = -13, OWN_MEMORY = 6 };
static const size_t largest_file = 16 << 20;
static const size_t largest_sum = 128 << 20;
static const size_t largest_own = 4 << 20;

/* RFC 1952: deflated, no name, no time, Unix. */
static const char gzip_head[10] = { 0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };

/* What was told already, by hashes. */
struct told {
	uint64_t hashes[TOLD];
	size_t count;
};

struct exposition {
	char *directory;
	bool serve;
	double max_age;
	const struct telemetry *telemetry;
	exposition_notice *notice;
	void *context;
	struct store *store;
	struct joined *joined;
	uint64_t joined_of; /* the generation it was made of */
	double next_stale;  /* the first time at which one of its files is too old */
	size_t stale;       /* good files that are left out */
	bool unlisted;
	struct failure why; /* it is unlisted */
	uint64_t noticed;   /* the generation that was told about */
	size_t left_out;    /* files past the limit, as it was told */
	z_stream z;         /* for the own part: to make one anew takes longer than to use it */
	struct hash_key key;
	struct told told, telling;
	const char **names; /* while files are joined: by content */
};

struct exposition *
exposition_new(const struct exposition_settings *settings, const struct telemetry *telemetry,
    exposition_notice *notice, void *context)
{
	const struct store_limits limits = { largest_file, largest_sum, MOST_FILES, settings->serve };
	struct exposition *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	*e = (struct exposition){ .directory = strdup(settings->directory),
		.serve = settings->serve,
		.max_age = settings->max_age,
		.telemetry = telemetry,
		.notice = notice,
		.context = context,
		.store = store_new(settings->directory, &limits),
		.key = hash_key_new() };
	if (deflateInit2(&e->z, OWN_LEVEL, Z_DEFLATED, OWN_WINDOW, OWN_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK &&
	    e->directory != NULL && e->store != NULL)
		return e;
	exposition_free(e);
	return NULL;
}

void
exposition_free(struct exposition *e)
{
	if (e == NULL)
		return;
	(void)deflateEnd(&e->z);
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
	e->max_age = seconds;
	joined_drop(e->joined);
	e->joined = NULL;
}

const char *
exposition_unlisted(const struct exposition *e)
{
	return e->unlisted ? e->why.text : NULL;
}

/* --- Notices --- */

static bool
was_told(const struct told *told, uint64_t hash)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->hashes[i] == hash)
			return true;
	return false;
}

/* The same text of the same file is told once, as long as it holds. */
static void
tell_once(struct exposition *e, const char *message, const char *file, const char *reason)
{
	uint64_t hash = hash_text(e->key, message, strlen(message)) ^
			hash_text(e->key, file, strlen(file)) * 3 ^
			hash_text(e->key, reason, strlen(reason)) * 5;

	if (e->telling.count == TOLD || was_told(&e->telling, hash))
		return;
	e->telling.hashes[e->telling.count++] = hash;
	if (!was_told(&e->told, hash))
		e->notice(e->context, true, message, file, reason);
}

static void
note_files(struct exposition *e)
{
	char reason[128];

	if (e->left_out != store_left_out(e->store) && store_left_out(e->store) > 0) {
		(void)snprintf(reason, sizeof(reason), "more than %d files: %zu are not looked at",
		    MOST_FILES, store_left_out(e->store));
		e->notice(e->context, true, "files left out", NULL, reason);
	}
	e->left_out = store_left_out(e->store);
	if (e->noticed == store_generation(e->store))
		return;
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		if (file->changed > e->noticed && file->state != STORE_GOOD)
			e->notice(e->context, true, "file left out", file->name, file->reason);
	}
	e->noticed = store_generation(e->store);
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

	tell_once(e, "left out", e->names[file], text);
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
			tell_once(
			    e, "stale file left out", file->name, "not modified for --textfile.max-age");
			continue;
		}
		if (e->next_stale == 0 || file->modified + e->max_age < e->next_stale)
			e->next_stale = file->modified + e->max_age;
		if (file->dropped > 0)
			tell_once(
			    e, "left out", file->name, "some of its series contradict others of the file");
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
	e->telling.count = 0;
	if (contents != NULL && e->names != NULL) {
		count = choose(e, now, contents);
		joined = joined_new(contents, count, telemetry_reserved, report, e);
	}
	free(contents);
	free(e->names);
	e->names = NULL;
	if (joined != NULL)
		e->told = e->telling;
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
	return stale == e->stale && (stale == 0 || now < e->next_stale);
}

void
exposition_refresh(struct exposition *e, double now)
{
	bool unlisted;

	e->why = (struct failure){ 0 };
	unlisted = store_refresh(e->store, &e->why) != 0;
	if (unlisted != e->unlisted)
		e->notice(e->context, unlisted, unlisted ? "no files" : "the directory can be read again",
		    NULL, e->why.text);
	e->unlisted = unlisted;
	note_files(e);
	if (!e->serve || is_current(e, now))
		return;
	joined_drop(e->joined);
	e->joined = join(e, now);
	e->joined_of = store_generation(e->store);
}

/* --- The own part --- */

static void
put_number(struct buffer *out, double value)
{
	char text[NUMBER_TEXT];

	buffer_append(out, text, number_format(value, text));
	buffer_string(out, "\n");
}

/* A file's name may hold any byte. */
static void
put_label_value(struct buffer *out, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t width = utf8_character(text, left);

		if (width == 0)
			buffer_string(out, "\xef\xbf\xbd");
		else if (*text == '\n')
			buffer_string(out, "\\n");
		else if (*text == '"' || *text == '\\')
			buffer_format(out, "\\%c", *text);
		else
			buffer_append(out, text, width);
		width = width == 0 ? 1 : width;
		text += width;
		left -= width;
	}
}

static void
write_times(const struct exposition *e, struct buffer *out)
{
	size_t length = strlen(e->directory);
	const char *slash = length > 0 && e->directory[length - 1] == '/' ? "" : "/";

	buffer_string(out,
	    "# HELP arbwatch_exporter_textfile_mtime_seconds When each good file was last modified.\n"
	    "# TYPE arbwatch_exporter_textfile_mtime_seconds gauge\n");
	for (size_t i = 0; i < store_count(e->store); i++) {
		const struct store_file *file = store_file(e->store, i);

		if (file->state != STORE_GOOD)
			continue;
		buffer_string(out, "arbwatch_exporter_textfile_mtime_seconds{file=\"");
		put_label_value(out, e->directory);
		buffer_string(out, slash);
		put_label_value(out, file->name);
		buffer_string(out, "\"} ");
		put_number(out, (double)(int64_t)file->modified);
	}
}

static void
write_states(const struct exposition *e, struct buffer *out)
{
	size_t states[STORE_STATES] = { 0 }, bad;

	for (size_t i = 0; i < store_count(e->store); i++)
		states[store_file(e->store, i)->state]++;
	bad = store_count(e->store) - states[STORE_GOOD] + store_left_out(e->store);
	states[STORE_GOOD] -= e->stale;
	buffer_format(out,
	    "# HELP arbwatch_exporter_textfile_scrape_error Whether the directory or any file in it could "
	    "not be read or was refused.\n"
	    "# TYPE arbwatch_exporter_textfile_scrape_error gauge\n"
	    "arbwatch_exporter_textfile_scrape_error %d\n",
	    e->unlisted || bad > 0);
	buffer_string(out,
	    "# HELP arbwatch_exporter_textfile_files Files of the directory by what became of them.\n"
	    "# TYPE arbwatch_exporter_textfile_files gauge\n");
	for (int i = 0; i < STORE_STATES; i++)
		buffer_format(out, "arbwatch_exporter_textfile_files{state=\"%s\"} %zu\n",
		    store_state_name((enum store_state)i), states[i]);
	buffer_format(out, "arbwatch_exporter_textfile_files{state=\"stale\"} %zu\n", e->stale);
	buffer_format(
	    out, "arbwatch_exporter_textfile_files{state=\"left_out\"} %zu\n", store_left_out(e->store));
}

static void
write_conflicts(const struct exposition *e, struct buffer *out)
{
	size_t dropped = 0;

	for (size_t i = 0; i < store_count(e->store); i++)
		dropped += (size_t)store_file(e->store, i)->dropped;
	buffer_format(out,
	    "# HELP arbwatch_exporter_textfile_conflicts Families and series left out of good files now, because "
	    "they contradict others.\n"
	    "# TYPE arbwatch_exporter_textfile_conflicts gauge\n"
	    "arbwatch_exporter_textfile_conflicts %zu\n",
	    dropped + (e->joined != NULL ? e->joined->conflicts : 0));
}

static void
write_own(const struct exposition *e, struct buffer *out)
{
	telemetry_write(e->telemetry, out);
	if (!e->serve)
		return;
	write_times(e, out);
	write_states(e, out);
	write_conflicts(e, out);
}

/* --- The answer --- */

static void
put_little_endian(struct buffer *out, uint32_t number)
{
	for (int i = 0; i < 4; i++) {
		char byte = (char)(number >> (8 * i) & 0xff);

		buffer_append(out, &byte, 1);
	}
}

/* The own text deflated, to go behind the files', and the end of the gzip format over both. */
static int
pack_own(z_stream *z, const struct joined *joined, struct slice own, struct buffer *out)
{
	uLong checksum = crc32(crc32(0, NULL, 0), (const Bytef *)own.at, (uInt)own.length);
	size_t files = joined != NULL ? joined->length : 0, room = deflateBound(z, own.length);
	int status;

	z->next_in = (const Bytef *)own.at;
	z->avail_in = (uInt)own.length;
	z->next_out = (Bytef *)buffer_reserve(out, room);
	z->avail_out = (uInt)room;
	status = z->next_out != NULL ? deflate(z, Z_FINISH) : Z_MEM_ERROR;
	out->length += z->total_out;
	(void)deflateReset(z);
	if (joined != NULL)
		checksum = crc32_combine(joined->checksum, checksum, (z_off_t)own.length);
	put_little_endian(out, (uint32_t)checksum);
	put_little_endian(out, (uint32_t)(files + own.length));
	return status == Z_STREAM_END && !out->failed ? 0 : -1;
}

static void
add_slice(struct body *body, const char *at, size_t length)
{
	if (length == 0)
		return;
	body->slices[body->count++] = (struct slice){ at, length };
	body->length += length;
}

static int
assemble(struct body *body, bool gzip)
{
	const struct joined *joined = body->joined;
	size_t most = 3 + (joined != NULL && !gzip ? joined->slice_count : 0);

	body->slices = calloc(most, sizeof(*body->slices));
	if (body->slices == NULL)
		return -1;
	if (gzip)
		add_slice(body, gzip_head, sizeof(gzip_head));
	if (gzip && joined != NULL)
		add_slice(body, joined->packed.text, joined->packed.length);
	for (size_t i = 0; !gzip && joined != NULL && i < joined->slice_count; i++)
		add_slice(body, joined->slices[i].at, joined->slices[i].length);
	add_slice(body, body->own.text, body->own.length);
	return 0;
}

int
exposition_write(struct exposition *e, bool gzip, struct body *body)
{
	struct buffer text;
	int result = 0;

	*body = (struct body){ 0 };
	buffer_init(&text, largest_own);
	buffer_init(&body->own, largest_own);
	write_own(e, &text);
	if (text.failed || (e->serve && e->joined == NULL))
		result = -1;
	else if (gzip && e->joined != NULL)
		result = joined_pack(e->joined);
	if (result == 0 && e->joined != NULL)
		body->joined = joined_keep(e->joined);
	if (result == 0 && gzip) {
		result = pack_own(&e->z, body->joined, buffer_slice(&text), &body->own);
	} else if (result == 0) {
		body->own = text;
		buffer_init(&text, 0);
	}
	buffer_release(&text);
	if (result == 0)
		result = assemble(body, gzip);
	if (result != 0)
		body_release(body);
	return result;
}

void
body_release(struct body *body)
{
	joined_drop(body->joined);
	buffer_release(&body->own);
	free(body->slices);
	*body = (struct body){ 0 };
}
