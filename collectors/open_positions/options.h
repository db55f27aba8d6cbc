#ifndef COLLECTORS_OPEN_POSITIONS_OPTIONS_H
#define COLLECTORS_OPEN_POSITIONS_OPTIONS_H

#include "common/options.h"

/* What is a position, and when do two differ: of open_positions, and of preflight. */
extern const struct option position_options[];

#endif /* COLLECTORS_OPEN_POSITIONS_OPTIONS_H */
