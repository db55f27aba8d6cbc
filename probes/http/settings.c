/*
 * How collectors make their HTTP client: from the settings, with one user agent for all of them.
 * The client itself takes plain values, so that tools of the tests can make one without any
 * settings.
 */

#include <stdio.h>

#include "common/version.h"
#include "probes/http/settings.h"

struct http_client *
http_client_from(const struct options *given, const char *ca_option, size_t body_limit, size_t connections,
    struct failure *why)
{
	struct failure reason = { 0 };
	char user_agent[64];
	struct http_settings settings = { .ca_file = options_text(given, ca_option),
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
