#ifndef RELAY_SERVE_H
#define RELAY_SERVE_H

#include "web/server.h"

/* What is answered on each path: for web_site.routes, with a struct relay as the context. */
extern const struct web_route relay_routes[];

#endif /* RELAY_SERVE_H */
