#ifndef EXPORTER_ROUTES_H
#define EXPORTER_ROUTES_H

#include <pthread.h>

#include "exporter/alerts/watch.h"
#include "exporter/health/health.h"
#include "exporter/metrics/exposition.h"
#include "exporter/metrics/telemetry.h"
#include "exporter/page/recent.h"
#include "web/server.h"

/*
 * What is answered on each path.  May be asked from several threads: what is
 * made from the directory is made by one at a time.
 */
struct routes {
	pthread_mutex_t lock; /* of the exposition: held as long as reading the directory takes */
	struct exposition *exposition;
	struct recent *recent; /* under the lock, too */
	_Atomic double textfile_max_age,
	    health_max_age; /* seconds; a reload must not wait for a slow directory */
	struct telemetry *telemetry;
	struct alerts_watch *alerts; /* not owned; NULL: nobody is asked */
};

/* For web_site.routes, with a struct routes as the context. */
extern const struct web_route routes_table[];

/* `exposition` becomes the routes'.  It also initialises telemetry->web.  0, or -1: out of memory. */
int routes_init(struct routes *routes, struct exposition *exposition, struct telemetry *telemetry);
void routes_release(struct routes *routes);

/* At the start, and on SIGHUP.  In seconds; textfile_max_age 0: no limit. */
void routes_configure(struct routes *routes, double textfile_max_age, double health_max_age);

#endif /* EXPORTER_ROUTES_H */
