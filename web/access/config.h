#ifndef WEB_ACCESS_CONFIG_H
#define WEB_ACCESS_CONFIG_H

#include <stdatomic.h>
#include <stddef.h>

#include "common/failure.h"

/*
 * --web.config.file: TLS, client certificates, users and headers, in the
 * format of Prometheus' exporter-toolkit.  What it knows and we cannot do is
 * refused rather than passed over: somebody relies on it.
 * https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
struct web_user {
	char *name;
	char *hash; /* bcrypt */
	int cost;   /* of the hash: each step takes twice as long */
};

/* Headers of every answer, over our own. */
enum { WEB_HEADERS = 5, WEB_USERS = 1000 };
extern const char *const web_header_names[WEB_HEADERS];

/*
 * Immutable; shared by counting, since whatever was begun with one is ended
 * with it while the next is in use already.
 */
struct web_config {
	atomic_uint references;
	struct tls *tls; /* NULL: plain HTTP */
	struct web_user *users;
	size_t user_count;
	char *headers[WEB_HEADERS]; /* NULL: ours, if we have one */
};

/*
 * Read `path` and the files it names (relative to its directory); NULL: there
 * is no such file, and plain HTTP is for everybody.  NULL with `why` (local)
 * that says the line.
 */
struct web_config *web_config_read(const char *path, struct failure *why);

/* One owner more, or less.  web_config_drop() takes NULL. */
struct web_config *web_config_keep(struct web_config *config);
void web_config_drop(struct web_config *config);

#endif /* WEB_ACCESS_CONFIG_H */
