#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/preflight/apart.h"
#include "collectors/preflight/command.h"

enum { PIPE_READ, PIPE_WRITE, PIECE = 16 * 1024 };

struct pipes {
	int output[2], errors[2];
};

static void
close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
close_all(struct pipes *pipes)
{
	for (int end = PIPE_READ; end <= PIPE_WRITE; end++) {
		close_one(&pipes->output[end]);
		close_one(&pipes->errors[end]);
	}
}

/* Starting ----------------------------------------------------------- */

static int
prepare(const struct pipes *pipes, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, pipes->output[PIPE_WRITE], STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, pipes->errors[PIPE_WRITE], STDERR_FILENO);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	/* A group of its own, to be killed as a whole. */
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setflags(
		    attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

/* NAME=VALUE from our environment; "" when it has none. */
static void
hand_over(const char *name, const char *otherwise, char *text, size_t size)
{
	const char *value = getenv(name);

	(void)snprintf(text, size, "%s=%s", name, value != NULL ? value : otherwise);
}

static int
spawn(const char *const arguments[], struct pipes *pipes, pid_t *pid)
{
	char path[4096], home[4096], locale[] = "LC_ALL=C", locks[] = "GIT_OPTIONAL_LOCKS=0",
				     prompt[] = "GIT_TERMINAL_PROMPT=0";
	char *environment[] = { path, home, locale, locks, prompt, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error;

	hand_over("PATH", "/usr/local/bin:/usr/bin:/bin", path, sizeof(path));
	hand_over("HOME", "/", home, sizeof(home));
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	error = prepare(pipes, &actions, &attributes);
	if (error == 0)
		error = posix_spawnp(
		    pid, arguments[0], &actions, &attributes, (char *const *)arguments, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return error;
}

/* Reading ------------------------------------------------------------ */

/* One piece; at its end the pipe is closed.  What has no room is thrown away. */
static void
take(int *fd, struct buffer *text)
{
	char piece[PIECE];
	ssize_t got = read(*fd, piece, sizeof(piece));

	if (got > 0)
		buffer_append(text, piece, (size_t)got);
	else if (got == 0 || errno != EINTR)
		close_one(fd);
}

/* Until both are closed.  False: the deadline came first. */
static bool
take_all(struct pipes *pipes, struct deadline deadline, struct buffer *output, struct buffer *errors)
{
	int *fds[] = { &pipes->output[PIPE_READ], &pipes->errors[PIPE_READ] };
	struct buffer *texts[] = { output, errors };

	while ((*fds[0] >= 0 || *fds[1] >= 0) && !output->failed) {
		struct pollfd waits[] = { { .fd = *fds[0], .events = POLLIN },
			{ .fd = *fds[1], .events = POLLIN } };
		int ready = poll(waits, 2, deadline_left_ms(deadline));

		if (ready == 0)
			return false;
		for (int i = 0; i < 2; i++)
			if (ready > 0 && waits[i].revents != 0)
				take(fds[i], texts[i]);
	}
	return true;
}

/* Ending ------------------------------------------------------------- */

static int
finish(
    pid_t pid, const char *program, bool ended, struct deadline deadline, bool too_much, struct failure *why)
{
	int status = 0;

	/* It may close its output and go on. */
	if (ended && !too_much && apart_reap(pid, deadline, &status))
		return WIFEXITED(status) ? WEXITSTATUS(status)
					 : failure_set(why, FAILURE_LOCAL, "%s ended by a signal", program);
	(void)kill(-pid, SIGKILL);
	/* A tenth of a second is long for one that is killed; then it is left to whoever inherits it. */
	(void)apart_reap(pid, deadline_in(INT64_C(100000000)), &status);
	if (too_much)
		return failure_set(why, FAILURE_LOCAL, "%s prints more than can be looked at", program);
	return failure_set(why, FAILURE_TIMEOUT, "%s did not end in time", program);
}

int
command_run(const char *const arguments[], struct deadline deadline, struct buffer *output,
    struct buffer *errors, struct failure *why)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 } };
	bool ended;
	pid_t pid;
	int error;

	if (pipe2(pipes.output, O_CLOEXEC) != 0 || pipe2(pipes.errors, O_CLOEXEC) != 0) {
		error = errno;
		close_all(&pipes);
		return failure_set(why, FAILURE_LOCAL, "no pipe for %s: %s", arguments[0], strerror(error));
	}
	error = spawn(arguments, &pipes, &pid);
	close_one(&pipes.output[PIPE_WRITE]);
	close_one(&pipes.errors[PIPE_WRITE]);
	if (error != 0) {
		close_all(&pipes);
		return failure_set(why, FAILURE_LOCAL, "cannot start %s: %s", arguments[0], strerror(error));
	}
	ended = take_all(&pipes, deadline, output, errors);
	close_all(&pipes);
	return finish(pid, arguments[0], ended, deadline, output->failed, why);
}
