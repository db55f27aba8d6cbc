#include <stdbool.h>

#include "demo/paper_engine/live/client.h"

enum { CONNECT_MS = 2000 };

CURL *
client_new(const char *ca_file, char error[CURL_ERROR_SIZE])
{
	CURL *easy = curl_easy_init();
	bool ok = easy != NULL;

	ok = ok && curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK;
	ok = ok && curl_easy_setopt(easy, CURLOPT_USERAGENT, "arbwatch paper_engine") == CURLE_OK;
	ok = ok && (ca_file == NULL || curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) == CURLE_OK);
	if (ok)
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

int
client_failure(CURL *easy, CURLcode code, const char *error, struct failure *why)
{
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK && status == 200)
		return failure_set(why, FAILURE_PROTOCOL, "it closed the connection");
	/* A redirect, which is not followed, is no error to curl. */
	if (code == CURLE_OK || code == CURLE_HTTP_RETURNED_ERROR)
		return failure_set(why, FAILURE_REJECTED, "HTTP status %ld", status);
	return failure_set(why, code == CURLE_OPERATION_TIMEDOUT ? FAILURE_TIMEOUT : FAILURE_CONNECT, "%s",
	    error[0] != '\0' ? error : curl_easy_strerror(code));
}
