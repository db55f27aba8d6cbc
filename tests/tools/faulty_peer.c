/*
 * faulty_peer [--port N] MODE [ARGUMENT...]: a TCP peer that does not behave.
 *
 * Listens on 127.0.0.1, prints the port on a line of its own, and serves
 * until it is killed, each connection in a thread.  TEXT takes C's escapes.
 *
 *	refuse             do not listen, but keep the port, so that nobody else does
 *	hang               accept, never read, never answer
 *	close              accept, and close at once
 *	reset              accept, and reset as soon as something comes
 *	garbage            bytes that are no protocol's, then silence
 *	reply TEXT         answer every read with TEXT
 *	script TEXT...     answer the first read with the first TEXT, and so on; after the last, close
 *	flood [TEXT]       TEXT, then a gigabyte of 'x'
 *	drip MS TEXT       the bytes of TEXT, one every MS milliseconds, over and over
 *	proxy HOST PORT [--delay MS] [--cut-after BYTES]
 *	                   forward to a real server (HOST is an IPv4 address), each direction late by MS; or
 *end the connection when the server has answered BYTES bytes
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 65536, FLOOD_CHUNKS = 16384 };

struct text {
	char *bytes;
	size_t length;
};

struct peer {
	const struct mode *mode;
	struct text texts[64];
	size_t text_count;
	bool refuses;
	long pause_ms;             /* drip, proxy --delay */
	long cut_after;            /* proxy; -1: never */
	struct sockaddr_in server; /* proxy */
};

struct mode {
	const char *name;
	void (*serve)(const struct peer *peer, int fd);
	bool (*take)(struct peer *peer, int argc, char *argv[]); /* the arguments; NULL: takes none */
};

static void
sleep_ms(long ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
}

static bool
send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

/* Until the client goes away.  Throws away what it sends. */
static void
await_end(int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
}

static void
serve_hang(const struct peer *peer, int fd)
{
	(void)peer;
	(void)fd;
	for (;;)
		(void)pause();
}

static void
serve_close(const struct peer *peer, int fd)
{
	(void)peer;
	(void)fd;
}

static void
serve_reset(const struct peer *peer, int fd)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	char byte;

	/* Earlier it could still look like a connection that was refused. */
	(void)peer;
	(void)recv(fd, &byte, 1, MSG_PEEK);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

static void
serve_garbage(const struct peer *peer, int fd)
{
	char bytes[1024];
	unsigned int state = 12345;

	(void)peer;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		state = state * 1103515245 + 12345;
		bytes[i] = (char)(state >> 16 | 0x80); /* none of '+', '-', ':', '$', '*', 'S', 'E', 'R' */
	}
	if (send_all(fd, bytes, sizeof(bytes)))
		await_end(fd);
}

static void
serve_reply(const struct peer *peer, int fd)
{
	char bytes[4096];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		if (!send_all(fd, peer->texts[0].bytes, peer->texts[0].length))
			return;
}

static void
serve_script(const struct peer *peer, int fd)
{
	char bytes[4096];

	for (size_t i = 0; i < peer->text_count; i++)
		if (recv(fd, bytes, sizeof(bytes), 0) <= 0 ||
		    !send_all(fd, peer->texts[i].bytes, peer->texts[i].length))
			return;
}

static void
serve_flood(const struct peer *peer, int fd)
{
	static const char filler = 'x';
	char *bytes = malloc(CHUNK);
	bool open;

	if (bytes == NULL)
		return;
	memset(bytes, filler, CHUNK);
	open = peer->text_count == 0 || send_all(fd, peer->texts[0].bytes, peer->texts[0].length);
	for (long i = 0; open && i < FLOOD_CHUNKS; i++)
		open = send_all(fd, bytes, CHUNK);
	free(bytes);
	if (open)
		await_end(fd);
}

static void
serve_drip(const struct peer *peer, int fd)
{
	for (size_t i = 0; send_all(fd, peer->texts[0].bytes + i, 1); i = (i + 1) % peer->texts[0].length)
		sleep_ms(peer->pause_ms);
}

/* One direction of a proxied connection. */
struct relay {
	const struct peer *peer;
	int from, to;
	long left; /* bytes until the cut; -1: no cut */
};

static void *
relay_bytes(void *argument)
{
	struct relay *r = argument;
	char bytes[CHUNK];
	ssize_t length;

	while (r->left != 0 && (length = recv(r->from, bytes, sizeof(bytes), 0)) > 0) {
		if (r->left > 0) {
			length = length < r->left ? length : r->left;
			r->left -= length;
		}
		sleep_ms(r->peer->pause_ms);
		if (!send_all(r->to, bytes, (size_t)length))
			break;
	}
	(void)shutdown(r->from, SHUT_RDWR);
	(void)shutdown(r->to, SHUT_RDWR);
	return NULL;
}

static void
serve_proxy(const struct peer *peer, int fd)
{
	int on = 1, server = socket(AF_INET, SOCK_STREAM, 0);
	struct relay there = { .peer = peer, .from = fd, .to = server, .left = -1 };
	struct relay back = { .peer = peer, .from = server, .to = fd, .left = peer->cut_after };
	pthread_t thread;

	if (server < 0)
		return;
	(void)setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(server, (const struct sockaddr *)&peer->server, sizeof(peer->server)) == 0 &&
	    pthread_create(&thread, NULL, relay_bytes, &there) == 0) {
		(void)relay_bytes(&back);
		(void)pthread_join(thread, NULL);
	}
	(void)close(server);
}

static bool
take_number(const char *text, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *number >= 0;
}

