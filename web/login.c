/* A password takes a good part of a second to check: the connection sleeps meanwhile, so that its thread
 * serves others. */

#include <string.h>

#include "web/request.h"

static void
resume(void *context)
{
	struct request *request = context;

	MHD_resume_connection(request->waiting);
}

/* The configuration outlives the request. */
static const char *
user_of(const struct web_config *config, const char *name)
{
	for (size_t i = 0; i < config->user_count; i++)
		if (strcmp(config->users[i].name, name) == 0)
			return config->users[i].name;
	return NULL;
}

static enum auth_answer
ask(struct request *request, struct MHD_Connection *connection)
{
	const struct web_config *config = request->config;
	struct basic_credentials credentials;
	enum auth_answer answer;

	if (!basic_credentials_read(&credentials,
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION)))
		return AUTH_NO;
	request->user = user_of(config, credentials.name);
	/* The order matters: `resume` may run in the other thread before auth_check()
	 * has returned, and a connection that is not yet suspended cannot be resumed. */
	request->waiting = connection;
	request->asked = true;
	MHD_suspend_connection(connection);
	answer = auth_check(request->web->auth,
	    &(struct auth_question){
		config->users, config->user_count, credentials.name, credentials.password },
	    &request->permitted, resume, request);
	basic_credentials_release(&credentials);
	/* When it is pending, the request may be another thread's by now. */
	if (answer != AUTH_PENDING) {
		request->permitted = answer;
		MHD_resume_connection(connection);
	}
	return AUTH_PENDING;
}

enum auth_answer
request_permitted(struct request *request, struct MHD_Connection *connection)
{
	return request->asked ? request->permitted : ask(request, connection);
}
