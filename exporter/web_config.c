#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "common/config.h"
#include "common/secrets.h"
#include "exporter/web_config.h"

enum { LONGEST_PATH = 4096, LONGEST_VALUE = 4096, BCRYPT_LENGTH = 60 };

const char *const web_header_names[WEB_HEADERS] = { "Content-Security-Policy", "X-Frame-Options",
	"X-Content-Type-Options", "X-XSS-Protection", "Strict-Transport-Security" };

struct reading {
	struct web_config *config;
	const char *path;
	unsigned client_line; /* of client_auth_type */
	bool tls;             /* tls_server_config holds something */
};

typedef int setter(struct reading *r, const struct config_value *value, struct failure *why);

struct key {
	const char *name;
	setter *set;
};

static int
fail_at(const struct reading *r, const struct config_value *value, struct failure *why, const char *text)
{
	return failure_set(why, FAILURE_LOCAL, "%s:%u: %s: %s", r->path, value->line, value->key, text);
}

/* --- Values --- */

static int
take_text(const struct reading *r, const struct config_value *value, char **text, struct failure *why)
{
	if (*text != NULL)
		return fail_at(r, value, why, "given both as a text and as a file");
	*text = strdup(value->text);
	return *text != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

static int
take_file(const struct reading *r, const struct config_value *value, char **text, struct failure *why)
{
	const char *slash = strrchr(r->path, '/');
	char path[LONGEST_PATH];
	int directory = slash != NULL && *value->text != '/' ? (int)(slash + 1 - r->path) : 0;

	if (*text != NULL)
		return fail_at(r, value, why, "given both as a text and as a file");
	if (snprintf(path, sizeof(path), "%.*s%s", directory, r->path, value->text) >= (int)sizeof(path))
		return fail_at(r, value, why, "the path is too long");
	*text = secret_read_file(path, why);
	return *text != NULL ? 0 : failure_prefix(why, "%s:%u: %s", r->path, value->line, value->key);
}

static int
set_certificate(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_text(r, value, &r->config->certificate, why);
}

static int
set_certificate_file(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_file(r, value, &r->config->certificate, why);
}

static int
set_key(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_text(r, value, &r->config->key, why);
}

static int
set_key_file(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_file(r, value, &r->config->key, why);
}

static int
set_client_ca(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_text(r, value, &r->config->client_ca, why);
}

static int
set_client_ca_file(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_file(r, value, &r->config->client_ca, why);
}

static int
set_client_auth(struct reading *r, const struct config_value *value, struct failure *why)
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
			r->config->client_auth = (enum client_auth)i;
			return 0;
		}
	}
	return fail_at(r, value, why,
	    "is not NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
	    "RequireAndVerifyClientCert");
}

static int
take_version(const struct reading *r, const struct config_value *value, int *version, struct failure *why)
{
	static const char *const names[TLS_VERSIONS] = { "TLS10", "TLS11", "TLS12", "TLS13" };

	for (int i = 0; i < TLS_VERSIONS; i++) {
		if (strcmp(value->text, names[i]) == 0) {
			*version = i;
			return 0;
		}
	}
	return fail_at(r, value, why, "is not TLS10, TLS11, TLS12 or TLS13");
}

static int
set_min_version(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_version(r, value, &r->config->min_version, why);
}

static int
set_max_version(struct reading *r, const struct config_value *value, struct failure *why)
{
	return take_version(r, value, &r->config->max_version, why);
}

static bool
is_boolean(const char *text)
{
	return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
}

/* HTTP/1.1 is all there is, and the server's order of ciphers is Go's affair: either value is as good. */
static int
check_boolean(struct reading *r, const struct config_value *value, struct failure *why)
{
	return is_boolean(value->text) ? 0 : fail_at(r, value, why, "must be true or false");
}

