/*
 * One file of the directory: whether it is still the one that was read, and if
 * not, what it says now.  Our own programs rename a finished file into place,
 * but others write in place, slowly or twice within a moment.  Nothing in a
 * file may hold up or exhaust the exporter: a FIFO is not waited for, and
 * sizes have limits, for each file and for all of them.
 *
 * A file is served as node_exporter would serve it.  So it is refused for what
 * node_exporter refuses a file for, and also for what makes node_exporter misread
 * it or crash: with one such file, nothing of the directory would arrive.
 *
 * A refresh that finds the same text again, or the same fault, is no change:
 * so a collector that repeats every second with the same values costs no join.
 */

#include "exporter/directory/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/deadline.h"
#include "exporter/directory/bounds.h"
#include "textfile/parse.h"
#include "textfile/validate.h"

/*
 * A file that is written in place twice within one tick of the file system's
 * clock may look unchanged.  So it is read once more when we have known its
 * times for 50 ms: then the tick is over.  What the times say does not matter:
 * they may be of another machine's clock, or set by hand.
 */
static const int64_t settled_ns = 50 * 1000 * 1000;

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* With the time of change: a program can set the time of modification back, but not this one. */
static bool
same_status(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       same_time(a->st_mtim, b->st_mtim) && same_time(a->st_ctim, b->st_ctim);
}

/* Whatever was read is no longer there.  The document first: it points into the two buffers. */
static void
entry_forget(struct store *store, struct entry *entry)
{
	store->bytes -= entry->size;
	entry->size = 0;
	document_release(&entry->file.document);
	buffer_release(&entry->text);
	buffer_release(&entry->bounds);
	entry->file.dropped = 0;
	entry->file.foreign = false;
}

void
entry_release(struct store *store, struct entry *entry)
{
	entry_forget(store, entry);
	free(entry->file.name);
}

/* The file cannot be served, and why.  `known` is off, so the next refresh tries again. */
static void
set_bad(struct store *store, struct entry *entry, enum store_state state, const char *reason)
{
	struct store_file *file = &entry->file;

	if (file->state != state || strcmp(file->reason, reason) != 0)
		store->changed = true;
	entry_forget(store, entry);
	entry->known = false;
	file->state = state;
	(void)snprintf(file->reason, sizeof(file->reason), "%s", reason);
}

/* --- What a text is worth --- */

struct judging {
	char reason[256];                /* the first fault for which all of it is refused; "": it is taken */
	long dropped;                    /* faults for which a part of it is left out */
	const struct document *document; /* NULL: it is still being parsed */
};

static int
compare_line(const void *key, const void *element)
{
	uint32_t line = *(const uint32_t *)key, other = ((const struct sample *)element)->line;

	return (line > other) - (line < other);
}

/* Whether the line is of a histogram or summary.  All its lines are one series, and merge() keeps
 * those of one file together: it would not leave out a duplicate among them, so the file is refused. */
static bool
is_of_composite(const struct document *d, uint32_t line)
{
	const struct sample *sample = NULL;

	if (d->sample_count > 0)
		sample = bsearch(&line, d->samples, d->sample_count, sizeof(*d->samples), compare_line);
	return sample == NULL || composite_type(d->families[sample->family].type);
}

/*
 * Labels that differ within a family are no fault to Prometheus.  Names that
 * node_exporter writes itself ("taken") are fine here: merge() is given our own.
 */
static void
judge(void *context, const struct fault *fault)
{
	struct judging *j = context;

	if (j->reason[0] != '\0' || strcmp(fault->rule, "labels_differ") == 0 ||
	    strcmp(fault->rule, "taken") == 0)
		return;
	if (fault->class == FAULT_DROP && j->document != NULL &&
	    (strcmp(fault->rule, "duplicate") != 0 || !is_of_composite(j->document, fault->line)))
		j->dropped++;
	else if (fault->line > 0)
		(void)snprintf(j->reason, sizeof(j->reason), "line %u: %.230s", fault->line, fault->text);
	else
		(void)snprintf(j->reason, sizeof(j->reason), "%.240s", fault->text);
}

