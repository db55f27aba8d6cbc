#ifndef WEB_REQUEST_HEAD_H
#define WEB_REQUEST_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text/slice.h"

/* What a request's first line and headers mean, each as the client sent it. */

/* The path of "/path?query" or "http://host/path?query", as it was sent; points into `target`. */
struct slice target_path(const char *target);

/* Whether Accept-Encoding (NULL: there is none) takes gzip. */
bool accepts_gzip(const char *accept);

/* What the headers say of where the request ends, and of whom it asks.  Starts zeroed. */
struct framing {
	unsigned hosts;
	const char *length; /* the last Content-Length */
	bool malformed, contradicts;
	bool encoded; /* Transfer-Encoding: where the body ends is not known before */
	bool body;
};

/* Another header line; the value must outlive it. */
void framing_add(struct framing *framing, const char *name, const char *value);

/*
 * The status to refuse the request with, and in `*text` why: it may end
 * elsewhere than it seems, is for no host or for two, or its body is larger than
 * `body_limit` (0: it may have none) or of a length that is not announced.
 * 0: it is fine, and `*length` is the body's.
 */
unsigned framing_refusal(
    const struct framing *framing, const char *version, size_t body_limit, const char **text, size_t *length);

/* The name and the password of an Authorization header. */
struct basic_credentials {
	char *name;
	char *password;
	size_t length; /* of both, with what is between them */
};

/*
 * False: no header (NULL), another scheme than Basic, no base64, no colon, a NUL byte (what is
 * behind it would not be looked at), or out of memory; then there is nothing to release.
 */
bool basic_credentials_read(struct basic_credentials *credentials, const char *authorization);
void basic_credentials_release(struct basic_credentials *credentials);

#endif /* WEB_REQUEST_HEAD_H */