static int
refuse(struct reading *r, const struct config_value *value, struct failure *why)
{
	return fail_at(r, value, why, "known to exporter-toolkit, but not supported here: remove it");
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

/* "$2y$10$" and 53 characters of crypt(3)'s alphabet. */
static bool
is_bcrypt(const char *text)
{
	static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	int cost;

	if (strlen(text) != BCRYPT_LENGTH || strncmp(text, "$2", 2) != 0 || strchr("aby", text[2]) == NULL ||
	    text[3] != '$' || !isdigit((unsigned char)text[4]) || !isdigit((unsigned char)text[5]) ||
	    text[6] != '$')
		return false;
	cost = (text[4] - '0') * 10 + text[5] - '0';
	return cost >= 4 && cost <= 31 && strspn(text + 7, alphabet) == BCRYPT_LENGTH - 7;
}

static int
add_user(struct reading *r, const struct config_value *value, const char *name, struct failure *why)
{
	struct web_config *c = r->config;
	struct web_user *users;

	if (*name == '\0' || strchr(name, ':') != NULL || c->user_count >= WEB_USERS)
		return failure_set(why, FAILURE_LOCAL, "%s:%u: basic_auth_users: %s", r->path, value->line,
		    c->user_count >= WEB_USERS ? "more than 1000 users" : "a name is empty or holds a colon");
	if (!is_bcrypt(value->text))
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: basic_auth_users: no bcrypt hash (make one with htpasswd -nBC 10 USER)", r->path,
		    value->line);
	users = reallocarray(c->users, c->user_count + 1, sizeof(*users));
	if (users == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	c->users = users;
	users[c->user_count] = (struct web_user){ strdup(name), strdup(value->text) };
	c->user_count++;
	if (users[c->user_count - 1].name == NULL || users[c->user_count - 1].hash == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

static int
set_header(struct reading *r, const struct config_value *value, const char *name, struct failure *why)
{
	for (const char *c = value->text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			return fail_at(r, value, why, "holds a character that no header may have");
	if (strlen(value->text) > LONGEST_VALUE)
		return fail_at(r, value, why, "longer than 4096 bytes");
	for (int i = 0; i < WEB_HEADERS; i++) {
		if (strcasecmp(name, web_header_names[i]) != 0)
			continue;
		if (*value->text == '\0')
			return 0;
		return take_text(r, value, &r->config->headers[i], why);
	}
	return fail_at(r, value, why,
	    "is not Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection or "
	    "Strict-Transport-Security");
}

/* --- The file --- */

/* What is behind "prefix." in a key, or NULL. */
static const char *
behind(const char *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(key, prefix, length) == 0 && key[length] == '.' ? key + length + 1 : NULL;
}

/* A key that nobody knows may be a secret that slipped to where keys are. */
static int
fail_unknown(const struct reading *r, const struct config_value *value, struct failure *why)
{
	size_t length = strlen(value->key);
	bool plain = length <= 64 && strspn(value->key, "abcdefghijklmnopqrstuvwxyz_.0123456789") == length;

	return failure_set(why, FAILURE_LOCAL, plain ? "%s:%u: %s: unknown key" : "%s:%u: unknown key",
	    r->path, value->line, value->key);
}

static bool
is_section(const char *key)
{
	static const char *const sections[] = { "tls_server_config", "http_server_config",
		"http_server_config.headers", "basic_auth_users", "rate_limit" };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(key, sections[i]) == 0)
			return true;
	return false;
}

static int
take(void *context, const struct config_value *value, struct failure *why)
{
	struct reading *r = context;
	const char *user = behind(value->key, "basic_auth_users");
	const char *header = behind(value->key, "http_server_config.headers");

	if (value->text == NULL && is_section(value->key))
		return 0;
	r->tls = r->tls || behind(value->key, "tls_server_config") != NULL;
	if (user != NULL || header != NULL) {
		if (value->text == NULL || value->in_list)
			return failure_set(
			    why, FAILURE_LOCAL, "%s:%u: takes one value", r->path, value->line);
		return user != NULL ? add_user(r, value, user, why) : set_header(r, value, header, why);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(value->key, keys[i].name) != 0)
			continue;
		if (keys[i].set != refuse && (value->text == NULL || value->in_list))
			return fail_at(r, value, why, "takes one value");
		return keys[i].set(r, value, why);
	}
	return fail_unknown(r, value, why);
}

static int
check_client_auth(const struct reading *r, struct failure *why)
{
	const struct web_config *c = r->config;
	bool verifies = c->client_auth >= CLIENT_AUTH_VERIFY_IF_GIVEN;

	if (verifies && c->client_ca == NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: tls_server_config.client_auth_type: needs a client_ca_file to verify against",
		    r->path, r->client_line);
	if (!verifies && c->client_ca != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "%s: tls_server_config.client_ca_file: nothing is verified without a client_auth_type that "
		    "does",
		    r->path);
	return 0;
}

/* Rather now, with the file's name, than when the server starts. */
static int
check_certificates(const struct reading *r, struct failure *why)
{
	const struct web_config *c = r->config;
	gnutls_datum_t certificate = { (unsigned char *)c->certificate, (unsigned)strlen(c->certificate) };
	gnutls_datum_t key = { (unsigned char *)c->key, (unsigned)strlen(c->key) };
	gnutls_certificate_credentials_t credentials;
	int status;

	if (gnutls_certificate_allocate_credentials(&credentials) != GNUTLS_E_SUCCESS)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	status = gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
	if (status < 0) {
		(void)failure_set(why, FAILURE_LOCAL, "%s: the certificate and its key cannot be used: %s",
		    r->path, gnutls_strerror(status));
	} else if (c->client_ca != NULL) {
		gnutls_datum_t ca = { (unsigned char *)c->client_ca, (unsigned)strlen(c->client_ca) };

		status = gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM);
		if (status == 0)
			status = GNUTLS_E_NO_CERTIFICATE_FOUND;
		if (status < 0)
			(void)failure_set(why, FAILURE_LOCAL, "%s: client_ca_file cannot be used: %s",
			    r->path, gnutls_strerror(status));
	}
	gnutls_certificate_free_credentials(credentials);
	return status < 0 ? -1 : 0;
}

static int
check(const struct reading *r, struct failure *why)
{
	const struct web_config *c = r->config;

	if (!r->tls)
		return 0;
	if (c->certificate == NULL || c->key == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: tls_server_config: needs both cert_file and key_file", r->path);
	if (c->min_version > c->max_version)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: tls_server_config: min_version is above max_version", r->path);
	if (check_client_auth(r, why) != 0)
		return -1;
	return check_certificates(r, why);
}

int
web_config_read(struct web_config *config, const char *path, struct failure *why)
{
	struct web_config read = { .min_version = TLS_1_2, .max_version = TLS_1_3 };
	struct reading r = { .config = &read, .path = path };

	if (config_read(path, take, &r, why) != 0 || check(&r, why) != 0) {
		web_config_release(&read);
		return -1;
	}
	*config = read;
	return 0;
}

void
web_config_release(struct web_config *config)
{
	free(config->certificate);
	secret_free(config->key);
	free(config->client_ca);
	for (size_t i = 0; i < config->user_count; i++) {
		free(config->users[i].name);
		secret_free(config->users[i].hash);
	}
	free(config->users);
	for (int i = 0; i < WEB_HEADERS; i++)
		free(config->headers[i]);
	*config = (struct web_config){ 0 };
}
