/* One request: who may ask, and what is answered. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "web/request.h"
#include "web/request_head.h"

enum { LONGEST_PATH = 64 };

struct request {
	struct web *web;
	struct connection *connection;
	struct web_config *config; /* of the whole request; NULL: its headers were not all read */
	enum route route;
	int64_t began_ns;
	unsigned code; /* 0: nothing was answered yet */
	bool costly;
	bool asked; /* whether it may; then `answer` holds */
	enum auth_answer answer;
	struct MHD_Connection *waiting;
};

/* --- Answers --- */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static void
add_security_headers(const struct web_config *config, const struct answer *answer)
{
	const char *values[WEB_HEADERS] = { answer->policy, "DENY", "nosniff", NULL, NULL };

	for (int i = 0; i < WEB_HEADERS; i++) {
		const char *value = config->headers[i] != NULL ? config->headers[i] : values[i];

		if (value != NULL)
			(void)MHD_add_response_header(answer->response, web_header_names[i], value);
	}
	(void)MHD_add_response_header(answer->response, "Referrer-Policy", "no-referrer");
	(void)MHD_add_response_header(answer->response, "Cache-Control", "no-store");
}

/* A connection whose TLS is not what it would be given now, or whose server ends, gets one answer more. */
static bool
is_last(const struct request *request)
{
	const struct connection *c = request->connection;

	return atomic_load(&request->web->closing) ||
	       (c != NULL && c->config != NULL && c->config != request->config);
}

/* The response is used up. */
static enum MHD_Result
deliver(struct request *request, struct MHD_Connection *connection, const struct answer *answer)
{
	enum MHD_Result result;

	if (answer->response == NULL)
		return MHD_NO;
	add_security_headers(request->config, answer);
	if (is_last(request))
		(void)MHD_add_response_header(answer->response, "Connection", "close");
	request->code = answer->code;
	result = MHD_queue_response(connection, answer->code, answer->response);
	MHD_destroy_response(answer->response);
	return result;
}

static void
say_with(unsigned code, const char *text, const char *name, const char *value, struct answer *answer)
{
	site_say(code, text, answer);
	if (answer->response != NULL)
		(void)MHD_add_response_header(answer->response, name, value);
}

/* --- Who may ask --- */

static void
resume(void *context)
{
	struct request *request = context;

	MHD_resume_connection(request->waiting);
}

/* AUTH_PENDING: the connection sleeps until it is known. */
static enum auth_answer
check_password(
    struct request *request, struct MHD_Connection *connection, const struct auth_question *question)
{
	struct auth *auth = request->web->auth;
	enum auth_answer submitted;

	if (auth_known(auth, question))
		return AUTH_YES;
	request->waiting = connection;
	request->asked = true;
	MHD_suspend_connection(connection);
	submitted = auth_submit(auth, question, &request->answer, resume, request);
	/* When it is pending, the request may be another thread's by now. */
	if (submitted != AUTH_PENDING) {
		request->answer = submitted;
		MHD_resume_connection(connection);
	}
	return AUTH_PENDING;
}

static enum auth_answer
ask(struct request *request, struct MHD_Connection *connection)
{
	const struct web_config *config = request->config;
	struct basic_credentials credentials;
	enum auth_answer answer;

	if (!basic_credentials_read(&credentials, header(connection, MHD_HTTP_HEADER_AUTHORIZATION)))
		return AUTH_NO;
	answer = check_password(request, connection,
	    &(struct auth_question){
		config->users, config->user_count, credentials.name, credentials.password });
	basic_credentials_release(&credentials);
	return answer;
}

