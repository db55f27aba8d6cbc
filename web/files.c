/*
 * Each connection takes a file descriptor, and so do the program's own files and sockets.  If clients
 * could take all of them, the program could not open what it has to read, or accept anybody, and would
 * fail far from the cause.  So the limit of connections is fitted to what the system allows, before the
 * first one is accepted.
 */

#include <sys/resource.h>

#include "web/files.h"

int
web_fit_files(struct web_limits *limits, size_t addresses, size_t kept, struct failure *why)
{
	rlim_t own = kept + addresses * WEB_FILES_PER_ADDRESS, share;
	struct rlimit files = { 0 };

	(void)getrlimit(RLIMIT_NOFILE, &files);
	/* As many as we may have without asking: the soft limit is 1024 on most systems, for programs
	 * that use select(). */
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	/* Asked again, since raising it may have failed. */
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
	/* Fewer work as well, so this is a warning of the caller's and not an error. */
	limits->connections = (unsigned)share;
	return 1;
}
