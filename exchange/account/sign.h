#ifndef EXCHANGE_ACCOUNT_SIGN_H
#define EXCHANGE_ACCOUNT_SIGN_H

#include <openssl/evp.h>

#include "common/text/buffer.h"
#include "common/text/slice.h"
#include "exchange/account/key.h"

/* What the files behind key.h share; only they and their tests include it. */
struct account_key {
	char *name;
	char *passphrase;      /* NULL: none */
	unsigned char *secret; /* decoded; NULL: a private key */
	size_t secret_length;
	EVP_PKEY *private; /* Ed25519, RSA or P-256; NULL: a secret */
	uint64_t nonce;    /* the last one given out */
};

/*
 * Texts that are signed or sent are never longer.  A buffer begun with
 * account_text() has room for all of it at once: growing would leave copies
 * behind that nobody wipes.
 */
enum { ACCOUNT_TEXT = 8192, ACCOUNT_SIGNATURE = 512 /* RSA of 4096 bits */, ACCOUNT_TIME = 40 };
void account_text(struct buffer *b);

/* Wipe and release. */
void account_text_release(struct buffer *b);

/* As a string of its own, owned by the caller; the buffer is wiped and released.  NULL: it failed. */
char *account_text_string(struct buffer *b);

/* One call while it is signed: what the tokens of its templates stand for. */
struct signing {
	const struct profile *profile;
	const struct account_key *key;
	bool post;
	char *text[TOKENS]; /* owned; NULL stands for "" */
};

/* The time and nonce of the call, as the profile has them.  -1 with `why`: a time that cannot be. */
int account_sign_begin(struct signing *s, const struct profile *profile, const struct account_key *key,
    const struct account_call *call, struct failure *why);
void account_sign_end(struct signing *s);

/* Appends `text` with its tokens replaced. */
void account_sign_template(struct buffer *out, const struct signing *s, const char *text);

/* Whether any template of the profile has that token, as in "{key}". */
bool account_sign_uses(const struct profile_auth *auth, const char *token);

/* Appends the query with its names and values percent-encoded. */
void account_sign_encode_query(struct buffer *out, const char *query);

/* Appends the pairs of a query in the order of their names; equal names stay as they stand. */
void account_sign_sort_query(struct buffer *out, const char *query);

/* The query as one of these two writes it, owned; NULL: too long. */
char *account_query(void (*append)(struct buffer *out, const char *query), const char *query);

/* Appends bytes as text. */
void account_sign_hex(struct buffer *out, const unsigned char *bytes, size_t length);
void account_sign_base64(struct buffer *out, const unsigned char *bytes, size_t length);
void account_sign_base64url(struct buffer *out, const unsigned char *bytes, size_t length);

/* The prehash, evaluated, signed and encoded, becomes {signature}. */
int account_sign_prehash(struct signing *s, struct failure *why);

/*
 * HMAC with the secret ("sha256" or "sha512"), or the private key's own
 * signature (Ed25519; RSA with SHA-256, PKCS#1 v1.5; for P-256 r and s, 32 bytes each).
 */
int account_key_sign(const struct account_key *key, const char *hash, struct slice text,
    unsigned char signature[ACCOUNT_SIGNATURE], size_t *length, struct failure *why);

/* Base URL, path, and the query behind '?' if there is any (already encoded), owned; NULL: too long. */
char *account_url(const char *base_url, const char *path, const char *query);

#endif /* EXCHANGE_ACCOUNT_SIGN_H */
