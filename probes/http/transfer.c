/*
 * One request on one curl handle: set it up, and when it ends read its times, status and failure.
 * What holds for every request is set once for each handle; most of it says what curl must not do:
 * follow a redirect, use a proxy, resume a TLS session.  Callbacks learn what curl does not tell:
 * whether it looked up a name, why there is no socket, whether there is a connection yet.
 *
 * curl's times run from the start of the transfer to the end of each phase, so a phase is the
 * difference of two of them.  On a connection that is used again they mean nothing and are left
 * out.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "common/net/address.h"
#include "probes/http/transfer.h"

int
http_url_host(const char *url, struct slice *host, struct failure *why)
{
	size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : 8;
	size_t length;

	if (scheme == 8 && strncasecmp(url, "https://", 8) != 0)
		return failure_set(why, FAILURE_LOCAL, "the URL does not begin with http:// or https://");
	length = strcspn(url + scheme, "/?#");
	if (length == 0)
		return failure_set(why, FAILURE_LOCAL, "the URL has no host");
	/* The host is shown in log lines, and must never hold a password. */
	if (memchr(url + scheme, '@', length) != NULL)
		return failure_set(why, FAILURE_LOCAL, "leave user and password out of the URL");
	*host = (struct slice){ url, scheme + length };
	return 0;
}

void
http_response_clear(struct http_response *response)
{
	memset(response, 0, sizeof(*response));
	for (size_t i = 0; i < HTTP_PHASES; i++)
		response->phase_seconds[i] = -1;
	response->certificate_expiry = -1;
}

bool
http_speaks_tls(struct slice host)
{
	return strncasecmp(host.at, "https:", 6) == 0;
}

/* Setting up */

static int
set_looked_up(void *resolver, void *reserved, void *argument)
{
	struct http_transfer *t = argument;

	(void)resolver;
	(void)reserved;
	t->looked_up = true;
	return 0;
}

/*
 * There is a connection, new or kept, and nothing of the request is sent yet.  The address it
 * really leads to is checked here: looked up before, the name might have another one by now.
 */
static int
check_connection(void *argument, char *server, char *own, int server_port, int own_port)
{
	struct http_transfer *t = argument;

	(void)own;
	(void)server_port;
	(void)own_port;
	t->connected = true;
	if (!t->request->private_only || address_is_private(server))
		return CURL_PREREQFUNC_OK;
	(void)http_refuse(
	    t, FAILURE_LOCAL, "its address is public, where a host of our own was meant; nothing was sent");
	return CURL_PREREQFUNC_ABORT;
}

/* What curl would do by itself, but then the errno of socket(2) would be lost. */
static curl_socket_t
open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_transfer *t = argument;
	int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	t->socket_error = fd >= 0 ? 0 : errno;
	return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

/*
 * curl notices that an address refused, closes the socket, and tries the next address only when it is called
 * again; meanwhile there is nothing to poll, and 7.88 would sleep for as long as it may.
 */
static int
close_socket(void *argument, curl_socket_t fd)
{
	bool *closed = argument;

	*closed = true;
	return close(fd);
}

/* Connections stay open between runs.  Without this mode OpenSSL keeps 34 kB of buffers for each. */
static CURLcode
save_memory(CURL *easy, void *context, void *argument)
{
	(void)easy;
	(void)argument;
	(void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	return CURLE_OK;
}

/* What is the same for every request. */
static bool
set_up(struct http_transfer *t, const struct http_settings *settings, bool *closed)
{
	CURL *easy = t->easy;
	bool ok = true;

	/* curl must not use signals for timeouts: open_positions runs two clients in two threads. */
	ok &= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	/* A lookup that does not end is left behind, not waited for. */
	ok &= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
	/* It goes where its URL says: a redirect would get to see what is signed. */
	ok &= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) == CURLE_OK;
	/* With this the environment has no say; http_transfer_start() sets the proxy. */
	ok &= curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK;
	/* curl decompresses into http_receive_body(), whose limit stops a zip bomb. */
	ok &= curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate") == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_USERAGENT, settings->user_agent) == CURLE_OK;
	/* The first two are curl's defaults, written out because everything relies on them. */
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK;
	/* A new connection should cost what a new client pays, and show the certificate of today. */
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK;
	if (settings->ca_file != NULL)
		ok &= curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file) == CURLE_OK;
	/* With a directory too, curl would parse the CA file again for every connection. */
	ok &= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_receive_header) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_receive_body) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, set_looked_up) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, t) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, closed) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, check_connection) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PREREQDATA, t) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, save_memory) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error) == CURLE_OK;
	ok &= curl_easy_setopt(easy, CURLOPT_PRIVATE, t) == CURLE_OK;
	return ok;
}

struct http_transfer *
http_transfer_new(const struct http_settings *settings, bool *closed)
{
	struct http_transfer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->easy = curl_easy_init();
	t->proxy = settings->proxy;
	if (t->easy != NULL && set_up(t, settings, closed))
		return t;
	http_transfer_free(t);
	return NULL;
}

