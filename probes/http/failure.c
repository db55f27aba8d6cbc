#include <errno.h>
#include <string.h>

#include "probes/http/failure.h"

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
	/* Connecting or looking up: it was not the network. */
	if (os_error == EMFILE || os_error == ENFILE) {
		(void)failure_set(why, FAILURE_LOCAL,
		    "%.*s: no file descriptor left for a connection: raise the limit (ulimit -n), or ask for less",
		    SLICE_ARGS(host));
		return;
	}
	if (*detail == '\0')
		detail = curl_easy_strerror(code);
	if (kind == FAILURE_CONNECT && os_error != 0)
		detail = strerrordesc_np(os_error) != NULL ? strerrordesc_np(os_error) : detail;
	if (kind == FAILURE_LOCAL)
		(void)failure_set(
		    why, kind, "%s%s%s", detail, advice != NULL ? ": " : "", advice != NULL ? advice : "");
	else
		(void)failure_set(why, kind, "%.*s: %s%s%s", SLICE_ARGS(host), detail,
		    advice != NULL ? ": " : "", advice != NULL ? advice : "");
}
