#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <microhttpd.h>
#include <pthread.h>

#include "web/connections.h"
#include "web/server.h"
#include "web/users.h"

/* What the files of the server share; web/server.h is for everybody else. */
struct web {
	struct web_limits limits;
	struct web_site site;
	struct auth *auth;
	struct connections connections;
	int sockets[WEB_ADDRESSES]; /* -1: its server has it */
	struct MHD_Daemon *servers[WEB_ADDRESSES];
	size_t count;
	pthread_mutex_t lock; /* of `config` itself, never held for long */
	struct web_config *config;
	atomic_uint costly;  /* costly requests that are being answered */
	atomic_bool closing; /* connections end with their next answer, and none begins */
	atomic_bool over;    /* and no more answers are made */
};

/* What is in use now, for web_config_drop(). */
struct web_config *web_config_now(struct web *web);

/* What libmicrohttpd calls; the context is the web. */
void *request_begin(void *context, const char *target, struct MHD_Connection *connection);
void request_end(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code);
enum MHD_Result request_handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *piece, size_t *size, void **state);
size_t request_leave_escaped(void *context, struct MHD_Connection *connection, char *text);

#endif /* WEB_REQUEST_H */
