#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/preflight/checks/command.h"
#include "collectors/preflight/checks/confine.h"
#include "common/system/child.h"

enum { PIPE_READ, PIPE_WRITE, PIECE = 16 * 1024, ENVIRONMENT_MAX = 16 };

/* How a child ends that did not become the program, as with a shell. */
enum { NOT_CONFINED = 126, NOT_STARTED = 127 };

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

struct command {
	char path[PATH_MAX];
	const char *const *arguments;
	const char *environment[ENVIRONMENT_MAX + 1];
	char path_variable[4096], home[4096];
};

/* A directory that is not absolute is wherever we are: nothing from there is run. */
static int
find(const char *name, const char *directories, char path[PATH_MAX])
{
	for (const char *entry = directories; *entry != '\0'; entry += *entry == ':') {
		size_t length = strcspn(entry, ":");
		struct stat file;
		int printed = snprintf(path, PATH_MAX, "%.*s/%s", (int)length, entry, name);

		if (*entry == '/' && printed < PATH_MAX && access(path, X_OK) == 0 &&
		    stat(path, &file) == 0 && S_ISREG(file.st_mode))
			return 0;
		entry += length;
	}
	return -1;
}

/* An empty variable is none. */
static const char *
variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

static int
prepare(struct command *command, const char *const arguments[], const char *const environment[],
    struct failure *why)
{
	const char *path = variable("PATH", "/usr/local/bin:/usr/bin:/bin");
	size_t count = 2;

	command->arguments = arguments;
	(void)snprintf(command->path_variable, sizeof(command->path_variable), "PATH=%s", path);
	(void)snprintf(command->home, sizeof(command->home), "HOME=%s", variable("HOME", "/"));
	command->environment[0] = command->path_variable;
	command->environment[1] = command->home;
	for (size_t i = 0; environment[i] != NULL && count < ENVIRONMENT_MAX; i++)
		command->environment[count++] = environment[i];
	command->environment[count] = NULL;
	if (find(arguments[0], path, command->path) == 0)
		return 0;
	return failure_set(
	    why, FAILURE_LOCAL, "cannot start %s: it is in no directory of PATH", arguments[0]);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* After fork() in a process of many threads: no memory is taken, and nothing is printed. */
static void
become(const struct command *command, const struct pipes *pipes, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(pipes->output[PIPE_WRITE], STDOUT_FILENO) < 0 ||
	    dup2(pipes->errors[PIPE_WRITE], STDERR_FILENO) < 0)
		_exit(NOT_STARTED);
	closefrom(STDERR_FILENO + 1);
	reset_signals();
	if (confine() != 0)
		_exit(NOT_CONFINED);
	(void)execve(command->path, (char *const *)command->arguments, (char *const *)command->environment);
	_exit(NOT_STARTED);
}

/* Reading ------------------------------------------------------------ */

/* One piece; at its end the pipe is closed.  What has no room is thrown away. */
static void
read_piece(int *fd, struct buffer *text)
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
read_all(struct pipes *pipes, struct deadline deadline, struct buffer *output, struct buffer *errors)
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
				read_piece(fds[i], texts[i]);
	}
	return true;
}

/* Ending ------------------------------------------------------------- */

static int
judge(int status, const char *command, struct failure *why)
{
	if (!WIFEXITED(status))
		return failure_set(why, FAILURE_LOCAL, "%s ended by a signal", command);
	if (WEXITSTATUS(status) == NOT_STARTED)
		return failure_set(
		    why, FAILURE_LOCAL, "cannot start %s: it is no program that runs here", command);
	if (WEXITSTATUS(status) == NOT_CONFINED)
		return failure_set(why, FAILURE_LOCAL,
		    "cannot start %s: this system cannot keep it from starting others (seccomp)", command);
	return WEXITSTATUS(status);
}

static int
finish(
    pid_t pid, const char *command, bool ended, struct deadline deadline, bool too_much, struct failure *why)
{
	int status = 0;

	/* It may close its output and go on. */
	if (ended && !too_much && child_wait(pid, deadline, &status))
		return judge(status, command, why);
	(void)kill(pid, SIGKILL);
	/* A tenth of a second is long for one that is killed; then init inherits it. */
	(void)child_wait(pid, deadline_in(INT64_C(100000000)), &status);
	if (too_much)
		return failure_set(why, FAILURE_LOCAL, "%s prints more than can be looked at", command);
	return failure_set(why, FAILURE_TIMEOUT, "%s did not end in time", command);
}

int
command_run(const char *const arguments[], const char *const environment[], struct deadline deadline,
    struct buffer *output, struct buffer *errors, struct failure *why)
{
	struct pipes pipes = { { -1, -1 }, { -1, -1 } };
	struct command command;
	pid_t parent = getpid(), pid;
	bool ended;

	if (prepare(&command, arguments, environment, why) != 0)
		return -1;
	if (pipe2(pipes.output, O_CLOEXEC) != 0 || pipe2(pipes.errors, O_CLOEXEC) != 0 ||
	    (pid = fork()) < 0) {
		(void)failure_set(why, FAILURE_LOCAL, "cannot start %s: %s", arguments[0], strerror(errno));
		close_all(&pipes);
		return -1;
	}
	if (pid == 0)
		become(&command, &pipes, parent);
	close_one(&pipes.output[PIPE_WRITE]);
	close_one(&pipes.errors[PIPE_WRITE]);
	ended = read_all(&pipes, deadline, output, errors);
	close_all(&pipes);
	return finish(pid, arguments[0], ended, deadline, output->failed, why);
}
