#ifndef EXCHANGE_CLIENT_H
#define EXCHANGE_CLIENT_H

#include "common/config/options.h"
#include "common/config/secrets.h"
#include "probes/http/http.h"

/*
 * The HTTP client of a program that asks exchanges, by the options "tls.ca-file" and "proxy.url".  What is
 * secret of the latter is added to `secrets`.  NULL with `why` that names the setting.
 */
struct http_client *exchange_client(const struct options *given, struct secrets *secrets, size_t body_limit,
    size_t connections, struct failure *why);

#endif /* EXCHANGE_CLIENT_H */
