/*
 * slow_http MS PORTS [BODY-BYTES]: a web server that answers every request after MS milliseconds, all
 * requests at once.  Prints its PORTS ports (127.0.0.1), one per line, and serves until it is killed.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/deadline.h"

enum { MOST_FDS = 65536, QUEUE = 65536, MOST_PORTS = 1000, EVENTS = 256 };

/* An answer that is due later.  All wait equally long, so first in is first out. */
struct due {
	int64_t at_ns;
	int fd;
	unsigned int opened; /* which use of the fd it is for */
};

struct server {
	int64_t delay_ns;
	int epoll;
	char *answer;
	size_t answer_length;
	struct due queue[QUEUE];
	size_t first, waiting;
	bool listening[MOST_FDS];
	unsigned int opened[MOST_FDS];
	unsigned char matched[MOST_FDS]; /* how much of the end of a request, CR LF CR LF, was read */
};

static bool
watch(struct server *server, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return fd >= 0 && fd < MOST_FDS && epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool
listen_on_some_port(struct server *server)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 1024) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0 || !watch(server, fd))
		return false;
	server->listening[fd] = true;
	printf("%d\n", ntohs(address.sin_port));
	return true;
}

static void
accept_all(struct server *server, int listener)
{
	int fd, on = 1;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (!watch(server, fd)) {
			(void)close(fd);
			continue;
		}
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		server->opened[fd]++;
		server->matched[fd] = 0;
	}
}

static void
take(struct server *server, int fd)
{
	static const char end[] = "\r\n\r\n";
	char bytes[4096];
	ssize_t length = recv(fd, bytes, sizeof(bytes), 0);

	if (length == 0 || (length < 0 && errno != EAGAIN)) {
		server->opened[fd]++; /* what is due is for nobody */
		(void)close(fd);
		return;
	}
	for (ssize_t i = 0; i < length; i++) {
		unsigned char *matched = &server->matched[fd];

		*matched = bytes[i] == end[*matched] ? (unsigned char)(*matched + 1) : bytes[i] == '\r';
		if (*matched < sizeof(end) - 1)
			continue;
		*matched = 0;
		if (server->waiting < QUEUE)
			server->queue[(server->first + server->waiting++) % QUEUE] =
			    (struct due){ clock_now_ns() + server->delay_ns, fd, server->opened[fd] };
	}
}

/* Send what is due; milliseconds until the next is, -1 when there is none. */
static int
answer_due(struct server *server)
{
	while (server->waiting > 0) {
		const struct due *due = &server->queue[server->first];
		int64_t left_ns = due->at_ns - clock_now_ns();

		if (left_ns > 0)
			return (int)((left_ns + 999999) / 1000000);
		if (due->opened == server->opened[due->fd])
			(void)send(due->fd, server->answer, server->answer_length, MSG_NOSIGNAL);
		server->first = (server->first + 1) % QUEUE;
		server->waiting--;
	}
	return -1;
}

static void
serve(struct server *server)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int count = epoll_wait(server->epoll, events, EVENTS, answer_due(server));

		for (int i = 0; i < count; i++) {
			if (server->listening[events[i].data.fd])
				accept_all(server, events[i].data.fd);
			else
				take(server, events[i].data.fd);
		}
	}
}

static bool
prepare_answer(struct server *server, long body)
{
	char head[256];
	int length = snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %ld\r\n\r\n", body);

	server->answer_length = (size_t)length + (size_t)body;
	server->answer = malloc(server->answer_length + 1);
	if (server->answer == NULL)
		return false;
	memset(server->answer, '1', server->answer_length);
	memcpy(server->answer, head, (size_t)length);
	return true;
}

int
main(int argc, char *argv[])
{
	static struct server server;
	long delay_ms = argc > 2 ? strtol(argv[1], NULL, 10) : -1;
	long ports = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	long body = argc > 3 ? strtol(argv[3], NULL, 10) : 11;

	if (argc > 4 || delay_ms < 0 || delay_ms > 60000 || ports < 1 || ports > MOST_PORTS || body < 0 ||
	    body > 1000000) {
		fprintf(stderr, "usage: slow_http MS PORTS [BODY-BYTES]\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	server.delay_ns = delay_ms * 1000000;
	server.epoll = epoll_create1(0);
	if (server.epoll < 0 || !prepare_answer(&server, body))
		return EXIT_FAILURE;
	for (long i = 0; i < ports; i++)
		if (!listen_on_some_port(&server)) {
			perror("slow_http");
			return EXIT_FAILURE;
		}
	if (fflush(stdout) != 0)
		return EXIT_FAILURE;
	serve(&server);
}
