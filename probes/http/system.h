#ifndef PROBES_HTTP_SYSTEM_H
#define PROBES_HTTP_SYSTEM_H

#include "common/failure.h"

/* What the HTTP client needs of the machine it runs on.  For http.c alone. */

/* Whether the CA file can be loaded, and holds a certificate.  0, or -1 with `why` (local). */
int http_check_ca_file(const char *path, struct failure *why);

/* As many open files as this process may have, up to 65536.  What cannot be raised stays. */
void http_raise_file_limit(void);

#endif /* PROBES_HTTP_SYSTEM_H */
