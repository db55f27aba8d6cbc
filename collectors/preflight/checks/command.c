/*
 * Runs a program by fork() and exec(), not by popen(), because its output has a
 * limit and its time a deadline, and because a shell would interpret what the
 * operator wrote.  posix_spawn() cannot ask for PR_SET_PDEATHSIG, without which
 * a program that hangs would outlive us.
 *
 * It writes into files in memory, which are read when it has ended.  So nobody
 * has to read while it runs, and the limit of its output is the kernel's (RLIMIT_FSIZE).
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/preflight/checks/command.h"

enum { REAP_NS = 100 * 1000 * 1000 };

/* How a child ends that could not become the program, as with a shell. */
enum { NOT_STARTED = 127 };

int
command_find(const char *name, char path[PATH_MAX], struct failure *why)
{
	const char *entry = getenv("PATH");

	if (entry == NULL || *entry == '\0')
		entry = "/usr/local/bin:/usr/bin:/bin";
	for (; *entry != '\0'; entry += *entry == ':') {
		size_t length = strcspn(entry, ":");
		struct stat file;
		int printed = snprintf(path, PATH_MAX, "%.*s/%s", (int)length, entry, name);

		if (*entry == '/' && printed < PATH_MAX && access(path, X_OK) == 0 &&
		    stat(path, &file) == 0 && S_ISREG(file.st_mode))
			return 0;
		entry += length;
	}
	return failure_set(why, FAILURE_LOCAL, "cannot start %s: it is in no directory of PATH", name);
}

/* After fork() in a process of many threads nothing may allocate memory or print. */
static void
become(const char *path, char *const arguments[], char *const environment[], int output, int errors,
    size_t limit, pid_t parent)
{
	const struct rlimit most = { limit, limit };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before that was set. */
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
		_exit(NOT_STARTED);
	/* It fails where the user's own limit is lower, which does as well. */
	(void)setrlimit(RLIMIT_FSIZE, &most);
	closefrom(STDERR_FILENO + 1);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(path, arguments, environment);
	_exit(NOT_STARTED);
}

/* waitpid() has no timeout, and a handler of SIGCHLD would be the whole program's. */
static bool
wait_for(pid_t pid, struct deadline deadline, int *status)
{
	int fd = pidfd_open(pid, 0);
	bool ended = fd >= 0 && deadline_poll(deadline, fd, POLLIN) == 1 && waitpid(pid, status, 0) == pid;

	if (fd >= 0)
		(void)close(fd);
	return ended;
}

int
command_run(const char *path, char *const arguments[], char *const environment[], struct deadline deadline,
    struct buffer *output, struct buffer *errors, struct failure *why)
{
	int out = memfd_create("output", MFD_CLOEXEC), err = memfd_create("errors", MFD_CLOEXEC), status = 0;
	pid_t parent = getpid(), pid = -1;
	bool ended = false, filled = false;

	if (out >= 0 && err >= 0 && (pid = fork()) == 0)
		become(path, arguments, environment, out, err, output->limit - BUFFER_STEP, parent);
	if (pid < 0)
		(void)failure_set(why, FAILURE_LOCAL, "cannot start %s: %s", arguments[0], strerror(errno));
	else if (wait_for(pid, deadline, &status))
		ended = true;
	else
		(void)failure_set(why, FAILURE_TIMEOUT, "%s did not end in time", arguments[0]);
	if (ended) {
		(void)lseek(out, 0, SEEK_SET);
		(void)lseek(err, 0, SEEK_SET);
		filled = buffer_fill(output, out, 0) == 0 && buffer_fill(errors, err, 0) == 0;
	} else if (pid > 0) {
		(void)kill(pid, SIGKILL);
		/* A file system that hangs may hold it; then init inherits it. */
		(void)wait_for(pid, deadline_in(REAP_NS), &status);
	}
	if (out >= 0)
		(void)close(out);
	if (err >= 0)
		(void)close(err);
	if (!ended)
		return -1;
	if (!filled || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ))
		return failure_set(why, FAILURE_LOCAL, "%s prints more than can be looked at", arguments[0]);
	if (!WIFEXITED(status))
		return failure_set(why, FAILURE_LOCAL, "%s ended by a signal", arguments[0]);
	if (WEXITSTATUS(status) == NOT_STARTED)
		return failure_set(
		    why, FAILURE_LOCAL, "cannot start %s: '%s' does not run here", arguments[0], path);
	return WEXITSTATUS(status);
}
