#ifndef PAPER_ENGINE_CLIENT_H
#define PAPER_ENGINE_CLIENT_H

#include <curl/curl.h>

#include "common/failure.h"

/*
 * A handle for requests to an exchange, with what holds for all of them: it goes where its URL says and
 * nowhere else, and TLS is verified.  NULL: out of memory.
 */
CURL *client_new(const char *ca_file, char error[CURL_ERROR_SIZE]);

/* What a transfer that ended says, as a failure: "HTTP status 429", "Connection refused".  Returns -1. */
int client_failure(CURL *easy, CURLcode code, const char *error, struct failure *why);

#endif /* PAPER_ENGINE_CLIENT_H */
