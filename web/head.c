/*
 * Header values that need reading.  Encodings: RFC 9110, 12.5.3; "*" is not
 * looked at, since plain text suits every client.  Basic: RFC 7617;
 * libmicrohttpd could read it too, but differently from release to release.
 */

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/gnutls.h>

#include "web/request.h"

/* What of a head could be understood in two ways. */
struct ambiguity {
	unsigned hosts, lengths;
	bool malformed;
};

/* Not "Content-Length" but "Content-Length5": libmicrohttpd puts a line that begins with a blank behind the
 * name of the one before it, where a proxy may put it behind the value (RFC 9112, 5.2). */
static bool
is_longer(const char *name, const char *known)
{
	size_t length = strlen(known);

	return strncasecmp(name, known, length) == 0 && name[length] != '\0';
}

/* "Content-Length : 44" is a length to some proxies, and not to others (RFC 9112, 5.1). */
static bool
is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				      "!#$%&'*+-.^_`|~";

	return name[strspn(name, letters)] == '\0' && !is_longer(name, MHD_HTTP_HEADER_CONTENT_LENGTH) &&
	       !is_longer(name, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result
look_at_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct ambiguity *found = context;

	(void)kind;
	(void)value;
	found->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	found->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	found->malformed = found->malformed || !is_name(name);
	return MHD_YES;
}

bool
head_is_ambiguous(struct MHD_Connection *connection, const char *version)
{
	struct ambiguity found = { 0 };

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &found);
	return found.hosts > 1 || (found.hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) == 0) ||
	       found.lengths > 1 || found.malformed;
}

/* A page that a stranger made can only be at a name of the stranger's, never at an address. */
bool
head_is_local(const char *host, const char *names)
{
	size_t length = host != NULL ? strcspn(host, ":") : 0;
	struct in_addr address;
	char name[256];

	if (length == 0 || *host == '[')
		return true;
	length -= host[length - 1] == '.'; /* "localhost." is the same name */
	if (length >= sizeof(name))
		return false;
	memcpy(name, host, length);
	name[length] = '\0';
	if (inet_pton(AF_INET, name, &address) == 1 || strcasecmp(name, "localhost") == 0 ||
	    (length > 10 && strcasecmp(name + length - 10, ".localhost") == 0))
		return true;
	for (; *names != '\0'; names += strcspn(names, "\n"), names += *names == '\n')
		if (strcspn(names, ":\n") == length && strncasecmp(names, name, length) == 0)
			return true;
	return false;
}

bool
head_is_cross_site(const char *site, const char *origin, const char *host)
{
	const char *name;

	if (site != NULL)
		return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
	if (origin == NULL)
		return false;
	/* "null" is a page that hides where it is from. */
	name = strstr(origin, "://");
	return name == NULL || host == NULL || strcasecmp(name + 3, host) != 0;
}

bool
head_takes_gzip(const char *accept)
{
	while (accept != NULL && *accept != '\0') {
		size_t length, word;
		const char *weight;

		accept += strspn(accept, " \t,");
		length = strcspn(accept, ",");
		word = strcspn(accept, " \t,;");
		if (word == 4 && strncasecmp(accept, "gzip", 4) == 0) {
			/* "q=0" and "q=0.000" refuse it. */
			weight = memmem(accept, length, "q=", 2);
			return weight == NULL || weight + strcspn(weight, "123456789") < accept + length;
		}
		accept += length;
	}
	return false;
}

bool
basic_credentials_read(struct basic_credentials *c, const char *authorization)
{
	static const char scheme[] = "basic ";
	gnutls_datum_t encoded, decoded = { 0 };
	char *colon = NULL;

	if (authorization == NULL || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	authorization += sizeof(scheme) - 1;
	authorization += strspn(authorization, " ");
	encoded = (gnutls_datum_t){ (unsigned char *)authorization, (unsigned)strlen(authorization) };
	if (gnutls_base64_decode2(&encoded, &decoded) != GNUTLS_E_SUCCESS)
		return false;
	*c =
	    (struct basic_credentials){ .name = calloc(1, (size_t)decoded.size + 1), .length = decoded.size };
	if (c->name != NULL) {
		memcpy(c->name, decoded.data, decoded.size);
		/* Cut at the first colon: a password may hold others. */
		colon = strchr(c->name, ':');
	}
	/* A compiler may leave out a memset() of memory that is freed next. */
	gnutls_memset(decoded.data, 0, decoded.size);
	gnutls_free(decoded.data);
	/* A NUL would hide what follows it from the check. */
	if (colon == NULL || strlen(c->name) != c->length) {
		basic_credentials_release(c);
		return false;
	}
	*colon = '\0';
	c->password = colon + 1;
	return true;
}

void
basic_credentials_release(struct basic_credentials *credentials)
{
	if (credentials->name != NULL)
		explicit_bzero(credentials->name, credentials->length);
	free(credentials->name);
	*credentials = (struct basic_credentials){ 0 };
}
