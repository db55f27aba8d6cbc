/*
 * One struct tls is made per configuration, with all that can fail, and is
 * only read afterwards: many sessions use its credentials at once.  Ciphers
 * are GnuTLS's NORMAL set; only the versions are the operator's choice.
 * Client certificates are checked during the handshake: a client without a
 * good one never sends a request.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/x509.h>

#include "web/access/tls.h"

struct tls {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	enum client_auth client_auth;
};

static gnutls_datum_t
datum_of(char *text)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

static int
use_certificate(struct tls *tls, const struct tls_settings *s, struct failure *why)
{
	gnutls_datum_t certificate = datum_of(s->certificate), key = datum_of(s->key);
	int status =
	    gnutls_certificate_set_x509_key_mem(tls->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);

	return status >= 0 ? 0
			   : failure_set(why, FAILURE_LOCAL, "the certificate and its key cannot be used: %s",
				 status == GNUTLS_E_DECRYPTION_FAILED
				     ? "the key is encrypted: give one without a passphrase"
				     : gnutls_strerror(status));
}

static int
use_client_ca(struct tls *tls, const struct tls_settings *s, struct failure *why)
{
	gnutls_datum_t ca = datum_of(s->client_ca);
	/* The result is a number of certificates: with 0 the file holds no certificate. */
	int status = gnutls_certificate_set_x509_trust_mem(tls->credentials, &ca, GNUTLS_X509_FMT_PEM);

	return status > 0 ? 0
			  : failure_set(why, FAILURE_LOCAL, "client_ca_file cannot be used: %s",
				gnutls_strerror(status < 0 ? status : GNUTLS_E_NO_CERTIFICATE_FOUND));
}

static int
use_versions(struct tls *tls, const struct tls_settings *s, struct failure *why)
{
	static const char *const versions[TLS_VERSIONS] = { "TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3" };
	char text[128];
	/* All versions out, then those between the limits in. */
	size_t length = (size_t)snprintf(text, sizeof(text), "NORMAL:-VERS-ALL");
	int status;

	for (int i = s->min_version; i <= s->max_version && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, ":+VERS-%s", versions[i]);
	status = gnutls_priority_init(&tls->priorities, text, NULL);
	return status == 0 ? 0
			   : failure_set(why, FAILURE_LOCAL, "min_version to max_version cannot be used: %s",
				 gnutls_strerror(status));
}

struct tls *
tls_new(const struct tls_settings *settings, struct failure *why)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL || gnutls_certificate_allocate_credentials(&tls->credentials) != 0) {
		free(tls);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	tls->client_auth = settings->client_auth;
	if (use_certificate(tls, settings, why) == 0 &&
	    (settings->client_ca == NULL || use_client_ca(tls, settings, why) == 0) &&
	    use_versions(tls, settings, why) == 0)
		return tls;
	tls_free(tls);
	return NULL;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	gnutls_certificate_free_credentials(tls->credentials);
	if (tls->priorities != NULL)
		gnutls_priority_deinit(tls->priorities);
	free(tls);
}

/* Called during the handshake: a client's certificate must be signed by our CA,
 * and be made for clients: one that the CA gave to a server is not enough. */
static int
verify_client(gnutls_session_t session)
{
	gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID,
		(unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT, 0 };
	unsigned status = 0, count = 0;

	/* No certificate: request_of() decides whether that is allowed. */
	if (gnutls_certificate_get_peers(session, &count) == NULL || count == 0)
		return 0;
	if (gnutls_certificate_verify_peers(session, &purpose, 1, &status) != 0 || status != 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return 0;
}

static gnutls_certificate_request_t
request_of(enum client_auth kind)
{
	switch (kind) {
	case CLIENT_AUTH_NONE: return GNUTLS_CERT_IGNORE;
	case CLIENT_AUTH_REQUIRE_ANY:
	case CLIENT_AUTH_REQUIRE_AND_VERIFY: return GNUTLS_CERT_REQUIRE;
	default: return GNUTLS_CERT_REQUEST;
	}
}

/* If a call here fails, the session has no credentials, and its handshake fails. */
void
tls_begin(const struct tls *tls, gnutls_session_t session)
{
	gnutls_certificate_server_set_request(session, request_of(tls->client_auth));
	if (tls->client_auth >= CLIENT_AUTH_VERIFY_IF_GIVEN)
		gnutls_session_set_verify_function(session, verify_client);
	if (gnutls_priority_set(session, tls->priorities) == 0)
		(void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
}
