#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "demo/paper_exchange/sign.h"

static const EVP_MD *
algorithm(enum hash hash)
{
	return hash == HASH_SHA512 ? EVP_sha512() : EVP_sha256();
}

struct digest
digest_of(enum hash hash, struct slice text)
{
	struct digest digest = { 0 };
	unsigned length = 0;

	(void)EVP_Digest(text.at, text.length, digest.bytes, &length, algorithm(hash), NULL);
	digest.length = length;
	return digest;
}

struct digest
digest_keyed(enum hash hash, struct slice key, struct slice text)
{
	struct digest digest = { 0 };
	unsigned length = 0;

	(void)HMAC(algorithm(hash), key.at, (int)key.length, (const unsigned char *)text.at, text.length,
	    digest.bytes, &length);
	digest.length = length;
	return digest;
}

void
digest_hex(const struct digest *digest, char text[DIGEST_TEXT])
{
	for (size_t i = 0; i < digest->length; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest->bytes[i]);
	text[2 * digest->length] = '\0';
}

void
digest_base64(const struct digest *digest, char text[DIGEST_TEXT])
{
	(void)EVP_EncodeBlock((unsigned char *)text, digest->bytes, (int)digest->length);
}

void
digest_base64url(const struct digest *digest, char text[DIGEST_TEXT])
{
	digest_base64(digest, text);
	text[strcspn(text, "=")] = '\0';
	for (char *c = text; *c != '\0'; c++)
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
}

static int
base64_value(char c, bool url)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *at = c != '\0' ? strchr(letters, c) : NULL;

	if (at != NULL)
		return (int)(at - letters);
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : -1;
}

long
base64_decode(struct slice text, bool url, unsigned char *out, size_t room)
{
	size_t length = text.length, written = 0;
	unsigned held = 0, bits = 0;

	if (!url && length % 4 != 0)
		return -1;
	for (int padding = 0; !url && padding < 2 && length > 0 && text.at[length - 1] == '='; padding++)
		length--;
	if (length % 4 == 1)
		return -1;
	for (size_t i = 0; i < length; i++) {
		int value = base64_value(text.at[i], url);

		if (value < 0)
			return -1;
		held = (held << 6 | (unsigned)value) & 0xffff;
		bits += 6;
		if (bits < 8)
			continue;
		if (written == room)
			return -1;
		bits -= 8;
		out[written++] = (unsigned char)(held >> bits);
	}
	return (long)written;
}

bool
ed25519_holds(const unsigned char public_half[32], struct slice text, const char *signature)
{
	unsigned char bytes[64];
	bool whole = signature != NULL && base64_decode(SLICE(signature), false, bytes, sizeof(bytes)) == 64;
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_half, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds =
	    whole && key != NULL && context != NULL &&
	    EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(context, bytes, sizeof(bytes), (const unsigned char *)text.at, text.length) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return holds;
}

bool
same_secret(const char *a, const char *b)
{
	size_t length = a != NULL ? strlen(a) : 0;

	return a != NULL && b != NULL && length == strlen(b) && CRYPTO_memcmp(a, b, length) == 0;
}
