/*
 * listening PID: print the TCP ports that the process listens on, in the order of its file descriptors, one
 * per line.
 *
 * For servers that were started with port 0.  Exit status: 0, or 1 while it listens on no port, so that a
 * test can await it.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LISTEN = 0x0A };

/* The port of the listening socket with that inode, as the kernel's table lists it; 0 if it is not listed. */
static unsigned int
port_in(const char *table, unsigned long inode)
{
	/* Slot, local and remote address, state, queues, timer, retransmits, user, timeout, inode. */
	static const char form[] = "%*s %*[0-9A-F]:%x %*s %x %*s %*s %*s %*s %*s %lu";
	FILE *file = fopen(table, "r");
	char line[512];
	unsigned int port, state, found = 0;
	unsigned long of;

	if (file == NULL)
		return 0;
	while (found == 0 && fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, form, &port, &state, &of) == 3 && state == LISTEN && of == inode)
			found = port;
	(void)fclose(file);
	return found;
}

static bool
print_port(long pid, const char *fd)
{
	static const char *const tables[] = { "tcp", "tcp6" };
	char path[320], target[64];
	unsigned long inode;
	unsigned int port = 0;
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%ld/fd/%s", pid, fd);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	if (sscanf(target, "socket:[%lu]", &inode) != 1)
		return false;
	for (int i = 0; port == 0 && i < 2; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%ld/net/%s", pid, tables[i]);
		port = port_in(path, inode);
	}
	if (port != 0)
		printf("%u\n", port);
	return port != 0;
}

int
main(int argc, char *argv[])
{
	long pid = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	char path[64];
	bool listens = false;
	DIR *fds;

	if (pid <= 0) {
		fprintf(stderr, "usage: listening PID\n");
		return 2;
	}
	(void)snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	fds = opendir(path);
	/* The kernel lists them in ascending order. */
	for (struct dirent *entry; fds != NULL && (entry = readdir(fds)) != NULL;)
		listens = print_port(pid, entry->d_name) || listens;
	if (fds != NULL)
		(void)closedir(fds);
	return listens ? EXIT_SUCCESS : EXIT_FAILURE;
}
