/*
 * From a URL to what a session needs, all of it checked before anything is connected.  No failure
 * text repeats a part of the URL: where it makes no sense, nobody knows which part is the password.
 * Defaults are those of Redis: port 6379, database 0, no login.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes/redis/target.h"

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

static int
prepare_tls(struct redis_target *target, const struct redis_tls *settings, struct failure *why)
{
	static const struct redis_tls defaults;

	target->tls = redis_tls_new(settings != NULL ? settings : &defaults, target->url.host, why);
	return target->tls != NULL ? 0 : -1;
}

static int
parse_url(struct redis_target *target, const struct redis_tls *tls, struct failure *why)
{
	if (strcmp(target->url.scheme, "unix") == 0)
		return parse_unix_url(target, why);
	if (strcmp(target->url.scheme, "redis") == 0)
		return parse_tcp_url(target, why);
	if (strcmp(target->url.scheme, "rediss") == 0)
		return parse_tcp_url(target, why) == 0 ? prepare_tls(target, tls, why) : -1;
	return failure_set(why, FAILURE_LOCAL, "the URL does not begin with redis://, rediss:// or unix://");
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
	if (url_parse(&target->url, url, why) == 0 && set_password(target, password, secrets, why) == 0 &&
	    parse_url(target, tls, why) == 0)
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
