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
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "web/access/tls.h"
#include "web/request.h"

/* One thread per address.  A second one would not help: one of the two gets most of the
 * connections, its clients wait longer than with one thread, and both wait for the same files. */
enum { THREAD_STACK = 1024 * 1024 };

/* Idle connections that end at once to make room, and the part of all that they are at most. */
enum { MOST_ENDED = 16 };

static const int64_t second_ns = 1000 * 1000 * 1000;

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

/* NULL: out of memory. */
static struct connection *
begin_connection(struct server *server, int fd)
{
	struct web *web = server->web;
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->server = server;
	c->fd = fd;
	c->since_ns = clock_now_ns();
	(void)pthread_mutex_lock(&web->lock);
	c->next = web->connections;
	if (c->next != NULL)
		c->next->previous = c;
	web->connections = c;
	(void)pthread_mutex_unlock(&web->lock);
	atomic_fetch_add(&web->site.metrics->connections, 1);
	return c;
}

static void
end_connection(struct web *web, struct connection *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&web->lock);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		web->connections = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	(void)pthread_mutex_unlock(&web->lock);
	atomic_fetch_sub(&web->site.metrics->connections, 1);
	web_config_drop(c->config);
	free(c);
}

void
connection_enter(struct web *web, struct connection *c, enum connection_phase phase)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&web->lock);
	c->phase = phase;
	c->since_ns = clock_now_ns();
	(void)pthread_mutex_unlock(&web->lock);
}

/* Data for a client that does not read would stay in the kernel for minutes: a reset drops it.  An idle
 * connection has none, and ends politely. */
static void
shut_down(struct web *web, struct connection *c)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };

	c->ended = true;
	if (c->phase != CONNECTION_IDLE) {
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		atomic_fetch_add(&web->site.metrics->timeouts, 1);
	}
	(void)shutdown(c->fd, SHUT_RDWR);
}

/* The one on which nothing was asked for the longest time, a second or more; NULL: all are in use.  And how
 * many the server has. */
static struct connection *
most_idle(const struct web *web, const struct server *server, int64_t now, size_t *count)
{
	struct connection *found = NULL;

	*count = 0;
	for (struct connection *c = web->connections; c != NULL; c = c->next) {
		*count += c->server == server;
		if (c->server == server && !c->ended && c->phase != CONNECTION_ANSWER &&
		    now - c->since_ns > second_ns && (found == NULL || c->since_ns < found->since_ns))
			found = c;
	}
	return found;
}

/* libmicrohttpd accepts nobody while all connections of an address are taken: when somebody waits then, idle
 * ones end.  How many wait is not known, so it is some at a time. */
static void
make_room(struct web *web, const struct server *server, int64_t now)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD);
	struct pollfd waiting = { .fd = info != NULL ? info->listen_fd : -1, .events = POLLIN };
	struct connection *c;
	size_t count;

	for (int ended = 0; ended < MOST_ENDED && poll(&waiting, 1, 0) == 1; ended++) {
		c = most_idle(web, server, now, &count);
		if (c == NULL || count < web->limits.connections || (size_t)ended * MOST_ENDED > count)
			return;
		shut_down(web, c);
	}
}

/*
 * libmicrohttpd's own timeout would only end connections on which nothing happens
 * at all, and not a client that trickles.  A slow connection is shut down, not closed:
 * the descriptor belongs to libmicrohttpd, and its number could be another
 * connection's as soon as it is closed.
 */
void
web_tick(struct web *web)
{
	const int64_t limits_ns[CONNECTION_PHASES] = { web->limits.header_timeout_ns,
		web->limits.answer_timeout_ns, web->limits.idle_timeout_ns };
	int64_t now = clock_now_ns();

	(void)pthread_mutex_lock(&web->lock);
	for (struct connection *c = web->connections; c != NULL; c = c->next) {
		/* Without `ended` a client would be counted in each call until its thread has seen the end.
		 */
		if (!c->ended && now - c->since_ns > limits_ns[c->phase])
			shut_down(web, c);
	}
	for (size_t i = 0; i < web->count; i++)
		if (web->servers[i].daemon != NULL)
			make_room(web, &web->servers[i], now);
	(void)pthread_mutex_unlock(&web->lock);
}

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

