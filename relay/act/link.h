#ifndef RELAY_ACT_LINK_H
#define RELAY_ACT_LINK_H

#include "common/failure.h"

enum { LINK_KEY = 32 };

/*
 * The key that signs links: the file link.key of the relay's directory, for us alone to read; made on
 * the first call.  0, or -1 with `why` (local).
 */
int link_key_read(const char *directory, unsigned char key[LINK_KEY], struct failure *why);

#endif /* RELAY_ACT_LINK_H */
