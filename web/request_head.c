/*
 * What a request's first line and headers mean.  A proxy in front of us must
 * agree with us where a request ends, or a client could hide a second request
 * in the first one (request smuggling; RFC 9112, 6.3 and 11.2).  libmicrohttpd
 * is more lenient than that.  So all headers are looked at here, and a request
 * that two readers could understand differently is refused: white space in a
 * name, two lengths that differ, no Host or two.  What the parts mean: RFC
 * 9112, 3.2.2 for the target, RFC 9110, 12.5.3 for encodings, RFC 7617 for
 * Basic.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gnutls/gnutls.h>

#include "web/request_head.h"

struct slice
target_path(const char *target)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i]);

		if (strncasecmp(target, schemes[i], length) != 0)
			continue;
		/* A proxy's form, which every server must accept.  The host in it is not ours to judge. */
		target += length;
		target += strcspn(target, "/?");
		if (*target != '/')
			return SLICE("/");
		break;
	}
	return (struct slice){ target, strcspn(target, "?") };
}

/* --- Accept-Encoding --- */

/* Whether the parameters (";foo=1;q=0.0") have a weight of zero, or one that
 * is no number: then gzip is not sent, as plain text suits every client. */
static bool
is_refused(struct slice parameters)
{
	const char *at = parameters.at, *end = at + parameters.length;

	while (at < end) {
		const char *next = memchr(at, ';', (size_t)(end - at));
		bool weighty = false;

		next = next != NULL ? next : end;
		at += strspn(at, " \t");
		if (at < next && (*at == 'q' || *at == 'Q') && at[1 + strspn(at + 1, " \t")] == '=') {
			for (at++; at < next; at++)
				weighty = weighty || (*at >= '1' && *at <= '9');
			if (!weighty)
				return true;
		}
		at = next + 1;
	}
	return false;
}

bool
accepts_gzip(const char *accept)
{
	bool others = false;

	while (accept != NULL && *accept != '\0') {
		size_t length, word;

		accept += strspn(accept, " \t,");
		length = strcspn(accept, ",");
		word = strcspn(accept, " \t,;");
		/* gzip's own entry counts more than "*", wherever it is. */
		if (word == 4 && strncasecmp(accept, "gzip", 4) == 0)
			return !is_refused((struct slice){ accept + word, length - word });
		if (word == 1 && *accept == '*')
			others = !is_refused((struct slice){ accept + word, length - word });
		accept += length;
	}
	return others;
}

/* --- Framing --- */

void
framing_add(struct framing *framing, const char *name, const char *value)
{
	/* "Content-Length : 44" is a length to some proxies, and not to others (RFC 9112, 5.1). */
	if (strpbrk(name, " \t") != NULL) {
		framing->malformed = true;
	} else if (strcasecmp(name, "Host") == 0) {
		framing->hosts++;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0) {
		framing->body = framing->encoded = true;
	} else if (strcasecmp(name, "Content-Length") == 0) {
		if (framing->length != NULL && strcmp(framing->length, value) != 0)
			framing->contradicts = true;
		if (*value == '\0' || strspn(value, "0") != strlen(value))
			framing->body = true;
		framing->length = value;
	}
}

/* Digits alone: strtoull() would take blanks and signs, and a proxy might not. */
static bool
read_length(const char *text, size_t limit, size_t *length)
{
	char *end;
	unsigned long long value;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &end, 10);
	*length = (size_t)value;
	return errno == 0 && *end == '\0' && value <= limit;
}

unsigned
framing_refusal(
    const struct framing *framing, const char *version, size_t body_limit, const char **text, size_t *length)
{
	*length = 0;
	if (framing->malformed) {
		*text = "a header's name has white space in it";
		return 400;
	}
	if (framing->contradicts) {
		*text = "Content-Length contradicts itself";
		return 400;
	}
	if (framing->hosts > 1 || (framing->hosts == 0 && strcmp(version, "HTTP/1.1") == 0)) {
		*text = "there must be one Host";
		return 400;
	}
	if (!framing->body)
		return 0;
	if (body_limit > 0 && framing->encoded) {
		*text = "the length of the body must be announced: Content-Length";
		return 411;
	}
	if (body_limit > 0 && read_length(framing->length, body_limit, length))
		return 0;
	*text = body_limit > 0 ? "the body is too large" : "no request here has a body";
	return 413;
}

/* --- Authorization --- */

/* Cut at the first colon: a password may hold others.  A NUL would hide what follows it from the check. */
static bool
split(struct basic_credentials *c)
{
	char *colon = strchr(c->name, ':');

	if (strlen(c->name) != c->length || colon == NULL)
		return false;
	*colon = '\0';
	c->password = colon + 1;
	return true;
}

bool
basic_credentials_read(struct basic_credentials *credentials, const char *authorization)
{
	static const char scheme[] = "basic ";
	struct basic_credentials c = { 0 };
	gnutls_datum_t encoded, decoded = { 0 };

	if (authorization == NULL || strncasecmp(authorization, scheme, sizeof(scheme) - 1) != 0)
		return false;
	authorization += sizeof(scheme) - 1;
	authorization += strspn(authorization, " ");
	encoded = (gnutls_datum_t){ (unsigned char *)authorization, (unsigned)strlen(authorization) };
	if (gnutls_base64_decode2(&encoded, &decoded) != GNUTLS_E_SUCCESS)
		return false;
	c.name = calloc(1, (size_t)decoded.size + 1);
	if (c.name != NULL) {
		memcpy(c.name, decoded.data, decoded.size);
		c.length = decoded.size;
	}
	/* A compiler may leave out a memset() of memory that is freed next. */
	gnutls_memset(decoded.data, 0, decoded.size);
	gnutls_free(decoded.data);
	if (c.name != NULL && split(&c)) {
		*credentials = c;
		return true;
	}
	basic_credentials_release(&c);
	return false;
}

void
basic_credentials_release(struct basic_credentials *credentials)
{
	if (credentials->name != NULL)
		explicit_bzero(credentials->name, credentials->length);
	free(credentials->name);
	*credentials = (struct basic_credentials){ 0 };
}
