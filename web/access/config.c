/*
 * All that can be wrong is found while the configuration is read, TLS
 * included, so that a reload with a mistake leaves the old configuration in
 * force.  A key of exporter-toolkit that would protect something here, such as
 * cipher_suites, is refused with a reason: to pass over it would leave the
 * server more open than its operator believes.  Hashes are checked for their
 * form now, because crypt(3) would only fail later, as if the password were
 * wrong.
 *
 * A finished configuration is never changed.  Requests and connections hold a
 * reference and use what they began with; the last one to drop it frees it, in
 * whatever thread that is.  Key and hashes are wiped then.
 */

#include "web/access/config.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/config.h"
#include "common/config/secrets.h"
#include "common/text/text.h"
#include "web/access/tls.h"

/* Each step of the cost takes twice as long; 15 is seconds, and 31 would be days.
 * One thread makes all checks, so one expensive hash would lock out all users. */
enum { LONGEST_PATH = 4096, LONGEST_VALUE = 4096, BCRYPT_LENGTH = 60, COST_MOST = 15 };

const char *const web_header_names[WEB_HEADERS] = { "Content-Security-Policy", "X-Frame-Options",
	"X-Content-Type-Options", "X-XSS-Protection", "Strict-Transport-Security" };

struct reading {
	struct web_config *config;
	const char *path;
	struct tls_settings tls;
	bool has_tls;         /* tls_server_config holds something */
	unsigned client_line; /* of client_auth_type */
};

/* http2 and prefer_server_cipher_suites are checked and ignored: HTTP/1.1 is all there is
 * here, and Go ignores the other one, too.  Either value is true to what the operator gets. */
enum key_kind { KEY_TEXT, KEY_FILE, KEY_CLIENT_AUTH, KEY_VERSION, KEY_IGNORED, KEY_REFUSED };

static const struct key {
	const char *name;
	enum key_kind kind;
	size_t field; /* offset in struct tls_settings */
} keys[] = {
	{ "tls_server_config.cert", KEY_TEXT, offsetof(struct tls_settings, certificate) },
	{ "tls_server_config.cert_file", KEY_FILE, offsetof(struct tls_settings, certificate) },
	{ "tls_server_config.key", KEY_TEXT, offsetof(struct tls_settings, key) },
	{ "tls_server_config.key_file", KEY_FILE, offsetof(struct tls_settings, key) },
	{ "tls_server_config.client_ca", KEY_TEXT, offsetof(struct tls_settings, client_ca) },
	{ "tls_server_config.client_ca_file", KEY_FILE, offsetof(struct tls_settings, client_ca) },
	{ "tls_server_config.client_auth_type", KEY_CLIENT_AUTH, 0 },
	{ "tls_server_config.min_version", KEY_VERSION, offsetof(struct tls_settings, min_version) },
	{ "tls_server_config.max_version", KEY_VERSION, offsetof(struct tls_settings, max_version) },
	{ "tls_server_config.prefer_server_cipher_suites", KEY_IGNORED, 0 },
	{ "tls_server_config.cipher_suites", KEY_REFUSED, 0 },
	{ "tls_server_config.curve_preferences", KEY_REFUSED, 0 },
	{ "tls_server_config.client_allowed_sans", KEY_REFUSED, 0 },
	{ "http_server_config.http2", KEY_IGNORED, 0 },
	{ "rate_limit.burst", KEY_REFUSED, 0 },
	{ "rate_limit.interval", KEY_REFUSED, 0 },
};

/* "path:line: key: text", and -1. */
static int
fail(const struct reading *r, const struct config_value *value, struct failure *why, const char *text)
{
	return failure_set(why, FAILURE_LOCAL, "%s:%u: %s: %s", r->path, value->line, value->key, text);
}

