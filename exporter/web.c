/* The servers: started, replaced on SIGHUP, stopped. */

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "exporter/web_request.h"

/*
 * One thread per address answers in the order in which it is asked.  Of two, one
 * gets most of the connections, as it happens, and its clients wait longer; and
 * both wait for the same files.
 */
enum { THREAD_STACK = 1024 * 1024 };

/* During the handshake: the client's certificate, if it has one, is of our CA and for clients. */
static int
verify_client(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID,
		(unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0 };
	unsigned status = 0, count = 0;

	if (gnutls_certificate_get_peers(session, &count) == NULL || count == 0)
		return 0;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) != 0 || status != 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

static void
ask_for_certificate(const struct server *server, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	enum client_auth kind = server->client_auth;

	if (info == NULL || info->tls_session == NULL)
		return;
	gnutls_certificate_server_set_request(
	    info->tls_session, kind == CLIENT_AUTH_NONE ? GNUTLS_CERT_IGNORE
			       : kind == CLIENT_AUTH_REQUIRE_ANY || kind == CLIENT_AUTH_REQUIRE_AND_VERIFY
				   ? GNUTLS_CERT_REQUIRE
				   : GNUTLS_CERT_REQUEST);
	if (kind >= CLIENT_AUTH_VERIFY_IF_GIVEN)
		gnutls_session_set_verify_function(info->tls_session, verify_client);
}

static void
note_connection(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode code)
{
	struct server *server = context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		connection_end(&server->web->connections, *state);
		*state = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*state = info != NULL ? connection_begin(&server->web->connections, info->connect_fd, server->number)
			      : NULL;
	if (server->client_auth != CLIENT_AUTH_NONE)
		ask_for_certificate(server, connection);
}

/* --- Servers --- */

static unsigned
idle_seconds(const struct web_limits *limits)
{
	int64_t longest = limits->header_timeout_ns;

	if (limits->idle_timeout_ns > longest)
		longest = limits->idle_timeout_ns;
	if (limits->answer_timeout_ns > longest)
		longest = limits->answer_timeout_ns;
	return (unsigned)(longest / 1000000000) + 2;
}

static void
write_priorities(const struct web_config *config, char *text, size_t size)
{
	static const char *const versions[TLS_VERSIONS] = { "TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3" };
	size_t length = (size_t)snprintf(text, size, "NORMAL:-VERS-ALL");

	for (int i = config->min_version; i <= config->max_version && length < size; i++)
		length += (size_t)snprintf(text + length, size - length, ":+VERS-%s", versions[i]);
}

static struct MHD_Daemon *
start_daemon(struct server *server, int fd, const struct web_config *config)
{
	const struct web_limits *limits = &server->web->limits;
	char priorities[128];
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
			 (config->certificate != NULL ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, config->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, config->key }, { MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
		{ config->client_ca != NULL ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
		    config->client_ca },
		{ MHD_OPTION_END, 0, NULL } };
	struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };

	write_priorities(config, priorities, sizeof(priorities));
	return MHD_start_daemon(flags, 0, NULL, NULL, request_handle, server, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK, MHD_OPTION_CONNECTION_LIMIT,
	    limits->connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds(limits), MHD_OPTION_URI_LOG_CALLBACK, request_begin,
	    server, MHD_OPTION_NOTIFY_COMPLETED, request_end, server, MHD_OPTION_NOTIFY_CONNECTION,
	    note_connection, server, MHD_OPTION_UNESCAPE_CALLBACK, request_leave_escaped, NULL,
	    MHD_OPTION_ARRAY, config->certificate != NULL ? tls : plain, MHD_OPTION_END);
}

static struct server *
server_start(struct web *web, int fd, int number, const struct web_config *config)
{
	struct server *server = calloc(1, sizeof(*server));
	/* The socket outlives the server that accepts on it. */
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (server == NULL || own < 0) {
		free(server);
		return NULL;
	}
	*server = (struct server){ .web = web, .number = number, .client_auth = config->client_auth };
	server->daemon = start_daemon(server, own, config);
	if (server->daemon != NULL)
		return server;
	(void)close(own);
	free(server);
	return NULL;
}

/* Accept nobody any more. */
static void
server_quiesce(struct server *server)
{
	int fd = MHD_quiesce_daemon(server->daemon);

	if (fd >= 0)
		(void)close(fd);
}

