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
apart_share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

void
apart_unshare(void *memory, size_t size)
{
	if (memory != NULL)
		(void)munmap(memory, size);
}

/* The child ---------------------------------------------------------- */

/* Left behind, it must not keep open what somebody reads to its end. */
static bool
leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	       dup2(null, STDERR_FILENO) >= 0;
}

static void
be_child(pid_t parent, void (*work)(void *context, int tell), void *context, int tell)
{
	/* Whoever ends us ends it. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == parent && leave_streams())
		work(context, tell);
	_exit(EXIT_SUCCESS);
}

void
apart_tell(int tell, unsigned char number)
{
	while (write(tell, &number, 1) < 0 && errno == EINTR)
		;
}

/* The parent --------------------------------------------------------- */

int
apart_begin(struct apart *apart, void (*work)(void *context, int tell), void *context, struct failure *why)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return failure_set(why, FAILURE_LOCAL, "no pipe for a process: %s", strerror(errno));
	/* What waits to be printed is ours to print. */
	(void)fflush(NULL);
	*apart = (struct apart){ .pid = fork(), .told = ends[0] };
	if (apart->pid == 0)
		be_child(parent, work, context, ends[1]);
	(void)close(ends[1]);
	if (apart->pid > 0)
		return 0;
	(void)close(ends[0]);
	return failure_set(why, FAILURE_LOCAL, "no process to be had: %s", strerror(errno));
}

int
apart_listen(const struct apart *apart, struct deadline deadline)
{
	unsigned char number;
	ssize_t got;

	if (deadline_poll(deadline, apart->told, POLLIN) == 0)
		return APART_LATE;
	do
		got = read(apart->told, &number, 1);
	while (got < 0 && errno == EINTR);
	return got == 1 ? number : APART_ENDED;
}

bool
apart_reap(pid_t pid, struct deadline deadline, int *status)
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

pid_t
apart_end(struct apart *apart)
{
	pid_t pid = apart->pid;
	int status;

	(void)close(apart->told);
	(void)kill(pid, SIGKILL);
	return apart_reap(pid, deadline_in(REAP_NS), &status) || !apart_is_there(pid) ? 0 : pid;
}

bool
apart_is_there(pid_t pid)
{
	int status;

	return pid != 0 && waitpid(pid, &status, WNOHANG) == 0;
}
