/*
 * Runs a program by fork() and exec(), not by popen(), because its output has a
 * limit and its time a deadline, and because a shell would interpret what the
 * operator wrote.  posix_spawn() cannot ask for PR_SET_PDEATHSIG, without which
 * a program that hangs would outlive us.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collectors/preflight/checks/command.h"

enum { PIPE_READ, PIPE_WRITE, PIECE = 16 * 1024, NAP_NS = 500 * 1000, REAP_NS = 100 * 1000 * 1000 };

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
become(const char *path, char *const arguments[], char *const environment[], const int output[2],
    const int errors[2], pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent may have ended before that was set. */
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(output[PIPE_WRITE], STDOUT_FILENO) < 0 || dup2(errors[PIPE_WRITE], STDERR_FILENO) < 0)
		_exit(NOT_STARTED);
	closefrom(STDERR_FILENO + 1);
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execve(path, arguments, environment);
	_exit(NOT_STARTED);
}

/* Returns false at the end of the pipe, or when `text` has no more room. */
static bool
read_piece(int fd, struct buffer *text)
{
	char piece[PIECE];
	ssize_t got = read(fd, piece, sizeof(piece));

	if (got > 0)
		buffer_append(text, piece, (size_t)got);
	return got > 0 || (got < 0 && errno == EINTR);
}

/* Reads both until their ends.  Returns false if the deadline passed first. */
static bool
read_all(int output_fd, int errors_fd, struct deadline deadline, struct buffer *output, struct buffer *errors)
{
	struct pollfd waits[] = { { .fd = output_fd, .events = POLLIN },
		{ .fd = errors_fd, .events = POLLIN } };

	/* poll() passes over a negative descriptor. */
	while ((waits[0].fd >= 0 || waits[1].fd >= 0) && !output->failed) {
		int ready = poll(waits, 2, deadline_left_ms(deadline));

		if (ready == 0)
			return false;
		if (ready > 0 && waits[0].revents != 0 && !read_piece(output_fd, output))
			waits[0].fd = -1;
		if (ready > 0 && waits[1].revents != 0 && !read_piece(errors_fd, errors))
			waits[1].fd = -1;
	}
	return true;
}

/* waitpid() has no timeout, and a handler of SIGCHLD would be the whole program's: so look, and nap. */
static bool
wait_for(pid_t pid, struct deadline deadline, int *status)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	for (;;) {
		pid_t done = waitpid(pid, status, WNOHANG);

		if (done == pid || (done < 0 && errno != EINTR))
			return done == pid;
		if (deadline_left_ns(deadline) == 0)
			return false;
		(void)nanosleep(&nap, NULL);
	}
}

int
command_run(const char *path, char *const arguments[], char *const environment[], struct deadline deadline,
    struct buffer *output, struct buffer *errors, struct failure *why)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, status = 0;
	pid_t parent = getpid(), pid = -1;
	bool ended = false;

	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 && (pid = fork()) == 0)
		become(path, arguments, environment, out, err, parent);
	if (pid < 0)
		(void)failure_set(why, FAILURE_LOCAL, "cannot start %s: %s", arguments[0], strerror(errno));
	for (int i = 0; i < 2; i++)
		if ((i == 0 ? out : err)[PIPE_WRITE] >= 0)
			(void)close((i == 0 ? out : err)[PIPE_WRITE]);
	if (pid > 0) /* It may close its output and go on running. */
		ended = read_all(out[PIPE_READ], err[PIPE_READ], deadline, output, errors) &&
			!output->failed && wait_for(pid, deadline, &status);
	for (int i = 0; i < 2; i++)
		if ((i == 0 ? out : err)[PIPE_READ] >= 0)
			(void)close((i == 0 ? out : err)[PIPE_READ]);
	if (pid < 0)
		return -1;
	if (!ended) {
		(void)kill(pid, SIGKILL);
		/* A file system that hangs may hold it; then init inherits it. */
		(void)wait_for(pid, deadline_in(REAP_NS), &status);
		return output->failed
			   ? failure_set(
				 why, FAILURE_LOCAL, "%s prints more than can be looked at", arguments[0])
			   : failure_set(why, FAILURE_TIMEOUT, "%s did not end in time", arguments[0]);
	}
	if (!WIFEXITED(status))
		return failure_set(why, FAILURE_LOCAL, "%s ended by a signal", arguments[0]);
	if (WEXITSTATUS(status) == NOT_STARTED)
		return failure_set(
		    why, FAILURE_LOCAL, "cannot start %s: '%s' does not run here", arguments[0], path);
	return WEXITSTATUS(status);
}
