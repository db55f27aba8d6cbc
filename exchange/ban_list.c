/*
 * The file of bans, by which programs on one machine tell each other which exchanges must not be queried.
 *
 * Every request during a ban makes it longer, and the bot on this machine is banned with us.  So the file
 * is read and written with more care than metrics are.  It is synced to the disk, because a program that
 * starts after a power cut must still know.  A file that is there and cannot be read stops all requests.  A
 * line that is damaged but has a readable URL holds that exchange back.  Times are cut to the longest that
 * any exchange demands.
 *
 * To raise a ban: lock, read, raise, write a temporary file, rename.  Without the lock the later of two
 * writers would undo the ban of the earlier one.
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text/buffer.h"
#include "exchange/ban_list.h"
#include "textfile/number.h"
#include "textfile/publish.h"

#define FILE_NAME "exchange_bans"

enum { LARGEST_FILE = BAN_LIST_ENTRIES * (BAN_LIST_URL + 64), FILE_MODE = 0644 };

static const char published[] = "." FILE_NAME, temporary[] = "." FILE_NAME ".tmp";

/* How far a time may be beyond the longest ban: clocks are moved a little all the time. */
static const double clock_slack = 3600;

/* Even a run that used up its time may wait this long for another program that writes down a ban. */
static const int64_t least_lock_wait_ns = 100 * 1000 * 1000;

double
ban_hold_until(double demanded, double now, double untold, double most)
{
	if (!(demanded > now))
		demanded = now + untold;
	return demanded < now + most ? demanded : now + most;
}

double
ban_in_force(double time, double now, double most)
{
	return time > now && time <= now + most + clock_slack ? time : 0;
}

static int
fail(const char *action, const char *directory, const char *name, struct failure *why)
{
	return failure_set(
	    why, FAILURE_LOCAL, "cannot %s '%s/%s': %s", action, directory, name, strerror(errno));
}

/* Entries ------------------------------------------------------------ */

/*
 * False: it is no URL that could be a key.  A line has its URL first, so there may be no blanks in it.
 * Scheme and host are the same in capitals and small letters; a path is not.
 */
static bool
make_key(struct slice url, char key[BAN_LIST_URL])
{
	size_t slashes = 0;

	if (url.length < 8 || url.length >= BAN_LIST_URL || strncasecmp(url.at, "http", 4) != 0)
		return false;
	for (size_t i = 0; i < url.length; i++) {
		if (!isgraph((unsigned char)url.at[i]))
			return false;
		slashes += url.at[i] == '/';
		key[i] = slashes < 3 ? (char)tolower((unsigned char)url.at[i]) : url.at[i];
	}
	key[url.length] = '\0';
	return true;
}

static struct ban_entry *
find(const struct ban_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->entries[i].url, key) == 0)
			return &list->entries[i];
	return NULL;
}

/* A later time stays: another program may know more than we do.  False: the list is full. */
static bool
add(struct ban_list *list, const char *key, struct ban ban)
{
	struct ban_entry *entry = find(list, key);

	if (entry == NULL) {
		if (list->count == BAN_LIST_ENTRIES)
			return false;
		entry = &list->entries[list->count++];
		*entry = (struct ban_entry){ 0 };
		(void)snprintf(entry->url, sizeof(entry->url), "%s", key);
	}
	if (ban.banned_until > entry->ban.banned_until)
		entry->ban.banned_until = ban.banned_until;
	if (ban.retry_at > entry->ban.retry_at)
		entry->ban.retry_at = ban.retry_at;
	return true;
}

struct ban
ban_list_find(const struct ban_list *list, const char *base_url)
{
	char key[BAN_LIST_URL];
	const struct ban_entry *entry = make_key(SLICE(base_url), key) ? find(list, key) : NULL;

	return entry != NULL ? entry->ban : (struct ban){ 0, 0 };
}

/* Reading ------------------------------------------------------------ */

