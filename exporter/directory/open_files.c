/*
 * Each connection takes a descriptor.  If clients could take all of them, the
 * exporter could not open the directory any more, and would report that all is
 * bad: an attack that needs nothing but connections.  So the descriptors that
 * the exporter itself needs are set aside first, and the addresses share what
 * is left.  This happens once, before the first connection.
 */

#include <sys/resource.h>

#include "exporter/directory/open_files.h"
#include "web/server.h"

/* Set aside for the directory, a file in it, the settings,
 * /proc, the standard streams, and what was inherited. */
enum { KEPT = 64 };

/* Raise the soft limit as far as it is of use.  A hard limit may be a billion: then 65536 are plenty. */
static rlim_t
raise_limit(rlim_t needed)
{
	static const rlim_t plenty = 65536;
	rlim_t most = needed > plenty ? needed : plenty;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return needed;
	if (limit.rlim_cur >= most || limit.rlim_cur == limit.rlim_max)
		return limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : needed;
}

unsigned
open_files_share(unsigned wanted, size_t addresses, struct failure *why)
{
	rlim_t own = KEPT + (rlim_t)addresses * WEB_FILES_PER_ADDRESS;
	rlim_t limit = raise_limit(own + (rlim_t)addresses * wanted);
	rlim_t least = own + (rlim_t)addresses * WEB_LEAST_CONNECTIONS;
	rlim_t share = limit > own ? (limit - own) / addresses : 0;

	if (share >= wanted)
		return wanted;
	if (share >= WEB_LEAST_CONNECTIONS)
		return (unsigned)share;
	(void)failure_set(why, FAILURE_LOCAL,
	    "the limit of open files, %llu, is too low for %zu address(es): allow at least %llu (ulimit -n, "
	    "LimitNOFILE=)",
	    (unsigned long long)limit, addresses, (unsigned long long)least);
	return 0;
}
