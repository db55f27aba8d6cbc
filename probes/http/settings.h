#ifndef PROBES_HTTP_SETTINGS_H
#define PROBES_HTTP_SETTINGS_H

#include "common/config/options.h"
#include "probes/http/http.h"

/*
 * A client as collectors have it: `ca_option` is the setting that names who may
 * sign the server's certificate.  NULL with `why`, which names it where it is to blame.
 */
struct http_client *http_client_from(const struct options *given, const char *ca_option, size_t body_limit,
    size_t connections, struct failure *why);

#endif /* PROBES_HTTP_SETTINGS_H */
