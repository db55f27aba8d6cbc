#ifndef RELAY_API_API_H
#define RELAY_API_API_H

#include "web/server.h"

/*
 * The JSON routes, as docs/alert_relay.openapi.yaml describes them.  What is asked of the history is a 503
 * while that does not answer; what is open and what is done to an alert need the store alone.
 *
 * Each fills an answer of web/; a program wraps them, since the context is its own.  All may wait for
 * PostgreSQL or a disk, and their routes are `slow`; all but api_open_alerts(), which waits for the store
 * alone.
 */
struct act;
struct history;
struct store;

struct api {
	struct history *history; /* NULL: not configured */
	struct store *store;
	struct act *act;
};

/* body_limit of the POST routes; open alerts in a list, and its bytes: arbwatch_exporter takes 8 MiB */
enum { API_BODY = 16 * 1024, API_OPEN = 1000, API_OPEN_BYTES = 8 * 1000 * 1000 };

/* GET /api/v2/alerts, as Alertmanager has it, P0 first and then the latest begin: as many as these limits
 * allow */
void api_open_alerts(const struct api *api, const struct web_request *request, struct web_answer *answer);

/* GET /api/v1/alerts */
void api_alerts(const struct api *api, const struct web_request *request, struct web_answer *answer);

/* GET /api/v1/alerts/ID, for the route "/api/v1/alerts/" */
void api_alert(const struct api *api, const struct web_request *request, struct web_answer *answer);

/* POST /api/v1/alerts/ID/ack and /unack, for the route "/api/v1/alerts/" */
void api_acknowledge(const struct api *api, const struct web_request *request, struct web_answer *answer);

/* POST /api/v1/mute, GET /api/v1/mutes */
void api_mute(const struct api *api, const struct web_request *request, struct web_answer *answer);
void api_mutes(const struct api *api, const struct web_request *request, struct web_answer *answer);

/* GET /api/v1/stats */
void api_stats(const struct api *api, const struct web_request *request, struct web_answer *answer);

#endif /* RELAY_API_API_H */
