/*
 * libcurl's result codes as our kinds of failure, with advice for the operator.  curl has about a
 * hundred codes; a kind becomes a metric's label, so it must come from our small closed set.  The
 * table names the codes that tell where a request failed: the name, the connection, TLS, the time,
 * our own side.  Every other code means that what came makes no sense as HTTP, so "protocol" is the
 * default.  A failure of our own side shows no host: the host is not to blame, and the URL itself
 * may be what is wrong.
 */

#include <errno.h>
#include <string.h>

#include "probes/http/failure.h"

/* Codes that are no "protocol" failure, or for which there is advice. */
static const struct {
	CURLcode code;
	enum failure_kind kind;
	const char *advice; /* what curl's text does not say */
} known[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, FAILURE_RESOLVE, "check the name" },
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
