/*
 * The check of a connection string before anybody connects.  libpq ends a password at the first '@' and
 * takes the rest for a host, which is looked up, becomes a label and is logged.  So a string in which that
 * may have happened is refused, and no text here repeats a part of it: names that are shown come from our
 * tables.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/system/regular.h"
#include "probes/postgres/session.h"

enum { HOST_BYTES = 255, KEY_LINE = 256 };

#define ENCODE "write '@' as %40, '/' as %2F and '?' as %3F in a user, a password or a database's name"
#define WRITE                                                                                                \
	"write postgresql://USER:PASSWORD@HOST:PORT/DATABASE or host=HOST port=PORT user=USER dbname=DATABASE"

/* Parameters that other clients take in a URL, and libpq does not. */
static const char *const foreign[] = { "schema", "connection_limit", "pool_timeout", "pgbouncer", "sslaccept",
	"sslidentity", "socket_timeout", "statement_cache_size", "currentSchema", "ApplicationName",
	"pool_size", "max_overflow", "prepared_statements", "statement_timeout", "search_path", "charset",
	"encoding", "server_settings", "prepareThreshold", "loginTimeout", "socketTimeout",
	"uselibpqcompat" };

/* How strings of other clients begin. */
static const struct {
	const char *begin, *say;
} dialects[] = {
	{ "postgresql+", "'postgresql+DRIVER://' is SQLAlchemy's: write 'postgresql://' without the driver" },
	{ "postgres+", "'postgres+DRIVER://' is SQLAlchemy's: write 'postgresql://' without the driver" },
	{ "jdbc:", "'jdbc:' is Java's: leave it out, and write USER:PASSWORD@ before the host" },
	{ "pgsql:", "'pgsql:' is PHP's: leave it out, with blanks in place of ';'" },
	{ "Host=", "this is .NET's form: libpq has small letters and blanks in place of ';'" },
	{ "Server=", "this is .NET's form: libpq has host=, small letters and blanks in place of ';'" },
	{ "Driver=", "this is ODBC's form: libpq has host=, small letters and blanks in place of ';'" },
};

static int
refuse(struct failure *why, const char *what)
{
	return failure_set(why, FAILURE_LOCAL, "connection string: %s", what);
}

/* As libpq looks for the user: up to the first '@' or '/', past any '?'. */
int
postgres_dsn_check(const char *dsn, struct failure *why)
{
	static const char *const schemes[] = { "postgresql://", "postgres://" };
	const char *at = NULL, *question;

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(dsn, schemes[i], strlen(schemes[i])) == 0)
			at = dsn + strlen(schemes[i]);
	if (at == NULL)
		return 0;
	question = strchr(at, '?');
	at += strcspn(at, "@/");
	/* "h?user=u&password=a@b": all before the '@' would be the user, and the host "b". */
	if (*at == '@' && question != NULL && question < at && memchr(question, '=', (size_t)(at - question)))
		return refuse(why, "a '@' is behind a '?': " ENCODE);
	if (*at == '/' && question != NULL && question < at)
		return 0;
	if (*at != '\0' && at[1 + strcspn(at + 1, "@?")] == '@')
		return refuse(why, "a '@' is where libpq expects the host or the database: " ENCODE);
	return 0;
}

int
postgres_dsn_unreadable(const char *dsn, struct failure *why)
{
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (strncmp(dsn, dialects[i].begin, strlen(dialects[i].begin)) == 0)
			return refuse(why, dialects[i].say);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		const char *found = strstr(dsn, foreign[i]);

		if (found != NULL && found > dsn && strchr("?& ", found[-1]) != NULL &&
		    found[strlen(foreign[i])] == '=')
			return failure_set(why, FAILURE_LOCAL,
			    "connection string: libpq has no parameter '%s': leave it out", foreign[i]);
	}
	return failure_set(why, FAILURE_LOCAL,
	    "not a connection string (not shown, it may hold a password): %s%s", WRITE,
	    strchr(dsn, '@') != NULL && strstr(dsn, "://") != NULL ? "; " ENCODE : "");
}

/* An item of "host" or "hostaddr", which may be an IPv6 address with a zone. */
static bool
is_host(const char *item, size_t length)
{
	char text[HOST_BYTES + 1];
	unsigned char numeric[sizeof(struct in6_addr)];

	/* A directory or an abstract socket. */
	if (length == 0 || *item == '/' || (*item == '@' && memchr(item + 1, '@', length - 1) == NULL))
		return true;
	if (length > HOST_BYTES)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)item[i]) && (unsigned char)item[i] < 0x80 &&
		    strchr("._-:%", item[i]) == NULL)
			return false;
	(void)snprintf(text, sizeof(text), "%.*s", (int)length, item);
	text[strcspn(text, "%")] = '\0';
	return strchr(text, ':') == NULL || inet_pton(AF_INET6, text, numeric) == 1;
}

static bool
are_hosts(const char *list)
{
	for (;; list++) {
		size_t length = strcspn(list, ",");

		if (!is_host(list, length))
			return false;
		list += length;
		if (*list == '\0')
			return true;
	}
}

/* OpenSSL's PEM says so in its first line, or in the second. */
static bool
is_encrypted(const char *path)
{
	FILE *file = regular_fault(path) == NULL ? fopen(path, "re") : NULL;
	char line[KEY_LINE];
	bool found = false;

	for (int lines = 0; file != NULL && lines < 100 && fgets(line, sizeof(line), file) != NULL; lines++)
		found = found || strstr(line, "ENCRYPTED") != NULL;
	if (file != NULL)
		(void)fclose(file);
	return found;
}

int
postgres_values_check(const PQconninfoOption *options, struct failure *why)
{
	const char *key = NULL;
	bool passphrase = false;

	for (const PQconninfoOption *option = options; option->keyword != NULL; option++) {
		if (option->val == NULL || option->val[0] == '\0')
			continue;
		passphrase = passphrase || strcmp(option->keyword, "sslpassword") == 0;
		if (strcmp(option->keyword, "sslkey") == 0)
			key = option->val;
		if (strncmp(option->keyword, "host", strlen("host")) == 0 && !are_hosts(option->val))
			return failure_set(why, FAILURE_LOCAL,
			    "connection string: %s is not the name of a host (not shown, it may hold a password): %s",
			    option->keyword, ENCODE);
		/* It would be named in the server's answer. */
		if (option->dispchar[0] != '*' && secret_shown(option->val) != option->val)
			return failure_set(why, FAILURE_LOCAL,
			    "connection string: %s holds another connection string", option->keyword);
	}
	if (key != NULL && !passphrase && is_encrypted(key))
		return refuse(why, "sslkey is encrypted: give sslpassword, or a key without a passphrase");
	return 0;
}
