/*
 * The signature itself, by OpenSSL.
 *
 * Two things differ from what OpenSSL does by default.  Ed25519 takes no digest, because the scheme hashes
 * by itself.  And ECDSA comes as DER, of a length that changes, while a JWT (RFC 7518) wants r and s as 32
 * bytes each, with zeros at the front.  tests/exchange/test_account_key.c has the vectors of RFC 8032 and
 * of the exchanges.
 */

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "exchange/account/sign.h"

enum { SCALAR = 32 }; /* bytes of r and of s */

static int
fail(const char *what, struct failure *why)
{
	ERR_clear_error();
	return failure_set(why, FAILURE_LOCAL, "OpenSSL cannot sign with %s", what);
}

static int
sign_hmac(const struct account_key *key, const char *hash, struct slice text,
    unsigned char signature[ACCOUNT_SIGNATURE], size_t *length, struct failure *why)
{
	const char *digest = strcmp(hash, "sha512") == 0 ? "SHA512" : "SHA256";

	return EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, key->secret, key->secret_length,
		   (const unsigned char *)text.at, text.length, signature, ACCOUNT_SIGNATURE, length) != NULL
		   ? 0
		   : fail("HMAC", why);
}

/* r and s out of their DER, each filled up to its full length. */
static bool
unpack(const unsigned char *der, size_t length, unsigned char signature[ACCOUNT_SIGNATURE])
{
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
	bool good = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, SCALAR) == SCALAR &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + SCALAR, SCALAR) == SCALAR;

	ECDSA_SIG_free(pair);
	return good;
}

static int
sign_private(const struct account_key *key, struct slice text, unsigned char signature[ACCOUNT_SIGNATURE],
    size_t *length, struct failure *why)
{
	bool ed25519 = EVP_PKEY_get_base_id(key->private) == EVP_PKEY_ED25519;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	/* DER is longer than the 64 bytes that come out of it. */
	unsigned char made[2 * ACCOUNT_SIGNATURE];
	size_t size = sizeof(made);
	bool good =
	    context != NULL &&
	    EVP_DigestSignInit(context, NULL, ed25519 ? NULL : EVP_sha256(), NULL, key->private) == 1 &&
	    EVP_DigestSign(context, made, &size, (const unsigned char *)text.at, text.length) == 1;

	EVP_MD_CTX_free(context);
	if (good && ed25519)
		memcpy(signature, made, ACCOUNT_SIGNATURE);
	else if (good)
		good = unpack(made, size, signature);
	*length = ACCOUNT_SIGNATURE;
	return good ? 0 : fail(ed25519 ? "Ed25519" : "ES256", why);
}

int
account_key_sign(const struct account_key *key, const char *hash, struct slice text,
    unsigned char signature[ACCOUNT_SIGNATURE], size_t *length, struct failure *why)
{
	return key->private != NULL ? sign_private(key, text, signature, length, why)
				    : sign_hmac(key, hash, text, signature, length, why);
}
