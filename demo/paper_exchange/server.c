#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/config/secrets.h"
#include "common/text/buffer.h"
#include "demo/paper_exchange/control.h"
#include "demo/paper_exchange/deliver.h"
#include "demo/paper_exchange/server.h"
#include "web/listen.h"

enum { THREAD_STACK = 512 * 1024 };

static const struct venue *const venues[] = { &venue_binance, &venue_binanceusdm, &venue_upbit, &venue_bybit,
	&venue_okx, &venue_kraken, NULL };

/* What is kept of a request until it is whole. */
struct request {
	char *target;      /* path and query, as sent; cut in two */
	const char *query; /* "" without a query */
	char method[32];
	struct buffer body;
	bool begun;
	bool seen; /* in the records, or for the control endpoint */
};

const struct venue *
venue_at(size_t index)
{
	return venues[index];
}

int
venue_find(struct slice name)
{
	for (int i = 0; venues[i] != NULL; i++)
		if (slice_is(name, venues[i]->name))
			return i;
	return -1;
}

int64_t
wall_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
server_pause(struct server *server, int64_t ms)
{
	struct timespec until;
	bool ending;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_lock(&server->lock);
	while (!server->ending && pthread_cond_timedwait(&server->ended, &server->lock, &until) != ETIMEDOUT)
		;
	ending = server->ending;
	(void)pthread_mutex_unlock(&server->lock);
	return !ending;
}

static const char *
header_of(const struct call *call, const char *name)
{
	return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result
note_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct record *record = context;
	size_t used = strlen(record->headers), room = sizeof(record->headers) - used;

	(void)kind;
	(void)value;
	if (strlen(name) + 2 > room)
		return MHD_NO;
	(void)snprintf(record->headers + used, room, "%s\n", name);
	return MHD_YES;
}

static void
note(struct server *server, struct MHD_Connection *connection, const char *exchange, const char *method,
    const char *path, int status)
{
	struct record record = { .exchange = exchange, .status = status };

	(void)snprintf(record.method, sizeof(record.method), "%s", method);
	(void)snprintf(record.path, sizeof(record.path), "%s", path);
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, note_header, &record);
	records_add(&server->records, &record);
}

static enum MHD_Result
respond_as_venue(struct server *server, struct call *call)
{
	struct MHD_Connection *connection = call->connection;
	struct answer answer = { .status = 200 };
	enum MHD_Result result;

	faults_of(&server->floor.faults, call->index, call->path, call->faults);
	if (call->faults[FAULT_LATENCY].on && !server_pause(server, call->faults[FAULT_LATENCY].number))
		return MHD_NO;
	if (call->faults[FAULT_RESET].on) {
		note(server, connection, call->venue->name, call->method, call->path, 0);
		return deliver_reset(connection);
	}
	call->wall_ms = call->now_ms = wall_clock_ms();
	if (call->faults[FAULT_SKEW].on)
		call->now_ms += call->faults[FAULT_SKEW].number;
	call_end_bans(call);
	if (arguments_parse(&call->arguments, call->query) != 0)
		answer_trouble(call, &answer, TROUBLE_BAD_REQUEST);
	else
		call_answer(call, &answer);
	note(server, connection, call->venue->name, call->method, call->path, answer.status);
	result = deliver(server, connection, &answer, call->faults, call->now_ms);
	market_stream_free(answer.stream);
	json_decref(answer.body);
	arguments_release(&call->arguments);
	return result;
}

static bool
from_loopback(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return info != NULL && listen_address_is_loopback(info->client_addr);
}

/* Not for browsers: what a page may send carries an Origin. */
static enum MHD_Result
respond_as_control(struct server *server, struct MHD_Connection *connection, const char *method,
    const char *path, const char *query)
{
	static const struct fault_setting no_faults[FAULTS];
	struct answer answer = { .status = 200 };
	struct arguments arguments = { 0 };
	enum MHD_Result result;

	if (!from_loopback(connection) ||
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Origin") != NULL) {
		answer.status = 403;
		answer.body = json_pack("{s:s}", "error", "only from this machine, and not from a browser");
	} else if (arguments_parse(&arguments, query) != 0) {
		answer.status = 400;
		answer.body = json_pack("{s:s}", "error", "bad query");
	} else {
		control_answer(server, method, path, &arguments, &answer);
	}
	result = deliver(server, connection, &answer, no_faults, wall_clock_ms());
	json_decref(answer.body);
	arguments_release(&arguments);
	return result;
}

/* The venue whose prefix the path begins with, and what is behind it; -1 and the whole path if no prefix
 * fits. */
static int
find_venue(const char *path, const char **rest)
{
	size_t length = *path == '/' ? 1 + strcspn(path + 1, "/") : 0;
	int venue = length > 1 ? venue_find((struct slice){ path + 1, length - 1 }) : -1;

	*rest = path + (venue >= 0 ? length : 0);
	return venue;
}

static bool
is_control(const struct request *request)
{
	return strcmp(request->target, "/control") == 0 || strncmp(request->target, "/control/", 9) == 0;
}

/* A request that no venue gets to see; each is recorded, whatever becomes of it.  Status 0: no answer. */
static void
note_unserved(struct server *server, struct MHD_Connection *connection, struct request *request, int status)
{
	const char *rest;
	int venue = find_venue(request->target, &rest);

	if (!request->seen && !is_control(request))
		note(
		    server, connection, venue >= 0 ? venues[venue]->name : "", request->method, rest, status);
	request->seen = true;
}