static struct slice
next_word(struct slice *line)
{
	const char *blank = memchr(line->at, ' ', line->length);
	struct slice word = { line->at, blank != NULL ? (size_t)(blank - line->at) : line->length };
	size_t taken = word.length + (blank != NULL);

	*line = (struct slice){ line->at + taken, line->length - taken };
	return word;
}

static bool
read_time(struct slice text, double now, double most, double *time)
{
	double value = number_valid(text) ? number_value(text) : -1;

	if (!(value >= 0 && value <= 1e15))
		return false;
	*time = ban_in_force(value, now, most);
	return true;
}

static void
read_line(struct ban_list *list, const char *directory, struct slice line, unsigned number, double now)
{
	struct slice url = next_word(&line), banned_until = next_word(&line), retry_at = next_word(&line);
	struct ban ban = { 0, 0 };
	char key[BAN_LIST_URL];

	if (!make_key(url, key)) {
		(void)failure_set(&list->damage, FAILURE_LOCAL,
		    "line %u of '%s/%s' is no entry and is ignored", number, directory, published);
		return;
	}
	/* If the URL alone is known, it may be a ban, and a minute costs little. */
	if (!read_time(banned_until, now, BAN_MOST, &ban.banned_until) ||
	    !read_time(retry_at, now, RETRY_MOST, &ban.retry_at) || line.length != 0) {
		ban = (struct ban){ .retry_at = now + (double)RETRY_UNTOLD };
		(void)failure_set(&list->damage, FAILURE_LOCAL,
		    "line %u of '%s/%s' is damaged and may be a ban of %s: if there is no ban, remove the line",
		    number, directory, published, key);
	}
	if ((ban.banned_until > 0 || ban.retry_at > 0) && !add(list, key, ban))
		(void)failure_set(&list->damage, FAILURE_LOCAL, "'%s/%s' has more than %d entries", directory,
		    published, (int)BAN_LIST_ENTRIES);
}

static int
read_open(struct ban_list *list, const char *directory, int fd, double now, struct failure *why)
{
	struct buffer text;
	struct stat info;
	int result;

	/* The directory may belong to other programs too: a file that is not ours is not read to its end. */
	if (fstat(fd, &info) != 0)
		return fail("read", directory, published, why);
	if (!S_ISREG(info.st_mode) || info.st_size > LARGEST_FILE)
		return failure_set(why, FAILURE_LOCAL, "'%s/%s' is %s: remove it", directory, published,
		    S_ISREG(info.st_mode) ? "too large" : "no regular file");
	buffer_init(&text, LARGEST_FILE + 2 * BUFFER_STEP);
	result = buffer_fill(&text, fd, (size_t)info.st_size);
	if (result != 0)
		(void)fail("read", directory, published, why);
	for (struct slice rest = buffer_slice(&text), line; result == 0 && rest.length > 0;) {
		const char *end = memchr(rest.at, '\n', rest.length);
		size_t taken;

		line = (struct slice){ rest.at, end != NULL ? (size_t)(end - rest.at) : rest.length };
		read_line(list, directory, line, ++list->lines, now);
		taken = line.length + (end != NULL);
		rest = (struct slice){ rest.at + taken, rest.length - taken };
	}
	buffer_release(&text);
	return result;
}

