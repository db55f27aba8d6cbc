#ifndef EXPORTER_WEB_REQUEST_H
#define EXPORTER_WEB_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>

#include "exporter/auth.h"
#include "exporter/connections.h"
#include "exporter/web.h"

/* What the files of the server share; web.h is for everybody else. */
enum { WEB_RETIRED = 8 };

struct server {
	struct web *web;
	struct MHD_Daemon *daemon;
	int number;
	enum client_auth client_auth;
};

struct web {
	struct web_limits limits;
	struct site *site;
	struct telemetry *telemetry;
	struct auth *auth;
	struct connections connections;
	int sockets[WEB_ADDRESSES];
	size_t count;
	struct server *servers[WEB_ADDRESSES];
	struct server *retired[WEB_RETIRED]; /* answering what they had begun to */
	int number;                          /* of the servers that accept */
	pthread_rwlock_t lock;               /* of the configuration */
	struct web_config config;
	atomic_uint costly; /* costly requests that are being answered */
};

/* What libmicrohttpd calls; the context is the server. */
void *request_begin(void *context, const char *target, struct MHD_Connection *connection);
void request_end(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
enum MHD_Result request_handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *piece, size_t *size, void **state);
size_t request_leave_escaped(void *context, struct MHD_Connection *connection, char *text);

#endif /* EXPORTER_WEB_REQUEST_H */
