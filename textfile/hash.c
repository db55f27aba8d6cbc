#include <sys/random.h>

#include "common/deadline.h"
#include "textfile/hash.h"

struct hash_key
hash_key_new(void)
{
	struct hash_key key;

	/* Early at boot there may be no random bytes yet; the clock and an address have to do then. */
	if (getrandom(&key, sizeof(key), GRND_NONBLOCK) != (ssize_t)sizeof(key)) {
		key.seed = (uint64_t)clock_now_ns();
		key.multiplier = UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)(uintptr_t)&key;
	}
	key.multiplier |= 1;
	return key;
}
