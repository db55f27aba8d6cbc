#ifndef POSITIONS_OPTIONS_H
#define POSITIONS_OPTIONS_H

#include "common/config/options.h"

/* What is a position, and when do two differ: of open_positions, and of preflight. */
extern const struct option position_options[];

#endif /* POSITIONS_OPTIONS_H */
