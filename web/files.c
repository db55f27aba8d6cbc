#include <sys/resource.h>

#include "web/files.h"

int
web_fit_files(struct web_limits *limits, size_t addresses, size_t kept, struct failure *why)
{
	rlim_t own = kept + addresses * WEB_FILES_PER_ADDRESS, share;
	struct rlimit files = { 0 };

	(void)getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	share = files.rlim_cur > own ? (files.rlim_cur - own) / addresses : 0;
	if (share >= limits->connections)
		return 0;
	if (share < WEB_LEAST_CONNECTIONS)
		return failure_set(why, FAILURE_LOCAL,
		    "the limit of open files, %llu, is too low for %llu address(es): allow at least %llu (ulimit "
		    "-n, LimitNOFILE=)",
		    (unsigned long long)files.rlim_cur, (unsigned long long)addresses,
		    (unsigned long long)own + (unsigned long long)addresses * WEB_LEAST_CONNECTIONS);
	limits->connections = (unsigned)share;
	return 1;
}
