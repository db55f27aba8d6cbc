/*
 * API keys: what the user gave, checked and decoded.
 *
 * A key with a blank, a secret in the wrong encoding or a missing passphrase would all end in "invalid
 * signature" from the exchange, so what can be seen of it is said here, before anything is sent.  No text
 * of a failure holds a part of the key.  All of it goes into `secrets` before anything is reported, so that
 * logs mask also a key that is refused.
 *
 * Two kinds of secret: a text for HMAC, and a private key (Ed25519; RSA where the signature goes into the
 * query; P-256 for JWTs), as PEM or as Coinbase hands it out.  Whatever held a secret is wiped before it is
 * freed.
 *
 * Signing with it differs in two things from what OpenSSL does by default (which for RSA is PKCS#1 v1.5, as
 * Binance wants it).  Ed25519 takes no digest, because the scheme hashes by itself.  And ECDSA comes as DER,
 * of a length that changes, while a JWT (RFC 7518) wants r and s as 32 bytes each, with zeros at the front.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/deadline.h"
#include "exchange/account/sign.h"

enum { LONGEST_NAME = 512, LONGEST_SECRET = 8192, SEED = 32, SCALAR = 32 /* bytes of r and of s */ };

static const char pem_mark[] = "-----BEGIN";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool
is_pem(const char *secret)
{
	return strncmp(secret, pem_mark, strlen(pem_mark)) == 0;
}

static bool
is_jwt(const struct profile_auth *auth)
{
	return strcmp(auth->scheme, "jwt") == 0;
}

/* Signed with a private key, and with nothing else. */
static bool
wants_private(const struct profile_auth *auth)
{
	return is_jwt(auth) ? auth->algorithm[0] != 'H' : strcmp(auth->secret_encoding, "pem") == 0;
}

/*
 * Exchanges whose signature goes into the query, as Binance's does, may take an Ed25519 or RSA key instead of
 * a secret: Binance recommends the former.
 */
static bool
accepts_private(const struct profile_auth *auth)
{
	bool in_query = false;

	for (size_t i = 0; i < auth->query.count; i++)
		in_query = in_query || strstr(auth->query.items[i], "{signature}") != NULL;
	return wants_private(auth) ||
	       (!is_jwt(auth) && strcmp(auth->secret_encoding, "raw") == 0 && in_query);
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

/* Printable ASCII without blanks: a line break in a key would end the header that carries it. */
static bool
is_graphic(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < '!' || *text > '~')
			return false;
	return true;
}

/* What is wrong with the texts, before any of them is decoded; NULL: nothing. */
static const char *
fault_of(const struct profile *profile, const char *key, const char *secret, const char *passphrase)
{
	const struct profile_auth *auth = &profile->auth;

	if (strcmp(auth->scheme, "none") == 0)
		return "its profile does not say how calls are signed (auth.scheme is none)";
	if (*key == '\0' || strlen(key) > LONGEST_NAME || !is_graphic(key))
		return "the API key is empty, too long, or has a blank or another character that no key has";
	if (*secret == '\0' || strlen(secret) > LONGEST_SECRET)
		return "the secret is empty or longer than 8 KiB";
	/* The mistakes that users make, each with its own words. */
	if (is_pem(secret) && !accepts_private(auth))
		return "the secret is a private key (PEM): this exchange wants the text that came with the API key";
	if (!is_pem(secret) && has_control(secret))
		return "the secret has a line break or another control character in it";
	if (account_sign_uses(auth, "{pass}") && (passphrase == NULL || *passphrase == '\0'))
		return "the key's passphrase is missing: it was chosen when the key was made";
	if (passphrase != NULL && (strlen(passphrase) > LONGEST_NAME || has_control(passphrase)))
		return "the passphrase is too long or has a control character in it";
	return NULL;
}

/*
 * Decodes strictly: no blanks, all of the padding.  EVP_DecodeBlock() passes over blanks at both ends and
 * counts the padding as zero bytes: it would make another key of a secret that was copied badly.  NULL: it
 * is not base64, or no memory.
 */
static unsigned char *
decode_base64(const char *text, size_t *length)
{
	size_t size = strlen(text), digits = strspn(text, alphabet), padding = strspn(text + digits, "=");
	unsigned char *bytes;

	if (size == 0 || size % 4 != 0 || padding > 2 || digits + padding != size)
		return NULL;
	bytes = malloc(size / 4 * 3);
	if (bytes == NULL)
		return NULL;
	(void)EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size);
	*length = size / 4 * 3 - padding;
	return bytes;
}

