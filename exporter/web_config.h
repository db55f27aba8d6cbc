#ifndef EXPORTER_WEB_CONFIG_H
#define EXPORTER_WEB_CONFIG_H

#include <stddef.h>

#include "common/failure.h"

/*
 * --web.config.file: TLS, client certificates, users and headers, in the
 * format of Prometheus' exporter-toolkit.  What it knows and we cannot do is
 * refused rather than passed over: somebody relies on it.
 * https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
enum client_auth {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_REQUEST,
	CLIENT_AUTH_REQUIRE_ANY,
	CLIENT_AUTH_VERIFY_IF_GIVEN,
	CLIENT_AUTH_REQUIRE_AND_VERIFY,
};

enum { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3, TLS_VERSIONS };

struct web_user {
	char *name;
	char *hash; /* bcrypt */
};

/* Headers of every answer, over our own. */
enum { WEB_HEADERS = 5, WEB_USERS = 1000 };
extern const char *const web_header_names[WEB_HEADERS];

struct web_config {
	char *certificate; /* PEM; NULL: no TLS */
	char *key;         /* PEM, secret */
	char *client_ca;   /* PEM; NULL: none */
	enum client_auth client_auth;
	int min_version, max_version;
	struct web_user *users;
	size_t user_count;
	char *headers[WEB_HEADERS]; /* NULL: ours, if we have one */
};

/*
 * Read `path` and the files it names (relative to its directory).  0, or -1
 * with `why` (local) that says the line, and then nothing is left to release.
 */
int web_config_read(struct web_config *config, const char *path, struct failure *why);

/* Secrets are wiped.  Takes a zeroed one. */
void web_config_release(struct web_config *config);

#endif /* EXPORTER_WEB_CONFIG_H */
