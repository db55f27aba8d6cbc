#ifndef RELAY_SETTINGS_PARTS_H
#define RELAY_SETTINGS_PARTS_H

#include "relay/settings.h"

/* What the files of the settings share; relay/settings.h is for everybody else. */

/* A copy that lasts as long as the settings; NULL: out of memory, with `why`. */
const char *settings_keep(struct relay_settings *s, const char *text, struct failure *why);

/* Of what was given, or of the default; NULL in `*text`: neither, or an empty text.  0, or -1 with `why`. */
int settings_keep_option(struct relay_settings *s, const struct options *o, const char *name,
    const char **text, struct failure *why);

/* The channels that the options name.  0, or -1 with `why`. */
int settings_read_channels(struct relay_settings *s, const struct options *o, struct failure *why);

/* An http:// or https:// URL without user, password and query; a '/' at its end is cut off.  NULL in `*url`:
 * none was given.  0, or -1 with `why`. */
int settings_read_url(struct relay_settings *s, const struct options *o, const char *name, const char **url,
    struct failure *why);

#endif /* RELAY_SETTINGS_PARTS_H */