void
http_transfer_free(struct http_transfer *t)
{
	if (t == NULL)
		return;
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	free(t);
}

static int
set_headers(struct http_transfer *t, struct failure *why)
{
	for (const char *const *header = t->request->headers; header != NULL && *header != NULL; header++) {
		struct curl_slist *longer;

		/* A line break would begin another header, or another request. */
		if (!http_is_text(SLICE(*header)) || strchr(*header, ':') == NULL)
			return failure_set(
			    why, FAILURE_LOCAL, "a header to send is not of the form 'Name: value'");
		longer = curl_slist_append(t->headers, *header);
		if (longer == NULL)
			return failure_set(why, FAILURE_LOCAL, "out of memory");
		t->headers = longer;
	}
	return 0;
}

/* A POST of a form, or a GET. */
static CURLcode
set_body(struct http_transfer *t)
{
	const char *body = t->request->body;
	/* This is set in any case: it undoes the POST of an earlier request on this handle. */
	CURLcode code = curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);

	if (code == CURLE_OK && body != NULL)
		code = curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	if (code == CURLE_OK && body != NULL)
		code = curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, body);
	/* Refuses a body that announces too great a length before any of it comes. */
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->body->limit);
	return code;
}

/* Take back what points into the request: its memory may go as soon as it is answered. */
static void
clear_request(struct http_transfer *t)
{
	(void)curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, NULL); /* which alone would mean a POST */
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
	(void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(t->headers);
	t->headers = NULL;
}

/* What an own host answers on loopback no proxy can reach, and nobody sees through one whether an address is
 * private. */
static bool
goes_by_proxy(const struct http_transfer *t)
{
	const char *name = strstr(t->host.at, "://") + 3;
	bool bracket = *name == '[';
	char text[256];

	(void)snprintf(
	    text, sizeof(text), "%.*s", (int)strcspn(name + bracket, bracket ? "]" : ":/?"), name + bracket);
	return t->proxy != NULL && !t->request->private_only && !address_is_loopback(text);
}

int
http_transfer_start(struct http_transfer *t, const struct http_request *request, struct slice host,
    struct http_response *response, struct buffer *body, struct deadline deadline)
{
	/* curl gives the first of several addresses half of it.  0 would mean five minutes, hence the 1. */
	long connect_ms = (long)deadline_left_ms(deadline) + 1;
	CURLcode code;

	t->request = request;
	t->response = response;
	t->body = body;
	t->host = host;
	t->looked_up = t->connected = t->in_headers = false;
	t->header_bytes = t->header_lines = 0;
	t->received_ns = 0;
	t->socket_error = 0;
	t->refused.kind = FAILURE_NONE;
	t->error[0] = '\0';
	t->started_ns = clock_now_ns();
	t->started_unix_ns = http_unix_now_ns();
	if (set_headers(t, &response->failure) != 0) {
		clear_request(t);
		return -1;
	}
	code = curl_easy_setopt(t->easy, CURLOPT_URL, request->url);
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	if (code == CURLE_OK)
		code = set_body(t);
	t->by_proxy = goes_by_proxy(t);
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->easy, CURLOPT_PROXY, t->by_proxy ? t->proxy : "");
	(void)curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	/* An earlier request on this handle may have been abandoned. */
	(void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 0L);
	t->anew = false;
	(void)curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 0L);
	if (code == CURLE_OK)
		return 0;
	http_failure(code, host, "", 0, &response->failure);
	clear_request(t);
	return -1;
}

/* What came */

static double
seconds_until(const struct http_transfer *t, CURLINFO info)
{
	curl_off_t us = 0;

	(void)curl_easy_getinfo(t->easy, info, &us);
	return (double)us / 1e6;
}

static double
difference(double later, double earlier)
{
	return later > earlier ? later - earlier : 0;
}

/* curl's own time to the first byte would end with an interim answer. */
static double
seconds_to_first_byte(const struct http_transfer *t)
{
	return (double)(t->received_ns - t->started_ns) / 1e9;
}

static void
read_phases(struct http_transfer *t)
{
	double name = seconds_until(t, CURLINFO_NAMELOOKUP_TIME_T);
	double connected = seconds_until(t, CURLINFO_CONNECT_TIME_T);
	double secured = seconds_until(t, CURLINFO_APPCONNECT_TIME_T);
	double sent = seconds_until(t, CURLINFO_PRETRANSFER_TIME_T);
	double *phases = t->response->phase_seconds;
	long connections = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connections);
	/* Without a new connection these mean nothing; but one that failed early has looked up a name. */
	if (connections > 0 || t->looked_up) {
		if (name > 0)
			phases[HTTP_RESOLVE] = name;
		if (connected > 0)
			phases[HTTP_CONNECT] = difference(connected, name);
		if (secured > 0)
			phases[HTTP_TLS] = difference(secured, connected);
	}
	if (sent > 0)
		t->response->sent_unix_ns = t->started_unix_ns + (int64_t)(sent * 1e9);
	if (sent > 0 && t->received_ns != 0)
		phases[HTTP_FIRST_BYTE] = difference(seconds_to_first_byte(t), sent);
}

