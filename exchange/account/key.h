#ifndef EXCHANGE_ACCOUNT_KEY_H
#define EXCHANGE_ACCOUNT_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "common/config/secrets.h"
#include "common/failure.h"
#include "exchange/profile/profile.h"

/*
 * An API key, and signing with it as the exchange's profile says
 * (profile->auth; docs/adding-an-exchange.md, "Signing").  OpenSSL does the
 * cryptography.  Nothing here sends anything.
 */
struct account_key;

/*
 * `secret` as the profile's secret_encoding has it; a PEM private key is taken
 * for any scheme that has such keys (Ed25519 and RSA on Binance, ES256 and EdDSA
 * on Coinbase).  `passphrase`: NULL for a key without.  Everything is copied and
 * added to `secrets`.  NULL with `why` (local), whose text holds nothing of the
 * key: not base64, no PEM, the wrong kind of key, a passphrase that is missing.
 * Not for use from two threads at once.
 */
struct account_key *account_key_new(const struct profile *profile, const char *key, const char *secret,
    const char *passphrase, struct secrets *secrets, struct failure *why);

/* All that is secret is wiped.  Takes NULL. */
void account_key_free(struct account_key *key);

/* What of it is in requests as it is, so that an answer may repeat it; borrowed.  Takes NULL. */
enum { ACCOUNT_SENT = 2 };
struct secrets account_key_sent(const struct account_key *key, char *values[ACCOUNT_SENT]);

/* The public half ("access key"), for finding oneself in a list of keys. */
const char *account_key_name(const struct account_key *key);

/*
 * A number greater than all before of this key: microseconds of the wall clock,
 * so that it grows from one process to the next.
 */
uint64_t account_key_nonce(struct account_key *key);

/* What is signed. */
struct account_call {
	const char *base_url; /* "https://api.binance.com", without a slash at the end */
	const char *path;     /* "/api/v3/account", without query */
	const char *query;    /* "a=b&c=d", not encoded; "": none */
	bool post;            /* the query then goes into the body (Kraken) */
	int64_t now_ms;       /* Unix time */
	uint64_t nonce;       /* greater than in all calls before */
	const char *uuid;     /* 36 characters, new for each call */
};

/* What is sent: all texts are owned, and wiped when released. */
enum { ACCOUNT_HEADERS = 8 };
struct account_signed {
	char *url;
	char *body;                         /* NULL: a GET */
	char *headers[ACCOUNT_HEADERS + 1]; /* "Name: value", ended by NULL */
};

/*
 * 0, or -1 with `why` (local).  In both cases for account_signed_release().
 *
 * A POST is signed for the few paths that are known to be reads (Kraken's), all
 * else is a GET, whatever the profile says.  Where the profile signs a query in
 * sorted order, it is sent so.  Where it signs nonce and body, the body begins
 * with "nonce=".
 */
int account_sign(const struct profile *profile, const struct account_key *key,
    const struct account_call *call, struct account_signed *result, struct failure *why);
void account_signed_release(struct account_signed *result);

/* How old a request may get on its way, in ms: {recv}. */
enum { ACCOUNT_RECV_MS = 5000 };

#endif /* EXCHANGE_ACCOUNT_KEY_H */
