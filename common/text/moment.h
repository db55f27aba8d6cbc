#ifndef COMMON_TEXT_MOMENT_H
#define COMMON_TEXT_MOMENT_H

#include <stdint.h>

#include "common/text/slice.h"

/* "2026-11-21T01:31:45.123Z", or with "+09:00": 0 and Unix ms (negative before 1970), or -1. */
int moment_parse(struct slice text, int64_t *ms);

#endif /* COMMON_TEXT_MOMENT_H */