/* A good text becomes the entry's. */
static void
take_text(struct store *store, struct entry *entry, struct buffer *text)
{
	static const char ours[] = "arbitrage_";
	struct slice all = { text->text != NULL ? text->text : "", text->length };
	struct judging judging = { 0 };
	struct document document;
	struct buffer bounds;
	bool taken;

	/* The file was written again, with nothing new in it. */
	if (entry->file.state == STORE_GOOD && slice_equal(all, buffer_slice(&entry->text)))
		return;
	buffer_init(&bounds, SIZE_MAX);
	taken = parse(&document, all, judge, &judging) >= 0;
	judging.document = &document;
	taken = taken && validate_document(&document, judge, &judging) >= 0 && judging.reason[0] == '\0' &&
		bounds_normalise(&document, &bounds) == 0;
	if (!taken) {
		document_release(&document);
		buffer_release(&bounds);
		set_bad(store, entry, judging.reason[0] != '\0' ? STORE_BROKEN : STORE_UNREADABLE,
		    judging.reason[0] != '\0' ? judging.reason : "out of memory");
	} else {
		store->changed = true;
		entry_forget(store, entry);
		entry->file.state = STORE_GOOD;
		entry->file.reason[0] = '\0';
		entry->file.dropped = judging.dropped;
		entry->file.document = document;
		entry->text = *text;
		entry->bounds = bounds;
		*text = (struct buffer){ 0 };
	}
	if (entry->file.state == STORE_UNREADABLE)
		return;
	entry->file.foreign = memmem(all.at, all.length, ours, strlen(ours)) == NULL;
	/* A broken text is not kept, but counts: otherwise
	 * many broken files would be read past the limit. */
	entry->size = all.length;
	store->bytes += all.length;
}

/* --- The file --- */

static const char *
kind_of(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "named pipe, no regular file: node_exporter hangs on it";
	return S_ISDIR(mode) ? "directory, no regular file" : "no regular file";
}

/* Whether a file like this is read.  If not, the entry says why. */
static bool
is_readable(struct store *store, struct entry *entry, const struct stat *status)
{
	char reason[128];
	/* Its own old text goes away when the new one is taken. */
	size_t others = store->bytes - entry->size, size = (size_t)status->st_size;

	entry->file.modified = (double)status->st_mtim.tv_sec + (double)status->st_mtim.tv_nsec / 1e9;
	if (!S_ISREG(status->st_mode)) {
		set_bad(store, entry, STORE_UNREADABLE, kind_of(status->st_mode));
		return false;
	}
	if (size <= store->limits.file_bytes && others <= store->limits.all_bytes &&
	    size <= store->limits.all_bytes - others)
		return true;
	if (size > store->limits.file_bytes)
		(void)snprintf(
		    reason, sizeof(reason), "larger than %zu bytes: not read", store->limits.file_bytes);
	else
		(void)snprintf(reason, sizeof(reason), "more than %zu bytes in all files: not read",
		    store->limits.all_bytes);
	set_bad(store, entry, STORE_TOO_LARGE, reason);
	return false;
}

static void
read_file(struct store *store, struct entry *entry, int fd)
{
	struct stat status;
	struct buffer text;
	int64_t now = clock_now_ns();

	if (fstat(fd, &status) != 0) {
		set_bad(store, entry, STORE_UNREADABLE, strerror(errno));
		return;
	}
	if (!is_readable(store, entry, &status))
		return;
	if (!entry->known || !same_status(&status, &entry->status))
		entry->since_ns = now;
	entry->settled = now - entry->since_ns > settled_ns;
	/* Of before the reading: what is written meanwhile shows in the next refresh. */
	entry->status = status;
	buffer_init(&text, store->limits.file_bytes + 2 * BUFFER_STEP);
	if (buffer_fill(&text, fd, (size_t)status.st_size) == 0) {
		take_text(store, entry, &text);
		entry->known = entry->file.state != STORE_UNREADABLE;
	} else if (errno == EFBIG) {
		set_bad(store, entry, STORE_TOO_LARGE, "grew past the limit while it was read");
	} else {
		set_bad(store, entry, STORE_UNREADABLE, strerror(errno));
	}
	buffer_release(&text);
}

bool
entry_look_at(struct store *store, struct entry *entry, int directory)
{
	const char *name = entry->file.name;
	struct stat status;
	int fd, error;

	if (fstatat(directory, name, &status, 0) != 0) {
		error = errno;
		if (error == ENOENT && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			return false;
		/* A link to nothing stays: it is a fault that an operator must see. */
		entry->file.modified = -1;
		set_bad(store, entry, STORE_UNREADABLE,
		    error == ENOENT ? "symbolic link to nothing" : strerror(error));
		return true;
	}
	if (!is_readable(store, entry, &status) ||
	    (entry->known && entry->settled && same_status(&status, &entry->status)))
		return true;
	/* What stat() saw may be a FIFO by now: opening that must not wait. */
	fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		set_bad(store, entry, STORE_UNREADABLE,
		    errno == ENOENT ? "gone while it was read" : strerror(errno));
		return true;
	}
	read_file(store, entry, fd);
	(void)close(fd);
	return true;
}
