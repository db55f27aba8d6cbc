#ifndef COLLECTORS_EXCHANGE_HEALTH_OPTIONS_H
#define COLLECTORS_EXCHANGE_HEALTH_OPTIONS_H

#include "collectors/exchange_health/judge.h"
#include "common/options.h"

/* Which exchanges are asked: of all that ask them. */
extern const struct option exchange_options[];

/* How they are judged: of exchange_health, and of preflight. */
extern const struct option judge_options[];
int judge_limits_read(struct judge_limits *limits, const struct options *given, struct failure *why);

#endif /* COLLECTORS_EXCHANGE_HEALTH_OPTIONS_H */
