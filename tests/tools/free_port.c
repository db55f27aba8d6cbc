/* free_port [COUNT]: print that many TCP ports of 127.0.0.1 that nobody uses now, one per line. */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { MOST = 64 };

/* A socket stays open until the program ends, so that no port comes twice. */
static int
take_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return -1;
	return ntohs(address.sin_port);
}

int
main(int argc, char *argv[])
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;

	for (long i = 0; i < count && i < MOST; i++) {
		int port = take_port();

		if (port < 0) {
			perror("free_port");
			return EXIT_FAILURE;
		}
		printf("%d\n", port);
	}
	return EXIT_SUCCESS;
}
