/*
 * One request, from its first line to the end of its answer.  libmicrohttpd calls
 * request_handle() when the headers are there, then with each piece of the body,
 * then once more, which is when the answer is made.  A request whose password has
 * to be checked sleeps in between, so that its thread serves others.
 *
 * A proxy in front of us must agree with us where a request ends, or a client
 * could hide a second request in the first one (request smuggling; RFC 9112,
 * 6.3 and 11.2).  libmicrohttpd is more lenient than that: it takes the first of
 * two lengths.  So a head that two readers could understand differently is refused.
 */

#include "web/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"

enum { LONGEST_PATH = 64 };

struct request {
	struct web *web;
	struct connection *connection;
	struct web_config *config; /* of the whole request; NULL: its headers were not all read */
	size_t route;              /* past the last one: the path has no route */
	char path[LONGEST_PATH];
	int64_t began_ns;
	unsigned code; /* 0: nothing was answered yet */
	bool costly;   /* it is counted as such */
	size_t length; /* of the body, as announced */
	struct buffer body;
	bool asked; /* a password check was begun: `permitted` is its result */
	enum auth_answer permitted;
	struct MHD_Connection *waiting;
};

/* --- Answers --- */

static const char *
header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Whether the connection ends with this answer: its server stops, or its TLS is not what a
 * new connection would get.  So old TLS settings are out of use after one more answer. */
static bool
is_last(const struct request *request)
{
	const struct connection *c = request->connection;

	return atomic_load(&request->web->closing) ||
	       (c != NULL && c->config != NULL && c->config != request->config);
}

static enum MHD_Result
deliver(struct request *request, struct MHD_Connection *connection, struct web_answer *answer)
{
	enum MHD_Result result = answer_send(connection, request->config, answer, is_last(request));

	request->code = answer->code;
	return result;
}

