/*
 * request PORT METHOD PATH [HEAD BODY]: one HTTP request without a body to 127.0.0.1.  It starts in a fifth
 * of the time that curl takes, and scenarios ask hundreds of times.
 *
 * The answer's body goes to stdout, or its head and its body to these files.  Success: the status is 2xx.
 */

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ROOM = 64 * 1024, PATIENCE_S = 20 };

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

/* All that comes until the connection ends, as a string of the heap; `*length` is -1 if it broke. */
static char *
read_answer(int fd, ssize_t *length)
{
	char *answer = NULL;
	size_t had = 0;
	ssize_t got;

	do {
		answer = realloc(answer, had + ROOM + 1);
		if (answer == NULL)
			fail("request");
		got = read(fd, answer + had, ROOM);
		had += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	if (got < 0)
		perror("request");
	answer[had] = '\0';
	*length = got < 0 ? -1 : (ssize_t)had;
	return answer;
}

int
main(int argc, char *argv[])
{
	char *answer, *body;
	ssize_t length;
	bool good;
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
	answer = read_answer(fd, &length);
	body = strstr(answer, "\r\n\r\n");
	body = body != NULL ? body + 4 : answer + strlen(answer);
	if (argc == 6)
		save(argv[4], answer, (size_t)(body - answer));
	if (length > 0)
		save(argc == 6 ? argv[5] : NULL, body, (size_t)(answer + length - body));
	good = length > 0 && strncmp(answer, "HTTP/1.1 2", 10) == 0;
	if (!good)
		(void)fprintf(stderr, "request: %.*s\n", (int)strcspn(answer, "\r\n"), answer);
	free(answer);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
