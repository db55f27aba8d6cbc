/*
 * How a client is made.  What is done once for each client is here, so that a mistake shows at the start
 * and not with some request hours later: the CA file is loaded on trial, and the limit of open files is
 * raised.  Collectors make theirs from the settings, with one user agent for all of them; the client itself
 * takes plain values, so that tools of the tests can make one without any settings.
 */

#include <assert.h>
#include <stdio.h>
#include <sys/resource.h>

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/config/options.h"
#include "common/system/regular.h"
#include "common/version.h"
#include "probes/http/transfer.h"

enum { MOST_FILES = 65536 };

/* Loaded into a context that is thrown away: libcurl itself would read it with the first connection. */
static int
check_ca_file(const char *path, struct failure *why)
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

static void
raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= MOST_FILES)
		return;
	/* It is often 1024, for programs that use select(); curl and we use poll(). */
	limit.rlim_cur = limit.rlim_max < MOST_FILES ? limit.rlim_max : MOST_FILES;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int
http_prepare(const struct http_settings *settings, struct failure *why)
{
	assert(settings->body_limit > 0 && settings->connections > 0);
	if (settings->ca_file != NULL && check_ca_file(settings->ca_file, why) != 0)
		return -1;
	raise_file_limit();
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
		   ? 0
		   : failure_set(why, FAILURE_LOCAL, "libcurl does not start");
}

struct http_client *
http_client_from(const struct options *given, const char *ca_option, const char *proxy, size_t body_limit,
    size_t connections, struct failure *why)
{
	struct failure reason = { 0 };
	char user_agent[64];
	struct http_settings settings = { .ca_file = options_text(given, ca_option),
		.proxy = proxy,
		.user_agent = user_agent,
		.body_limit = body_limit,
		.connections = connections };
	struct http_client *client;

	(void)snprintf(user_agent, sizeof(user_agent), "arbwatch/%.32s", version_number);
	client = http_client_new(&settings, &reason);
	if (client != NULL)
		return client;
	/* `reason` is apart, because options_failure() cannot format a text into itself. */
	*why = reason;
	if (settings.ca_file != NULL)
		(void)options_failure(given, ca_option, 0, why, "%s", reason.text);
	return NULL;
}
