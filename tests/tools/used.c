/* used COMMAND...: run it, and print the CPU that it used in microseconds and its peak of resident memory in
 * kB, on standard error.  Its exit status is the command's. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double
us_of(struct timeval time)
{
	return (double)time.tv_sec * 1e6 + (double)time.tv_usec;
}

int
main(int argc, char *argv[])
{
	struct rusage used;
	pid_t child;
	int status;

	if (argc < 2)
		return 2;
	child = fork();
	if (child == 0) {
		(void)execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return EXIT_FAILURE;
	fprintf(stderr, "%.0f %ld\n", us_of(used.ru_utime) + us_of(used.ru_stime), used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
