#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demo/paper_engine/live/journal_file.h"

static const char magic[8] = "paperlog";

/* One of these for each record. */
struct entry {
	char magic[sizeof(magic)];
	uint32_t size, kind;
	union {
		struct trade trade;
		struct movement movement;
	};
};

int
unwritten_open(const char *path, struct failure *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		return failure_set(
		    why, FAILURE_LOCAL, "--journal.file: cannot open '%s': %s", path, strerror(errno));
	return fd;
}

static struct record *
entry_record(const struct entry *entry)
{
	struct record *record = calloc(1, sizeof(*record));

	if (record == NULL)
		return NULL;
	record->kind = (enum record_kind)entry->kind;
	if (record->kind == RECORD_TRADE)
		record->trade = entry->trade;
	else
		record->movement = entry->movement;
	return record;
}

long
unwritten_read(int fd, struct record **records, size_t most, struct failure *why)
{
	struct entry entry;
	size_t count = 0;
	ssize_t got;

	while (count < most && (got = pread(fd, &entry, sizeof(entry), (off_t)(count * sizeof(entry)))) > 0) {
		size_t begin = (size_t)got < sizeof(magic) ? (size_t)got : sizeof(magic);
		struct record *record = NULL;

		/* One that is cut off begins as all others: a short file of somebody else is not emptied. */
		if ((size_t)got < sizeof(entry) && memcmp(entry.magic, magic, begin) == 0)
			break;
		if (got == sizeof(entry) && memcmp(entry.magic, magic, sizeof(magic)) == 0 &&
		    entry.size == sizeof(entry) && entry.kind <= RECORD_MOVEMENT &&
		    (entry.kind == RECORD_MOVEMENT ||
			(entry.trade.fill_count >= 0 && entry.trade.fill_count <= FILLS)))
			record = entry_record(&entry);
		if (record == NULL) {
			while (count > 0)
				record_free(records[--count]);
			return failure_set(why, FAILURE_LOCAL,
			    "the file of unwritten records is damaged, or of another version of paper_engine: start that "
			    "version once, or remove the file and with it these records");
		}
		records[count++] = record;
	}
	return (long)count;
}

int
unwritten_add(int fd, const struct record *record)
{
	struct entry entry;
	struct stat status;

	memset(&entry, 0, sizeof(entry));
	memcpy(entry.magic, magic, sizeof(magic));
	entry.size = sizeof(entry);
	entry.kind = record->kind;
	if (record->kind == RECORD_TRADE)
		entry.trade = record->trade;
	else
		entry.movement = record->movement;
	if (write(fd, &entry, sizeof(entry)) == sizeof(entry))
		return 0;
	/* A part of one would put all behind it in the wrong place. */
	if (fstat(fd, &status) == 0 && status.st_size % (off_t)sizeof(entry) != 0)
		return ftruncate(fd, status.st_size - status.st_size % (off_t)sizeof(entry)) - 1;
	return -1;
}

int
unwritten_clear(int fd)
{
	return ftruncate(fd, 0);
}
