/*
 * Only people who got the message, or saw the page, have an incident's token: so a link needs no login, and a
 * form of a foreign page cannot know what to send.  A token says nothing about the one of another incident.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "common/config/secrets.h"
#include "common/deadline.h"
#include "common/system/replace.h"
#include "relay/act/link.h"
#include "relay/act/state.h"

static const int64_t write_ns = INT64_C(5) * 1000 * 1000 * 1000;

static void
to_hex(const unsigned char *bytes, size_t count, char *text)
{
	for (size_t i = 0; i < count; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int
make_key(const char *path, unsigned char key[LINK_KEY], struct failure *why)
{
	char text[2 * LINK_KEY + 2];
	int result;

	if (RAND_bytes(key, LINK_KEY) != 1)
		return failure_set(why, FAILURE_LOCAL, "OpenSSL has no random numbers for a key of links");
	to_hex(key, LINK_KEY, text);
	text[sizeof(text) - 2] = '\n';
	text[sizeof(text) - 1] = '\0';
	/* A kill leaves a whole file or none. A power cut right after the first start may still
	 * lose it (there is no fsync()): the links that were sent until then stop working. */
	result = replace_file(path, text, deadline_in(write_ns), why);
	explicit_bzero(text, sizeof(text));
	return result;
}

int
link_key_read(const char *directory, unsigned char key[LINK_KEY], struct failure *why)
{
	char path[4096], *text;
	struct stat info;
	size_t length = 0;
	int decoded;

	if (snprintf(path, sizeof(path), "%s/link.key", directory) >= (int)sizeof(path))
		return failure_set(why, FAILURE_LOCAL, "the path of the relay's directory is too long");
	/* Only a file that is missing is made. One that cannot be read
	 * must not be replaced, since the links in messages depend on it. */
	if (stat(path, &info) != 0 && errno == ENOENT)
		return make_key(path, key, why);
	text = secret_read_file(path, why);
	if (text == NULL)
		return -1;
	decoded =
	    strlen(text) == 2 * LINK_KEY ? OPENSSL_hexstr2buf_ex(key, LINK_KEY, &length, text, '\0') : 0;
	secret_free(text);
	if (decoded == 1 && length == LINK_KEY)
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "'%s' is damaged: remove it, and a new one is made (links in older messages then stop working)",
	    path);
}

void
act_link_token(const struct act *act, const char *id, char token[ACT_TOKEN])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length = sizeof(digest);
	char text[INCIDENT_ID + 8];
	/* The word "ack" keeps these signatures apart from those of
	 * other links, if there are some one day with the same key. */
	int used = snprintf(text, sizeof(text), "ack%.*s", INCIDENT_ID, id);

	/* It fails without memory alone, and then no link works: act_link_check() compares with this. */
	if (HMAC(EVP_sha256(), act->link_key, LINK_KEY, (const unsigned char *)text, (size_t)used, digest,
		&length) == NULL)
		memset(token, '\0', ACT_TOKEN);
	else
		to_hex(digest, (ACT_TOKEN - 1) / 2, token);
}

bool
act_link_check(const struct act *act, const char *id, const char *token)
{
	char wanted[ACT_TOKEN];

	act_link_token(act, id, wanted);
	/* CRYPTO_memcmp takes the same time wherever the first
	 * difference is: nobody can find a token digit by digit. */
	return strlen(token) == ACT_TOKEN - 1 && *wanted != '\0' &&
	       CRYPTO_memcmp(token, wanted, ACT_TOKEN - 1) == 0;
}
