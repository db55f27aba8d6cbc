/*
 * From a URL to what a session needs, all of it checked before anything is connected.  No failure
 * text repeats a part of the URL: where it makes no sense, nobody knows which part is the password.
 * Defaults are those of Redis: port 6379, database 0, no login.
 *
 * The second half is TLS.  hiredis has helpers of its own for it, but they neither check for whom the
 * certificate is nor keep a deadline.  So OpenSSL's objects are made here, and the handshake is driven
 * from here; hiredis then reads and writes through them.  hiredis has TLS from 1.0 on (Debian 13); a
 * build with an older one refuses rediss://.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/system/regular.h"
#include "probes/redis/session.h"

enum { DEFAULT_PORT = 6379, DATABASE_DIGITS = 9 };

static int
parse_database(struct redis_target *target, const char *digits, struct failure *why)
{
	size_t length = strlen(digits);

	if (length == 0 || length > DATABASE_DIGITS || strspn(digits, "0123456789") != length)
		return failure_set(
		    why, FAILURE_LOCAL, "the URL's database is not a number, as in 'redis://host:6379/2'");
	/* A new connection is in database 0 already, and a user who may only PING may not SELECT. */
	if (strspn(digits, "0") == length)
		return 0;
	target->database = strdup(digits);
	return target->database != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