/*
 * A PEM that was carried in one line, as in JSON or the environment, has "\n" as two characters.  It gets
 * shorter; what is left over behind it is wiped.
 */
static void
unfold_lines(char *pem)
{
	char *to = pem;

	for (const char *from = pem; *from != '\0'; from++) {
		bool escape = from[0] == '\\' && from[1] == 'n';

		*to++ = escape ? '\n' : *from;
		from += escape;
	}
	memset(to, 0, strlen(to));
}

static bool
is_p256(const EVP_PKEY *private)
{
	char curve[32] = "";
	size_t length;

	return EVP_PKEY_get_base_id(private) == EVP_PKEY_EC &&
	       EVP_PKEY_get_group_name(private, curve, sizeof(curve), &length) == 1 &&
	       strcmp(curve, "prime256v1") == 0;
}

static int
check_kind(const struct profile_auth *auth, const EVP_PKEY *private, struct failure *why)
{
	int kind = EVP_PKEY_get_base_id(private), bits = EVP_PKEY_get_bits(private);
	bool rsa = kind == EVP_PKEY_RSA && !wants_private(auth);

	/* A larger one would not fit into ACCOUNT_SIGNATURE, and exchanges take none below. */
	if (rsa && (bits < 2048 || bits > ACCOUNT_SIGNATURE * 8))
		return failure_set(
		    why, FAILURE_LOCAL, "the RSA key has %d bits: 2048 to 4096 are wanted", bits);
	/* Other curves have other lengths: a JWT has 64 bytes. */
	if (rsa || kind == EVP_PKEY_ED25519 || (is_jwt(auth) && is_p256(private)))
		return 0;
	return failure_set(why, FAILURE_LOCAL, "the private key is of the wrong kind: %s is wanted",
	    is_jwt(auth)          ? "an EC key of the curve P-256, or Ed25519,"
	    : wants_private(auth) ? "Ed25519"
				  : "Ed25519 or RSA");
}

static int
read_pem(struct account_key *key, const struct profile_auth *auth, const char *secret, struct failure *why)
{
	char *pem = strdup(secret);
	BIO *bio = NULL;

	if (pem != NULL) {
		unfold_lines(pem);
		bio = BIO_new_mem_buf(pem, -1);
	}
	/* With an empty password, because OpenSSL would ask for one at the terminal. */
	if (bio != NULL)
		key->private = PEM_read_bio_PrivateKey(bio, NULL, NULL, (char[]){ "" });
	(void)BIO_free(bio);
	secret_free(pem);
	/* OpenSSL keeps errors for the thread, and TLS would find this one (SSL_get_error(3)). */
	ERR_clear_error();
	if (key->private == NULL)
		return failure_set(why, FAILURE_LOCAL,
		    "the secret is no private key in PEM that can be read: it is damaged, or has a password");
	return check_kind(auth, key->private, why);
}

/* As Coinbase hands out Ed25519 keys: the seed and the public half, in base64. */
static int
read_seed(struct account_key *key, const char *secret, struct failure *why)
{
	unsigned char public[SEED], *bytes;
	size_t length = 0, public_length = sizeof(public);
	bool good = false;

	bytes = decode_base64(secret, &length);
	if (bytes != NULL && (length == SEED || length == sizeof(public) + SEED)) {
		key->private = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, SEED);
		/* If the public half does not fit, the text was damaged: each signature would be refused. */
		good = key->private != NULL &&
		       EVP_PKEY_get_raw_public_key(key->private, public, &public_length) == 1 &&
		       (length == SEED || memcmp(public, bytes + SEED, sizeof(public)) == 0);
	}
	if (bytes != NULL)
		explicit_bzero(bytes, length);
	free(bytes);
	ERR_clear_error();
	return good ? 0
		    : failure_set(why, FAILURE_LOCAL,
			  "the secret is no private key: neither PEM nor an Ed25519 key in base64");
}

