/*
 * Header values that need reading.  Encodings: RFC 9110, 12.5.3; "*" is not
 * looked at, since plain text suits every client.  Basic: RFC 7617;
 * libmicrohttpd could read it too, but differently from release to release.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/gnutls.h>

#include "web/request.h"

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
