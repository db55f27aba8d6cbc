/*
 * The process_* families that Prometheus' own client libraries have, so that dashboards and alerts for
 * any program work for ours.  They are read anew in each scrape.  A file in /proc that cannot be read
 * leaves 0, since a scrape must not fail for it.
 */

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "web/lines.h"
#include "web/process.h"

const char *const process_families[PROCESS_FAMILIES] = { "process_cpu_seconds_total",
	"process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
	"process_max_fds", "process_start_time_seconds" };

/* Only since Linux 6.2 the size of this directory is the number. */
static double
count_fds(void)
{
	double count = -3; /* ".", ".." and the directory itself */
	DIR *directory = opendir("/proc/self/fd");

	if (directory == NULL)
		return 0;
	while (readdir(directory) != NULL)
		count++;
	(void)closedir(directory);
	return count;
}

/* In pages.  statm and not status: these are numbers alone, in an order that stays. */
static void
read_memory(double *virtual, double *resident)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0, in_memory = 0;

	if (file == NULL)
		return;
	if (fscanf(file, "%lu %lu", &pages, &in_memory) == 2) {  // NOLINT(cert-err34-c): the kernel's numbers
		*virtual = (double)pages * (double)sysconf(_SC_PAGESIZE);
		*resident = (double)in_memory * (double)sysconf(_SC_PAGESIZE);
	}
	(void)fclose(file);
}

void
process_write(double started, struct buffer *out)
{
	struct rlimit fds = { 0 };
	struct timespec used = { 0 };
	double virtual = 0, resident = 0;

	(void)getrlimit(RLIMIT_NOFILE, &fds);
	read_memory(&virtual, &resident);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	lines_single(out, process_families[0], "counter", "Total user and system CPU time spent in seconds.",
	    (double)used.tv_sec + (double)used.tv_nsec / 1e9);
	lines_single(out, process_families[1], "gauge", "Resident memory size in bytes.", resident);
	lines_single(out, process_families[2], "gauge", "Virtual memory size in bytes.", virtual);
	lines_single(out, process_families[3], "gauge", "Number of open file descriptors.", count_fds());
	lines_single(out, process_families[4], "gauge", "Maximum number of open file descriptors.",
	    (double)fds.rlim_cur);
	lines_single(out, process_families[5], "gauge",
	    "Start time of the process since unix epoch in seconds.", started);
}
