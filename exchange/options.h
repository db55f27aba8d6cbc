#ifndef EXCHANGE_OPTIONS_H
#define EXCHANGE_OPTIONS_H

#include "common/config/options.h"
#include "exchange/health/judge.h"

/* Which exchanges are asked: of all that ask them. */
extern const struct option exchange_options[];

/* How they are judged: of exchange_health, and of preflight. */
extern const struct option judge_options[];
int judge_limits_read(struct judge_limits *limits, const struct options *given, struct failure *why);

#endif /* EXCHANGE_OPTIONS_H */
