/*
 * request PORT METHOD PATH [HEAD BODY]: one HTTP request without a body to 127.0.0.1.  It starts in a fifth
 * of the time that curl takes, and scenarios ask hundreds of times.
 *
 * The answer's body goes to stdout, or its head and its body to these files.  Success: the status is 2xx.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST = 64 * 1024 * 1024, PATIENCE_S = 20 };

static void
fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static int
connect_to(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail("request");
	return fd;
}

static void
save(const char *path, const char *text, size_t length)
{
	FILE *file = path != NULL ? fopen(path, "w") : stdout;

	if (file == NULL || fwrite(text, 1, length, file) != length || fflush(file) != 0)
		fail(path != NULL ? path : "stdout");
}

int
main(int argc, char *argv[])
{
	static char answer[MOST + 1];
	char *body;
	size_t length = 0;
	ssize_t got;
	int fd;

	if (argc != 4 && argc != 6) {
		(void)fputs("usage: request PORT METHOD PATH [HEAD BODY]\n", stderr);
		return 2;
	}
	fd = connect_to(argv[1]);
	/* curl's headers, so that the other side sees a client of the usual kind. */
	if (dprintf(fd,
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nUser-Agent: request\r\nAccept: */*\r\nConnection: close\r\n%s\r\n",
		argv[2], argv[3], argv[1], strcmp(argv[2], "POST") == 0 ? "Content-Length: 0\r\n" : "") < 0)
		fail("request");
	while ((got = read(fd, answer + length, MOST - length)) > 0)
		length += (size_t)got;
	if (got < 0)
		perror("request");
	answer[length] = '\0';
	body = strstr(answer, "\r\n\r\n");
	body = body != NULL ? body + 4 : answer + length;
	if (argc == 6)
		save(argv[4], answer, (size_t)(body - answer));
	save(argc == 6 ? argv[5] : NULL, body, length - (size_t)(body - answer));
	if (got < 0 || strncmp(answer, "HTTP/1.1 2", 10) == 0)
		return got < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	(void)fprintf(stderr, "request: %.*s\n", (int)strcspn(answer, "\r\n"), answer);
	return EXIT_FAILURE;
}
