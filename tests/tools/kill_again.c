/*
 * kill_again KILLS FILE COMMAND...: start the command, kill it with SIGKILL at
 * a random instant (every other time in the middle of writing), again and again, while a second process reads
 * FILE all the time.  Every text that was read must be whole (checksum, validation), and its
 * arbitrage_collector_runs_total must never be lower than before.
 *
 * Prints how many kills, reads, runs and left-behind temporary files there
 * were.  Exit status 0 when nothing was wrong, runs were counted, and some kill
 * did come in the middle of writing.
 */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "textfile/number.h"
#include "textfile/parse.h"
#include "textfile/state.h"
#include "textfile/validate.h"

enum {
	LARGEST_FILE = 16 * 1024 * 1024,
	FIRST_LIFE_US = 25000,
	LONGEST_LIFE_US = 400000,
	PATIENCE = 10,
	MOST_TIMES = 6
};

/* Shared by the two processes. */
struct tally {
	volatile long reads;
	volatile double first, last; /* arbitrage_collector_runs_total */
	volatile int stop;
};

static void
print_fault(void *context, const struct fault *fault)
{
	(void)context;
	printf("line %u: %s (%s)\n", fault->line, fault->text, fault->rule);
}

/* The runs counted in a text, or -1 when something is wrong with it. */
static double
runs_in(struct slice text)
{
	struct document document;
	double runs = -1;

	if (!checksum_holds(text)) {
		printf("the checksum does not hold\n");
		return -1;
	}
	if (validate(text, print_fault, NULL) != 0 || parse(&document, text, NULL, NULL) != 0)
		return -1;
	for (size_t i = 0; i < document.sample_count; i++)
		if (slice_is(
			document.families[document.samples[i].family].name, "arbitrage_collector_runs_total"))
			runs = number_value(document.samples[i].value);
	document_release(&document);
	return runs;
}

static int
read_until_stopped(const char *path, struct tally *tally)
{
	/* Short beside a run, and it leaves the other process its processor. */
	const struct timespec nap = { .tv_nsec = 3000000 };
	char *memory = malloc(LARGEST_FILE);
	double before = 0;

	while (memory != NULL && !tally->stop) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t length = fd >= 0 ? read(fd, memory, LARGEST_FILE) : 0;
		double runs;

		if (fd >= 0)
			(void)close(fd);
		if (fd < 0)
			continue;
		runs = length >= 0 ? runs_in((struct slice){ memory, (size_t)length }) : -1;
		if (runs < before) {
			printf("after %ld reads: %g runs, before %g\n", tally->reads, runs, before);
			return EXIT_FAILURE;
		}
		before = runs;
		if (tally->reads == 0)
			tally->first = runs;
		tally->last = runs;
		tally->reads++;
		(void)nanosleep(&nap, NULL);
	}
	free(memory);
	return EXIT_SUCCESS;
}

static pid_t
start(char *command[])
{
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(null, STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)execv(command[0], command);
		_exit(127);
	}
	return child;
}

static int
is_there(const char *path)
{
	char name[4096];
	const char *slash = strrchr(path, '/');
	size_t stem = strlen(slash + 1) - strlen(".prom");

	(void)snprintf(name, sizeof(name), "%.*s/.%.*s.tmp", (int)(slash - path), path, (int)stem, slash + 1);
	return access(name, F_OK) == 0;
}

/* A random instant; but every other time the first instant at which the temporary file is there, if it comes.
 */
static void
wait_for_the_moment(long round, const char *path, int64_t life_us)
{
	int64_t end = clock_now_ns() + (lrand48() % life_us) * 1000;

	while (clock_now_ns() < end && (round % 2 == 0 || !is_there(path))) {
		struct timespec nap = { .tv_nsec = round % 2 == 0 ? end - clock_now_ns() : 0 };

		if (nap.tv_nsec > 0)
			(void)nanosleep(&nap, NULL);
	}
}

/* How long the next ones live at most: on a busy machine a run takes longer, and none would come to its end.
 */
static int64_t
next_life(int64_t life_us, const struct tally *tally, double *runs, long *in_vain)
{
	*in_vain = tally->last > *runs ? 0 : *in_vain + 1;
	*runs = tally->last;
	if (*in_vain < PATIENCE || life_us >= LONGEST_LIFE_US)
		return life_us;
	*in_vain = 0;
	return life_us * 2;
}

int
main(int argc, char *argv[])
{
	struct tally *tally =
	    mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long kills, left_behind = 0, in_vain = 0;
	int64_t life_us = FIRST_LIFE_US;
	double runs = 0;
	int status;
	pid_t reader;

	if (argc < 4 || tally == MAP_FAILED || strchr(argv[2], '/') == NULL)
		return 2;
	kills = strtol(argv[1], NULL, 10);
	(void)fflush(stdout);
	reader = fork();
	if (reader == 0)
		exit(read_until_stopped(argv[2], tally));
	srand48(getpid());
	/* On a busy machine none of them may have come in the middle of writing yet. */
	for (long i = 0; i < kills || (left_behind == 0 && i < MOST_TIMES * kills); i++) {
		pid_t child = start(argv + 3);

		wait_for_the_moment(i, argv[2], life_us);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
		left_behind += is_there(argv[2]);
		life_us = next_life(life_us, tally, &runs, &in_vain);
	}
	tally->stop = 1;
	(void)waitpid(reader, &status, 0);
	printf("%ld kills, %ld reads, %g runs counted, %ld temporary files left behind\n", kills,
	    tally->reads, tally->last - tally->first, left_behind);
	/* Nothing is shown by a command that never ran, or never was killed while it wrote. */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 && tally->last > tally->first && left_behind > 0
		   ? EXIT_SUCCESS
		   : EXIT_FAILURE;
}
