/*
 * free_port [COUNT]: print that many TCP ports that nobody uses now, each another, one per line.
 *
 * For servers that cannot be started with port 0.  Such a server binds its port some time after this program
 * has ended, and until then nobody else may get it.  So the ports are outside the kernel's ephemeral range:
 * no bind to port 0 and no connection that goes out takes one of them.  They are chosen at random, because
 * several tests may choose at the same time.  Only where the range leaves too few ports outside, the kernel
 * chooses.
 */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 64, LOWEST = 10000, HIGHEST = 65535, ENOUGH = 1000, TRIES = 1000 };

struct range {
	int first, count; /* count 0: the kernel chooses */
};

static struct range
outside_ephemeral(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
	int low = 0, high = HIGHEST;

	if (file != NULL) {
		if (fscanf(file, "%d %d", &low, &high) != 2)
			low = 0, high = HIGHEST;
		(void)fclose(file);
	}
	if (low - LOWEST >= ENOUGH)
		return (struct range){ LOWEST, low - LOWEST };
	if (HIGHEST - high >= ENOUGH)
		return (struct range){ high + 1, HIGHEST - high };
	return (struct range){ 0, 0 };
}

/* A socket stays open until the program ends, so that no port comes twice.  -1: the port is in use. */
static int
take_port(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_ANY) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		(void)close(fd);
		return -1;
	}
	return ntohs(address.sin_port);
}

static int
take_some_port(struct range range)
{
	int port = -1;

	for (int i = 0; port < 0 && i < TRIES; i++) {
		unsigned int random = 0;

		if (range.count > 0 && getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -1;
		port =
		    take_port(range.count > 0 ? range.first + (int)(random % (unsigned int)range.count) : 0);
	}
	return port;
}

int
main(int argc, char *argv[])
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	struct range range = outside_ephemeral();

	for (long i = 0; i < count && i < MOST; i++) {
		int port = take_some_port(range);

		if (port < 0) {
			perror("free_port");
			return EXIT_FAILURE;
		}
		printf("%d\n", port);
	}
	return EXIT_SUCCESS;
}