int
ban_list_read(struct ban_list *list, const char *directory, double now, struct failure *why)
{
	char path[4096 + sizeof(published)];
	int fd, result;

	*list = (struct ban_list){ .entries = calloc(BAN_LIST_ENTRIES, sizeof(*list->entries)) };
	if (list->entries == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	(void)snprintf(path, sizeof(path), "%s/%s", directory, published);
	/* Opening a FIFO would wait for a writer, and a link may lead anywhere. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	/* No directory: nothing was published, and so no ban was met. */
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : fail("read", directory, published, why);
	result = read_open(list, directory, fd, now, why);
	(void)close(fd);
	return result;
}

void
ban_list_release(struct ban_list *list)
{
	free(list->entries);
	*list = (struct ban_list){ 0 };
}

/* Writing ------------------------------------------------------------ */

/* Times are as exact as in the metrics, so that both say the same. */
static void
append_time(struct buffer *text, double time)
{
	char number[NUMBER_TEXT];
	size_t length = number_format(time, number);

	buffer_string(text, " ");
	buffer_append(text, number, length);
}

/* -1 with errno. */
static int
write_temporary(int directory, struct slice text)
{
	int fd, result = 0;

	/* A killed run may have left it behind.  The lock is ours, so nobody is writing it now. */
	(void)unlinkat(directory, temporary, 0);
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd < 0)
		return -1;
	/* Programs of other users must be able to read it, whatever the umask says. */
	if (fchmod(fd, FILE_MODE) != 0)
		result = -1;
	while (result == 0 && text.length > 0) {
		ssize_t written = write(fd, text.at, text.length);

		if (written < 0 && errno != EINTR)
			result = -1;
		if (written > 0)
			text = (struct slice){ text.at + written, text.length - (size_t)written };
	}
	/* A ban is rare, and a power cut must not end it. */
	if (result == 0 && fsync(fd) != 0)
		result = -1;
	return close(fd) == 0 ? result : -1;
}

static int
replace(const struct textfile *lock, const struct ban_list *list, struct failure *why)
{
	struct buffer text;
	int result = -1;

	buffer_init(&text, LARGEST_FILE);
	for (size_t i = 0; i < list->count; i++) {
		buffer_string(&text, list->entries[i].url);
		append_time(&text, list->entries[i].ban.banned_until);
		append_time(&text, list->entries[i].ban.retry_at);
		buffer_string(&text, "\n");
	}
	if (text.failed)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (write_temporary(lock->directory, buffer_slice(&text)) != 0)
		(void)fail("write", lock->path, temporary, why);
	else if (renameat(lock->directory, temporary, lock->directory, published) != 0)
		(void)fail("replace", lock->path, published, why);
	else
		/* The rename is on the disk only now.  Some file systems cannot do it (EINVAL). */
		result = fsync(lock->directory) == 0 || errno == EINVAL
			     ? 0
			     : fail("write", lock->path, published, why);
	if (result != 0)
		(void)unlinkat(lock->directory, temporary, 0);
	buffer_release(&text);
	return result;
}

/* Written so that NaN becomes 0, which is no time. */
static double
cut(double time, double now, double most)
{
	return time > now ? ban_hold_until(time, now, 0, most) : 0;
}

int
ban_list_raise(const char *directory, const char *base_url, struct ban ban, double now,
    struct deadline deadline, struct failure *why)
{
	struct deadline least = deadline_in(least_lock_wait_ns);
	struct ban_list list = { 0 };
	struct textfile lock;
	char key[BAN_LIST_URL];
	int result;

	ban = (struct ban){ cut(ban.banned_until, now, BAN_MOST), cut(ban.retry_at, now, RETRY_MOST) };
	/* Nothing to keep, and so no lock to wait for. */
	if (ban.banned_until <= 0 && ban.retry_at <= 0)
		return 0;
	if (!make_key(SLICE(base_url), key))
		return failure_set(why, FAILURE_LOCAL, "cannot keep a ban of '%s': it is no URL", base_url);
	result =
	    textfile_open(&lock, directory, FILE_NAME, least.at_ns > deadline.at_ns ? least : deadline, why);
	/* What is in the file now stays, and the new ban is added. */
	if (result == 0)
		result = ban_list_read(&list, directory, now, why);
	if (result == 0 && !add(&list, key, ban))
		result = failure_set(why, FAILURE_LOCAL, "'%s/%s' is full: it has %d entries", directory,
		    published, (int)BAN_LIST_ENTRIES);
	if (result == 0)
		result = replace(&lock, &list, why);
	ban_list_release(&list);
	textfile_close(&lock);
	return result;
}
