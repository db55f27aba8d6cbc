/*
 * The file as a whole; its keys are read in config_keys.c and config_users.c.
 * All that can be wrong is found while the configuration is read, TLS
 * included, so that a reload with a mistake leaves the old configuration in
 * force.
 *
 * A finished configuration is never changed.  Requests and connections hold a
 * reference and use what they began with; the last one to drop it frees it, in
 * whatever thread that is.  Key and hashes are wiped then.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "web/config_parts.h"

enum { LONGEST_PATH = 4096 };

int
web_config_fail(const struct web_config_reading *r, const struct config_value *value, struct failure *why,
    const char *text)
{
	return failure_set(why, FAILURE_LOCAL, "%s:%u: %s: %s", r->path, value->line, value->key, text);
}

int
web_config_take_text(
    const struct web_config_reading *r, const struct config_value *value, char **text, struct failure *why)
{
	/* exporter-toolkit allows one of the two, and a guess could serve with an old key. */
	if (*text != NULL)
		return web_config_fail(r, value, why, "given both as a text and as a file");
	*text = strdup(value->text);
	return *text != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

int
web_config_take_file(
    const struct web_config_reading *r, const struct config_value *value, char **text, struct failure *why)
{
	const char *slash = strrchr(r->path, '/');
	char path[LONGEST_PATH];
	int directory = slash != NULL && *value->text != '/' ? (int)(slash + 1 - r->path) : 0;

	if (*text != NULL)
		return web_config_fail(r, value, why, "given both as a text and as a file");
	if (snprintf(path, sizeof(path), "%.*s%s", directory, r->path, value->text) >= (int)sizeof(path))
		return web_config_fail(r, value, why, "the path is too long");
	*text = secret_read_file(path, why);
	return *text != NULL ? 0 : failure_prefix(why, "%s:%u: %s", r->path, value->line, value->key);
}

/* What is behind "prefix." in a key, or NULL. */
static const char *
behind(const char *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(key, prefix, length) == 0 && key[length] == '.' ? key + length + 1 : NULL;
}

/* An unknown key may be a secret that slipped to where keys are: only what looks like a key is shown. */
static int
fail_unknown(const struct web_config_reading *r, const struct config_value *value, struct failure *why)
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
	struct web_config_reading *r = context;
	const char *user = behind(value->key, "basic_auth_users");
	const char *header = behind(value->key, "http_server_config.headers");
	bool known;

	/* A section whose lines are all comments. */
	if (value->text == NULL && is_section(value->key))
		return 0;
	r->has_tls = r->has_tls || behind(value->key, "tls_server_config") != NULL;
	if (user != NULL || header != NULL) {
		if (value->text == NULL || value->in_list)
			return failure_set(
			    why, FAILURE_LOCAL, "%s:%u: takes one value", r->path, value->line);
		return user != NULL ? web_config_add_user(r, value, user, why)
				    : web_config_set_header(r, value, header, why);
	}
	if (web_config_set_key(r, value, &known, why) != 0)
		return -1;
	return known ? 0 : fail_unknown(r, value, why);
}

static int
check_client_auth(const struct web_config_reading *r, struct failure *why)
{
	const struct tls_settings *s = &r->tls;
	bool verifies = s->client_auth >= CLIENT_AUTH_VERIFY_IF_GIVEN;

	/* Both ways the operator expects a check of clients that would not take place. */
	if (verifies && s->client_ca == NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: tls_server_config.client_auth_type: needs a client_ca_file to verify against",
		    r->path, r->client_line);
	if (!verifies && s->client_ca != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "%s: tls_server_config.client_ca_file: nothing is verified without a client_auth_type that "
		    "does",
		    r->path);
	return 0;
}

/* Made now, so that a mistake is reported with the file's name and not when a client comes. */
static int
make_tls(struct web_config_reading *r, struct failure *why)
{
	const struct tls_settings *s = &r->tls;

	if (!r->has_tls)
		return 0;
	if (s->certificate == NULL || s->key == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: tls_server_config: needs both cert_file and key_file", r->path);
	if (s->min_version > s->max_version)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: tls_server_config: min_version is above max_version", r->path);
	if (check_client_auth(r, why) != 0)
		return -1;
	r->config->tls = tls_new(s, why);
	return r->config->tls != NULL ? 0 : failure_prefix(why, "%s", r->path);
}

struct web_config *
web_config_read(const char *path, struct failure *why)
{
	struct web_config *config = calloc(1, sizeof(*config));
	/* TLS 1.0 and 1.1 must be asked for (RFC 8996 deprecates them). */
	struct web_config_reading r = {
		.config = config, .path = path, .tls = { .min_version = TLS_1_2, .max_version = TLS_1_3 }
	};

	if (config == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	atomic_init(&config->references, 1);
	if (path != NULL && (config_read(path, take, &r, why) != 0 || make_tls(&r, why) != 0)) {
		web_config_drop(config);
		config = NULL;
	}
	free(r.tls.certificate);
	secret_free(r.tls.key);
	free(r.tls.client_ca);
	return config;
}

struct web_config *
web_config_keep(struct web_config *config)
{
	atomic_fetch_add(&config->references, 1);
	return config;
}

void
web_config_drop(struct web_config *config)
{
	if (config == NULL || atomic_fetch_sub(&config->references, 1) > 1)
		return;
	tls_free(config->tls);
	for (size_t i = 0; i < config->user_count; i++) {
		free(config->users[i].name);
		secret_free(config->users[i].hash);
	}
	free(config->users);
	for (int i = 0; i < WEB_HEADERS; i++)
		free(config->headers[i]);
	free(config);
}
