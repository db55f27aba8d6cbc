/*
 * A client that behaves badly, on 127.0.0.1:
 *
 *	raw_http send PORT
 *		send what is on stdin, print what comes until the end (or 5 s of nothing behind it)
 *	raw_http trickle PORT SECONDS
 *		send a header's bytes one by one; success: the server ends it in time
 *	raw_http stare PORT SECONDS
 *		ask for /metrics and do not read; prints "begun" when the answer begins;
 *		success: the server ends it in time
 *	raw_http many PORT COUNT
 *		hold so many connections open, then ask on each; prints how many had a 200
 *	raw_http beside PORT COUNT PATH
 *		ask on one, open so many more, and ask on the first again, 100 times; prints each status
 */

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/deadline.h"

enum { MOST = 20000, PATIENCE_MS = 60000, IDLE_MS = 5000, PAUSE_MS = 50, SMALL_WINDOW = 4096 };

static const int64_t second_ns = 1000 * 1000 * 1000;

/* With a window of so many bytes; 0: as it comes. */
static int
connect_with(int port, int window)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && window > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	perror("raw_http");
	exit(EXIT_FAILURE);
}

static int
connect_to(int port)
{
	return connect_with(port, 0);
}

static bool
wait_for(int fd, short events, int ms)
{
	struct pollfd wait = { .fd = fd, .events = events };

	return poll(&wait, 1, ms) > 0;
}

static int
send_input(int port)
{
	char block[65536];
	size_t got;
	ssize_t answered;
	int patience_ms = PATIENCE_MS;
	int fd = connect_to(port);

	while ((got = fread(block, 1, sizeof(block), stdin)) > 0)
		if (send(fd, block, got, MSG_NOSIGNAL) < 0)
			break;
	while (wait_for(fd, POLLIN, patience_ms)) {
		answered = read(fd, block, sizeof(block));
		if (answered <= 0)
			break;
		(void)fwrite(block, 1, (size_t)answered, stdout);
		patience_ms = IDLE_MS;
	}
	(void)close(fd);
	return EXIT_SUCCESS;
}

static int
trickle(int port, int seconds)
{
	struct deadline deadline = deadline_in(seconds * second_ns);
	char byte = 'x';
	int fd = connect_to(port);

	while (deadline_left_ns(deadline) > 0) {
		if (wait_for(fd, POLLIN | POLLHUP, PAUSE_MS) && read(fd, &byte, 1) <= 0)
			return EXIT_SUCCESS;
		if (send(fd, "x", 1, MSG_NOSIGNAL) < 0)
			return EXIT_SUCCESS;
	}
	return EXIT_FAILURE;
}

/* A small window, so that the answer cannot simply lie in it. */
static int
stare(int port, int seconds)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct deadline deadline = deadline_in(seconds * second_ns);
	struct pollfd wait = { .events = POLLRDHUP };

	wait.fd = connect_with(port, SMALL_WINDOW);
	if (send(wait.fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		return EXIT_FAILURE;
	if (wait_for(wait.fd, POLLIN, PATIENCE_MS))
		(void)puts("begun");
	(void)fflush(stdout);
	while (deadline_left_ns(deadline) > 0)
		if (poll(&wait, 1, PAUSE_MS) > 0 && (wait.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
			return EXIT_SUCCESS;
	return EXIT_FAILURE;
}

static int
ask_many(int port, int count)
{
	static const char request[] = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static int fds[MOST];
	struct rlimit files = { .rlim_cur = MOST, .rlim_max = MOST };
	char answer[4096];
	int good = 0;

	(void)setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < count && i < MOST; i++)
		fds[i] = connect_to(port);
	for (int i = 0; i < count && i < MOST; i++)
		(void)!send(fds[i], request, sizeof(request) - 1, MSG_NOSIGNAL);
	for (int i = 0; i < count && i < MOST; i++) {
		ssize_t got =
		    wait_for(fds[i], POLLIN, PATIENCE_MS) ? read(fds[i], answer, sizeof(answer)) : 0;

		good += got > 12 && memcmp(answer, "HTTP/1.1 200", 12) == 0;
	}
	printf("%d\n", good);
	return EXIT_SUCCESS;
}

static const char *
ask(int fd, const char *path)
{
	static char answer[65536];
	ssize_t got;

	(void)snprintf(answer, sizeof(answer), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	if (send(fd, answer, strlen(answer), MSG_NOSIGNAL) < 0 || !wait_for(fd, POLLIN, PATIENCE_MS))
		return "none";
	got = read(fd, answer, sizeof(answer) - 1);
	if (got < 12)
		return "none";
	answer[12] = '\0';
	return answer + 9;
}

/* The answers are short: each comes in one piece. */
static int
ask_beside(int port, int count, const char *path)
{
	int fd = connect_to(port);

	(void)ask(fd, path);
	for (int i = 0; i < count; i++)
		(void)connect_to(port);
	for (int i = 0; i < 100; i++)
		printf("%s\n", ask(fd, path));
	return EXIT_SUCCESS;
}

int
main(int argc, char *argv[])
{
	int port = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0;
	int number = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;

	if (argc == 3 && strcmp(argv[1], "send") == 0)
		return send_input(port);
	if (argc == 4 && strcmp(argv[1], "trickle") == 0)
		return trickle(port, number);
	if (argc == 4 && strcmp(argv[1], "stare") == 0)
		return stare(port, number);
	if (argc == 4 && strcmp(argv[1], "many") == 0)
		return ask_many(port, number);
	if (argc == 5 && strcmp(argv[1], "beside") == 0)
		return ask_beside(port, number, argv[4]);
	(void)fputs(
	    "usage: raw_http send PORT | trickle PORT SECONDS | stare PORT SECONDS | many PORT COUNT | "
	    "beside PORT COUNT PATH\n",
	    stderr);
	return EXIT_FAILURE;
}
