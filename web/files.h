#ifndef WEB_FILES_H
#define WEB_FILES_H

#include "web/server.h"

/*
 * Each connection takes a descriptor.  If clients could take all of them, the
 * program could not open its own files any more: an attack that needs nothing
 * but connections.  So `kept` descriptors that the program itself needs are set
 * aside, and the addresses share what is left of the limit of open files, which
 * is raised as far as it may be.
 *
 * 0; 1: limits->connections had to become fewer; or -1 with `why` (local): not
 * even WEB_LEAST_CONNECTIONS for each address are left.
 */
int web_fit_files(struct web_limits *limits, size_t addresses, size_t kept, struct failure *why);

#endif /* WEB_FILES_H */
