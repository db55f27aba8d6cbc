/*
 * The servers are started, given another configuration, and stopped here.
 * libmicrohttpd cannot change its certificate while it runs.  So it gets none:
 * each connection is given certificate and versions of the configuration in
 * force when it begins (tls_begin()), and a reload restarts nothing.
 *
 * Who frees what?  libmicrohttpd owns the sockets once a server is started, a
 * connection keeps its configuration until its TLS session is gone, and `web`
 * must outlive all servers.  Stopping has an order: no new connections, wait
 * for answers under way, make no more answers, wake those that sleep, stop.
 */

#include <gnutls/abstract.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "web/request.h"
#include "web/tls.h"

/* One thread per address.  A second one would not help: one of the two gets most of the
 * connections, its clients wait longer than with one thread, and both wait for the same files. */
enum { THREAD_STACK = 1024 * 1024, EVENTS = 128 };

struct web_config *
web_config_now(struct web *web)
{
	struct web_config *config;

	(void)pthread_mutex_lock(&web->lock);
	config = web_config_keep(web->config);
	(void)pthread_mutex_unlock(&web->lock);
	return config;
}

/* --- Connections --- */

/* libmicrohttpd asks for a certificate or for this callback.  A session
 * that tls_begin() gave nothing has no certificate to show, and ends. */
static int
no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int count,
    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **certificate,
    unsigned *length, gnutls_privkey_t *key)
{
	(void)session;
	(void)authorities;
	(void)count;
	(void)algorithms;
	(void)algorithm_count;
	(void)certificate;
	(void)length;
	(void)key;
	return -1;
}

static struct connection *
begin_connection(struct web *web, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *c = info != NULL ? connection_begin(&web->connections, info->connect_fd) : NULL;

	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (c == NULL || info == NULL || info->tls_session == NULL)
		return c;
	/* The session uses credentials of this configuration
	 * until it ends: so it is kept with the connection. */
	c->config = web_config_now(web);
	tls_begin(c->config->tls, info->tls_session);
	return c;
}

static void
note_connection(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode code)
{
	struct web *web = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*state = begin_connection(web, connection);
		return;
	}
	/* Now the session is gone, and the configuration that it used may go, too. */
	connection_end(&web->connections, *state);
	*state = NULL;
}

/* Refuse new connections while the server stops.  MHD_quiesce_daemon() would do that, too,
 * but it aborts when it meets a thread that leaves the socket alone at that moment. */
static enum MHD_Result
may_connect(void *context, const struct sockaddr *address, socklen_t length)
{
	struct web *web = context;

	(void)address;
	(void)length;
	return atomic_load(&web->closing) ? MHD_NO : MHD_YES;
}

/* --- Servers --- */

/* libmicrohttpd's own timeout, longer than all of ours: it is for a program that does not call web_tick(). */
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

/*
 * libmicrohttpd takes up to 128 events at once, and goes on collecting as long
 * as a batch is full.  If the limit is a multiple of that, all connections
 * that a thread may have can fill the batch, and then nothing wakes the
 * thread.  So the limit is one less.
 */
static unsigned
connection_limit(const struct web_limits *limits)
{
	return limits->connections - (limits->connections % EVENTS == 0);
}

static struct MHD_Daemon *
start_server(struct web *web, int fd, bool tls)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);

	return MHD_start_daemon(flags, 0, may_connect, web, request_handle, web, MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK, MHD_OPTION_CONNECTION_LIMIT,
	    connection_limit(&web->limits), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)WEB_REQUEST_MEMORY,
	    MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds(&web->limits), MHD_OPTION_URI_LOG_CALLBACK,
	    request_begin, web, MHD_OPTION_NOTIFY_COMPLETED, request_end, web, MHD_OPTION_NOTIFY_CONNECTION,
	    note_connection, web, MHD_OPTION_UNESCAPE_CALLBACK, request_leave_escaped, NULL,
	    tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, no_certificate, MHD_OPTION_END);
}

struct web *
web_new(const struct web_limits *limits, const struct web_site *site)
{
	struct web *web = calloc(1, sizeof(*web));

	if (web == NULL)
		return NULL;
	web->limits = *limits;
	web->site = *site;
	connections_init(&web->connections, site->metrics);
	web->connections.limits_ns[CONNECTION_NEW] = limits->header_timeout_ns;
	web->connections.limits_ns[CONNECTION_ANSWER] = limits->answer_timeout_ns;
	web->connections.limits_ns[CONNECTION_IDLE] = limits->idle_timeout_ns;
	(void)pthread_mutex_init(&web->lock, NULL);
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
web_start(struct web *web, struct web_config *config, struct failure *why)
{
	web->config = web_config_keep(config);
	for (size_t i = 0; i < web->count; i++) {
		web->servers[i] = start_server(web, web->sockets[i], config->tls != NULL);
		/* The socket is libmicrohttpd's from here on. */
		web->sockets[i] = -1;
		if (web->servers[i] == NULL)
			return failure_set(why, FAILURE_LOCAL, "cannot start the HTTP server");
	}
	return 0;
}

int
web_configure(struct web *web, struct web_config *config, struct failure *why)
{
	struct web_config *before = web->config;

	/* A running server speaks either TLS or plain HTTP. */
	if ((before->tls != NULL) != (config->tls != NULL))
		return failure_set(why, FAILURE_LOCAL,
		    "tls_server_config was %s: to turn TLS on or off takes a restart",
		    config->tls != NULL ? "added" : "removed");
	(void)pthread_mutex_lock(&web->lock);
	web->config = web_config_keep(config);
	(void)pthread_mutex_unlock(&web->lock);
	web_config_drop(before);
	return 0;
}

void
web_tick(struct web *web)
{
	connections_sweep(&web->connections);
}

void
web_stop(struct web *web, int64_t grace_ns)
{
	static const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	struct deadline deadline = deadline_in(grace_ns);

	atomic_store(&web->closing, true);
	while (atomic_load(&web->site.metrics->in_flight) > 0 && deadline_left_ns(deadline) > 0) {
		connections_sweep(&web->connections);
		(void)nanosleep(&moment, NULL);
	}
	/* Otherwise each thread would first answer all the requests that it found waiting. */
	atomic_store(&web->over, true);
	/* libmicrohttpd does not stop with connections asleep:
	 * those that wait for a password check are woken. */
	auth_end(web->auth);
	for (size_t i = 0; i < web->count; i++) {
		if (web->servers[i] != NULL)
			MHD_stop_daemon(web->servers[i]);
		web->servers[i] = NULL;
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
		if (web->sockets[i] >= 0)
			(void)close(web->sockets[i]);
	connections_release(&web->connections);
	web_config_drop(web->config);
	(void)pthread_mutex_destroy(&web->lock);
	free(web);
}
