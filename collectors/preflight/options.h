#ifndef COLLECTORS_PREFLIGHT_OPTIONS_H
#define COLLECTORS_PREFLIGHT_OPTIONS_H

#include "common/config/options.h"

/* All settings besides the common ones: its own, ended by a row without a name, and tables of those it
 * shares. */
extern const struct option preflight_options[];
extern const struct option *const preflight_shared_options[]; /* ended by NULL */

#endif /* COLLECTORS_PREFLIGHT_OPTIONS_H */