static void
read_status(struct http_transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	t->response->status = (int)status;
}

static const char *
what_is_missing(const struct http_transfer *t)
{
	const double *phases = t->response->phase_seconds;

	/* Look from the last phase back to the first: the last thing that happened shows what is missing. */
	if (t->response->received_unix_ns != 0)
		return "the answer did not end in time";
	if (t->response->sent_unix_ns != 0)
		return "no answer in time";
	/* curl knows a connection only when its TLS is done, too. */
	if (phases[HTTP_RESOLVE] >= 0)
		return http_speaks_tls(t->host) ? "no TLS connection in time: is a firewall in the way?"
						: "no connection in time: is a firewall in the way?";
	if (t->looked_up)
		return "no answer from the name server in time";
	/* With HTTP/2 a request may wait for a connection that another one opens. */
	return "the connection it waited for was not there in time";
}

static void
time_out(struct http_transfer *t)
{
	(void)failure_set(
	    &t->response->failure, FAILURE_TIMEOUT, "%.*s: %s", SLICE_ARGS(t->host), what_is_missing(t));
}

/* Returns whether it was a proxy that refused, or cannot be reached. */
static bool
read_proxy_refusal(struct http_transfer *t, CURLcode code)
{
	long status = 0;

	if (t->by_proxy && code == CURLE_COULDNT_CONNECT) {
		(void)failure_set(&t->response->failure, FAILURE_CONNECT,
		    "%.*s: the proxy cannot be reached: check proxy.url, and whether it is listening",
		    SLICE_ARGS(t->host));
		return true;
	}
	(void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (!t->by_proxy || status == 0 || status / 100 == 2)
		return false;
	(void)failure_set(&t->response->failure, status == 407 ? FAILURE_AUTH : FAILURE_CONNECT,
	    "%.*s: the proxy refused with status %ld: check proxy.url%s", SLICE_ARGS(t->host), status,
	    status == 407 ? ", its user and password" : ", and whom it lets through");
	return true;
}

/*
 * A TLS connection that the server has ended looks alive to curl 7.88 until it sends; then it tries the next
 * one that was kept, but no more than five.
 */
bool
http_transfer_again(struct http_transfer *t, CURLcode code)
{
	long connects = 0;

	if (code != CURLE_SEND_ERROR || t->anew || t->received_ns != 0)
		return false;
	/* On a connection of its own a part of the request may have arrived. */
	if (curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects) != CURLE_OK || connects != 0)
		return false;
	t->anew = true;
	t->error[0] = '\0';
	return curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK;
}

void
http_transfer_finish(struct http_transfer *t, CURLcode code)
{
	struct http_response *response = t->response;
	long os_error = 0;

	read_phases(t);
	read_status(t);
	response->seconds = seconds_until(t, CURLINFO_TOTAL_TIME_T);
	/* For curl an answer that ends in its headers is whole, and a long header is lack of memory. */
	if (code == CURLE_OK && t->in_headers)
		(void)http_refuse(t, FAILURE_PROTOCOL, "the answer ended in its headers");
	else if (code == CURLE_OUT_OF_MEMORY && response->sent_unix_ns != 0)
		(void)http_refuse(t, FAILURE_PROTOCOL, "a header is too long (or memory ran out)");
	if (code == CURLE_OK && t->refused.kind == FAILURE_NONE) {
		response->phase_seconds[HTTP_TRANSFER] =
		    difference(response->seconds, seconds_to_first_byte(t));
		response->ended_unix_ns = http_unix_now_ns();
		response->body = buffer_slice(t->body);
	} else {
		(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
		/* Our callbacks know better: curl only saw that not all bytes were taken. */
		if (t->refused.kind != FAILURE_NONE)
			response->failure = t->refused;
		else if (code == CURLE_OPERATION_TIMEDOUT)
			time_out(t);
		else if (!read_proxy_refusal(t, code))
			http_failure(code, t->host, t->error,
			    t->socket_error != 0 ? t->socket_error : (int)os_error, &response->failure);
		buffer_release(t->body);
	}
	clear_request(t);
}

void
http_transfer_abandon(struct http_transfer *t, CURLM *multi, const char *fault)
{
	read_phases(t);
	read_status(t);
	t->response->seconds = clock_seconds_since(t->started_ns);
	if (fault != NULL)
		(void)failure_set(
		    &t->response->failure, FAILURE_LOCAL, "%.*s: %s", SLICE_ARGS(t->host), fault);
	else
		time_out(t);
	/* Else curl would keep an HTTP/2 connection, and the next run would wait on the same one again. */
	(void)curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
	(void)curl_multi_remove_handle(multi, t->easy);
	buffer_release(t->body);
	clear_request(t);
}
