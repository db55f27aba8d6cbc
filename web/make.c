/*
 * Whose thread makes an answer: that of the address, that of the slow ones, or that of those made
 * together.  libmicrohttpd has one thread for all clients of an address, so nothing slow may be made on
 * it.  An answer that is made elsewhere has its connection suspended meanwhile.  From then on the
 * request belongs to the other thread, until that resumes the connection.
 */

#include <netdb.h>
#include <netinet/in.h>

#include "web/request.h"

/* The pointer tells: routes with the same function are made in one call, such as one transaction for
 * the alerts of two senders. */
bool
request_joins(const struct request *first, const struct request *other)
{
	web_answer_together *together = request_route(first)->together;

	return together != NULL && together == request_route(other)->together;
}

static void
make(struct request *request)
{
	struct web_exchange *exchange = &request->exchange;

	request_route(request)->answer(request->web->site.context, &exchange->request, &exchange->answer);
	request->is_made = true;
}

static void
make_together(struct request *const requests[], size_t count)
{
	struct web_exchange *exchanges[WEB_TOGETHER] = { 0 };

	for (size_t i = 0; i < count; i++)
		exchanges[i] = &requests[i]->exchange;
	request_route(requests[0])->together(requests[0]->web->site.context, exchanges, count);
	for (size_t i = 0; i < count; i++)
		requests[i]->is_made = true;
}

void
request_work(struct request *const requests[], size_t count, bool over)
{
	/* When the server stops, nothing is made any more; the connections are woken all the same,
	 * since libmicrohttpd does not stop with one asleep. */
	if (!over && request_route(requests[0])->together != NULL)
		make_together(requests, count);
	else if (!over)
		make(requests[0]);
	for (size_t i = 0; i < count; i++)
		MHD_resume_connection(requests[i]->waiting);
}

/* As a number: to look up a name would wait for a name server. */
static void
find_peer(struct request *request, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *peer = info != NULL ? info->client_addr : NULL;

	if (peer != NULL)
		(void)getnameinfo(peer,
		    peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
		    request->peer, sizeof(request->peer), NULL, 0, NI_NUMERICHOST);
}

static void
begin_answer(struct request *request, struct MHD_Connection *connection)
{
	const char *type =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_TYPE);
	struct slice body;

	find_peer(request, connection);
	/* There is room for it; only without a body it may fail. */
	buffer_append(&request->body, "", 1);
	body = (struct slice){ request->body.failed ? "" : request->body.text, request->length };
	request->exchange.request = (struct web_request){ .path = request->path,
		.query = request->query,
		/* A name that was sent without users in the configuration was not checked, so it is
		 * nobody's. */
		.user = request->config->user_count > 0 ? request->user : NULL,
		.type = type != NULL ? type : "",
		.peer = request->peer,
		.gzip = head_takes_gzip(MHD_lookup_connection_value(
		    connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING)),
		.body = body };
	request->exchange.answer =
	    (struct web_answer){ .code = MHD_HTTP_OK, .type = "text/plain; charset=utf-8" };
	buffer_init(&request->exchange.answer.body, SIZE_MAX);
}

bool
request_make(struct request *request, struct MHD_Connection *connection)
{
	const struct web_route *route = request_route(request);

	if (request->is_made)
		return true;
	begin_answer(request, connection);
	if (!route->slow && route->together == NULL) {
		make(request);
		return true;
	}
	request->waiting = connection;
	MHD_suspend_connection(connection);
	/* It may be another thread's before this returns. */
	work_add(route->together != NULL ? request->web->together : request->web->slow, request);
	return false;
}
