/*
 * Reads /proc/PID/cmdline of every process.  A secret is looked for as it is: one
 * that is encoded, or lies behind the first 128 KiB, is not found.  That limit is
 * also the kernel's for a single argument.
 */

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/preflight/checks/processes.h"

/* Returns how many bytes were read: 0 for a process that has ended, or is not ours to read. */
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
holds_one(const char *text, size_t length, const struct secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		size_t size = strlen(secrets->values[i]);

		if (size >= SHOWN_LEAST && memmem(text, length, secrets->values[i], size) != NULL)
			return true;
	}
	return false;
}

size_t
processes_showing(
    const struct secrets *secrets, struct deadline deadline, struct shown shown[], size_t most, bool *all)
{
	char *text = malloc(ARGUMENTS_READ);
	DIR *directory = opendir("/proc");
	size_t count = 0;

	*all = false;
	while (directory != NULL && text != NULL && deadline_left_ns(deadline) > 0 && !*all) {
		const struct dirent *entry = readdir(directory);
		size_t length;

		*all = entry == NULL || count == most;
		if (*all || !isdigit((unsigned char)entry->d_name[0]))
			continue;
		length = read_entry(dirfd(directory), entry->d_name, "cmdline", text, ARGUMENTS_READ);
		if (!holds_one(text, length, secrets))
			continue;
		shown[count].pid = (pid_t)strtol(entry->d_name, NULL, 10);
		length = read_entry(dirfd(directory), entry->d_name, "comm", shown[count].name,
		    sizeof(shown[count].name) - 1);
		/* The name ends with a line break. */
		shown[count].name[length > 0 ? length - 1 : 0] = '\0';
		count++;
	}
	if (directory != NULL)
		(void)closedir(directory);
	if (text != NULL)
		explicit_bzero(text, ARGUMENTS_READ);
	free(text);
	return count;
}
