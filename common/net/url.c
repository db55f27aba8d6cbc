/*
 * Connection strings hold passwords.  So no failure here quotes the URL, and
 * its parts live in struct url alone, which wipes the password.
 *
 * The text is cut into its parts first and percent-decoded afterwards: decoded
 * earlier, a '/' or '@' of a password would move the boundary between parts.
 * The parser is strict where a password that nobody encoded would otherwise
 * send us to another host: spaces, control characters and '#' are refused, and
 * so is a port with anything but digits.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "common/net/url.h"
#include "common/text/text.h"

enum {
	URL_BYTES = 128 * 1024,
	HOST_BYTES = 255, /* the most that a name has in DNS */
};

/* Percent-decode `text` into `to`, which has room for its bytes and a NUL. */
static bool
decode_into(char *to, struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		int byte = (unsigned char)text.at[i];

		if (byte == '%') {
			byte = text.length - i > 2 ? text_escaped_byte(text.at + i) : -1;
			/* "%00" is refused: a NUL would end our strings early. */
			if (byte <= 0)
				return false;
			i += 2;
		}
		*to++ = (char)byte;
	}
	*to = '\0';
	return true;
}

static int
decode(char **decoded, struct slice text, const char *what, struct failure *why)
{
	/* Decoding never makes a text longer. */
	*decoded = calloc(1, text.length + 1);
	if (*decoded == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (decode_into(*decoded, text))
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "in the %s of the URL a '%%' is not followed by two hexadecimal digits: write a '%%' as %%25",
	    what);
}

static struct slice
until(struct slice text, const char *stops)
{
	size_t length = 0;

	while (length < text.length && strchr(stops, text.at[length]) == NULL)
		length++;
	return (struct slice){ text.at, length };
}

static struct slice
behind(struct slice text, size_t length)
{
	return (struct slice){ text.at + length, text.length - length };
}

