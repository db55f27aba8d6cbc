/* One request: who may ask, and what is answered. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "exporter/web_request.h"

enum { LONGEST_PATH = 64 };

struct request {
	struct server *server;
	struct connection *connection;
	enum route route;
	int64_t began_ns;
	unsigned code; /* 0: nothing was answered yet */
	bool begun;
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
add_security_headers(const struct web *web, const struct answer *answer)
{
	const char *values[WEB_HEADERS] = { answer->policy, "DENY", "nosniff", NULL, NULL };

	for (int i = 0; i < WEB_HEADERS; i++) {
		const char *value = web->config.headers[i] != NULL ? web->config.headers[i] : values[i];

		if (value != NULL)
			(void)MHD_add_response_header(answer->response, web_header_names[i], value);
	}
	(void)MHD_add_response_header(answer->response, "Referrer-Policy", "no-referrer");
	(void)MHD_add_response_header(answer->response, "Cache-Control", "no-store");
}

/* With the configuration locked.  The response is used up. */
static enum MHD_Result
deliver(struct request *request, struct MHD_Connection *connection, const struct answer *answer)
{
	enum MHD_Result result;

	if (answer->response == NULL)
		return MHD_NO;
	add_security_headers(request->server->web, answer);
	/* Whoever keeps a connection to a server that is on its way out would keep it there. */
	if (request->server->number != request->server->web->number)
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
ask(struct request *request, struct MHD_Connection *connection)
{
	struct web *web = request->server->web;
	char *password = NULL, *name = MHD_basic_auth_get_username_password(connection, &password);
	enum auth_answer answer = AUTH_NO;

	if (name != NULL && password != NULL) {
		struct auth_question question = { web->config.users, web->config.user_count, name, password };

		if (auth_known(web->auth, &question)) {
			answer = AUTH_YES;
		} else {
			enum auth_answer submitted;

			request->waiting = connection;
			request->asked = true;
			answer = AUTH_PENDING;
			MHD_suspend_connection(connection);
			submitted = auth_submit(web->auth, &question, &request->answer, resume, request);
			/* When it is pending, the request may be another thread's by now. */
			if (submitted != AUTH_PENDING) {
				request->answer = submitted;
				MHD_resume_connection(connection);
			}
		}
	}
	if (password != NULL) {
		explicit_bzero(password, strlen(password));
		MHD_free(password);
	}
	MHD_free(name);
	return answer;
}

/* True: go on.  False: it was answered, or waits; `*result` is for the server. */
static bool
admit(struct request *request, struct MHD_Connection *connection, enum MHD_Result *result)
{
	struct answer answer;
	enum auth_answer may;

	if (request->server->web->config.user_count == 0)
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
	struct web *web = request->server->web;

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
		site_answer(request->server->web->site, request->route, header(connection, "Accept-Encoding"),
		    &answer);
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
	struct server *server = context;
	struct request *request = calloc(1, sizeof(*request));
	size_t length = strcspn(target, "?");
	char path[LONGEST_PATH];

	if (request == NULL)
		return NULL;
	request->server = server;
	request->connection = connection_of(connection);
	request->began_ns = clock_now_ns();
	request->route = ROUTE_OTHER;
	if (length < sizeof(path)) {
		(void)snprintf(path, sizeof(path), "%.*s", (int)length, target);
		request->route = route_of(path);
	}
	connection_enter(&server->web->connections, request->connection, CONNECTION_ANSWER);
	atomic_fetch_add(&server->web->telemetry->in_flight, 1);
	return request;
}

void
request_end(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct server *server = context;
	struct request *request = *state;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (request->costly)
		atomic_fetch_sub(&server->web->costly, 1);
	connection_enter(&server->web->connections, request->connection, CONNECTION_IDLE);
	telemetry_count(
	    server->web->telemetry, request->route, request->code, clock_now_ns() - request->began_ns);
	atomic_fetch_sub(&server->web->telemetry->in_flight, 1);
	free(request);
	*state = NULL;
}

static bool
has_body(struct MHD_Connection *connection)
{
	const char *length = header(connection, "Content-Length");

	return header(connection, "Transfer-Encoding") != NULL ||
	       (length != NULL && strspn(length, "0") != strlen(length));
}

/* With the headers, and again at the end of the request. */
enum MHD_Result
request_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	struct server *server = context;
	struct request *request = *state;
	struct answer answer;
	enum MHD_Result result;

	(void)url;
	(void)version;
	(void)piece;
	if (request == NULL || *size > 0)
		return MHD_NO;
	if (!request->begun && !has_body(connection)) {
		request->begun = true;
		return MHD_YES;
	}
	(void)pthread_rwlock_rdlock(&server->web->lock);
	if (request->begun) {
		result = respond(request, connection, method);
	} else {
		/* Nothing here takes a body: none is read, and the connection ends with the answer. */
		site_say(MHD_HTTP_CONTENT_TOO_LARGE, "no request here has a body", &answer);
		result = deliver(request, connection, &answer);
	}
	(void)pthread_rwlock_unlock(&server->web->lock);
	return result;
}

/* Paths are compared as they were sent. */
size_t
request_leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}
