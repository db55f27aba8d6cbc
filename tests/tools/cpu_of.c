/* cpu_of PID: the CPU that a process has used so far, all its threads, also those that ended, in
 * microseconds. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int
main(int argc, char *argv[])
{
	struct timespec used;
	clockid_t clock;

	if (argc != 2 || clock_getcpuclockid((pid_t)strtol(argv[1], NULL, 10), &clock) != 0 ||
	    clock_gettime(clock, &used) != 0)
		return EXIT_FAILURE;
	printf("%.0f\n", (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3);
	return EXIT_SUCCESS;
}
