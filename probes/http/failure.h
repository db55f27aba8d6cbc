#ifndef PROBES_HTTP_FAILURE_H
#define PROBES_HTTP_FAILURE_H

#include <curl/curl.h>

#include "common/failure.h"
#include "common/text/slice.h"

/*
 * What went wrong with a request to `host` (with scheme and port), as a
 * failure.  `detail` is curl's own text, "" when it has none; `os_error` an
 * errno, 0 when there is none.
 */
void http_failure(CURLcode code, struct slice host, const char *detail, int os_error, struct failure *why);

#endif /* PROBES_HTTP_FAILURE_H */