static int
parse_tcp_url(struct redis_target *target, struct failure *why)
{
	struct url *url = &target->url;
	bool ipv6 = strchr(url->host, ':') != NULL;

	if (url->host[0] == '\0')
		return failure_set(why, FAILURE_LOCAL, "the URL has no host");
	if (url->query != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the URL has a '?' part, which means nothing for TCP (in a password, write %%3F)");
	if (url->port == 0)
		url->port = DEFAULT_PORT;
	if (asprintf(&target->address, ipv6 ? "[%s]:%d" : "%s:%d", url->host, url->port) < 0) {
		/* asprintf() does not say what it leaves there. */
		target->address = NULL;
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	return strlen(url->path) > 1 ? parse_database(target, url->path + 1, why) : 0;
}

static int
parse_unix_url(struct redis_target *target, struct failure *why)
{
	struct url *url = &target->url;
	char *database;
	int result;

	if (url->host[0] != '\0' || url->port != 0 || strlen(url->path) < 2)
		return failure_set(why, FAILURE_LOCAL,
		    "a unix URL has a path and no host, as in 'unix:///run/redis/redis.sock'");
	target->address = strdup(url->path);
	if (target->address == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (url->query == NULL)
		return 0;
	database = url_query_value(url, "db");
	/* Anything else is refused, so that a misspelt key does not go unnoticed. */
	if (database == NULL || strchr(url->query, '&') != NULL)
		result = failure_set(
		    why, FAILURE_LOCAL, "after '?' a unix URL may have 'db=NUMBER' and nothing else");
	else
		result = parse_database(target, database, why);
	free(database);
	return result;
}

/* What other clients' schemes mean to us. */
static const struct {
	const char *begin, *write;
} schemes[] = {
	{ "redis+sentinel", "Sentinel is not supported: write redis://HOST:PORT of the master itself" },
	{ "redis-sentinel", "Sentinel is not supported: write redis://HOST:PORT of the master itself" },
	{ "sentinel", "Sentinel is not supported: write redis://HOST:PORT of the master itself" },
	{ "redis+unix", "write unix:///PATH for a Unix socket" },
	{ "redis+socket", "write unix:///PATH for a Unix socket" },
	{ "redis-socket", "write unix:///PATH for a Unix socket" },
	{ "redis+", "write redis://, or rediss:// for TLS" },
	{ "", "the URL does not begin with redis://, rediss:// or unix://" },
};

static int
unknown_scheme(const struct url *url, struct failure *why)
{
	size_t i = 0;

	while (strncmp(url->scheme, schemes[i].begin, strlen(schemes[i].begin)) != 0)
		i++;
	return failure_set(why, FAILURE_LOCAL, "%s", schemes[i].write);
}

/*
 * A '/' or '?' of a password that nobody encoded ends the host's part of the URL, and the '@' is left in what
 * comes behind.  In a path without a host before it, a '@' is a part of the path.
 */
static int
check_password(const char *text, struct failure *why)
{
	const char *authority = strstr(text, "://");
	size_t length;

	if (authority == NULL)
		return 0;
	authority += strlen("://");
	length = strcspn(authority, "/?");
	if (length == 0 || strchr(authority + length, '@') == NULL)
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "a '@' is behind the URL's host: in a user or a password write '@' as %%40, '/' as %%2F and '?' as %%3F");
}

static int
parse_url(struct redis_target *target, const struct redis_tls *tls, struct failure *why)
{
	static const struct redis_tls defaults;

	if (strcmp(target->url.scheme, "unix") == 0)
		return parse_unix_url(target, why);
	if (strcmp(target->url.scheme, "redis") == 0 || strcmp(target->url.scheme, "valkey") == 0)
		return parse_tcp_url(target, why);
	if (strcmp(target->url.scheme, "rediss") == 0 || strcmp(target->url.scheme, "valkeys") == 0) {
		if (parse_tcp_url(target, why) != 0)
			return -1;
		target->tls = redis_tls_new(tls != NULL ? tls : &defaults, target->url.host, why);
		return target->tls != NULL ? 0 : -1;
	}
	return unknown_scheme(&target->url, why);
}

static int
set_password(struct redis_target *target, const char *fallback, struct secrets *secrets, struct failure *why)
{
	const char *password = target->url.password != NULL ? target->url.password : fallback;

	/* A user without a password logs in all the same, with an empty one. */
	if (password == NULL && target->url.user != NULL)
		password = "";
	if (password == NULL)
		return 0;
	secrets_add(secrets, password);
	target->password = strdup(password);
	return target->password != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

struct redis_target *
redis_target_new(const char *url, const char *password, const struct redis_tls *tls, struct secrets *secrets,
    struct failure *why)
{
	struct redis_target *target = calloc(1, sizeof(*target));

	if (target == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	/* The password is a known secret before anything else can fail. */
	if (check_password(url, why) == 0 && url_parse(&target->url, url, why) == 0 &&
	    set_password(target, password, secrets, why) == 0 && parse_url(target, tls, why) == 0)
		return target;
	redis_target_free(target);
	return NULL;
}

void
redis_target_free(struct redis_target *target)
{
	if (target == NULL)
		return;
	redis_tls_free(target->tls);
	secret_free(target->password);
	free(target->database);
	free(target->address);
	url_release(&target->url);
	free(target);
}

const char *
redis_target_address(const struct redis_target *target)
{
	return target->address;
}

/* TLS ---------------------------------------------------------------- */

#ifdef HAVE_HIREDIS_SSL

#include <arpa/inet.h>
#include <poll.h>

#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls_client {
	SSL_CTX *context;
	char *server_name;
};

static const char *
reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text != NULL ? text : "no reason given";
}

/* OpenSSL would wait for ever on a FIFO. */
static int
check_file(const char *option, const char *path, struct failure *why)
{
	const char *fault = path != NULL ? regular_fault(path) : NULL;

	return fault == NULL
		   ? 0
		   : failure_set(why, FAILURE_LOCAL, "%s '%s': %s", option, secret_shown(path), fault);
}

/* In place of OpenSSL's own, which asks the terminal and waits. */
static int
no_passphrase(char *passphrase, int size, int writing, void *asked)
{
	(void)passphrase;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static int
load_files(SSL_CTX *context, const struct redis_tls *settings, struct failure *why)
{
	const char *cert_file = settings->cert_file;
	const char *key_file = settings->key_file != NULL ? settings->key_file : cert_file;
	bool asked = false;

	SSL_CTX_set_default_passwd_cb(context, no_passphrase);
	SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
	if (check_file("tls.ca-file", settings->ca_file, why) != 0 ||
	    check_file("tls.cert-file", cert_file, why) != 0 ||
	    check_file("tls.key-file", settings->key_file, why) != 0)
		return -1;
	if (settings->ca_file != NULL && SSL_CTX_load_verify_locations(context, settings->ca_file, NULL) != 1)
		return failure_set(
		    why, FAILURE_LOCAL, "tls.ca-file '%s': %s", secret_shown(settings->ca_file), reason());
	if (settings->ca_file == NULL && SSL_CTX_set_default_verify_paths(context) != 1)
		return failure_set(why, FAILURE_LOCAL, "the system's CA certificates: %s", reason());
	/* Else the key would not be used, and nobody would notice. */
	if (cert_file == NULL && key_file != NULL)
		return failure_set(why, FAILURE_LOCAL, "tls.key-file needs a tls.cert-file");
	if (cert_file != NULL && SSL_CTX_use_certificate_chain_file(context, cert_file) != 1)
		return failure_set(
		    why, FAILURE_LOCAL, "tls.cert-file '%s': %s", secret_shown(cert_file), reason());
	/* The key is loaded behind the certificate: then OpenSSL checks that the two belong together. */
	if (cert_file != NULL && SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1)
		return failure_set(why, FAILURE_LOCAL, "tls.key-file '%s': %s", secret_shown(key_file),
		    asked ? "the key is encrypted: give one without a passphrase" : reason());
	return 0;
}

struct redis_tls_client *
redis_tls_new(const struct redis_tls *settings, const char *host, struct failure *why)
{
	struct redis_tls_client *client = calloc(1, sizeof(*client));

	/* reason() must not find what an earlier target left. */
	ERR_clear_error();
	if (client != NULL) {
		client->context = SSL_CTX_new(TLS_client_method());
		client->server_name = strdup(settings->server_name != NULL ? settings->server_name : host);
	}
	if (client == NULL || client->context == NULL || client->server_name == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		redis_tls_free(client);
		return NULL;
	}
	/* By default a client takes any certificate. */
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION);
	if (load_files(client->context, settings, why) == 0)
		return client;
	redis_tls_free(client);
	return NULL;
}

void
redis_tls_free(struct redis_tls_client *client)
{
	if (client == NULL)
		return;
	SSL_CTX_free(client->context);
	free(client->server_name);
	free(client);
}

/* hiredis does not check for whom the certificate is; OpenSSL does, once it knows the name. */
static SSL *
new_ssl(const struct redis_tls_client *client)
{
	unsigned char numeric[sizeof(struct in6_addr)];
	const char *name = client->server_name;
	SSL *ssl = SSL_new(client->context);
	bool set;

	if (ssl == NULL)
		return NULL;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	/* A certificate lists addresses apart from names, and SNI is for names alone (RFC 6066). */
	if (inet_pton(AF_INET, name, numeric) == 1 || inet_pton(AF_INET6, name, numeric) == 1)
		set = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	else
		set = SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
	if (set)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static int
handshake_failure(const struct redis_tls_client *client, const SSL *ssl, struct failure *why)
{
	long verified = SSL_get_verify_result(ssl);

	/* What is wrong with the certificate says more than OpenSSL's "certificate verify failed". */
	if (verified != X509_V_OK)
		return failure_set(why, FAILURE_TLS,
		    "TLS: the server's certificate is not accepted for '%s': %s",
		    secret_shown(client->server_name), X509_verify_cert_error_string(verified));
	if (ERR_peek_last_error() != 0)
		return failure_set(why, FAILURE_TLS, "TLS: %s", reason());
	return failure_set(why, FAILURE_TLS, "TLS: the server ended the connection during the handshake");
}

/* hiredis has started the handshake and owns `ssl` now, but does not wait for the end. */
static int
finish_handshake(
    const struct redis_tls_client *client, SSL *ssl, int fd, struct deadline deadline, struct failure *why)
{
	for (;;) {
		int result;

		/* SSL_get_error() is right only if the queue was empty before. */
		ERR_clear_error();
		result = SSL_connect(ssl);
		if (result == 1)
			return 0;
		result = SSL_get_error(ssl, result);
		if (result != SSL_ERROR_WANT_READ && result != SSL_ERROR_WANT_WRITE)
			return handshake_failure(client, ssl, why);
		/* A peer that sends byte by byte would always be ready. */
		if (deadline_left_ns(deadline) == 0 ||
		    deadline_poll(deadline, fd, result == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT) <= 0)
			return failure_set(why, FAILURE_TIMEOUT,
			    "TLS: the handshake did not end in time: does the server speak TLS at this port?");
	}
}

int
redis_tls_handshake(const struct redis_tls_client *client, struct redisContext *redis,
    struct deadline deadline, struct failure *why)
{
	SSL *ssl = new_ssl(client);

	if (ssl == NULL)
		return failure_set(why, FAILURE_LOCAL, "TLS: out of memory");
	if (redisInitiateSSL(redis, ssl) == REDIS_OK)
		return finish_handshake(client, ssl, redis->fd, deadline, why);
	(void)handshake_failure(client, ssl, why);
	/* hiredis takes it only when it succeeds. */
	SSL_free(ssl);
	return -1;
}

/*
 * With TLS 1.3 a server that refuses our certificate (or misses one) says so
 * only after the handshake, and its alert may be lost when it then hangs up.
 */
int
redis_tls_broken(struct failure *why)
{
	if (ERR_GET_LIB(ERR_peek_last_error()) == ERR_LIB_SSL)
		return failure_set(why, FAILURE_TLS, "TLS: %s", reason());
	return failure_set(why, FAILURE_TLS,
	    "TLS: the server ended the connection right after the handshake: does it want a client certificate?");
}

#else

struct redis_tls_client *
redis_tls_new(const struct redis_tls *settings, const char *host, struct failure *why)
{
	(void)settings;
	(void)host;
	(void)failure_set(why, FAILURE_LOCAL,
	    "rediss:// needs TLS, and this build's hiredis has none (it has from 1.0, Debian 13, on): build there, or use redis:// through a tunnel");
	return NULL;
}

/* No client can exist, so nobody has one to pass. */
void
redis_tls_free(struct redis_tls_client *client)
{
	(void)client;
}

int
redis_tls_handshake(const struct redis_tls_client *client, struct redisContext *redis,
    struct deadline deadline, struct failure *why)
{
	(void)client;
	(void)redis;
	(void)deadline;
	return redis_tls_broken(why);
}

int
redis_tls_broken(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "TLS: not in this build");
}

#endif /* HAVE_HIREDIS_SSL */
