#ifndef PROBES_HTTP_HTTP_H
#define PROBES_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/slice.h"

/*
 * Many requests at once, under one deadline (libcurl multi).  A request with a
 * body is a POST (of a form, unless its headers say another Content-Type), any
 * other a GET; there is nothing else.
 *
 * TLS is always verified, a redirect is an answer and is not followed, no
 * Origin header, cookie or proxy of the environment is used; a proxy of the
 * settings for all but loopback and requests that are private_only; bodies and headers are capped,
 * answers come decompressed.  HTTP/2 where it is offered.  Connections stay
 * open in the client, for the next run; one that answered too late does not.
 * The program ignores SIGPIPE: OpenSSL writes to sockets that the peer may
 * have closed.
 */
struct http_client;

struct http_settings {
	const char *ca_file; /* NULL: the system's */
	const char *proxy;   /* "http://[user:password@]host:port" or socks5h://; NULL: none */
	const char *user_agent;
	size_t body_limit;  /* bytes of a decompressed body, where a request says nothing else */
	size_t connections; /* kept open at the most; half of it is how many requests one host gets at once */
};

/*
 * The settings are copied.  The process may have as many open files from now on
 * as its hard limit allows, up to 65536: each connection is one.  NULL with
 * `why` (local): no such CA file, nothing in it that is a certificate, no memory.
 */
struct http_client *http_client_new(const struct http_settings *settings, struct failure *why);

/*
 * A client as collectors have it: `ca_option` is the setting that names who may
 * sign the server's certificate; `proxy` may be NULL.  NULL with `why`, which names it where it is to blame.
 */
struct options;
struct http_client *http_client_from(const struct options *given, const char *ca_option, const char *proxy,
    size_t body_limit, size_t connections, struct failure *why);

/* Takes NULL. */
void http_client_free(struct http_client *client);

enum http_phase { HTTP_RESOLVE, HTTP_CONNECT, HTTP_TLS, HTTP_FIRST_BYTE, HTTP_TRANSFER };
enum { HTTP_PHASES = HTTP_TRANSFER + 1, HTTP_HEADERS = 8, HTTP_HEADER_VALUE = 256 };

/* "resolve", "connect", "tls", "first_byte", "transfer". */
const char *http_phase_name(enum http_phase phase);

struct http_request {
	const char *url;            /* http:// or https://, without user and password */
	const char *body;           /* of a POST; NULL: a GET */
	size_t body_limit;          /* bytes of the answer's body; 0: the client's */
	const char *const *headers; /* "Name: value" to send, ended by NULL; NULL: none */
	const char *const *wanted;  /* names of answer headers to keep, at most HTTP_HEADERS, ended by NULL */
	bool private_only;          /* sent to no address that the internet reaches (common/net/address.h):
				       FAILURE_LOCAL */
};

struct http_response {
	struct failure failure; /* FAILURE_NONE: an HTTP answer came whole, whatever its status */
	int status;             /* 0: none came */
	bool sent;              /* false: it was still waiting for its turn, or was not to be sent */
	struct slice body;      /* owned by the client, until its next http_ask() */
	char wanted[HTTP_HEADERS][HTTP_HEADER_VALUE]; /* as asked for; "" when absent */
	char date[64];                                /* the Date header; "" when absent */
	double phase_seconds[HTTP_PHASES]; /* negative: not reached, or not needed on an open connection */
	double seconds;                    /* the whole request, or until it failed */
	/*
	 * Wall clock, what a clock skew is reckoned from; 0 when not reached.  When
	 * the request was sent (not later); when the answer's status line came, the
	 * final one: interim answers (1xx) do not count; when its body had ended.
	 */
	int64_t sent_unix_ns, received_unix_ns, ended_unix_ns;
	double certificate_expiry; /* Unix time of the first certificate of the chain to expire; negative: no
				      TLS */
};

/*
 * Told of what happens while the others go on; either may be NULL.  Neither may
 * take long: all answers wait meanwhile, and so do their times.
 */
struct http_watch {
	void *context;

	/* A request's turn has come.  False: it is not sent, and fails as rejected. */
	bool (*may_send)(void *context, size_t index);

	/*
	 * A request has its answer, or failed, before the deadline.  True: `*next`
	 * is asked in its place, of the same host; what it borrows must last until
	 * then.  The response's body is gone when this returns true.
	 */
	bool (*answered)(
	    void *context, size_t index, const struct http_response *response, struct http_request *next);

	/* The body is gone when answered() returns, whatever that says: none is kept while others come. */
	bool drop_bodies;
};

/*
 * Do all requests; `responses` has room for `count`.  Back by the deadline:
 * what is not answered by then has failure timeout.  `watch` may be NULL.  Not
 * from two threads.
 */
void http_ask(struct http_client *client, const struct http_request requests[], size_t count,
    const struct http_watch *watch, struct deadline deadline, struct http_response responses[]);

#endif /* PROBES_HTTP_HTTP_H */
