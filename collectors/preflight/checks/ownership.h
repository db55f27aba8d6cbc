#ifndef COLLECTORS_PREFLIGHT_CHECKS_OWNERSHIP_H
#define COLLECTORS_PREFLIGHT_CHECKS_OWNERSHIP_H

#include <stdbool.h>

#include "common/failure.h"

/*
 * Whether nobody but us and root may change what is at a path.
 *
 * The owner is the user this runs as, root, or the owner of "/" (root has
 * another number in a user namespace); neither the group nor others may write.
 * What is mounted read-only, as into a container, belongs to the users of
 * another system, who mean nothing here: then only others count.
 * With `sticky_will_do` others may write a sticky directory (/tmp), for there
 * only the owner renames.
 *
 * 0, or -1 with `why` (local), which names the path.
 */
int ownership_check(const char *path, bool sticky_will_do, struct failure *why);

/*
 * The same of a directory and of all above it, links resolved: a user who
 * may rename one of those can put another directory in its place.  Those above
 * it may be sticky.
 */
int ownership_check_way(const char *directory, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_OWNERSHIP_H */
