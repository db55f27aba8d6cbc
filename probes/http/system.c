/*
 * What is done once for each client, so that a mistake shows at the start and not with some request
 * hours later: the CA file is loaded on trial, and the limit of open files is raised.
 */

#include <stddef.h>
#include <sys/resource.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/system/regular.h"
#include "probes/http/system.h"

enum { MOST_FILES = 65536 };

/* Loaded into a context that is thrown away: libcurl itself would read it with the first connection. */
int
http_check_ca_file(const char *path, struct failure *why)
{
	const char *fault = regular_fault(path);
	SSL_CTX *context;
	int loaded;

	if (fault != NULL)
		return failure_set(why, FAILURE_LOCAL, "CA file '%s': %s", path, fault);
	context = SSL_CTX_new(TLS_client_method());
	if (context == NULL)
		return failure_set(why, FAILURE_LOCAL, "OpenSSL does not start");
	loaded = SSL_CTX_load_verify_locations(context, path, NULL);
	SSL_CTX_free(context);
	/* What stays in OpenSSL's queue would be taken for the reason of a later failure. */
	ERR_clear_error();
	return loaded == 1 ? 0
			   : failure_set(why, FAILURE_LOCAL,
				 "CA file '%s': no certificate in it: is it a file in PEM format?", path);
}

void
http_raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MOST_FILES)
		return;
	/* It is often 1024, for programs that use select(); curl and we use poll(). */
	limit.rlim_cur = limit.rlim_max < MOST_FILES ? limit.rlim_max : MOST_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}
