/*
 * "main=redis://h" has a name, "host=db port=5432" and "redis://:a=b@h" have
 * none, although all of them have a '='.  What follows the first '=' tells
 * them apart: a NAME counts only before "scheme://" or before a keyword of
 * libpq.  The keywords are a list, because any "key=value" would be too much:
 * "password=a=b" would become a target called "password", without its
 * password.  A new parameter of libpq must be added here before a name can
 * stand in front of it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/net/target.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

enum { NAME_BYTES = 64 };

/* libpq's parameters, versions 15 to 17. */
static const char *const parameters[] = { "service", "servicefile", "user", "password", "passfile",
	"channel_binding", "require_auth", "connect_timeout", "dbname", "host", "hostaddr", "port",
	"client_encoding", "options", "application_name", "fallback_application_name", "keepalives",
	"keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "sslmode",
	"sslnegotiation", "sslcompression", "sslcert", "sslkey", "sslcertmode", "sslpassword", "sslrootcert",
	"sslcrl", "sslcrldir", "sslsni", "requirepeer", "ssl_min_protocol_version",
	"ssl_max_protocol_version", "gssencmode", "krbsrvname", "gsslib", "gssdelegation", "replication",
	"target_session_attrs", "load_balance_hosts" };

static bool
starts_with_url(const char *text)
{
	/* Java's form, for an error that names it. */
	if (strncmp(text, "jdbc:", strlen("jdbc:")) == 0)
		text += strlen("jdbc:");
	return strncmp(text + strspn(text, LETTERS DIGITS "+.-"), "://", 3) == 0;
}

static bool
starts_with_parameter(const char *text)
{
	size_t length = strspn(text, LETTERS DIGITS "_");
	const char *after = text + length + strspn(text + length, " \t");

	if (*after != '=')
		return false;
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (strlen(parameters[i]) == length && strncmp(parameters[i], text, length) == 0)
			return true;
	return false;
}

void
target_split(char *text, char **name, char **url)
{
	size_t length = strspn(text, LETTERS DIGITS "_.-");
	char *rest = text + length + 1;

	*name = NULL;
	*url = text;
	if (length == 0 || length > NAME_BYTES || text[length] != '=')
		return;
	if (!starts_with_url(rest) && !starts_with_parameter(rest))
		return;
	text[length] = '\0';
	*name = text;
	*url = rest;
}