/* Keep the value in `*text`, or what is in the file it names, relative to the configuration's directory. */
static int
take_text(
    const struct reading *r, const struct config_value *value, bool is_file, char **text, struct failure *why)
{
	const char *slash = strrchr(r->path, '/');
	int directory = slash != NULL && *value->text != '/' ? (int)(slash + 1 - r->path) : 0;
	char path[LONGEST_PATH];

	/* exporter-toolkit allows one of the two, and a guess could serve with an old key. */
	if (*text != NULL)
		return fail(r, value, why, "given both as a text and as a file");
	if (!is_file) {
		*text = strdup(value->text);
		return *text != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	if (snprintf(path, sizeof(path), "%.*s%s", directory, r->path, value->text) >= (int)sizeof(path))
		return fail(r, value, why, "the path is too long");
	*text = secret_read_file(path, why);
	return *text != NULL ? 0 : failure_prefix(why, "%s:%u: %s", r->path, value->line, value->key);
}

/* The index of the name, or -1. */
static int
find_name(const char *const names[], int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int
set_client_auth(struct reading *r, const struct config_value *value, struct failure *why)
{
	static const char *const names[] = { "NoClientCert", "RequestClientCert", "RequireAnyClientCert",
		"VerifyClientCertIfGiven", "RequireAndVerifyClientCert" };
	const char *name = value->text;
	int found;

	/* exporter-toolkit takes both of these, the second one for old files. */
	if (*name == '\0')
		name = names[CLIENT_AUTH_NONE];
	else if (strcmp(name, "RequireClientCert") == 0)
		name = names[CLIENT_AUTH_REQUIRE_ANY];
	found = find_name(names, CLIENT_AUTH_REQUIRE_AND_VERIFY + 1, name);
	r->client_line = value->line;
	if (found < 0)
		return fail(r, value, why,
		    "is not NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven "
		    "or RequireAndVerifyClientCert");
	r->tls.client_auth = (enum client_auth)found;
	return 0;
}

static int
set_key(struct reading *r, const struct key *key, const struct config_value *value, struct failure *why)
{
	static const char *const versions[TLS_VERSIONS] = { "TLS10", "TLS11", "TLS12", "TLS13" };
	void *field = (char *)&r->tls + key->field;
	int version;

	/* A key that is refused is refused in any form. */
	if (key->kind == KEY_REFUSED)
		return fail(r, value, why, "known to exporter-toolkit, but not supported here: remove it");
	if (value->text == NULL || value->in_list)
		return fail(r, value, why, "takes one value");
	if (key->kind == KEY_TEXT || key->kind == KEY_FILE)
		return take_text(r, value, key->kind == KEY_FILE, field, why);
	if (key->kind == KEY_CLIENT_AUTH)
		return set_client_auth(r, value, why);
	if (key->kind == KEY_IGNORED)
		return text_boolean(value->text) >= 0 ? 0 : fail(r, value, why, "must be true or false");
	version = find_name(versions, TLS_VERSIONS, value->text);
	if (version < 0)
		return fail(r, value, why, "is not TLS10, TLS11, TLS12 or TLS13");
	*(int *)field = version;
	return 0;
}

/* "$2y$10$" and 53 characters of crypt(3)'s alphabet: the cost, or -1. */
static int
bcrypt_cost(const char *text)
{
	static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	int cost;

	if (strlen(text) != BCRYPT_LENGTH || strncmp(text, "$2", 2) != 0 || strchr("aby", text[2]) == NULL ||
	    text[3] != '$' || !isdigit((unsigned char)text[4]) || !isdigit((unsigned char)text[5]) ||
	    text[6] != '$')
		return -1;
	cost = (text[4] - '0') * 10 + text[5] - '0';
	return cost >= 4 && cost <= 31 && strspn(text + 7, alphabet) == BCRYPT_LENGTH - 7 ? cost : -1;
}

static int
add_user(struct reading *r, const struct config_value *value, const char *name, struct failure *why)
{
	struct web_config *c = r->config;
	struct web_user *users;
	int cost = bcrypt_cost(value->text);

	/* A name without a colon is a rule of Basic authentication (RFC 7617). */
	if (*name == '\0' || strchr(name, ':') != NULL || c->user_count >= WEB_USERS)
		return failure_set(why, FAILURE_LOCAL, "%s:%u: basic_auth_users: %s", r->path, value->line,
		    c->user_count >= WEB_USERS ? "more than 1000 users" : "a name is empty or holds a colon");
	if (cost < 0)
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: basic_auth_users: no bcrypt hash (make one with htpasswd -nBC 10 USER)", r->path,
		    value->line);
	if (cost > COST_MOST)
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: basic_auth_users: a bcrypt hash of cost %d takes too long to check, the most is %d",
		    r->path, value->line, cost, (int)COST_MOST);
	users = reallocarray(c->users, c->user_count + 1, sizeof(*users));
	if (users == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	c->users = users;
	users += c->user_count++;
	*users = (struct web_user){ strdup(name), strdup(value->text), cost };
	/* It is counted already, so that web_config_drop() frees what there is. */
	return users->name != NULL && users->hash != NULL ? 0
							  : failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* What exporter-toolkit would refuse is refused here too: a browser passes over a value that it does not
 * know, and then the protection that somebody relies on is not there. */
static int
check_header(const struct reading *r, const struct config_value *value, int header, struct failure *why)
{
	static const struct {
		const char *values[2], *text;
	} known[WEB_HEADERS] = {
		[1] = { { "deny", "sameorigin" }, "must be deny or sameorigin" },
		[2] = { { "nosniff", "nosniff" }, "must be nosniff" },
	};

	if (known[header].text == NULL || find_name(known[header].values, 2, value->text) >= 0)
		return 0;
	return fail(r, value, why, known[header].text);
}

static int
set_header(struct reading *r, const struct config_value *value, const char *name, struct failure *why)
{
	/* A line break would begin a header of its own. */
	for (const char *c = value->text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			return fail(r, value, why, "holds a character that no header may have");
	if (strlen(value->text) > LONGEST_VALUE)
		return fail(r, value, why, "longer than 4096 bytes");
	for (int i = 0; i < WEB_HEADERS; i++)
		if (strcmp(name, web_header_names[i]) == 0 && check_header(r, value, i, why) != 0)
			return -1;
		else if (strcmp(name, web_header_names[i]) == 0)
			/* Blank means "not set": our own header stays. */
			return *value->text == '\0' ? 0
						    : take_text(r, value, false, &r->config->headers[i], why);
	return fail(r, value, why,
	    "is not Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection or "
	    "Strict-Transport-Security");
}

/* What is behind "prefix." in a key, or NULL. */
static const char *
behind(const char *key, const char *prefix)
{
	size_t length = strlen(prefix);

	return strncmp(key, prefix, length) == 0 && key[length] == '.' ? key + length + 1 : NULL;
}

static int
take(void *context, const struct config_value *value, struct failure *why)
{
	static const char *const sections[] = { "tls_server_config", "http_server_config",
		"http_server_config.headers", "basic_auth_users", "rate_limit" };
	struct reading *r = context;
	const char *user = behind(value->key, "basic_auth_users");
	const char *header = behind(value->key, "http_server_config.headers");
	size_t length = strlen(value->key);
	bool plain;

	/* A section whose lines are all comments. */
	if (value->text == NULL && find_name(sections, 5, value->key) >= 0)
		return 0;
	r->has_tls = r->has_tls || behind(value->key, "tls_server_config") != NULL;
	if (user != NULL || header != NULL) {
		if (value->text == NULL || value->in_list)
			return failure_set(
			    why, FAILURE_LOCAL, "%s:%u: takes one value", r->path, value->line);
		return user != NULL ? add_user(r, value, user, why) : set_header(r, value, header, why);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(value->key, keys[i].name) == 0)
			return set_key(r, &keys[i], value, why);
	/* An unknown key may be a secret that slipped to where keys are: only what looks like a key is shown.
	 */
	plain = length <= 64 && strspn(value->key, "abcdefghijklmnopqrstuvwxyz_.0123456789") == length;
	return failure_set(why, FAILURE_LOCAL, plain ? "%s:%u: %s: unknown key" : "%s:%u: unknown key",
	    r->path, value->line, value->key);
}

/* Made now, so that a mistake is reported with the file's name and not when a client comes. */
static int
make_tls(struct reading *r, struct failure *why)
{
	const struct tls_settings *s = &r->tls;
	bool verifies = s->client_auth >= CLIENT_AUTH_VERIFY_IF_GIVEN;

	if (!r->has_tls)
		return 0;
	if (s->certificate == NULL || s->key == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: tls_server_config: needs both cert_file and key_file", r->path);
	if (s->min_version > s->max_version)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: tls_server_config: min_version is above max_version", r->path);
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
	r->config->tls = tls_new(s, why);
	return r->config->tls != NULL ? 0 : failure_prefix(why, "%s", r->path);
}

struct web_config *
web_config_read(const char *path, struct failure *why)
{
	struct web_config *config = calloc(1, sizeof(*config));
	/* TLS 1.0 and 1.1 must be asked for (RFC 8996 deprecates them). */
	struct reading r = {
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
