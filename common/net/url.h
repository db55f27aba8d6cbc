#ifndef COMMON_NET_URL_H
#define COMMON_NET_URL_H

#include "common/failure.h"

/*
 * scheme://[user[:password]@]host[:port][/path][?query], RFC 3986 in so far as
 * connection strings need it.  User, password and path are percent-decoded;
 * an IPv6 host loses its brackets.  For a scheme that has no host (unix:///run/x.sock)
 * the path is everything from the first slash on.
 */
struct url {
	char *scheme;   /* lower case */
	char *user;     /* NULL: none */
	char *password; /* NULL: none */
	char *host;     /* "" when empty */
	char *path;     /* with its leading slash; "" when empty */
	char *query;    /* without '?', as written; NULL: none */
	int port;       /* 1 to 65535; 0: none given */
};

/*
 * 0, or -1 with `why` (local); then nothing is left to release.  The failure
 * text never holds a part of `text`: it may be a secret.
 */
int url_parse(struct url *url, const char *text, struct failure *why);

/* Free, with the password wiped. */
void url_release(struct url *url);

/* The value of `key` in the query, percent-decoded, owned by the caller; NULL when absent or broken. */
char *url_query_value(const struct url *url, const char *key);

#endif /* COMMON_NET_URL_H */