/* One escape, behind its backslash: the byte it means.  Moves `*at` behind it. */
static char
take_escape(const char **at)
{
	static const char letters[] = "nrtabfv", bytes[] = "\n\r\t\a\b\f\v";
	const char *found = **at != '\0' ? strchr(letters, **at) : NULL;
	int value = 0, digits;

	if (found != NULL) {
		(*at)++;
		return bytes[found - letters];
	}
	if (**at == 'x') {
		char *end;

		value = (int)strtol(*at + 1, &end, 16);
		*at = end;
		return (char)value;
	}
	if (**at < '0' || **at > '7')
		return **at != '\0' ? *(*at)++ : '\\';
	for (digits = 0; digits < 3 && **at >= '0' && **at <= '7'; digits++)
		value = value * 8 + (*(*at)++ - '0');
	return (char)value;
}

static bool
take_text(struct peer *peer, const char *from)
{
	struct text *text = &peer->texts[peer->text_count];

	if (peer->text_count == sizeof(peer->texts) / sizeof(peer->texts[0]))
		return false;
	text->bytes = malloc(strlen(from) + 1);
	if (text->bytes == NULL)
		return false;
	while (*from != '\0') {
		char byte = *from++;

		text->bytes[text->length++] = byte == '\\' ? take_escape(&from) : byte;
	}
	peer->text_count++;
	return true;
}

static bool
take_texts(struct peer *peer, int argc, char *argv[])
{
	for (int i = 0; i < argc; i++)
		if (!take_text(peer, argv[i]))
			return false;
	return true;
}

static bool
take_refuse(struct peer *peer, int argc, char *argv[])
{
	(void)argv;
	peer->refuses = true;
	return argc == 0;
}

static bool
take_reply(struct peer *peer, int argc, char *argv[])
{
	return argc == 1 && take_text(peer, argv[0]);
}

static bool
take_drip(struct peer *peer, int argc, char *argv[])
{
	return argc == 2 && take_number(argv[0], &peer->pause_ms) && take_text(peer, argv[1]) &&
	       peer->texts[0].length > 0;
}

static bool
take_proxy(struct peer *peer, int argc, char *argv[])
{
	long port;

	if (argc < 2 || argc % 2 != 0 || !take_number(argv[1], &port) || port < 1 || port > 65535)
		return false;
	peer->server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((in_port_t)port) };
	if (inet_pton(AF_INET, argv[0], &peer->server.sin_addr) != 1)
		return false;
	for (int i = 2; i < argc; i += 2)
		if (!(strcmp(argv[i], "--delay") == 0 && take_number(argv[i + 1], &peer->pause_ms)) &&
		    !(strcmp(argv[i], "--cut-after") == 0 && take_number(argv[i + 1], &peer->cut_after)))
			return false;
	return true;
}

static const struct mode modes[] = {
	{ "refuse", serve_hang, take_refuse },
	{ "hang", serve_hang, NULL },
	{ "close", serve_close, NULL },
	{ "reset", serve_reset, NULL },
	{ "garbage", serve_garbage, NULL },
	{ "reply", serve_reply, take_reply },
	{ "script", serve_script, take_texts },
	{ "flood", serve_flood, take_texts },
	{ "drip", serve_drip, take_drip },
	{ "proxy", serve_proxy, take_proxy },
};

static bool
take_mode(struct peer *peer, int argc, char *argv[])
{
	if (argc < 1)
		return false;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[0], modes[i].name) == 0)
			peer->mode = &modes[i];
	if (peer->mode == NULL)
		return false;
	return peer->mode->take == NULL ? argc == 1 : peer->mode->take(peer, argc - 1, argv + 1);
}

struct connection {
	const struct peer *peer;
	int fd;
};

static void *
serve(void *argument)
{
	struct connection *c = argument;

	c->peer->mode->serve(c->peer, c->fd);
	(void)close(c->fd);
	free(c);
	return NULL;
}

/* A port that is only kept is not shared either. */
static int
listen_on(long port, int listens)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((in_port_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &listens, sizeof(listens)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, length) != 0 || (listens && listen(fd, 128) != 0) ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return -1;
	printf("%d\n", ntohs(address.sin_port));
	return fflush(stdout) == 0 ? fd : -1;
}

static void
accept_for_ever(const struct peer *peer, int listener)
{
	for (;;) {
		struct connection *c = malloc(sizeof(*c));
		pthread_t thread;
		int on = 1;

		if (c == NULL)
			return;
		*c = (struct connection){ .peer = peer, .fd = accept(listener, NULL, NULL) };
		if (c->fd >= 0)
			(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (c->fd >= 0 && pthread_create(&thread, NULL, serve, c) == 0) {
			(void)pthread_detach(thread);
		} else {
			(void)close(c->fd);
			free(c);
		}
	}
}

int
main(int argc, char *argv[])
{
	static struct peer peer = { .cut_after = -1 };
	long port = 0;
	int first = 1, listener;

	if (argc > 2 && strcmp(argv[1], "--port") == 0) {
		if (!take_number(argv[2], &port) || port > 65535)
			port = -1;
		first = 3;
	}
	if (port < 0 || !take_mode(&peer, argc - first, argv + first)) {
		fprintf(stderr, "usage: faulty_peer [--port N] MODE [ARGUMENT...]\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	listener = listen_on(port, !peer.refuses);
	if (listener < 0) {
		perror("faulty_peer");
		return EXIT_FAILURE;
	}
	if (peer.refuses)
		serve_hang(&peer, listener);
	accept_for_ever(&peer, listener);
	return EXIT_FAILURE;
}