static int
read_secret(struct account_key *key, const struct profile_auth *auth, const char *secret, struct failure *why)
{
	if (is_pem(secret))
		return read_pem(key, auth, secret, why);
	if (wants_private(auth))
		return read_seed(key, secret, why);
	if (strcmp(auth->secret_encoding, "base64") == 0) {
		key->secret = decode_base64(secret, &key->secret_length);
		return key->secret != NULL
			   ? 0
			   : failure_set(why, FAILURE_LOCAL,
				 "the secret is not base64, as this exchange's secrets are: copy it whole");
	}
	key->secret = (unsigned char *)strdup(secret);
	key->secret_length = strlen(secret);
	return key->secret != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

/*
 * The lines one by one: a text that repeats the key may have other line breaks.  Short lines are left out,
 * because they would mask ordinary text.
 */
static void
remember_pem(struct secrets *secrets, const char *secret)
{
	enum { TELLING = 16 };
	char *pem = strdup(secret), *line, *rest = NULL;

	if (pem == NULL)
		return;
	unfold_lines(pem);
	for (line = strtok_r(pem, "\r\n", &rest); line != NULL; line = strtok_r(NULL, "\r\n", &rest))
		if (*line != '-' && strlen(line) >= TELLING)
			secrets_add(secrets, line);
	/* strtok_r() has cut it into pieces: the length is that of the original. */
	explicit_bzero(pem, strlen(secret));
	free(pem);
}

struct account_key *
account_key_new(const struct profile *profile, const char *key, const char *secret, const char *passphrase,
    struct secrets *secrets, struct failure *why)
{
	const char *fault = fault_of(profile, key, secret, passphrase);
	struct account_key *made;

	/* Before anything can fail and be logged. */
	secrets_add(secrets, key);
	secrets_add(secrets, secret);
	if (is_pem(secret))
		remember_pem(secrets, secret);
	if (passphrase != NULL)
		secrets_add(secrets, passphrase);
	if (fault != NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "%s: %s", profile->name, fault);
		return NULL;
	}
	made = calloc(1, sizeof(*made));
	if (made == NULL || (made->name = strdup(key)) == NULL ||
	    (passphrase != NULL && (made->passphrase = strdup(passphrase)) == NULL))
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (read_secret(made, &profile->auth, secret, why) == 0)
		return made;
	(void)failure_prefix(why, "%s", profile->name);
	account_key_free(made);
	return NULL;
}

void
account_key_free(struct account_key *key)
{
	if (key == NULL)
		return;
	secret_free(key->name);
	secret_free(key->passphrase);
	if (key->secret != NULL)
		explicit_bzero(key->secret, key->secret_length);
	free(key->secret);
	EVP_PKEY_free(key->private);
	free(key);
}

struct secrets
account_key_sent(const struct account_key *key, char *values[ACCOUNT_SENT])
{
	struct secrets sent = { .values = values };

	if (key != NULL && *key->name != '\0')
		values[sent.count++] = key->name;
	if (key != NULL && key->passphrase != NULL && *key->passphrase != '\0')
		values[sent.count++] = key->passphrase;
	return sent;
}

const char *
account_key_name(const struct account_key *key)
{
	return key->name;
}

/*
 * Microseconds of the clock, so that a nonce also grows from one process to the next; one more than the
 * last where the clock was set back or two calls share a microsecond.
 */
uint64_t
account_key_nonce(struct account_key *key)
{
	uint64_t us = (uint64_t)(clock_unix_seconds() * 1e6);

	key->nonce = us > key->nonce ? us : key->nonce + 1;
	return key->nonce;
}

/* Signing ------------------------------------------------------------ */

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
	int kind = EVP_PKEY_get_base_id(key->private);
	bool ed25519 = kind == EVP_PKEY_ED25519, ec = kind == EVP_PKEY_EC;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char made[ACCOUNT_SIGNATURE];
	size_t size = sizeof(made);
	bool good =
	    context != NULL &&
	    EVP_DigestSignInit(context, NULL, ed25519 ? NULL : EVP_sha256(), NULL, key->private) == 1 &&
	    EVP_DigestSign(context, made, &size, (const unsigned char *)text.at, text.length) == 1;

	EVP_MD_CTX_free(context);
	if (good && ec)
		good = unpack(made, size, signature);
	else if (good)
		memcpy(signature, made, size);
	*length = ec ? (size_t)2 * SCALAR : size;
	return good ? 0 : fail(ed25519 ? "Ed25519" : ec ? "ES256" : "RSA", why);
}

int
account_key_sign(const struct account_key *key, const char *hash, struct slice text,
    unsigned char signature[ACCOUNT_SIGNATURE], size_t *length, struct failure *why)
{
	return key->private != NULL ? sign_private(key, text, signature, length, why)
				    : sign_hmac(key, hash, text, signature, length, why);
}