static void
note_connection(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode code)
{
	const union MHD_ConnectionInfo *info;
	struct server *server = context;
	struct web *web = server->web;

	if (code != MHD_CONNECTION_NOTIFY_STARTED) {
		/* Now the session is gone, and the configuration that it used may go, too. */
		end_connection(web, *state);
		*state = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	*state = info != NULL ? begin_connection(server, info->connect_fd) : NULL;
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (*state != NULL && info != NULL && info->tls_session != NULL) {
		struct connection *c = *state;

		/* The session uses credentials of this configuration
		 * until it ends: so it is kept with the connection. */
		c->config = web_config_now(web);
		tls_begin(c->config->tls, info->tls_session);
	}
}

/* Refuse new connections while the server stops.  MHD_quiesce_daemon() would do that, too,
 * but it aborts when it meets a thread that leaves the socket alone at that moment. */
static enum MHD_Result
may_connect(void *context, const struct sockaddr *address, socklen_t length)
{
	const struct server *server = context;

	(void)address;
	(void)length;
	return atomic_load(&server->web->closing) ? MHD_NO : MHD_YES;
}

/* --- Servers --- */

/* poll() and not epoll: with that, libmicrohttpd takes 128 events at a time and waits for ever when all
 * connections that it may have make full batches. */
static struct MHD_Daemon *
start_server(struct server *server, bool tls)
{
	const struct web *web = server->web;
	unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);

	return MHD_start_daemon(flags, 0, may_connect, server, request_handle, server,
	    MHD_OPTION_LISTEN_SOCKET, server->socket, MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK,
	    MHD_OPTION_CONNECTION_LIMIT, web->limits.connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)WEB_REQUEST_MEMORY, MHD_OPTION_URI_LOG_CALLBACK, request_begin, server,
	    MHD_OPTION_NOTIFY_COMPLETED, request_end, server, MHD_OPTION_NOTIFY_CONNECTION, note_connection,
	    server, MHD_OPTION_UNESCAPE_CALLBACK, request_leave_escaped, NULL,
	    tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END, no_certificate, MHD_OPTION_END);
}

static bool
answers_together(const struct web_route *routes)
{
	while (routes->path != NULL && routes->together == NULL)
		routes++;
	return routes->path != NULL;
}

struct web *
web_new(const struct web_limits *limits, const struct web_site *site)
{
	struct web *web = calloc(1, sizeof(*web));

	if (web == NULL)
		return NULL;
	web->limits = *limits;
	web->site = *site;
	(void)pthread_mutex_init(&web->lock, NULL);
	web->auth = auth_new();
	web->slow = work_new();
	web->together = answers_together(site->routes) ? work_new() : NULL;
	if (web->auth != NULL && web->slow != NULL &&
	    (web->together != NULL || !answers_together(site->routes)))
		return web;
	auth_free(web->auth);
	work_free(web->slow);
	work_free(web->together);
	free(web);
	return NULL;
}

int
web_listen(struct web *web, const char *address, char name[LISTEN_NAME], struct failure *why)
{
	struct server *server = &web->servers[web->count];

	if (web->count == WEB_ADDRESSES)
		return failure_set(why, FAILURE_LOCAL, "--web.listen-address: more than %d", WEB_ADDRESSES);
	*server =
	    (struct server){ .web = web, .socket = listen_on(address, "--web.listen-address", name, why) };
	if (server->socket < 0)
		return -1;
	server->is_loopback = listen_is_loopback(server->socket);
	web->count++;
	return 0;
}

int
web_start(struct web *web, struct web_config *config, struct failure *why)
{
	web->config = web_config_keep(config);
	for (size_t i = 0; i < web->count; i++) {
		struct server *server = &web->servers[i];

		server->daemon = start_server(server, config->tls != NULL);
		/* The socket is libmicrohttpd's from here on. */
		server->socket = -1;
		if (server->daemon == NULL)
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
web_stop(struct web *web, int64_t grace_ns)
{
	static const struct timespec moment = { .tv_nsec = 10 * 1000 * 1000 };
	struct deadline deadline = deadline_in(grace_ns);

	atomic_store(&web->closing, true);
	while (atomic_load(&web->site.metrics->in_flight) > 0 && deadline_left_ns(deadline) > 0) {
		web_tick(web);
		(void)nanosleep(&moment, NULL);
	}
	/* Otherwise each thread would first answer all the requests that it found waiting. */
	atomic_store(&web->over, true);
	/* libmicrohttpd does not stop with connections asleep: those
	 * that wait for a password check or an answer are woken. */
	auth_end(web->auth);
	work_end(web->slow);
	work_end(web->together);
	for (size_t i = 0; i < web->count; i++) {
		if (web->servers[i].daemon != NULL)
			MHD_stop_daemon(web->servers[i].daemon);
		web->servers[i].daemon = NULL;
	}
}

void
web_free(struct web *web)
{
	if (web == NULL)
		return;
	web_stop(web, 0);
	auth_free(web->auth);
	work_free(web->slow);
	work_free(web->together);
	for (size_t i = 0; i < web->count; i++)
		if (web->servers[i].socket >= 0)
			(void)close(web->servers[i].socket);
	web_config_drop(web->config);
	(void)pthread_mutex_destroy(&web->lock);
	free(web);
}
