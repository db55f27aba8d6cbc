#ifndef PAPER_EXCHANGE_LEDGER_H
#define PAPER_EXCHANGE_LEDGER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demo/paper_exchange/faults.h"

/* What a venue remembers between requests: how much of its limits is used, and which nonces came. */
enum { METERS = 8, NONCES = 4096, KEYS = 2 };

struct meter {
	int64_t window; /* number of the window that `used` counts */
	int64_t used;
};

struct ledger {
	pthread_mutex_t lock;
	struct meter meters[MOST_VENUES][METERS];
	uint64_t nonces[NONCES]; /* hashes of the last ones, of all venues */
	size_t nonce_next;
	uint64_t last_nonce[MOST_VENUES][KEYS]; /* where they must grow, each key's its own */
};

/* Add `weight` in a window of `window_ms`; returns what is used in it now. */
int64_t ledger_use(
    struct ledger *ledger, size_t venue, size_t meter, int64_t window_ms, int64_t weight, int64_t now_ms);

/* Whether this nonce is new (none of the last NONCES); then it is remembered. */
bool ledger_take_nonce(struct ledger *ledger, size_t venue, const char *nonce);

/* Whether it is greater than all of that key (below KEYS) before; then it is remembered. */
bool ledger_raise_nonce(struct ledger *ledger, size_t venue, size_t key, uint64_t nonce);

/* Forget it all. */
void ledger_clear(struct ledger *ledger);

#endif /* PAPER_EXCHANGE_LEDGER_H */
