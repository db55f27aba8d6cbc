#ifndef PROBES_REDIS_OPTIONS_H
#define PROBES_REDIS_OPTIONS_H

#include "common/config/options.h"
#include "probes/redis/redis.h"

/* The flags --tls.* of a program whose servers are all Redis; a URL has no room for them.  Ended by a row
 * without a name. */
extern const struct option redis_tls_options[];

/* Their values, borrowed from `given`. */
struct redis_tls redis_tls_given(const struct options *given);

#endif /* PROBES_REDIS_OPTIONS_H */
