#ifndef COLLECTORS_PREFLIGHT_SETTINGS_H
#define COLLECTORS_PREFLIGHT_SETTINGS_H

#include "common/options.h"

/* All settings besides the common ones; ended by a row without a name. */
extern const struct option preflight_options[];

#endif /* COLLECTORS_PREFLIGHT_SETTINGS_H */
