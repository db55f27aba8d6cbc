#ifndef PROBES_HTTP_TRANSFER_H
#define PROBES_HTTP_TRANSFER_H

#include <stdbool.h>

#include <curl/curl.h>

#include "common/text/buffer.h"
#include "probes/http/http.h"

/* One request under way: a curl handle, used again for one request after another. */
struct http_transfer {
	CURL *easy;
	struct http_transfer *next; /* for its owner's list */
	bool active;                /* for its owner: it is with the multi handle */
	void *job;                  /* for its owner */

	/* Of the request it does now; borrowed. */
	const struct http_request *request;
	struct http_response *response;
	struct buffer *body;
	struct slice host;

	struct curl_slist *headers; /* to send */
	int64_t started_ns, started_unix_ns;
	int64_t received_ns; /* monotonic, of the final status line; 0: none yet */
	int socket_error;    /* why there is no socket; 0: there is, or none was needed */
	bool connected;      /* it has a connection, TLS included */
	bool looked_up;      /* it asked for the host's address itself */
	bool in_headers;
	size_t header_bytes, header_lines;
	struct failure refused; /* what a callback did not take */
	char error[CURL_ERROR_SIZE];
};

/* http:// or https:// with a host, and no user.  The scheme, host and port of it, or -1 with `why` (local).
 */
int http_url_host(const char *url, struct slice *host, struct failure *why);

bool http_speaks_tls(struct slice host);

/* All is as if nothing had come. */
void http_response_clear(struct http_response *response);

/* NULL when memory ran out. */
struct http_transfer *http_transfer_new(const struct http_settings *settings);
void http_transfer_free(struct http_transfer *transfer);

/* Ready to be given to the multi handle; 0, or -1 with the response's failure. */
int http_transfer_start(struct http_transfer *transfer, const struct http_request *request, struct slice host,
    struct http_response *response, struct buffer *body, struct deadline deadline);

/* It ended by itself. */
void http_transfer_finish(struct http_transfer *transfer, CURLcode code);

/* It is still with `multi`, and the deadline passed: take it away. */
void http_transfer_abandon(struct http_transfer *transfer, CURLM *multi);

#endif /* PROBES_HTTP_TRANSFER_H */
