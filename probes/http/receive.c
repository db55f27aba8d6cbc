/*
 * What curl hands over while an answer comes: header lines, then pieces of the body, decompressed.
 * The peer is hostile: it may send headers without end, or a small body that decompresses to
 * gigabytes.  So everything is counted as it comes, and a callback that takes fewer bytes than it
 * was given makes curl end the transfer.  curl also hands over interim answers (103 Early Hints)
 * and trailers; neither may pass for headers of the answer.  The time of an answer is taken at its
 * final status line, because a clock skew is computed from it, and curl's own times would count an
 * interim answer.
 *
 * curl has about a hundred result codes; a kind of failure becomes a metric's label, so it must come from
 * our small closed set.  The table `known` names the codes that tell where a request failed.  Every other
 * code means that what came makes no sense as HTTP, so "protocol" is the default.  A failure of our own side
 * shows no host: the host is not to blame, and the URL itself may be what is wrong.
 */

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/ssl.h>

#include "probes/http/transfer.h"

/* Codes that are no "protocol" failure, or for which there is advice. */
static const struct {
	CURLcode code;
	enum failure_kind kind;
	const char *advice; /* what curl's text does not say */
} known[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, FAILURE_RESOLVE, "check the name" },
	{ CURLE_COULDNT_RESOLVE_PROXY, FAILURE_RESOLVE, "check proxy.url" },
	{ CURLE_PROXY, FAILURE_CONNECT, "check proxy.url" },
	{ CURLE_COULDNT_CONNECT, FAILURE_CONNECT, "is it listening at this address and port?" },
	{ CURLE_SSL_CONNECT_ERROR, FAILURE_TLS, "does the server speak TLS at this port?" },
	{ CURLE_PEER_FAILED_VERIFICATION, FAILURE_TLS, "is the CA file the right one?" },
	{ CURLE_SSL_CIPHER, FAILURE_TLS, NULL },
	{ CURLE_SSL_ISSUER_ERROR, FAILURE_TLS, NULL },
	{ CURLE_SSL_INVALIDCERTSTATUS, FAILURE_TLS, NULL },
	{ CURLE_OPERATION_TIMEDOUT, FAILURE_TIMEOUT, NULL },
	{ CURLE_SSL_CACERT_BADFILE, FAILURE_LOCAL, "check the CA file (the system's is in ca-certificates)" },
	{ CURLE_URL_MALFORMAT, FAILURE_LOCAL, "check the URL" },
	{ CURLE_OUT_OF_MEMORY, FAILURE_LOCAL, NULL },
	{ CURLE_FAILED_INIT, FAILURE_LOCAL, NULL },
	{ CURLE_NOT_BUILT_IN, FAILURE_LOCAL, NULL },
	{ CURLE_BAD_FUNCTION_ARGUMENT, FAILURE_LOCAL, NULL },
	{ CURLE_LOGIN_DENIED, FAILURE_LOCAL, "leave user and password out of the URL" },
	{ CURLE_INTERFACE_FAILED, FAILURE_LOCAL, NULL },
	{ CURLE_FILESIZE_EXCEEDED, FAILURE_PROTOCOL, "the body is too large" },
	{ CURLE_GOT_NOTHING, FAILURE_PROTOCOL, "does the server speak HTTP at this port?" },
	{ CURLE_UNSUPPORTED_PROTOCOL, FAILURE_PROTOCOL, "does the server speak HTTP at this port?" },
};

void
http_failure(CURLcode code, struct slice host, const char *detail, int os_error, struct failure *why)
{
	enum failure_kind kind = FAILURE_PROTOCOL;
	const char *advice = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code) {
			kind = known[i].kind;
			advice = known[i].advice;
		}
	/*
	 * First: curl takes a missing file descriptor for a failure to connect, and would blame the
	 * server.
	 */
	if (os_error == EMFILE || os_error == ENFILE) {
		(void)failure_set(why, FAILURE_LOCAL,
		    "%.*s: no file descriptor left for a connection: raise the limit (ulimit -n), or ask for less",
		    SLICE_ARGS(host));
		return;
	}
	if (*detail == '\0')
		detail = curl_easy_strerror(code);
	/* curl's text does not always say why, as the errno does: "Connection refused". */
	if (kind == FAILURE_CONNECT && os_error != 0)
		detail = strerrordesc_np(os_error) != NULL ? strerrordesc_np(os_error) : detail;
	if (kind == FAILURE_LOCAL)
		(void)failure_set(
		    why, kind, "%s%s%s", detail, advice != NULL ? ": " : "", advice != NULL ? advice : "");
	else
		(void)failure_set(why, kind, "%.*s: %s%s%s", SLICE_ARGS(host), detail,
		    advice != NULL ? ": " : "", advice != NULL ? advice : "");
}

/* All headers of one answer, interim answers and trailers included. */
enum { HEADER_BYTES = 65536, HEADER_LINES = 256 };

