#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/checks/processes.h"

/* Of one process's arguments, or environment: Linux lets both together have 6 MiB. */
enum { MOST_BYTES = 8 * 1024 * 1024 };

struct process_search {
	struct wanted wanted;
	char *text;  /* room for MOST_BYTES */
	size_t used; /* of it, at most so far */
	bool cut;    /* somebody has more */
	struct shown *shown;
	size_t count, most;
};

/* How many bytes; a process that is gone, or not ours to read, has none. */
static size_t
read_entry(int proc, const char *pid, const char *entry, char *text, size_t size)
{
	char path[320];
	size_t length = 0;
	ssize_t got = 1;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", pid, entry);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && length < size && (got = read(fd, text + length, size - length)) > 0)
		length += (size_t)got;
	if (fd >= 0)
		(void)close(fd);
	return length;
}

static bool
holds(const struct process_search *search, const struct secrets *secrets, size_t length)
{
	for (size_t i = 0; i < secrets->count; i++) {
		const char *secret = secrets->values[i];
		size_t size = strlen(secret);

		if (size >= SHOWN_LEAST && memmem(search->text, length, secret, size) != NULL)
			return true;
	}
	return false;
}

static int
hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* In place; what is no escape stays.  The length. */
static size_t
decode_percent(char *text, size_t length)
{
	size_t to = 0;

	for (size_t from = 0; from < length; from++, to++) {
		bool escape = text[from] == '%' && length - from > 2 &&
			      isxdigit((unsigned char)text[from + 1]) &&
			      isxdigit((unsigned char)text[from + 2]);

		text[to] = text[from];
		if (escape) {
			text[to] = (char)(hex_value(text[from + 1]) * 16 + hex_value(text[from + 2]));
			from += 2;
		}
	}
	return to;
}

/* As it is, or as it stands in a URL. */
static bool
shows_one(struct process_search *search, const struct secrets *secrets, int proc, const char *pid,
    const char *entry)
{
	size_t length = read_entry(proc, pid, entry, search->text, MOST_BYTES);

	if (length > search->used)
		search->used = length;
	search->cut |= length == MOST_BYTES;
	return holds(search, secrets, length) || holds(search, secrets, decode_percent(search->text, length));
}

static void
add_shown(struct process_search *search, int proc, const char *pid, bool in_environment)
{
	struct shown *shown = &search->shown[search->count++];
	size_t length = read_entry(proc, pid, "comm", shown->name, sizeof(shown->name) - 1);

	shown->name[length] = '\0';
	shown->name[strcspn(shown->name, "\n")] = '\0';
	shown->pid = (pid_t)strtol(pid, NULL, 10);
	shown->in_environment = in_environment;
}

static bool
is_of_another_user(int proc, const char *pid)
{
	struct stat info;

	return fstatat(proc, pid, &info, 0) == 0 && info.st_uid != 0 && info.st_uid != geteuid();
}

static void
check_process(struct process_search *search, int proc, const char *pid)
{
	if (shows_one(search, search->wanted.in_arguments, proc, pid, "cmdline"))
		add_shown(search, proc, pid, false);
	else if (is_of_another_user(proc, pid) &&
		 shows_one(search, search->wanted.in_environments, proc, pid, "environ"))
		add_shown(search, proc, pid, true);
}

size_t
processes_showing(
    struct wanted wanted, struct deadline deadline, struct shown shown[], size_t most, bool *all)
{
	struct process_search search = {
		.wanted = wanted, .text = malloc(MOST_BYTES), .shown = shown, .most = most
	};
	DIR *directory = opendir("/proc");
	int proc = directory == NULL ? -1 : dirfd(directory);
	const struct dirent *entry;

	*all = false;
	if (proc >= 0 && search.text != NULL)
		while (deadline_left_ns(deadline) > 0) {
			entry = readdir(directory);
			*all = (entry == NULL || search.count == most) && !search.cut;
			if (entry == NULL || search.count == most)
				break;
			/* We are a copy of our parent, who is looked at. */
			if (isdigit((unsigned char)entry->d_name[0]) &&
			    strtol(entry->d_name, NULL, 10) != getpid())
				check_process(&search, proc, entry->d_name);
		}
	if (directory != NULL)
		(void)closedir(directory);
	if (search.text != NULL)
		explicit_bzero(search.text, search.used);
	free(search.text);
	return search.count;
}
