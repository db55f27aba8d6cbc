/*
 * One lock is around each request from its arguments to its answer, so that the rest of the program
 * needs none.  A poll or a fault waits on the condition, which gives the lock back meanwhile.  The page
 * and the control endpoint can do what no client of the services can, so they are for this machine
 * alone.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "demo/paper_chat/server.h"
#include "web/listen.h"

/* 256 connections have a thread each, so stacks are small; the deepest reader of markup needs a part of
 * it. */
enum { THREAD_STACK = 512 * 1024, ANSWER_LIMIT = 64 << 20 };

/* What is kept of a request until it is whole. */
struct request {
	struct buffer body;
	int64_t first_ms;
	bool begun;
};

int64_t
wall_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The monotonic clock, as the condition was made: the wall clock may be set. */
bool
server_wait(struct server *server, int64_t ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	/* It may wake early for somebody else's news: callers look again at what they wait for. */
	(void)pthread_cond_timedwait(&server->changed, &server->lock, &until);
	return !server->ending;
}

/* All of the time; but what hangs ends when a fault is turned on or off, and all ends with the server. */
static void
pause_for(struct server *server, enum fault fault, int64_t ms)
{
	int64_t end = wall_clock_ms() + ms;
	unsigned turns = server->faults.turns;

	while (ms > 0 && server_wait(server, ms) && (fault != FAULT_HANG || server->faults.turns == turns))
		ms = end - wall_clock_ms();
}

static const char *
header_of(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value != NULL ? value : "";
}

static bool
from_loopback(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL && listen_address_is_loopback(info->client_addr);
}

/* The page and the control endpoint: for this machine alone, by a local name (another name may be made to
 * mean 127.0.0.1), and for no page of another site, which cannot send a POST without its Origin. */
static bool
is_local(struct MHD_Connection *connection)
{
	static const char *const names[] = { "127.0.0.1", "localhost", "[::1]", NULL };
	const char *host = header_of(connection, "Host"), *origin = header_of(connection, "Origin");

	if (!from_loopback(connection))
		return false;
	if (*origin != '\0' && (strncmp(origin, "http://", 7) != 0 || strcmp(origin + 7, host) != 0))
		return false;
	for (size_t i = 0; names[i] != NULL; i++)
		if (strncmp(host, names[i], strlen(names[i])) == 0 &&
		    (host[strlen(names[i])] == ':' || host[strlen(names[i])] == '\0'))
			return true;
	return false;
}

/* What a request became, for GET /control/requests.  Telegram's token and Slack's secret are not in
 * it.  The path comes without Telegram's token and without the words of Slack's webhook, which are
 * secrets when somebody uses real ones. */
static void
note(struct call *call, const char *service, const char *what)
{
	struct server *server = call->server;
	const char *chat = call->arguments == NULL         ? NULL
			   : strcmp(service, "slack") == 0 ? call_text(call, "channel")
							   : call_text(call, "chat_id");
	const char *said = call->answer.said != NULL ? call->answer.said : call->answer.what;

	(void)json_array_append_new(server->requests,
	    json_pack("{s:I, s:I, s:s, s:s, s:s, s:s?, s:i, s:s}", "received_ms", (json_int_t)call->first_ms,
		"ms", (json_int_t)(wall_clock_ms() - call->first_ms), "service", service, "method",
		call->method, "path", what, "chat", chat, "status", call->answer.status, "result", said));
	server->requests_total++;
	if (json_array_size(server->requests) > MOST_REQUESTS)
		(void)json_array_remove(server->requests, 0);
}

/* The faults that come before the work.  True: the request got what it gets.  "slow" comes first and
 * goes on, so it can be combined with the others.  "hang" leaves no answer: the client sees a
 * connection that ends. */
static bool
strike(struct call *call, const char *path, void (*fail)(struct call *, int, const char *, int64_t))
{
	struct faults *faults = &call->server->faults;

	if (fault_strikes(faults, FAULT_SLOW, path))
		pause_for(call->server, FAULT_SLOW, faults->settings[FAULT_SLOW].value);
	if (fault_strikes(faults, FAULT_HANG, path)) {
		pause_for(call->server, FAULT_HANG, faults->settings[FAULT_HANG].value);
		call->answer.status = 0;
		call->answer.said = "hang";
		return true;
	}
	if (fault_strikes(faults, FAULT_429, path)) {
		fail(call, 429, "", faults->settings[FAULT_429].value);
		return true;
	}
	if (!fault_strikes(faults, FAULT_FAIL, path))
		return false;
	fail(call, (int)faults->settings[FAULT_FAIL].value, faults->settings[FAULT_FAIL].error, 0);
	return true;
}

static void
answer_service(struct call *call)
{
	const char *slash = strchr(call->path + 1, '/');
	bool telegram = strncmp(call->path, "/bot", 4) == 0 && slash != NULL;
	char *token = telegram ? strndup(call->path + 4, (size_t)(slash - call->path) - 4) : NULL;
	const char *what = telegram                                     ? slash + 1
			   : strncmp(call->path, "/services/", 10) == 0 ? "webhook"
									: call->path + 1;

	call->path = telegram ? slash + 1 : call->path;
	if (!strike(call, what, telegram ? telegram_fail : slack_fail)) {
		if (telegram)
			telegram_answer(call, token);
		else
			slack_answer(call);
		/* After the work: the message is there, and the client cannot know it.  That is how one
		 * message comes twice. */
		if (fault_strikes(&call->server->faults, FAULT_DROP, what)) {
			call->answer.status = 0;
			call->answer.said = "drop";
		}
	}
	note(call, telegram ? "telegram" : "slack", what);
	free(token);
}