int64_t
http_unix_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

size_t
http_refuse(struct http_transfer *t, enum failure_kind kind, const char *what)
{
	(void)failure_set(&t->refused, kind, "%.*s: %s", SLICE_ARGS(t->host), what);
	return 0; /* "not all bytes were taken": curl ends the transfer */
}

bool
http_is_text(struct slice value)
{
	for (size_t i = 0; i < value.length; i++)
		if ((unsigned char)value.at[i] < ' ' || value.at[i] == '\x7f')
			return false;
	return true;
}

size_t
http_receive_body(char *bytes, size_t size, size_t length, void *argument)
{
	struct http_transfer *t = argument;

	length *= size;
	/* curl checks a length that is announced; this counts what comes, after decompression. */
	if (length > t->body->limit - t->body->length)
		return http_refuse(t, FAILURE_PROTOCOL, "the body is too large");
	buffer_append(t->body, bytes, length);
	return t->body->failed ? http_refuse(t, FAILURE_LOCAL, "out of memory for the body") : length;
}

/* When the first certificate expires, of the chain that was verified: a server may send others besides. */
static double
certificate_expiry(const struct http_transfer *t)
{
	struct curl_tlssessioninfo *session = NULL;
	STACK_OF(X509) * chain;
	double expiry = -1;

	if (curl_easy_getinfo(t->easy, CURLINFO_TLS_SSL_PTR, &session) != CURLE_OK || session == NULL ||
	    session->backend != CURLSSLBACKEND_OPENSSL || session->internals == NULL)
		return expiry;
	chain = SSL_get0_verified_chain(session->internals);
	for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
		struct tm tm;
		double end;

		if (ASN1_TIME_to_tm(X509_get0_notAfter(sk_X509_value(chain, i)), &tm) != 1)
			continue;
		end = (double)timegm(&tm);
		if (expiry < 0 || end < expiry)
			expiry = end;
	}
	return expiry;
}

/* Whether the status line is one like "HTTP/1.1 103 Early Hints". */
static bool
is_interim(struct slice line)
{
	const char *space = memchr(line.at, ' ', line.length);

	return space != NULL && space + 1 < line.at + line.length && space[1] == '1';
}

/* A status line came.  What an interim answer said before does not count for the final one. */
static void
begin_answer(struct http_transfer *t, struct slice line)
{
	if (!is_interim(line)) {
		/* The certificate is read now, too: curl gives out the session only during the transfer. */
		t->response->received_unix_ns = http_unix_now_ns();
		t->received_ns = clock_now_ns();
		t->response->certificate_expiry = certificate_expiry(t);
	}
	memset(t->response->wanted, 0, sizeof(t->response->wanted));
	memset(t->response->date, 0, sizeof(t->response->date));
	t->in_headers = true;
}

/*
 * If `line` is the header `name`, keep its value: the first that fits whole and is text, never a
 * part of one.
 */
static void
keep(struct slice line, const char *name, char *kept, size_t size)
{
	size_t length = strlen(name);
	struct slice value;

	if (line.length <= length || line.at[length] != ':' || strncasecmp(line.at, name, length) != 0 ||
	    *kept != '\0')
		return;
	value = (struct slice){ line.at + length + 1, line.length - length - 1 };
	while (value.length > 0 && (*value.at == ' ' || *value.at == '\t')) {
		value.at++;
		value.length--;
	}
	while (value.length > 0 && strchr(" \t\r\n", value.at[value.length - 1]) != NULL)
		value.length--;
	if (value.length < size && http_is_text(value)) {
		memcpy(kept, value.at, value.length);
		kept[value.length] = '\0';
	}
}

size_t
http_receive_header(char *bytes, size_t size, size_t length, void *argument)
{
	struct http_transfer *t = argument;
	struct slice line = { bytes, length * size };
	const char *const *wanted = t->request->wanted;

	t->header_bytes += line.length;
	if (t->header_bytes > HEADER_BYTES || ++t->header_lines > HEADER_LINES)
		return http_refuse(t, FAILURE_PROTOCOL, "too many headers");
	/* Behind a body there are trailers, and one of them may look like a status line. */
	if (!t->in_headers && t->body->length == 0 && line.length >= 5 && memcmp(line.at, "HTTP/", 5) == 0)
		begin_answer(t, line);
	else if (line.length <= 2 && strspn(line.at, "\r\n") >= line.length)
		t->in_headers = false; /* what comes now are trailers, or another answer */
	else if (t->in_headers) {
		keep(line, "Date", t->response->date, sizeof(t->response->date));
		for (size_t i = 0; wanted != NULL && i < HTTP_HEADERS && wanted[i] != NULL; i++)
			keep(line, wanted[i], t->response->wanted[i], HTTP_HEADER_VALUE);
	}
	return line.length;
}
