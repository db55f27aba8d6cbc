/*
 * A result goes to memory that parent and child share; then the child reports
 * one byte through a pipe.  That byte tells the parent that the result is
 * complete, and the end of the pipe that the child has ended, even by a crash.
 *
 * SIGKILL does not end a process that waits inside the kernel for a file
 * system (state D).  child_end() gives it a tenth of a second, then leaves it
 * behind; the kernel ends it when the file system answers, and
 * child_is_running() reaps it then.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/system/child.h"

enum { NAP_NS = 500 * 1000, REAP_NS = 100 * 1000 * 1000 };

/* Memory ------------------------------------------------------------- */

void *
child_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

void
child_unshare(void *memory, size_t size)
{
	if (memory != NULL)
		(void)munmap(memory, size);
}

/* The child ---------------------------------------------------------- */

/* A child that is left behind must not hold open a pipe that
 * someone reads to its end, as cron reads our output. */
static bool
leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	       dup2(null, STDERR_FILENO) >= 0;
}

static void
be_child(pid_t parent, void (*work)(void *context, int report_fd), void *context, int report_fd)
{
	/* If the parent is killed, the kernel kills this child too.  The
	 * parent may have gone before that was set: getppid() tells. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && leave_streams())
		work(context, report_fd);
	/* Not exit(): handlers and buffers of stdio are the parent's. */
	_exit(EXIT_SUCCESS);
}

void
child_report(int report_fd, unsigned char number)
{
	while (write(report_fd, &number, 1) < 0 && errno == EINTR)
		;
}

/* The parent --------------------------------------------------------- */

int
child_start(
    struct child *child, void (*work)(void *context, int report_fd), void *context, struct failure *why)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return failure_set(why, FAILURE_LOCAL, "no pipe for a process: %s", strerror(errno));
	/* Text that waits in stdio's buffers would be in the
	 * child's copy too, and could be printed twice. */
	(void)fflush(NULL);
	*child = (struct child){ .pid = fork(), .report_fd = ends[0] };
	if (child->pid == 0)
		be_child(parent, work, context, ends[1]);
	/* Otherwise the pipe would never end for us, as we would hold its writing end ourselves. */
	(void)close(ends[1]);
	if (child->pid > 0)
		return 0;
	(void)close(ends[0]);
	return failure_set(why, FAILURE_LOCAL, "no process to be had: %s", strerror(errno));
}

int
child_read(const struct child *child, struct deadline deadline)
{
	unsigned char number;
	ssize_t got;

	if (deadline_poll(deadline, child->report_fd, POLLIN) == 0)
		return CHILD_LATE;
	do
		got = read(child->report_fd, &number, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? number : CHILD_ENDED;
}

bool
child_wait(pid_t pid, struct deadline deadline, int *status)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	for (;;) {
		/* waitpid() has no timeout, and a handler of SIGCHLD
		 * would be the whole program's: so look, and nap. */
		pid_t done = waitpid(pid, status, WNOHANG);

		if (done == pid || (done < 0 && errno != EINTR))
			return done == pid;
		if (deadline_left_ns(deadline) == 0)
			return false;
		(void)nanosleep(&nap, NULL);
	}
}

pid_t
child_end(struct child *child)
{
	pid_t pid = child->pid;
	int status;

	(void)close(child->report_fd);
	(void)kill(pid, SIGKILL);
	return child_wait(pid, deadline_in(REAP_NS), &status) || !child_is_running(pid) ? 0 : pid;
}

bool
child_is_running(pid_t pid)
{
	int status;

	return pid != 0 && waitpid(pid, &status, WNOHANG) == 0;
}
