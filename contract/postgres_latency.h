#ifndef CONTRACT_POSTGRES_LATENCY_H
#define CONTRACT_POSTGRES_LATENCY_H

#include "contract/targets.h"

/* All that postgres_latency can write. */
enum { CONNECTIONS = TARGET_FAMILIES, CONNECTIONS_MAX, POSTGRES_FAMILIES };

extern const struct family postgres_families[POSTGRES_FAMILIES];

#endif /* CONTRACT_POSTGRES_LATENCY_H */
