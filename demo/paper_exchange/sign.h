#ifndef PAPER_EXCHANGE_SIGN_H
#define PAPER_EXCHANGE_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/text/slice.h"

/* What the venues sign with, over OpenSSL. */
enum hash { HASH_SHA256, HASH_SHA512 };
enum { DIGEST_SIZE = 64, DIGEST_TEXT = 2 * DIGEST_SIZE + 1 };

struct digest {
	unsigned char bytes[DIGEST_SIZE];
	size_t length;
};

struct digest digest_of(enum hash hash, struct slice text);
struct digest digest_keyed(enum hash hash, struct slice key, struct slice text);

/* As a NUL-terminated text. */
void digest_hex(const struct digest *digest, char text[DIGEST_TEXT]);
void digest_base64(const struct digest *digest, char text[DIGEST_TEXT]);
void digest_base64url(const struct digest *digest, char text[DIGEST_TEXT]); /* no padding */

/*
 * Strict base64 with padding, or base64url without; bytes written, or -1: it
 * is not that, or `room` is too small.
 */
long base64_decode(struct slice text, bool url, unsigned char *out, size_t room);

/* Whether `signature` (base64) of `text` was made by the private half of an Ed25519 key. */
bool ed25519_holds(const unsigned char public_half[32], struct slice text, const char *signature);

/* Whether two texts are the same, in a time that does not tell where they differ.  NULL equals nothing. */
bool same_secret(const char *a, const char *b);

#endif /* PAPER_EXCHANGE_SIGN_H */
