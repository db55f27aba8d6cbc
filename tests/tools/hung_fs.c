/*
 * hung_fs DIRECTORY SECONDS COMMAND...: run COMMAND where DIRECTORY is a file system that takes every
 * question and never answers one, as NFS does when its server is gone.  A thread that asks it cannot be
 * interrupted, not even by SIGKILL.  It is mounted for COMMAND alone.
 *
 * After SECONDS, or as soon as the file exists that the variable HUNG_UNTIL names, the file system is taken
 * away, and each waiting thread gets an error.  So a COMMAND ends that wanted to end and had a thread there.
 *
 * The exit status is COMMAND's; 124: it did not end even then; 125: this machine cannot mount FUSE.
 */

#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/deadline.h"

enum { EXIT_LATE = 124, EXIT_IMPOSSIBLE = 125, LARGEST_REQUEST = 1024 * 1024, LOOK_MS = 5, END_MS = 5000 };

static int
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		(void)close(fd);
	return done ? 0 : -1;
}

/* Who is not root may mount where it is root: the same user, in a namespace of its own. */
static int
enter_namespace(void)
{
	unsigned user = (unsigned)geteuid(), group = (unsigned)getegid();
	char users[64], groups[64];

	if (unshare(CLONE_NEWNS) != 0) {
		(void)snprintf(users, sizeof(users), "%u %u 1", user, user);
		(void)snprintf(groups, sizeof(groups), "%u %u 1", group, group);
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
		    write_text("/proc/self/setgroups", "deny") != 0 ||
		    write_text("/proc/self/uid_map", users) != 0 ||
		    write_text("/proc/self/gid_map", groups) != 0)
			return -1;
	}
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* The one answer there is: that a file system is here. */
static int
say_hello(int fd, char *request)
{
	struct fuse_init_out hello = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION, .max_write = 4096
	};
	struct fuse_out_header header = { .len = sizeof(header) + sizeof(hello) };
	struct iovec answer[] = { { &header, sizeof(header) }, { &hello, sizeof(hello) } };
	struct fuse_in_header asked;

	if (read(fd, request, LARGEST_REQUEST) < (ssize_t)sizeof(asked))
		return -1;
	memcpy(&asked, request, sizeof(asked));
	header.unique = asked.unique;
	return asked.opcode == FUSE_INIT && writev(fd, answer, 2) == (ssize_t)header.len ? 0 : -1;
}

static int
mount_hung(const char *directory, char *request)
{
	char settings[128];
	int fd;

	/* Who opens it must be in the namespace that it is mounted in. */
	if (enter_namespace() != 0)
		return -1;
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	(void)snprintf(settings, sizeof(settings), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", fd,
	    (unsigned)geteuid(), (unsigned)getegid());
	if (fd < 0 || mount("hung", directory, "fuse", MS_NOSUID | MS_NODEV, settings) != 0 ||
	    say_hello(fd, request) != 0)
		return -1;
	return fd;
}

/* Take what is asked, until the command is over, or its time. */
static int
watch(int fd, pid_t child, struct deadline deadline, char *request)
{
	struct deadline end = { .at_ns = deadline.at_ns + (int64_t)END_MS * 1000000 };
	const char *until = getenv("HUNG_UNTIL");
	int status;

	while (deadline_left_ns(end) > 0) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
		if (fd >= 0 &&
		    (deadline_left_ns(deadline) == 0 || (until != NULL && access(until, F_OK) == 0))) {
			/* This was the only descriptor: the kernel ends all requests. */
			(void)close(fd);
			fd = wait.fd = -1;
		}
		if (poll(&wait, 1, LOOK_MS) > 0)
			(void)!read(fd, request, LARGEST_REQUEST);
	}
	(void)kill(child, SIGKILL);
	return EXIT_LATE;
}

int
main(int argc, char *argv[])
{
	char *request = malloc(LARGEST_REQUEST);
	pid_t child;
	int fd, status;

	if (argc < 4 || request == NULL)
		return EXIT_IMPOSSIBLE;
	fd = mount_hung(argv[1], request);
	if (fd < 0) {
		perror("hung_fs");
		free(request);
		return EXIT_IMPOSSIBLE;
	}
	child = fork();
	if (child == 0) {
		/* Who ends us ends it. */
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)execvp(argv[3], argv + 3);
		_exit(127);
	}
	status = watch(fd, child, deadline_in(strtol(argv[2], NULL, 10) * 1000000000), request);
	free(request);
	return status;
}