static int
parse_scheme(struct url *url, struct slice *rest, struct failure *why)
{
	struct slice scheme = until(*rest, ":");
	bool good = scheme.length > 0 && isalpha((unsigned char)scheme.at[0]);

	for (size_t i = 0; i < scheme.length; i++)
		good = good && (isalnum((unsigned char)scheme.at[i]) || strchr("+-.", scheme.at[i]) != NULL);
	*rest = behind(*rest, scheme.length);
	if (!good || rest->length < 3 || memcmp(rest->at, "://", 3) != 0)
		return failure_set(
		    why, FAILURE_LOCAL, "the URL does not begin with a scheme, as in 'redis://'");
	*rest = behind(*rest, 3);
	url->scheme = strndup(scheme.at, scheme.length);
	if (url->scheme == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* Schemes have no case (RFC 3986, 3.1): callers compare with lower case. */
	for (char *c = url->scheme; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return 0;
}

/* user[:password]@.  Programs differ in which of two '@' ends a password, and one choice shows the rest of
 * it. Empty ones count as absent. */
static int
parse_user(struct url *url, struct slice *authority, struct failure *why)
{
	const char *at = memchr(authority->at, '@', authority->length);
	struct slice user, password, both;

	if (at == NULL)
		return 0;
	both = (struct slice){ authority->at, (size_t)(at - authority->at) };
	*authority = behind(*authority, both.length + 1);
	if (memchr(authority->at, '@', authority->length) != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the URL has a second '@': in a user or a password write '@' as %%40");
	user = until(both, ":");
	password = behind(both, user.length);
	if (user.length > 0 && decode(&url->user, user, "user", why) != 0)
		return -1;
	if (password.length > 1 && decode(&url->password, behind(password, 1), "password", why) != 0)
		return -1;
	return 0;
}

static int
parse_port(struct url *url, struct slice text, struct failure *why)
{
	int port = 0;
	bool good = text.length <= 5;

	for (size_t i = 0; good && i < text.length; i++) {
		good = isdigit((unsigned char)text.at[i]);
		port = port * 10 + (text.at[i] - '0');
	}
	/* RFC 3986 allows "host:" without digits: no port is given. */
	if (!good || port > 65535 || (port == 0 && text.length > 0))
		return failure_set(why, FAILURE_LOCAL,
		    "the URL's port is not a number from 1 to 65535 (in a password, write ':' '/' '?' '#' '@' as %%3A %%2F %%3F %%23 %%40)");
	url->port = port;
	return 0;
}

static bool
host_valid(const char *host, const char *others)
{
	for (; *host != '\0'; host++)
		if (!isalnum((unsigned char)*host) && strchr(others, *host) == NULL)
			return false;
	return true;
}

static int
parse_bracketed_host(struct url *url, struct slice text, struct failure *why)
{
	struct slice host = until(behind(text, 1), "]"), rest = behind(text, 1 + host.length);

	if (rest.length == 0 || (rest.length > 1 && rest.at[1] != ':'))
		return failure_set(why, FAILURE_LOCAL,
		    "the URL's host begins with '[' but is not '[address]' or '[address]:port'");
	/* RFC 6874 writes a zone as "%25eth0". */
	if (decode(&url->host, host, "host", why) != 0)
		return -1;
	if (host.length > HOST_BYTES || !host_valid(url->host, ":.%_-") || strchr(url->host, ':') == NULL)
		return failure_set(why, FAILURE_LOCAL, "invalid IPv6 address in the URL");
	return rest.length > 2 ? parse_port(url, behind(rest, 2), why) : 0;
}

static int
parse_host(struct url *url, struct slice text, struct failure *why)
{
	struct slice host = until(text, ":"), port = behind(text, host.length);

	if (text.length > 0 && text.at[0] == '[')
		return parse_bracketed_host(url, text, why);
	if (memchr(text.at, ',', text.length) != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the URL has a list of hosts: give one URL for each (in a password, write ',' as %%2C)");
	/* Without brackets it is unclear which ':' begins the port. */
	if (port.length > 1 && memchr(port.at + 1, ':', port.length - 1) != NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the URL's host has several ':': write an IPv6 address in brackets, as in '[::1]'");
	url->host = strndup(host.at, host.length);
	if (url->host == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (host.length > HOST_BYTES || !host_valid(url->host, "._-"))
		return failure_set(why, FAILURE_LOCAL,
		    "the URL's host is longer than 255 bytes or has a character that no host name has");
	return port.length > 1 ? parse_port(url, behind(port, 1), why) : 0;
}

static int
parse_all(struct url *url, struct slice rest, struct failure *why)
{
	struct slice authority, path;

	if (parse_scheme(url, &rest, why) != 0)
		return -1;
	authority = until(rest, "/?");
	rest = behind(rest, authority.length);
	/* The user's part must go first: it may hold a ':',
	 * which parse_host() takes for that of the port. */
	if (parse_user(url, &authority, why) != 0 || parse_host(url, authority, why) != 0)
		return -1;
	path = until(rest, "?");
	rest = behind(rest, path.length);
	if (decode(&url->path, path, "path", why) != 0)
		return -1;
	if (rest.length > 0 && (url->query = strndup(rest.at + 1, rest.length - 1)) == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

/* Refuse what no URL holds.  A '#' would begin a fragment, which
 * makes no sense here: more likely it is part of a password. */
static int
check_characters(const char *text, struct failure *why)
{
	if (strlen(text) > URL_BYTES)
		return failure_set(why, FAILURE_LOCAL, "the URL is longer than %d bytes", (int)URL_BYTES);
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return failure_set(why, FAILURE_LOCAL,
			    "the URL has a space or a control character: write it as %%20, %%09, ...");
		if (*text == '#')
			return failure_set(why, FAILURE_LOCAL, "the URL has a '#': write it as %%23");
	}
	return 0;
}

int
url_parse(struct url *url, const char *text, struct failure *why)
{
	*url = (struct url){ 0 };
	if (check_characters(text, why) == 0 && parse_all(url, SLICE(text), why) == 0)
		return 0;
	url_release(url);
	return -1;
}

void
url_release(struct url *url)
{
	secret_free(url->password);
	free(url->scheme);
	free(url->user);
	free(url->host);
	free(url->path);
	free(url->query);
	*url = (struct url){ 0 };
}

char *
url_query_value(const struct url *url, const char *key)
{
	struct slice rest = url->query != NULL ? SLICE(url->query) : (struct slice){ "", 0 };
	struct failure ignored;
	char *value = NULL;

	while (rest.length > 0) {
		struct slice pair = until(rest, "&"), name = until(pair, "=");

		rest = behind(rest, pair.length < rest.length ? pair.length + 1 : pair.length);
		if (!slice_is(name, key) || name.length == pair.length)
			continue;
		/* The value may be a secret, even when its encoding is broken. */
		if (decode(&value, behind(pair, name.length + 1), "query", &ignored) != 0) {
			secret_free(value);
			value = NULL;
		}
		return value;
	}
	return NULL;
}
