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

/* A line of text, or NULL, and one header if `name` is not NULL. */
static enum MHD_Result
deliver_text(struct request *request, struct MHD_Connection *connection, unsigned code, const char *text,
    const char *name, const char *value)
{
	struct web_answer answer = { .headers = { { name, value } } };

	buffer_init(&answer.body, SIZE_MAX);
	if (text != NULL)
		web_answer_text(&answer, code, text);
	else
		answer.code = code;
	return deliver(request, connection, &answer);
}

/* --- Who may ask --- */

/* Whether the client may ask.  False: it was answered, or waits; `*result` is for the server. */
static bool
admit(struct request *request, struct MHD_Connection *connection, enum MHD_Result *result)
{
	enum auth_answer may;
	char realm[128];

	/* Without users in the configuration, everyone may. */
	if (request->config->user_count == 0)
		return true;
	may = request_permitted(request, connection);
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

/* Whether there is room for the request under the limit on costly ones.
 * It may be asked twice, before the body and behind it, and counts once. */
static bool
count_costly(struct request *request, const struct web_route *route)
{
	struct web *web = request->web;

	/* Those that are answered together cost little each; web_limits.body_memory limits them. */
	if (request->costly || !(route->costly || (route->body_limit > 0 && route->together == NULL)))
		return true;
	request->costly = atomic_fetch_add(&web->costly, 1) < web->limits.requests;
	if (!request->costly)
		atomic_fetch_sub(&web->costly, 1);
	return request->costly;
}

/* Whether there is room for the body.  It may be asked twice, too. */
static bool
hold_body(struct request *request)
{
	struct web *web = request->web;
	size_t limit = web->limits.body_memory, length = request->length;

	if (limit == 0 || request->held == length)
		return true;
	if (atomic_fetch_add(&web->held, length) + length <= limit)
		request->held = length;
	else
		atomic_fetch_sub(&web->held, length);
	return request->held == length;
}

/* Whether the request can go on.  False: it was answered, or waits; `*result` is for the server. */
static bool
accept_request(
    struct request *request, struct MHD_Connection *connection, const char *method, enum MHD_Result *result)
{
	const struct web_route *route = request_route(request);

	/* The login comes before "not found", which would tell a stranger which paths exist. */
	if (!admit(request, connection, result))
		return false;
	/* HAProxy's plain "option httpchk" asks so, and takes an error for a server that is down. */
	if ((route != NULL || strcmp(request->path, "*") == 0) &&
	    strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0)
		*result = deliver_text(request, connection, MHD_HTTP_NO_CONTENT, NULL, "Allow",
		    route_methods(request->web->site.routes, request->path));
	else if (route == NULL)
		*result = deliver_text(request, connection, MHD_HTTP_NOT_FOUND, "not found", NULL, NULL);
	else if (!route_takes(route, method))
		*result = deliver_text(request, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "method not allowed",
		    "Allow", route_methods(request->web->site.routes, request->path));
	else if (!count_costly(request, route) || !hold_body(request))
		*result = deliver_text(request, connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		    "too many requests at once, try again later", "Retry-After", "1");
	else
		return true;
	return false;
}

/* --- What libmicrohttpd calls --- */

static struct connection *
connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* The path of a target, which may be a whole URL ("absolute-form", RFC 9112, 3.2.2). */
static const char *
take_host(struct request *request, const char *target)
{
	size_t scheme = strncasecmp(target, "http://", 7) == 0 ? 7 : 0, length;
	char host[LONGEST_HOST];

	scheme = strncasecmp(target, "https://", 8) == 0 ? 8 : scheme;
	if (scheme == 0)
		return target;
	length = strcspn(target + scheme, "/");
	request->has_host = true;
	request->is_foreign = length >= sizeof(host);
	if (!request->is_foreign) {
		memcpy(host, target + scheme, length);
		host[length] = '\0';
		request->is_foreign = !head_is_local(host, request->web->site.names);
	}
	target += scheme + length;
	return *target != '\0' ? target : "/";
}

/* A request's first line was read. */
void *
request_begin(void *context, const char *target, struct MHD_Connection *connection)
{
	const struct server *server = context;
	struct web *web = server->web;
	char *query = strchr(target, '?');
	size_t length = query != NULL ? strlen(query) : 0;
	struct request *request = calloc(1, sizeof(*request) + length + 1);

	if (request != NULL && query != NULL)
		memcpy(request->query, query + 1, length - 1);
	/* libmicrohttpd would take the query apart next, into memory that may not suffice, and before 1.0 it
	 * would then close the connection without an answer. */
	if (query != NULL)
		memset(query, 0, length);
	if (request == NULL)
		return NULL;
	request->web = web;
	target = take_host(request, target);
	length = strlen(target);
	request->connection = connection_of(connection);
	request->began_ns = clock_now_ns();
	/* A path that is too long has no route: it stays empty, and is counted as "other". */
	if (length < sizeof(request->path))
		memcpy(request->path, target, length);
	request->route = route_find(web->site.routes, request->path, NULL);
	connection_enter(web, request->connection, CONNECTION_ANSWER);
	atomic_fetch_add(&web->site.metrics->in_flight, 1);
	return request;
}

void
request_end(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	const struct server *server = context;
	struct web *web = server->web;
	struct request *request = *state;

	(void)connection;
	(void)code;
	if (request == NULL)
		return;
	if (request->costly)
		atomic_fetch_sub(&web->costly, 1);
	atomic_fetch_sub(&web->held, request->held);
	connection_enter(web, request->connection, CONNECTION_IDLE);
	web_metrics_count(
	    web->site.metrics, request->route, request->code, clock_now_ns() - request->began_ns);
	atomic_fetch_sub(&web->site.metrics->in_flight, 1);
	web_config_drop(request->config);
	buffer_release(&request->body);
	buffer_release(&request->exchange.answer.body);
	free(request);
	*state = NULL;
}

/* Whether the host that is asked for is not known to be this one. */
static bool
is_foreign(const struct request *request, struct MHD_Connection *connection)
{
	if (request->has_host)
		return request->is_foreign;
	return !head_is_local(header(connection, MHD_HTTP_HEADER_HOST), request->web->site.names);
}

static bool
is_cross_site(struct MHD_Connection *connection)
{
	return head_is_cross_site(header(connection, "Sec-Fetch-Site"),
	    header(connection, MHD_HTTP_HEADER_ORIGIN), header(connection, MHD_HTTP_HEADER_HOST));
}

/* The headers are there.  After a refusal the connection must end, since where the next request begins is
 * uncertain. */
static enum MHD_Result
check_head(struct request *request, struct MHD_Connection *connection, const char *version, bool local_only)
{
	const struct web_route *route = request_route(request);
	size_t limit = route != NULL ? route->body_limit : 0;
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH), *text = NULL;
	bool encoded = header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
	unsigned code = MHD_HTTP_CONTENT_TOO_LARGE;

	/* From here to its end, the request has one configuration, whatever is loaded meanwhile. */
	request->config = web_config_now(request->web);
	/* libmicrohttpd has refused what is not a number. */
	request->length = length != NULL ? strtoull(length, NULL, 10) : 0;
	if (head_is_ambiguous(connection, version)) {
		code = MHD_HTTP_BAD_REQUEST;
		text = "a request has one Host, at most one Content-Length, and no odd names of headers";
	} else if (local_only && is_foreign(request, connection)) {
		code = MHD_HTTP_MISDIRECTED_REQUEST;
		text =
		    "only requests to local names are answered here; --web.allowed-host NAME allows another name";
	} else if (limit > 0 && !route->has_token && is_cross_site(connection)) {
		code = MHD_HTTP_FORBIDDEN;
		text = "a page of another site may not send this";
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
	buffer_init(&request->body, request->length + 1);
	return MHD_YES;
}

enum MHD_Result
request_handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	const struct server *server = context;
	struct request *request = *state;
	enum MHD_Result result = MHD_YES;

	(void)url;
	if (request == NULL || atomic_load(&server->web->over))
		return MHD_NO;
	if (request->config == NULL) {
		request->route = route_find(server->web->site.routes, request->path, method);
		result = check_head(request, connection, version, server->is_loopback);
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
	if (request->body.length < request->length || !request_make(request, connection))
		return MHD_YES;
	return deliver(request, connection, &request->exchange.answer);
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
