#ifndef PROBES_HTTP_RECEIVE_H
#define PROBES_HTTP_RECEIVE_H

#include "probes/http/transfer.h"

/* What a transfer does with the bytes that come: curl's callbacks, `argument` is the transfer. */
size_t http_receive_body(char *bytes, size_t size, size_t length, void *argument);
size_t http_receive_header(char *bytes, size_t size, size_t length, void *argument);

/* Note why what came is not taken.  Returns 0, which ends the transfer. */
size_t http_refuse(struct http_transfer *transfer, enum failure_kind kind, const char *what);

/* No control characters. */
bool http_is_text(struct slice value);

/* The wall clock. */
int64_t http_unix_now_ns(void);

#endif /* PROBES_HTTP_RECEIVE_H */
