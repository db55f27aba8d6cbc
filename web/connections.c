/*
 * libmicrohttpd's threads add, change and remove connections; the program's
 * main thread looks for slow ones.  One lock guards the list and all that is
 * in it.  A slow connection is shut down, not closed: the descriptor belongs
 * to libmicrohttpd, and its number could be another connection's as soon as it
 * is closed.  libmicrohttpd then sees the end and reports it, and
 * connection_end() removes the entry.
 */

#include <stdlib.h>
#include <sys/socket.h>

#include "common/deadline.h"
#include "web/connections.h"

void
connections_init(struct connections *all, struct web_metrics *metrics)
{
	*all = (struct connections){ .metrics = metrics };
	(void)pthread_mutex_init(&all->lock, NULL);
}

void
connections_release(struct connections *all)
{
	(void)pthread_mutex_destroy(&all->lock);
}

struct connection *
connection_begin(struct connections *all, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = fd;
	c->since_ns = clock_now_ns();
	(void)pthread_mutex_lock(&all->lock);
	c->next = all->first;
	if (all->first != NULL)
		all->first->previous = c;
	all->first = c;
	(void)pthread_mutex_unlock(&all->lock);
	atomic_fetch_add(&all->metrics->connections, 1);
	return c;
}

void
connection_end(struct connections *all, struct connection *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&all->lock);
	if (c->previous != NULL)
		c->previous->next = c->next;
	else
		all->first = c->next;
	if (c->next != NULL)
		c->next->previous = c->previous;
	(void)pthread_mutex_unlock(&all->lock);
	atomic_fetch_sub(&all->metrics->connections, 1);
	web_config_drop(c->config);
	free(c);
}

void
connection_enter(struct connections *all, struct connection *c, enum connection_phase phase)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&all->lock);
	c->phase = phase;
	c->since_ns = clock_now_ns();
	(void)pthread_mutex_unlock(&all->lock);
}

void
connections_sweep(struct connections *all)
{
	static const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int64_t now = clock_now_ns();

	(void)pthread_mutex_lock(&all->lock);
	for (struct connection *c = all->first; c != NULL; c = c->next) {
		/* Without `ended` a client would be counted in
		 * each sweep until its thread has seen the end. */
		if (c->ended || now - c->since_ns <= all->limits_ns[c->phase])
			continue;
		c->ended = true;
		/* Data for a client that does not read would stay in the kernel for minutes: a
		 * reset drops it.  An idle connection has none, and ends politely. */
		if (c->phase != CONNECTION_IDLE) {
			(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
			atomic_fetch_add(&all->metrics->timeouts, 1);
		}
		(void)shutdown(c->fd, SHUT_RDWR);
	}
	(void)pthread_mutex_unlock(&all->lock);
}
