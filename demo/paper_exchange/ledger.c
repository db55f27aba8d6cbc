#include <string.h>

#include "demo/paper_exchange/ledger.h"
#include "demo/paper_exchange/sign.h"

int64_t
ledger_use(
    struct ledger *ledger, size_t venue, size_t meter, int64_t window_ms, int64_t weight, int64_t now_ms)
{
	struct meter *m = &ledger->meters[venue][meter];
	int64_t used;

	(void)pthread_mutex_lock(&ledger->lock);
	if (m->window != now_ms / window_ms)
		*m = (struct meter){ .window = now_ms / window_ms };
	m->used += weight;
	used = m->used;
	(void)pthread_mutex_unlock(&ledger->lock);
	return used;
}

bool
ledger_take_nonce(struct ledger *ledger, size_t venue, const char *nonce)
{
	struct digest digest = digest_of(HASH_SHA256, SLICE(nonce));
	uint64_t hash;
	bool fresh = true;

	memcpy(&hash, digest.bytes, sizeof(hash));
	hash ^= venue;
	(void)pthread_mutex_lock(&ledger->lock);
	for (size_t i = 0; i < NONCES; i++)
		fresh = fresh && ledger->nonces[i] != hash;
	if (fresh) {
		ledger->nonces[ledger->nonce_next] = hash;
		ledger->nonce_next = (ledger->nonce_next + 1) % NONCES;
	}
	(void)pthread_mutex_unlock(&ledger->lock);
	return fresh;
}

bool
ledger_raise_nonce(struct ledger *ledger, size_t venue, size_t key, uint64_t nonce)
{
	bool raised;

	(void)pthread_mutex_lock(&ledger->lock);
	raised = nonce > ledger->last_nonce[venue][key];
	if (raised)
		ledger->last_nonce[venue][key] = nonce;
	(void)pthread_mutex_unlock(&ledger->lock);
	return raised;
}

void
ledger_clear(struct ledger *ledger)
{
	(void)pthread_mutex_lock(&ledger->lock);
	memset(ledger->meters, 0, sizeof(ledger->meters));
	memset(ledger->nonces, 0, sizeof(ledger->nonces));
	memset(ledger->last_nonce, 0, sizeof(ledger->last_nonce));
	(void)pthread_mutex_unlock(&ledger->lock);
}
