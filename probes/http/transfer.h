#ifndef PROBES_HTTP_TRANSFER_H
#define PROBES_HTTP_TRANSFER_H

#include <stdbool.h>

#include <curl/curl.h>

#include "common/text/buffer.h"
#include "probes/http/http.h"

/* One request under way: a curl handle, used again for one request after another. */
struct http_transfer {
	CURL *easy;
	const char *proxy;          /* of its owner's settings; NULL: none */
	struct http_transfer *next; /* for its owner's list */
	bool active;                /* for its owner: it is with the multi handle */
	void *job;                  /* for its owner */

	/* Of the request it does now; borrowed. */
	const struct http_request *request;
	struct http_response *response;
	struct buffer *body;
	struct slice host;
	bool by_proxy;

	struct curl_slist *headers; /* to send */
	int64_t started_ns, started_unix_ns;
	int64_t received_ns; /* monotonic, of the final status line; 0: none yet */
	int socket_error;    /* why there is no socket; 0: there is, or none was needed */
	bool connected;      /* it has a connection, TLS included */
	bool anew;           /* it must not take a connection that was kept */
	bool looked_up;      /* it asked for the host's address itself */
	bool in_headers;
	size_t header_bytes, header_lines;
	struct failure refused; /* what a callback did not take */
	char error[CURL_ERROR_SIZE];
};

/* What is done once for each client: CA file, limit of open files, libcurl.  0, or -1 with `why` (local). */
int http_prepare(const struct http_settings *settings, struct failure *why);

/* http:// or https:// with a host, and no user.  The scheme, host and port of it, or -1 with `why` (local).
 */
int http_url_host(const char *url, struct slice *host, struct failure *why);

bool http_speaks_tls(struct slice host);

/* All is as if nothing had come. */
void http_response_clear(struct http_response *response);

/* NULL when memory ran out.  `*closed` becomes true when curl closes a socket; it must last as long as the
 * connections, which may be longer than the transfer. */
struct http_transfer *http_transfer_new(const struct http_settings *settings, bool *closed);
void http_transfer_free(struct http_transfer *transfer);

/* Ready to be given to the multi handle; 0, or -1 with the response's failure. */
int http_transfer_start(struct http_transfer *transfer, const struct http_request *request, struct slice host,
    struct http_response *response, struct buffer *body, struct deadline deadline);

/*
 * It ended by itself.  Whether it can be tried once more, on a new connection: it had one that was kept, and
 * the server had ended that.  Then it is ready to be given to the multi handle again.
 */
bool http_transfer_again(struct http_transfer *transfer, CURLcode code);

/* It ended by itself, and for good. */
void http_transfer_finish(struct http_transfer *transfer, CURLcode code);

/* It is still with `multi`, and the deadline passed, or (`fault`) curl gave up: take it away. */
void http_transfer_abandon(struct http_transfer *transfer, CURLM *multi, const char *fault);

/* What a transfer does with the bytes that come: curl's callbacks, `argument` is the transfer. */
size_t http_receive_body(char *bytes, size_t size, size_t length, void *argument);
size_t http_receive_header(char *bytes, size_t size, size_t length, void *argument);

/* Note why what came is not taken.  Returns 0, which ends the transfer. */
size_t http_refuse(struct http_transfer *transfer, enum failure_kind kind, const char *what);

/*
 * What went wrong with a request to `host` (with scheme and port), as a
 * failure.  `detail` is curl's own text, "" when it has none; `os_error` an
 * errno, or 0.
 */
void http_failure(CURLcode code, struct slice host, const char *detail, int os_error, struct failure *why);

/* No control characters. */
bool http_is_text(struct slice value);

/* The wall clock. */
int64_t http_unix_now_ns(void);

#endif /* PROBES_HTTP_TRANSFER_H */