/* True: go on.  False: it was answered, or waits; `*result` is for the server. */
static bool
admit(struct request *request, struct MHD_Connection *connection, enum MHD_Result *result)
{
	struct answer answer;
	enum auth_answer may;

	if (request->config->user_count == 0)
		return true;
	may = request->asked ? request->answer : ask(request, connection);
	if (may == AUTH_YES)
		return true;
	*result = MHD_YES;
	if (may == AUTH_PENDING)
		return false;
	if (may == AUTH_BUSY)
		say_with(MHD_HTTP_SERVICE_UNAVAILABLE,
		    "too many passwords are being checked, try again later", "Retry-After", "1", &answer);
	else
		say_with(MHD_HTTP_UNAUTHORIZED, "unauthorized", "WWW-Authenticate",
		    "Basic realm=\"arbwatch_exporter\", charset=\"UTF-8\"", &answer);
	*result = deliver(request, connection, &answer);
	return false;
}

/* A request that takes work, within the limit on them. */
static bool
count_costly(struct request *request)
{
	struct web *web = request->web;

	if (!site_is_costly(request->route))
		return true;
	request->costly = true;
	return atomic_fetch_add(&web->costly, 1) < web->limits.requests;
}

static enum MHD_Result
respond(struct request *request, struct MHD_Connection *connection, const char *method)
{
	struct answer answer;
	enum MHD_Result result;

	if (!admit(request, connection, &result))
		return result;
	if (request->route == ROUTE_OTHER)
		site_say(MHD_HTTP_NOT_FOUND, "not found", &answer);
	else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		say_with(MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed", "Allow", "GET, HEAD", &answer);
	else if (!count_costly(request))
		say_with(MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests at once, try again later",
		    "Retry-After", "1", &answer);
	else
		site_answer(
		    request->web->site, request->route, header(connection, "Accept-Encoding"), &answer);
	return deliver(request, connection, &answer);
}

/* --- What libmicrohttpd calls --- */

static struct connection *
connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* A request's first line was read. */
void *
request_begin(void *context, const char *target, struct MHD_Connection *connection)
{
	struct web *web = context;
	struct request *request = calloc(1, sizeof(*request));
	struct slice asked = target_path(target);
	char path[LONGEST_PATH];

	if (request == NULL)
		return NULL;
	request->web = web;
	request->connection = connection_of(connection);
	request->began_ns = clock_now_ns();
	request->route = ROUTE_OTHER;
	if (asked.length < sizeof(path)) {
		(void)snprintf(path, sizeof(path), "%.*s", SLICE_ARGS(asked));
		request->route = route_of(path);
	}
	connection_enter(&web->connections, request->connection, CONNECTION_ANSWER);
	atomic_fetch_add(&web->telemetry->in_flight, 1);
	return request;
}

void
request_end(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct web *web = context;
	struct request *request = *state;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (request->costly)
		atomic_fetch_sub(&web->costly, 1);
	connection_enter(&web->connections, request->connection, CONNECTION_IDLE);
	telemetry_count(web->telemetry, request->route, request->code, clock_now_ns() - request->began_ns);
	atomic_fetch_sub(&web->telemetry->in_flight, 1);
	web_config_drop(request->config);
	free(request);
	*state = NULL;
}

static enum MHD_Result
look_at_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	framing_add(context, name, value != NULL ? value : "");
	return MHD_YES;
}

/* Whether to go on; if not, there is an answer.  With that the connection ends, since nothing tells what
 * comes next. */
static bool
is_taken(struct MHD_Connection *connection, const char *version, struct answer *answer)
{
	struct framing framing = { 0 };
	const char *text = NULL;
	unsigned code;

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &framing);
	code = framing_refusal(&framing, version, &text);
	if (code != 0)
		say_with(code, text, "Connection", "close", answer);
	return code == 0;
}

/* With the headers, and again at the end of the request, and after it slept. */
enum MHD_Result
request_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	struct web *web = context;
	struct request *request = *state;
	struct answer answer;

	(void)url;
	(void)piece;
	if (request == NULL || *size > 0 || atomic_load(&web->over))
		return MHD_NO;
	if (request->config != NULL)
		return respond(request, connection, method);
	request->config = web_config_now(web);
	return is_taken(connection, version, &answer) ? MHD_YES : deliver(request, connection, &answer);
}

/* Paths are compared as they were sent. */
size_t
request_leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}