static void
server_stop(struct server *server)
{
	if (server == NULL)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}

static void
retire(struct web *web, struct server *server)
{
	server_quiesce(server);
	server_stop(web->retired[WEB_RETIRED - 1]);
	memmove(web->retired + 1, web->retired, (WEB_RETIRED - 1) * sizeof(struct server *));
	web->retired[0] = server;
}

struct web *
web_new(const struct web_limits *limits, struct site *site)
{
	struct web *web = calloc(1, sizeof(*web));

	if (web == NULL)
		return NULL;
	web->limits = *limits;
	web->site = site;
	web->telemetry = site->telemetry;
	connections_init(&web->connections, web->telemetry);
	web->connections.limits_ns[CONNECTION_NEW] = limits->header_timeout_ns;
	web->connections.limits_ns[CONNECTION_ANSWER] = limits->answer_timeout_ns;
	web->connections.limits_ns[CONNECTION_IDLE] = limits->idle_timeout_ns;
	(void)pthread_rwlock_init(&web->lock, NULL);
	web->auth = auth_new();
	if (web->auth != NULL)
		return web;
	free(web);
	return NULL;
}

int
web_listen(struct web *web, const char *address, char name[LISTEN_NAME], struct failure *why)
{
	int fd;

	if (web->count == WEB_ADDRESSES)
		return failure_set(why, FAILURE_LOCAL, "--web.listen-address: more than %d", WEB_ADDRESSES);
	fd = listen_on(address, name, why);
	if (fd < 0)
		return -1;
	web->sockets[web->count++] = fd;
	return 0;
}

int
web_configure(struct web *web, struct web_config *config, struct failure *why)
{
	struct server *servers[WEB_ADDRESSES] = { NULL };
	struct web_config before = web->config;
	size_t started = 0;

	for (; started < web->count; started++) {
		servers[started] = server_start(web, web->sockets[started], web->number + 1, config);
		if (servers[started] == NULL)
			break;
	}
	if (started < web->count) {
		for (size_t i = 0; i < started; i++)
			server_stop(servers[i]);
		return failure_set(why, FAILURE_LOCAL, "cannot start the HTTP server");
	}
	(void)pthread_rwlock_wrlock(&web->lock);
	web->config = *config;
	web->number++;
	(void)pthread_rwlock_unlock(&web->lock);
	*config = (struct web_config){ 0 };
	web_config_release(&before);
	for (size_t i = 0; i < web->count; i++) {
		if (web->servers[i] != NULL)
			retire(web, web->servers[i]);
		web->servers[i] = servers[i];
	}
	return 0;
}

void
web_tick(struct web *web)
{
	connections_sweep(&web->connections, web->number);
	for (int i = 0; i < WEB_RETIRED; i++) {
		const union MHD_DaemonInfo *info;

		if (web->retired[i] == NULL)
			continue;
		info = MHD_get_daemon_info(web->retired[i]->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
		if (info != NULL && info->num_connections > 0)
			continue;
		server_stop(web->retired[i]);
		web->retired[i] = NULL;
	}
}

void
web_stop(struct web *web, int64_t grace_ns)
{
	static const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	struct deadline deadline = deadline_in(grace_ns);

	for (size_t i = 0; i < web->count; i++)
		if (web->servers[i] != NULL)
			server_quiesce(web->servers[i]);
	while (atomic_load(&web->telemetry->in_flight) > 0 && deadline_left_ns(deadline) > 0) {
		connections_sweep(&web->connections, web->number);
		(void)nanosleep(&moment, NULL);
	}
	/* A connection that sleeps must be woken before its server ends. */
	auth_end(web->auth);
	for (size_t i = 0; i < web->count; i++) {
		server_stop(web->servers[i]);
		web->servers[i] = NULL;
	}
	for (int i = 0; i < WEB_RETIRED; i++) {
		server_stop(web->retired[i]);
		web->retired[i] = NULL;
	}
}

void
web_free(struct web *web)
{
	if (web == NULL)
		return;
	web_stop(web, 0);
	auth_free(web->auth);
	for (size_t i = 0; i < web->count; i++)
		(void)close(web->sockets[i]);
	connections_release(&web->connections);
	web_config_release(&web->config);
	(void)pthread_rwlock_destroy(&web->lock);
	free(web);
}
