#ifndef COLLECTORS_PREFLIGHT_FINDINGS_H
#define COLLECTORS_PREFLIGHT_FINDINGS_H

#include "collectors/preflight/check_result.h"
#include "exchange/ban_list.h"
#include "exchange/settings.h"

/* What one run's checks found: all that leaves the process they are made in. */
enum { SERVERS_MAX = 16, REDIS_SAMPLES = 5, POSTGRES_SAMPLES = 3 };

struct samples {
	double seconds[SERVERS_MAX * REDIS_SAMPLES]; /* of all servers */
	size_t count;
};

struct findings {
	struct check_result results[CHECKS];
	struct samples redis, postgres;
	/* By exchange, who refused: what is public, and what needs a key. */
	struct ban public_bans[EXCHANGES_MAX], private_bans[EXCHANGES_MAX];
};

#endif /* COLLECTORS_PREFLIGHT_FINDINGS_H */
