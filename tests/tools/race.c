/*
 * race ROUNDS -- COMMAND... [-- COMMAND...]...
 *
 * Run the commands in turns, so that a noisy machine is equally noisy for all,
 * and print for each, in microseconds: wall clock min, median, max, then CPU
 * (user and system, of the process and its children) min, median, max.  Output of
 * the commands goes to /dev/null.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/deadline.h"

enum { MOST_COMMANDS = 8, WARM_UP = 3 };

struct racer {
	char **command;
	double *wall_us;
	double *cpu_us;
};

static double
microseconds(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static int
run(char *command[], double *wall_us, double *cpu_us)
{
	int64_t started = clock_now_ns();
	struct rusage used;
	int status;
	pid_t child = vfork();  // NOLINT(bugprone-unsafe-functions): the cheapest; the command is measured

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return -1;
	*wall_us = (double)(clock_now_ns() - started) / 1000;
	*cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_spread(double *values, long count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
	printf("%.0f %.0f %.0f", values[0], values[count / 2], values[count - 1]);
}

/* The commands between the "--"; each gets its own end. */
static int
split(char *argv[], int argc, struct racer racers[], long rounds)
{
	int count = 0;

	for (int i = 2; i < argc && count < MOST_COMMANDS; i++)
		if (strcmp(argv[i], "--") == 0) {
			argv[i] = NULL;
			racers[count].command = argv + i + 1;
			racers[count].wall_us = calloc((size_t)rounds, sizeof(double));
			racers[count].cpu_us = calloc((size_t)rounds, sizeof(double));
			count++;
		}
	return count;
}

int
main(int argc, char *argv[])
{
	long rounds = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	struct racer racers[MOST_COMMANDS];
	int count = rounds > 0 ? split(argv, argc, racers, rounds) : 0;

	if (count == 0)
		return 2;
	for (long round = -WARM_UP; round < rounds; round++)
		for (int i = 0; i < count; i++) {
			double wall, cpu;

			if (run(racers[i].command, &wall, &cpu) != 0) {
				fprintf(stderr, "race: %s failed\n", racers[i].command[0]);
				return EXIT_FAILURE;
			}
			if (round >= 0) {
				racers[i].wall_us[round] = wall;
				racers[i].cpu_us[round] = cpu;
			}
		}
	for (int i = 0; i < count; i++) {
		print_spread(racers[i].wall_us, rounds);
		printf(" ");
		print_spread(racers[i].cpu_us, rounds);
		printf("\n");
	}
	return EXIT_SUCCESS;
}