/* A line of text, and one header if `name` is not NULL. */
static enum MHD_Result
deliver_text(struct request *request, struct MHD_Connection *connection, unsigned code, const char *text,
    const char *name, const char *value)
{
	struct web_answer answer = { .headers = { { name, value } } };

	buffer_init(&answer.body, SIZE_MAX);
	web_answer_text(&answer, code, text);
	return deliver(request, connection, &answer);
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
	const struct web_config *config = request->config;
	struct basic_credentials credentials;
	enum auth_answer answer;

	if (!basic_credentials_read(&credentials, header(connection, MHD_HTTP_HEADER_AUTHORIZATION)))
		return AUTH_NO;
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

/* Whether the client may ask.  False: it was answered, or waits; `*result` is for the server. */
static bool
admit(struct request *request, struct MHD_Connection *connection, enum MHD_Result *result)
{
	enum auth_answer may;
	char realm[128];

	/* Without users in the configuration, everyone may. */
	if (request->config->user_count == 0)
		return true;
	may = request->asked ? request->permitted : ask(request, connection);
	if (may == AUTH_YES)
		return true;
	*result = MHD_YES;
	if (may == AUTH_PENDING)
		return false;
	(void)snprintf(
	    realm, sizeof(realm), "Basic realm=\"%s\", charset=\"UTF-8\"", request->web->site.name);
	*result = may == AUTH_BUSY
		      ? deliver_text(request, connection, MHD_HTTP_SERVICE_UNAVAILABLE,
			    "too many passwords are being checked, try again later", "Retry-After", "1")
		      : deliver_text(request, connection, MHD_HTTP_UNAUTHORIZED, "unauthorized",
			    "WWW-Authenticate", realm);
	return false;
}

/* --- What is asked --- */

static const struct web_route *
route_of(const struct request *request)
{
	const struct web_route *route = &request->web->site.routes[request->route];

	return route->path != NULL ? route : NULL;
}

static bool
is_method(const struct web_route *route, const char *method)
{
	if (route->body_limit > 0)
		return strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* Whether there is room for the request under the limit on costly ones.
 * It may be asked twice, before the body and behind it, and counts once. */
static bool
count_costly(struct request *request, const struct web_route *route)
{
	struct web *web = request->web;

	if (request->costly || (!route->costly && route->body_limit == 0))
		return true;
	request->costly = atomic_fetch_add(&web->costly, 1) < web->limits.requests;
	if (!request->costly)
		atomic_fetch_sub(&web->costly, 1);
	return request->costly;
}

/* Whether the request can go on.  False: it was answered, or waits; `*result` is for the server. */
static bool
accept_request(
    struct request *request, struct MHD_Connection *connection, const char *method, enum MHD_Result *result)
{
	const struct web_route *route = route_of(request);

	/* The login comes before "not found", which would tell a stranger which paths exist. */
	if (!admit(request, connection, result))
		return false;
	if (route == NULL)
		*result = deliver_text(request, connection, MHD_HTTP_NOT_FOUND, "not found", NULL, NULL);
	else if (!is_method(route, method))
		*result = deliver_text(request, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed",
		    "Allow", route->body_limit > 0 ? "POST" : "GET, HEAD");
	else if (!count_costly(request, route))
		*result = deliver_text(request, connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		    "too many requests at once, try again later", "Retry-After", "1");
	else
		return true;
	return false;
}

static enum MHD_Result
respond(struct request *request, struct MHD_Connection *connection)
{
	struct web_answer answer = { .code = MHD_HTTP_OK, .type = "text/plain; charset=utf-8" };
	const struct web_request asked = { .path = request->path,
		.gzip = head_takes_gzip(header(connection, MHD_HTTP_HEADER_ACCEPT_ENCODING)),
		.body = buffer_slice(&request->body) };

	buffer_init(&answer.body, SIZE_MAX);
	route_of(request)->answer(request->web->site.context, &asked, &answer);
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
	const struct web_route *routes = web->site.routes;
	size_t length = strcspn(target, "?");

	if (request == NULL)
		return NULL;
	request->web = web;
	request->connection = connection_of(connection);
	request->began_ns = clock_now_ns();
	/* A path that is too long has no route: it stays empty, and is counted as "other". */
	if (length < sizeof(request->path))
		memcpy(request->path, target, length);
	while (routes[request->route].path != NULL && strcmp(routes[request->route].path, request->path) != 0)
		request->route++;
	connection_enter(web, request->connection, CONNECTION_ANSWER);
	atomic_fetch_add(&web->site.metrics->in_flight, 1);
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
	connection_enter(web, request->connection, CONNECTION_IDLE);
	web_metrics_count(
	    web->site.metrics, request->route, request->code, clock_now_ns() - request->began_ns);
	atomic_fetch_sub(&web->site.metrics->in_flight, 1);
	web_config_drop(request->config);
	buffer_release(&request->body);
	free(request);
	*state = NULL;
}

/* What of a head could be understood in two ways. */
struct ambiguity {
	unsigned hosts, lengths;
	bool malformed;
};

/* Not "Content-Length" but "Content-Length5": libmicrohttpd puts a line that begins with a blank behind the
 * name of the one before it, where a proxy may put it behind the value (RFC 9112, 5.2). */
static bool
is_longer(const char *name, const char *known)
{
	size_t length = strlen(known);

	return strncasecmp(name, known, length) == 0 && name[length] != '\0';
}

/* "Content-Length : 44" is a length to some proxies, and not to others (RFC 9112, 5.1). */
static bool
is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				      "!#$%&'*+-.^_`|~";

	return name[strspn(name, letters)] == '\0' && !is_longer(name, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
	       !is_longer(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result
look_at_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct ambiguity *found = context;

	(void)kind;
	(void)value;
	found->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	found->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	found->malformed = found->malformed || !is_name(name);
	return MHD_YES;
}

/* The headers are there.  After a refusal the connection must end, since where the next request begins is
 * uncertain. */
static enum MHD_Result
check_head(struct request *request, struct MHD_Connection *connection, const char *version)
{
	const struct web_route *route = route_of(request);
	size_t limit = route != NULL ? route->body_limit : 0;
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH), *text = NULL;
	bool encoded = header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
	struct ambiguity found = { 0 };
	unsigned code = MHD_HTTP_CONTENT_TOO_LARGE;

	/* From here to its end, the request has one configuration, whatever is loaded meanwhile. */
	request->config = web_config_now(request->web);
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &found);
	/* libmicrohttpd has refused what is not a number. */
	request->length = length != NULL ? strtoull(length, NULL, 10) : 0;
	if (found.hosts > 1 || (found.hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) == 0) ||
	    found.lengths > 1 || found.malformed) {
		code = MHD_HTTP_BAD_REQUEST;
		text = "a request has one Host, at most one Content-Length, and no odd names of headers";
	} else if (limit == 0 && (encoded || request->length > 0)) {
		text = "no request here has a body";
	} else if (encoded) {
		code = MHD_HTTP_LENGTH_REQUIRED;
		text = "the length of the body must be announced: Content-Length";
	} else if (request->length > limit) {
		text = "the body is too large";
	}
	if (text != NULL)
		return deliver_text(request, connection, code, text, "Connection", "close");
	buffer_init(&request->body, request->length);
	return MHD_YES;
}

enum MHD_Result
request_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	struct web *web = context;
	struct request *request = *state;
	enum MHD_Result result = MHD_YES;

	(void)url;
	if (request == NULL || atomic_load(&web->over))
		return MHD_NO;
	if (request->config == NULL) {
		result = check_head(request, connection, version);
		/* Before a body is taken, so that only those who may ask can fill memory. */
		if (result == MHD_YES && request->code == 0 && request->length > 0)
			(void)accept_request(request, connection, method, &result);
		return result;
	}
	/* More than was announced; libmicrohttpd should not let that happen. */
	if (*size > request->length - request->body.length)
		return MHD_NO;
	if (*size > 0) {
		buffer_append(&request->body, piece, *size);
		*size = 0;
		return request->body.failed ? MHD_NO : MHD_YES;
	}
	if (!accept_request(request, connection, method, &result))
		return result;
	/* A request that slept for a password check comes here once before its body. */
	return request->body.length == request->length ? respond(request, connection) : MHD_YES;
}

/* Paths are compared as they were sent: "/%6detrics" is not
 * "/metrics", here or for a proxy that has rules by path. */
size_t
request_leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}
