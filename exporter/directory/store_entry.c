/*
 * One file of the directory: whether it is still the one that was read, and if
 * not, what it says now.  Our own programs rename a finished file into place,
 * but others write in place, slowly or twice within a moment.  Nothing in a
 * file may hold up or exhaust the exporter: a FIFO is not waited for, and
 * sizes have limits, for each file and for all of them.
 *
 * A refresh that finds the same text again, or the same fault, is no change:
 * so a collector that repeats every second with the same values costs no join.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/text/buffer.h"
#include "exporter/directory/judge_file.h"
#include "exporter/directory/store_entry.h"

enum { READ_TRIES = 3 };

/*
 * A file that is written in place twice within one tick of the file system's
 * clock may look unchanged.  So it is read once more when we have known its
 * times for 50 ms: then the tick is over.  What the times say does not matter:
 * they may be of another machine's clock, or set by hand.
 */
static const int64_t settled_ns = 50 * 1000 * 1000;

static int64_t
timespec_ns(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct identity
identity_of(const struct stat *status)
{
	/* With the time of change: a program can set the time of modification back, but not this one. */
	return (struct identity){ status->st_dev, status->st_ino, status->st_size,
		timespec_ns(status->st_mtim), timespec_ns(status->st_ctim) };
}

static bool
identity_equal(const struct identity *a, const struct identity *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	       a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

static void
entry_forget(struct store *store, struct entry *entry)
{
	store->bytes -= entry->size;
	entry->size = 0;
	/* The document first: it points into the two buffers. */
	document_release(&entry->file.document);
	buffer_release(&entry->text);
	buffer_release(&entry->bounds);
	entry->file.dropped = 0;
}

static void
mark_changed(struct store *store, struct entry *entry)
{
	store->changed = true;
	entry->file.changed = store->generation + 1;
}

/* The file cannot be served, and why.  `known` is off, so the next refresh tries again. */
static void
set_bad(struct store *store, struct entry *entry, enum store_state state, const char *reason)
{
	bool same = entry->file.state == state && strcmp(entry->file.reason, reason) == 0;

	if (!same)
		mark_changed(store, entry);
	entry_forget(store, entry);
	entry->known = false;
	entry->file.state = state;
	entry->file.foreign = false;
	(void)snprintf(entry->file.reason, sizeof(entry->file.reason), "%s", reason);
}

void
entry_release(struct store *store, struct entry *entry)
{
	entry_forget(store, entry);
	free(entry->file.name);
}

/* A good text becomes the entry's. */
static void
set_good(struct store *store, struct entry *entry, struct buffer *text, struct buffer *bounds,
    struct document *document, const struct judgement *judgement)
{
	mark_changed(store, entry);
	entry_forget(store, entry);
	entry->file.state = STORE_GOOD;
	entry->file.reason[0] = '\0';
	entry->file.foreign = false;
	entry->file.dropped = judgement->dropped;
	entry->file.document = *document;
	entry->text = *text;
	entry->bounds = *bounds;
	*document = (struct document){ 0 };
	*text = *bounds = (struct buffer){ 0 };
}

static void
judge_text(struct store *store, struct entry *entry, struct buffer *text)
{
	static const char ours[] = "arbitrage_";
	struct slice all = { text->text != NULL ? text->text : "", text->length };
	struct judgement judgement;
	struct document document;
	struct buffer bounds;

	/* The file was written again, with nothing new in it. */
	if (entry->file.state == STORE_GOOD && slice_equal(all, buffer_slice(&entry->text)))
		return;
	buffer_init(&bounds, SIZE_MAX);
	if (judge_file(all, &document, &bounds, &judgement) == 0) {
		set_good(store, entry, text, &bounds, &document, &judgement);
	} else if (judgement.reason[0] != '\0') {
		set_bad(store, entry, STORE_BROKEN, judgement.reason);
		entry->file.foreign = memmem(all.at, all.length, ours, strlen(ours)) == NULL;
	} else {
		set_bad(store, entry, STORE_UNREADABLE, "out of memory");
	}
	document_release(&document);
	buffer_release(&bounds);
	if (entry->file.state == STORE_UNREADABLE)
		return;
	/* A broken text is not kept, but counts: otherwise
	 * many broken files would be read past the limit. */
	entry->size = all.length;
	store->bytes += all.length;
}

static bool
is_too_large(struct store *store, struct entry *entry, const struct stat *status)
{
	char reason[128];
	/* Its own old text goes away when the new one is taken. */
	size_t others = store->bytes - entry->size, size = (size_t)status->st_size;

	if (status->st_size >= 0 && size <= store->limits.file_bytes && others <= store->limits.all_bytes &&
	    size <= store->limits.all_bytes - others)
		return false;
	if (size > store->limits.file_bytes)
		(void)snprintf(
		    reason, sizeof(reason), "larger than %zu bytes: not read", store->limits.file_bytes);
	else
		(void)snprintf(reason, sizeof(reason), "more than %zu bytes in all files: not read",
		    store->limits.all_bytes);
	set_bad(store, entry, STORE_TOO_LARGE, reason);
	return true;
}

static const char *
kind_of(mode_t mode)
{
	if (S_ISFIFO(mode))
		return "named pipe, no regular file: node_exporter hangs on it";
	if (S_ISDIR(mode))
		return "directory, no regular file";
	return "no regular file";
}

/*
 * Read an open file.  One that is written in place may change meanwhile: then
 * it is read again, a few times, and after that it is judged as it is.
 */
static void
read_open(struct store *store, struct entry *entry, int fd, struct stat *status)
{
	struct identity before;
	struct buffer text;
	int64_t began_ns = clock_now_ns();
	int tries = 0, result, error;

	buffer_init(&text, store->limits.file_bytes + 2 * BUFFER_STEP);
	do {
		text.length = 0;
		before = identity_of(status);
		result = lseek(fd, 0, SEEK_SET) < 0 ? -1 : buffer_fill(&text, fd, (size_t)status->st_size);
		error = errno;
	} while (result == 0 && fstat(fd, status) == 0 && status->st_size != before.size &&
		 status->st_size <= (off_t)store->limits.file_bytes && ++tries < READ_TRIES);
	if (!entry->known || !identity_equal(&before, &entry->identity))
		entry->since_ns = clock_now_ns();
	entry->settled = began_ns - entry->since_ns > settled_ns;
	entry->identity = before;
	if (result == 0)
		judge_text(store, entry, &text);
	else
		set_bad(store, entry, error == EFBIG ? STORE_TOO_LARGE : STORE_UNREADABLE,
		    error == EFBIG ? "grew past the limit while it was read" : strerror(error));
	entry->known = result == 0 && entry->file.state != STORE_UNREADABLE;
	buffer_release(&text);
}

static void
read_file(struct store *store, struct entry *entry, int directory)
{
	struct stat status;
	/* What stat() saw may be a FIFO by now: opening that must not wait. */
	int fd = openat(directory, entry->file.name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		set_bad(store, entry, STORE_UNREADABLE,
		    errno == ENOENT ? "gone while it was read" : strerror(errno));
		return;
	}
	if (fstat(fd, &status) != 0) {
		set_bad(store, entry, STORE_UNREADABLE, strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		set_bad(store, entry, STORE_UNREADABLE, kind_of(status.st_mode));
	} else if (!is_too_large(store, entry, &status)) {
		entry->file.modified = (double)timespec_ns(status.st_mtim) / 1e9;
		read_open(store, entry, fd, &status);
	}
	(void)close(fd);
}

/* Whether the entry stays.  A link to nothing does: it is a fault that an operator must see. */
bool
entry_look_at(struct store *store, struct entry *entry, int directory)
{
	struct stat status;
	struct identity now;

	if (fstatat(directory, entry->file.name, &status, 0) != 0) {
		int error = errno;

		if (error == ENOENT &&
		    fstatat(directory, entry->file.name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			return false;
		entry->file.modified = -1;
		set_bad(store, entry, STORE_UNREADABLE,
		    error == ENOENT ? "symbolic link to nothing" : strerror(error));
		return true;
	}
	entry->file.modified = (double)timespec_ns(status.st_mtim) / 1e9;
	if (!S_ISREG(status.st_mode)) {
		set_bad(store, entry, STORE_UNREADABLE, kind_of(status.st_mode));
		return true;
	}
	now = identity_of(&status);
	if (entry->known && entry->settled && identity_equal(&now, &entry->identity))
		return true;
	if (!is_too_large(store, entry, &status))
		read_file(store, entry, directory);
	return true;
}
