/*
 * The probe, and opening the sessions that engine/engine.c uses too: look up, connect, TLS, AUTH,
 * SELECT.  Looking up and connecting is not left to hiredis, whose calls know no deadline for both
 * together.  hiredis gets a socket that is connected already, and never waits itself.
 *
 * Each PING waits for its answer before the next one is sent: a batch of them would measure how much
 * Redis gets through, and not how long one client waits.
 */

#include <string.h>
#include <unistd.h>

#include "common/net/connect.h"
#include "common/net/resolve.h"
#include "probes/redis/session.h"

/* Sessions ----------------------------------------------------------- */

/* Log in and select: together the phase "auth". */
static int
enter(struct redis_session *s)
{
	const char *user = s->target->url.user, *password = s->target->password;
	const char *database = s->target->database;
	double auth = 0, selected = 0;

	/* With nothing to send the phase has no time, instead of 0. */
	if (password == NULL && database == NULL)
		return 0;
	/* Before version 6 there are no users, and AUTH takes a password alone. */
	if (password != NULL &&
	    (user != NULL ? redis_session_ask(s, "AUTH", "OK", &auth, "AUTH %s %s", user, password)
			  : redis_session_ask(s, "AUTH", "OK", &auth, "AUTH %s", password)) != 0)
		return -1;
	/* This follows AUTH: a server with a password refuses everything before that. */
	if (database != NULL && redis_session_ask(s, "SELECT", "OK", &selected, "SELECT %s", database) != 0)
		return -1;
	s->phase_seconds[REDIS_AUTH] = auth + selected;
	return 0;
}

/* A connected socket, or -1 with s->why. */
static int
reach(struct redis_session *s)
{
	const struct url *url = &s->target->url;
	int64_t started_ns = clock_now_ns();
	struct addrinfo *addresses = NULL;
	int fd;

	/* A Unix socket has no name to look up: that phase stays without a time. */
	if (url->host[0] == '\0') {
		fd = connect_unix(url->path, s->deadline, s->why);
	} else {
		if (resolve(url->host, url->port, s->deadline, &addresses, s->why) != 0)
			return -1;
		s->phase_seconds[REDIS_RESOLVE] = clock_seconds_since(started_ns);
		started_ns = clock_now_ns();
		fd = connect_tcp(addresses, s->deadline, s->why);
		freeaddrinfo(addresses);
	}
	if (fd >= 0)
		s->phase_seconds[REDIS_CONNECT] = clock_seconds_since(started_ns);
	return fd;
}

int
redis_session_open(
    struct redis_session *s, const struct redis_target *target, struct deadline deadline, struct failure *why)
{
	int64_t connected_ns;
	int fd;

	*s = (struct redis_session){ .target = target, .deadline = deadline, .why = why };
	*why = (struct failure){ 0 };
	/* A phase that is not reached must not look like one that took no time. */
	for (int phase = 0; phase < REDIS_PHASES; phase++)
		s->phase_seconds[phase] = -1;
	fd = reach(s);
	if (fd < 0)
		return -1;
	/* From here on the socket is hiredis's to close. */
	s->redis = redisConnectFd(fd);
	if (s->redis == NULL) {
		(void)close(fd);
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	/* Else hiredis would take "nothing there yet" for a broken connection. */
	s->redis->flags &= ~REDIS_BLOCK;
	connected_ns = clock_now_ns();
	if (target->tls != NULL) {
		if (redis_tls_handshake(target->tls, s->redis, deadline, why) != 0)
			return -1;
		s->phase_seconds[REDIS_TLS] = clock_seconds_since(connected_ns);
	}
	return enter(s);
}

void
redis_session_close(struct redis_session *s)
{
	if (s->redis != NULL)
		redisFree(s->redis);
	s->redis = NULL;
}

/* Probe -------------------------------------------------------------- */

const char *
redis_phase_name(enum redis_phase phase)
{
	static const char *const names[REDIS_PHASES] = { "resolve", "connect", "tls", "auth" };

	return names[phase];
}

void
redis_probe(
    const struct redis_target *target, size_t samples, struct deadline deadline, struct redis_result *result)
{
	struct redis_session s;
	bool open = redis_session_open(&s, target, deadline, &result->failure) == 0;

	result->ping_count = 0;
	while (open && result->ping_count < samples &&
	       redis_session_ask(&s, "PING", "PONG", &result->ping_seconds[result->ping_count], "PING") == 0)
		result->ping_count++;
	/* Phases that ended are results, also when the session failed. */
	memcpy(result->phase_seconds, s.phase_seconds, sizeof(s.phase_seconds));
	redis_session_close(&s);
}