/* Whose path it is. */
static void
dispatch(struct call *call)
{
	bool control = strcmp(call->path, "/control") == 0 || strncmp(call->path, "/control/", 9) == 0;
	bool page = strcmp(call->path, "/") == 0 || strcmp(call->path, "/press") == 0 ||
		    strcmp(call->path, "/style.css") == 0;

	if ((control || page) && !is_local(call->connection)) {
		call_answer(call, 403,
		    json_pack("{s:s}", "error", "only from this machine, and not from another site"));
	} else if (control) {
		control_answer(call);
	} else if (page) {
		page_answer(call);
	} else if (strncmp(call->path, "/bot", 4) == 0 || strncmp(call->path, "/services/", 10) == 0 ||
		   strncmp(call->path, "/api/", 5) == 0) {
		answer_service(call);
	} else {
		call_answer(call, 404,
		    json_pack("{s:b, s:i, s:s}", "ok", 0, "error_code", 404, "description", "Not Found"));
	}
}

/* MHD_NO alone would leave it to libmicrohttpd when the socket ends; a client should see it now. */
static enum MHD_Result
close_now(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info != NULL)
		(void)shutdown(info->connect_fd, SHUT_RDWR);
	return MHD_NO;
}

static enum MHD_Result
deliver(struct call *call)
{
	struct answer *answer = &call->answer;
	struct MHD_Response *response;
	enum MHD_Result result;
	char seconds[24];

	if (answer->status == 0 || answer->body.failed)
		return close_now(call->connection);
	response = MHD_create_response_from_buffer(answer->body.length,
	    answer->body.text != NULL ? answer->body.text : (char[]){ "" }, MHD_RESPMEM_MUST_COPY);
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type", answer->type);
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	(void)MHD_add_response_header(response, "Content-Security-Policy",
	    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
	if (answer->retry_after > 0) {
		(void)snprintf(seconds, sizeof(seconds), "%lld", (long long)answer->retry_after);
		(void)MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (answer->location[0] != '\0')
		(void)MHD_add_response_header(response, "Location", answer->location);
	result = MHD_queue_response(call->connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return result;
}

/* The request is whole. */
static enum MHD_Result
respond(struct server *server, struct MHD_Connection *connection, struct request *request, const char *method,
    const char *path)
{
	struct call call = { .server = server,
		.connection = connection,
		.method = method,
		.path = path,
		.type = header_of(connection, "Content-Type"),
		.body = buffer_slice(&request->body),
		.first_ms = request->first_ms };
	enum MHD_Result result;

	buffer_init(&call.answer.body, ANSWER_LIMIT);
	(void)pthread_mutex_lock(&server->lock);
	/* Under the lock, too, which costs little here. */
	call.arguments = call_read(&call);
	dispatch(&call);
	(void)pthread_mutex_unlock(&server->lock);
	result = deliver(&call);
	json_decref(call.arguments);
	buffer_release(&call.answer.body);
	return result;
}

/* Called by MHD with the request line.  The time of the request line, not of the whole body: a client
 * that is slow to send is seen in "ms". */
static void *
begin(void *context, const char *target, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request));

	(void)context;
	(void)target;
	(void)connection;
	if (request == NULL)
		return NULL;
	request->first_ms = wall_clock_ms();
	buffer_init(&request->body, BODY_LIMIT);
	return request;
}

static void
end(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)context;
	(void)connection;
	(void)code;
	if (request != NULL)
		buffer_release(&request->body);
	free(request);
	*state = NULL;
}

/* Called by MHD with the headers, then with each piece of the body, then at its end. */
static enum MHD_Result
handle(void *context, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	struct request *request = *state;
	struct call refused = { .connection = connection };
	enum MHD_Result result;

	(void)version;
	if (request == NULL)
		return MHD_NO;
	if (!request->begun) {
		request->begun = true;
		/* Before the body, so that a large one is never read.  A body without a length ends at
		 * the buffer's limit. */
		if (strtoull(header_of(connection, "Content-Length"), NULL, 10) <= BODY_LIMIT)
			return MHD_YES;
		buffer_init(&refused.answer.body, ANSWER_LIMIT);
		call_answer(&refused, 413,
		    json_pack("{s:b, s:i, s:s}", "ok", 0, "error_code", 413, "description",
			"Request Entity Too Large"));
		result = deliver(&refused);
		buffer_release(&refused.answer.body);
		return result;
	}
	if (*size > 0) {
		buffer_append(&request->body, piece, *size);
		*size = 0;
		return request->body.failed ? MHD_NO : MHD_YES;
	}
	return respond(context, connection, request, method, path);
}

int
server_start(struct server *server, const struct server_settings *settings, struct failure *why)
{
	pthread_condattr_t monotonic;

	*server = (struct server){ .settings = *settings,
		.messages = json_array(),
		.updates = json_array(),
		.requests = json_array() };
	(void)pthread_mutex_init(&server->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&server->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	server->daemon =
	    MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL,
		0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, settings->fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)REQUEST_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK, MHD_OPTION_URI_LOG_CALLBACK, begin, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, end, server, MHD_OPTION_END);
	return server->daemon != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "cannot start the server");
}

/* Waiting requests must see `ending` before libmicrohttpd is stopped, which joins their threads. */
void
server_stop(struct server *server)
{
	(void)pthread_mutex_lock(&server->lock);
	server->ending = true;
	(void)pthread_cond_broadcast(&server->changed);
	(void)pthread_mutex_unlock(&server->lock);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	json_decref(server->messages);
	json_decref(server->updates);
	json_decref(server->requests);
}