static enum MHD_Result
refuse(struct server *server, struct MHD_Connection *connection, struct request *request, int status)
{
	static const struct fault_setting no_faults[FAULTS];
	struct answer answer = { .status = status };
	enum MHD_Result result;

	answer.body = json_pack("{s:s}", "error", status == 413 ? "body too large" : "no such exchange");
	note_unserved(server, connection, request, status);
	result = deliver(server, connection, &answer, no_faults, wall_clock_ms());
	json_decref(answer.body);
	return result;
}

/* The request is whole. */
static enum MHD_Result
respond(struct server *server, struct MHD_Connection *connection, struct request *request, const char *method)
{
	struct call call = { .floor = &server->floor, .connection = connection, .header = header_of };
	int venue = find_venue(request->target, &call.path);

	if (is_control(request))
		return respond_as_control(server, connection, method, request->target, request->query);
	if (venue < 0)
		return refuse(server, connection, request, 404);
	call.venue = venues[venue];
	call.index = (size_t)venue;
	call.method = method;
	call.query = request->query;
	buffer_append(&request->body, "", 1); /* a NUL behind it */
	if (request->body.failed)
		return MHD_NO;
	call.body = (struct slice){ request->body.text, request->body.length - 1 };
	request->seen = true;
	return respond_as_venue(server, &call);
}

/* Called by MHD with the request's target, before anything is decoded. */
static void *
begin(void *context, const char *target, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request));
	char *query;

	(void)context;
	(void)connection;
	if (request == NULL)
		return NULL;
	buffer_init(&request->body, BODY_LIMIT + 1);
	request->query = "";
	request->target = strdup(target);
	query = request->target != NULL ? strchr(request->target, '?') : NULL;
	if (query != NULL) {
		*query = '\0';
		request->query = query + 1;
	}
	return request;
}

static void
end(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct server *server = context;
	struct request *request = *state;

	(void)code;
	if (request == NULL)
		return;
	if (request->begun)
		note_unserved(server, connection, request, 0);
	buffer_release(&request->body);
	free(request->target);
	free(request);
	*state = NULL;
}

/* Called by MHD with the headers, then with each piece of the body, then at its end. */
static enum MHD_Result
handle(void *context, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *piece, size_t *size, void **state)
{
	struct server *server = context;
	struct request *request = *state;
	const char *announced = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	(void)url;
	(void)version;
	if (request == NULL || request->target == NULL)
		return MHD_NO;
	if (!request->begun) {
		request->begun = true;
		(void)snprintf(request->method, sizeof(request->method), "%s", method);
		if (announced != NULL && strtoull(announced, NULL, 10) > BODY_LIMIT)
			return refuse(server, connection, request, 413);
		return MHD_YES;
	}
	if (*size > 0) {
		buffer_append(&request->body, piece, *size);
		*size = 0;
		return request->body.failed ? MHD_NO : MHD_YES;
	}
	return respond(server, connection, request, method);
}

/* MHD decodes paths and arguments in place; we do so ourselves, where it is due. */
static size_t
leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

static int
floor_init(struct server *server, const struct server_settings *settings)
{
	pthread_condattr_t monotonic;

	memset(server, 0, sizeof(*server));
	server->floor.seed = settings->seed;
	server->floor.started_ms = wall_clock_ms();
	server->records.list = calloc(RECORDED, sizeof(*server->records.list));
	(void)pthread_mutex_init(&server->floor.ledger.lock, NULL);
	(void)pthread_mutex_init(&server->floor.faults.lock, NULL);
	(void)pthread_mutex_init(&server->records.lock, NULL);
	(void)pthread_mutex_init(&server->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&server->ended, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return server->records.list != NULL ? floor_list(&server->floor, settings->symbols) : -1;
}

static struct MHD_Daemon *
listen_with(struct server *server, const struct server_settings *settings, char *certificate, char *key)
{
	static char versions[] = "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"; /* MHD takes no const */
	const struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, key }, { MHD_OPTION_HTTPS_PRIORITIES, 0, versions },
		{ MHD_OPTION_END, 0, NULL } };
	const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
			 MHD_USE_SUPPRESS_DATE_NO_CLOCK | (certificate != NULL ? MHD_USE_TLS : 0);

	return MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, settings->fd,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)REQUEST_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK, MHD_OPTION_URI_LOG_CALLBACK, begin, NULL,
	    MHD_OPTION_NOTIFY_COMPLETED, end, server, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
	    MHD_OPTION_ARRAY, certificate != NULL ? tls : plain, MHD_OPTION_END);
}

int
server_start(struct server *server, const struct server_settings *settings, struct failure *why)
{
	char *certificate = NULL, *key = NULL;
	int result = 0;

	if (floor_init(server, settings) != 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (settings->certificate != NULL &&
	    ((certificate = secret_read_file(settings->certificate, why)) == NULL ||
		(key = secret_read_file(settings->key, why)) == NULL))
		result = -1;
	else if ((server->daemon = listen_with(server, settings, certificate, key)) == NULL)
		result = failure_set(why, FAILURE_LOCAL,
		    certificate != NULL ? "cannot start the server: is it a certificate with its key?"
					: "cannot start the server");
	secret_free(certificate);
	secret_free(key);
	return result;
}

void
server_stop(struct server *server)
{
	(void)pthread_mutex_lock(&server->lock);
	server->ending = true;
	(void)pthread_cond_broadcast(&server->ended);
	(void)pthread_mutex_unlock(&server->lock);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	for (size_t i = 0; i < 2; i++)
		free(server->floor.coins[i]);
	free(server->records.list);
}
