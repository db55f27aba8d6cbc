#ifndef CONTRACT_REDIS_LATENCY_H
#define CONTRACT_REDIS_LATENCY_H

#include "contract/targets.h"

/* All that redis_latency can write. */
enum { REDIS_FAMILIES = TARGET_FAMILIES };

extern const struct family redis_families[REDIS_FAMILIES];

#endif /* CONTRACT_REDIS_LATENCY_H */
