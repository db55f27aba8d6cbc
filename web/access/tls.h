#ifndef WEB_ACCESS_TLS_H
#define WEB_ACCESS_TLS_H

#include <gnutls/gnutls.h>

#include "common/failure.h"

/*
 * Our side of TLS: certificate, versions, and what is asked of clients.  Each
 * connection is given it when it begins, so that another one may be used for
 * the next while no server is restarted.
 */
enum client_auth {
	CLIENT_AUTH_NONE,
	CLIENT_AUTH_REQUEST,
	CLIENT_AUTH_REQUIRE_ANY,
	CLIENT_AUTH_VERIFY_IF_GIVEN,
	CLIENT_AUTH_REQUIRE_AND_VERIFY,
};

enum { TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3, TLS_VERSIONS };

/* All that tls_new() needs; the texts are the caller's. */
struct tls_settings {
	char *certificate; /* PEM, the chain behind it */
	char *key;         /* PEM, secret */
	char *client_ca;   /* PEM; NULL: none */
	enum client_auth client_auth;
	int min_version, max_version;
};

struct tls;

/* NULL with `why` (local): the certificate, its key or the CA cannot be used. */
struct tls *tls_new(const struct tls_settings *settings, struct failure *why);
void tls_free(struct tls *tls);

/* For a session before its handshake, which must not outlive `tls`. */
void tls_begin(const struct tls *tls, gnutls_session_t session);

#endif /* WEB_ACCESS_TLS_H */
