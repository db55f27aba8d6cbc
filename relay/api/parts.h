#ifndef RELAY_API_PARTS_H
#define RELAY_API_PARTS_H

#include <jansson.h>

#include "common/failure.h"
#include "relay/store/incidents.h"
#include "web/server.h"

/* What the files of relay/api share. */

#define API_ALERTS "/api/v1/alerts/"

/* {"error": TEXT} with this code. */
void api_error(struct web_answer *answer, unsigned code, const char *text);

/* An object or a list, which it releases; NULL: out of memory. */
void api_object(struct web_answer *answer, unsigned code, json_t *object);

/* The ID of "/api/v1/alerts/ID" and what follows.  NULL: it cannot be one. */
const char *api_id(const char *path, char id[INCIDENT_ID]);

#endif /* RELAY_API_PARTS_H */
