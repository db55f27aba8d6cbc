#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/preflight/processes.h"

enum { MOST_BYTES = 128 * 1024 }; /* of one process's arguments */

struct search {
	const struct secrets *secrets;
	char *text; /* room for MOST_BYTES */
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
holds_a_secret(const struct search *search, size_t length)
{
	for (size_t i = 0; i < search->secrets->count; i++) {
		const char *secret = search->secrets->values[i];
		size_t size = strlen(secret);

		if (size >= SHOWN_LEAST && memmem(search->text, length, secret, size) != NULL)
			return true;
	}
	return false;
}

static void
note(struct search *search, int proc, const char *pid, bool in_environment)
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
look_at_process(struct search *search, int proc, const char *pid)
{
	if (holds_a_secret(search, read_entry(proc, pid, "cmdline", search->text, MOST_BYTES)))
		note(search, proc, pid, false);
	else if (is_of_another_user(proc, pid) &&
		 holds_a_secret(search, read_entry(proc, pid, "environ", search->text, MOST_BYTES)))
		note(search, proc, pid, true);
}

int
processes_showing(const struct secrets *secrets, struct deadline deadline, struct shown shown[], size_t most)
{
	struct search search = {
		.secrets = secrets, .text = malloc(MOST_BYTES), .shown = shown, .most = most
	};
	DIR *directory = opendir("/proc");
	const struct dirent *entry;
	bool whole = false;

	if (directory != NULL && search.text != NULL)
		while (deadline_left_ns(deadline) > 0) {
			entry = readdir(directory);
			whole = entry == NULL || search.count == most;
			if (whole)
				break;
			/* We are a copy of our parent, who is looked at. */
			if (isdigit((unsigned char)entry->d_name[0]) &&
			    strtol(entry->d_name, NULL, 10) != getpid())
				look_at_process(&search, dirfd(directory), entry->d_name);
		}
	if (directory != NULL)
		(void)closedir(directory);
	if (search.text != NULL)
		explicit_bzero(search.text, MOST_BYTES);
	free(search.text);
	return whole ? (int)search.count : -1;
}
