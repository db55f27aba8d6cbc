/*
 * The keys with fixed names: tls_server_config, and those that are known but
 * not supported.  A key of exporter-toolkit that would protect something here,
 * such as cipher_suites, is refused with a reason: to pass over it would leave
 * the server more open than its operator believes.  Only keys whose value
 * makes no difference to us are accepted and ignored.
 */

#include <string.h>

#include "web/config_parts.h"

typedef int setter(struct web_config_reading *r, const struct config_value *value, struct failure *why);

struct key {
	const char *name;
	setter *set;
};

static int
set_certificate(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_take_text(r, value, &r->tls.certificate, why);
}

static int
set_certificate_file(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_take_file(r, value, &r->tls.certificate, why);
}

static int
set_key(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_take_text(r, value, &r->tls.key, why);
}

static int
set_key_file(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_take_file(r, value, &r->tls.key, why);
}

static int
set_client_ca(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_take_text(r, value, &r->tls.client_ca, why);
}

static int
set_client_ca_file(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_take_file(r, value, &r->tls.client_ca, why);
}

static int
set_client_auth(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	static const char *const names[] = {
		[CLIENT_AUTH_NONE] = "NoClientCert",
		[CLIENT_AUTH_REQUEST] = "RequestClientCert",
		[CLIENT_AUTH_REQUIRE_ANY] = "RequireAnyClientCert",
		[CLIENT_AUTH_VERIFY_IF_GIVEN] = "VerifyClientCertIfGiven",
		[CLIENT_AUTH_REQUIRE_AND_VERIFY] = "RequireAndVerifyClientCert",
	};

	r->client_line = value->line;
	for (int i = 0; i <= CLIENT_AUTH_REQUIRE_AND_VERIFY; i++) {
		if (strcmp(value->text, names[i]) == 0) {
			r->tls.client_auth = (enum client_auth)i;
			return 0;
		}
	}
	return web_config_fail(r, value, why,
	    "is not NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
	    "RequireAndVerifyClientCert");
}

static int
take_version(
    const struct web_config_reading *r, const struct config_value *value, int *version, struct failure *why)
{
	static const char *const names[TLS_VERSIONS] = { "TLS10", "TLS11", "TLS12", "TLS13" };

	for (int i = 0; i < TLS_VERSIONS; i++) {
		if (strcmp(value->text, names[i]) == 0) {
			*version = i;
			return 0;
		}
	}
	return web_config_fail(r, value, why, "is not TLS10, TLS11, TLS12 or TLS13");
}

static int
set_min_version(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return take_version(r, value, &r->tls.min_version, why);
}

static int
set_max_version(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return take_version(r, value, &r->tls.max_version, why);
}

static bool
is_boolean(const char *text)
{
	return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

/* http2 and prefer_server_cipher_suites: HTTP/1.1 is all there is here, and Go
 * ignores the other one, too.  Either value is true to what the operator gets. */
static int
check_boolean(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return is_boolean(value->text) ? 0 : web_config_fail(r, value, why, "must be true or false");
}

static int
refuse(struct web_config_reading *r, const struct config_value *value, struct failure *why)
{
	return web_config_fail(r, value, why, "known to exporter-toolkit, but not supported here: remove it");
}

static const struct key keys[] = {
	{ "tls_server_config.cert", set_certificate },
	{ "tls_server_config.cert_file", set_certificate_file },
	{ "tls_server_config.key", set_key },
	{ "tls_server_config.key_file", set_key_file },
	{ "tls_server_config.client_ca", set_client_ca },
	{ "tls_server_config.client_ca_file", set_client_ca_file },
	{ "tls_server_config.client_auth_type", set_client_auth },
	{ "tls_server_config.min_version", set_min_version },
	{ "tls_server_config.max_version", set_max_version },
	{ "tls_server_config.prefer_server_cipher_suites", check_boolean },
	{ "tls_server_config.cipher_suites", refuse },
	{ "tls_server_config.curve_preferences", refuse },
	{ "tls_server_config.client_allowed_sans", refuse },
	{ "http_server_config.http2", check_boolean },
	{ "rate_limit.burst", refuse },
	{ "rate_limit.interval", refuse },
};

int
web_config_set_key(
    struct web_config_reading *r, const struct config_value *value, bool *known, struct failure *why)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(value->key, keys[i].name) != 0)
			continue;
		*known = true;
		/* A key that is refused is refused in any form. */
		if (keys[i].set != refuse && (value->text == NULL || value->in_list))
			return web_config_fail(r, value, why, "takes one value");
		return keys[i].set(r, value, why);
	}
	*known = false;
	return 0;
}
