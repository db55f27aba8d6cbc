/* The servers: started, given another configuration, stopped. */

#include <gnutls/abstract.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "web/request.h"
#include "web/tls.h"

/*
 * One thread per address answers in the order in which it is asked.  Of two, one
 * gets most of the connections, as it happens, and its clients wait longer; and
 * both wait for the same files.
 */
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

/* A connection without what tls_begin() gives has no certificate to show, and ends. */
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
	/* Its TLS session is gone already. */
	connection_end(&web->connections, *state);
	*state = NULL;
}

/* Rather than MHD_quiesce_daemon(), which may meet a thread that leaves the socket alone just then, and
 * aborts. */
static enum MHD_Result
may_connect(void *context, const struct sockaddr *address, socklen_t length)
{
	struct web *web = context;

	(void)address;
	(void)length;
	return atomic_load(&web->closing) ? MHD_NO : MHD_YES;
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

/*
 * One less, where it would be a multiple of the events that libmicrohttpd takes
 * at once: it waits for more while it holds full batches, and when they are all
 * that a thread at its limit can get, nobody wakes it.
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
	/* Or each thread would first answer all that it had found waiting. */
	atomic_store(&web->over, true);
	/* A connection that sleeps must be woken before its server ends. */
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
