#include <unistd.h>

#include "common/net/connect.h"
#include "common/net/resolve.h"
#include "probes/redis/session.h"
#include "probes/redis/target.h"

static double
seconds_since(int64_t started_ns)
{
	return (double)(clock_now_ns() - started_ns) / 1e9;
}

static int
queue_failure(const struct redis_session *s, const char *command)
{
	return failure_set(s->why, FAILURE_LOCAL, "%s: out of memory", command);
}

static int
ask_auth(struct redis_session *s, double *seconds)
{
	const char *user = s->target->url.user, *password = s->target->password;
	int queued = user != NULL ? redisAppendCommand(s->redis, "AUTH %s %s", user, password)
				  : redisAppendCommand(s->redis, "AUTH %s", password);

	return queued == REDIS_OK ? redis_session_ask(s, "AUTH", "OK", seconds) : queue_failure(s, "AUTH");
}

static int
ask_select(struct redis_session *s, double *seconds)
{
	if (redisAppendCommand(s->redis, "SELECT %s", s->target->database) != REDIS_OK)
		return queue_failure(s, "SELECT");
	return redis_session_ask(s, "SELECT", "OK", seconds);
}

/* Log in and select: together the phase "auth". */
static int
enter(struct redis_session *s)
{
	double auth = 0, selected = 0;

	if (s->target->password == NULL && s->target->database == NULL)
		return 0;
	if (s->target->password != NULL && ask_auth(s, &auth) != 0)
		return -1;
	if (s->target->database != NULL && ask_select(s, &selected) != 0)
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

	if (url->host[0] == '\0') {
		fd = connect_unix(url->path, s->deadline, s->why);
	} else {
		if (resolve(url->host, url->port, s->deadline, &addresses, s->why) != 0)
			return -1;
		s->phase_seconds[REDIS_RESOLVE] = seconds_since(started_ns);
		started_ns = clock_now_ns();
		fd = connect_tcp(addresses, s->deadline, s->why);
		freeaddrinfo(addresses);
	}
	if (fd >= 0)
		s->phase_seconds[REDIS_CONNECT] = seconds_since(started_ns);
	return fd;
}

static int
secure(struct redis_session *s)
{
	int64_t started_ns = clock_now_ns();

	if (s->target->tls == NULL)
		return 0;
	if (redis_tls_handshake(s->target->tls, s->redis, s->deadline, s->why) != 0)
		return -1;
	s->phase_seconds[REDIS_TLS] = seconds_since(started_ns);
	return 0;
}

int
redis_session_open(
    struct redis_session *s, const struct redis_target *target, struct deadline deadline, struct failure *why)
{
	int fd;

	*s = (struct redis_session){ .target = target, .deadline = deadline, .why = why };
	*why = (struct failure){ 0 };
	for (int phase = 0; phase < REDIS_PHASES; phase++)
		s->phase_seconds[phase] = -1;
	fd = reach(s);
	if (fd < 0)
		return -1;
	s->redis = redisConnectFd(fd);
	if (s->redis == NULL) {
		(void)close(fd);
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	s->redis->flags &= ~REDIS_BLOCK;
	return secure(s) == 0 ? enter(s) : -1;
}

void
redis_session_close(struct redis_session *s)
{
	if (s->redis != NULL)
		redisFree(s->redis);
	s->redis = NULL;
}
