#ifndef EXPORTER_ROUTES_H
#define EXPORTER_ROUTES_H

#include <microhttpd.h>
#include <pthread.h>

#include "exporter/health/health.h"
#include "exporter/metrics/exposition.h"
#include "exporter/metrics/telemetry.h"

/*
 * What is answered on each path, whoever asks.  May be asked from several
 * threads: what is made from the directory is made by one at a time.
 */
struct site {
	pthread_mutex_t lock; /* of the exposition: held as long as reading the directory takes */
	struct exposition *exposition;
	pthread_mutex_t settings_lock;
	double textfile_max_age;
	struct health_settings health;
	struct telemetry *telemetry;
};

struct answer {
	unsigned code;
	struct MHD_Response *response; /* NULL: out of memory */
	const char *policy;            /* its Content-Security-Policy */
};

/* `exposition` becomes the site's. */
void site_init(struct site *site, struct exposition *exposition, struct telemetry *telemetry);
void site_release(struct site *site);

/* At the start, and on SIGHUP; waits for no answer. */
void site_configure(struct site *site, double textfile_max_age, const struct health_settings *health);

/* Of a GET or HEAD.  `accept` is the client's Accept-Encoding, or NULL. */
void site_answer(struct site *site, enum route route, const char *accept, struct answer *answer);

/* A line of text, for what is no page. */
void site_say(unsigned code, const char *text, struct answer *answer);

/* Whether an answer takes work worth a limit. */
bool site_is_costly(enum route route);

#endif /* EXPORTER_ROUTES_H */
