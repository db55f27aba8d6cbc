#ifndef TEXTFILE_HASH_H
#define TEXTFILE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "common/deadline.h"

/*
 * Keyed hashing of short texts.  The texts come from outside: with a key that
 * is new each time, nobody can prepare ones that collide.
 */
struct hash_key {
	uint64_t seed;
	uint64_t multiplier; /* odd */
};

static inline struct hash_key
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

static inline uint64_t
hash_mix(struct hash_key key, uint64_t hash, uint64_t block)
{
	hash = (hash ^ block) * key.multiplier;
	return hash ^ (hash >> 32);
}

/* The last 0 to 8 bytes of a text as one number. */
static inline uint64_t
hash_tail(const char *at, size_t length, size_t total)
{
	uint64_t block = 0;
	uint32_t first = 0, last = 0;

	if (total >= 8) {
		memcpy(&block, at + length - 8, 8);
	} else if (length >= 4) {
		memcpy(&first, at, 4);
		memcpy(&last, at + length - 4, 4);
		block = (uint64_t)first << 32 | last;
	} else if (length > 0) {
		block = (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[length / 2] << 8 |
			(unsigned char)at[length - 1];
	}
	return block;
}

static inline uint64_t
hash_text(struct hash_key key, const char *at, size_t length)
{
	uint64_t hash = hash_mix(key, key.seed, length), block;
	size_t left = length;

	for (; left > 8; at += 8, left -= 8) {
		memcpy(&block, at, 8);
		hash = hash_mix(key, hash, block);
	}
	return hash_mix(key, hash_mix(key, hash, hash_tail(at, left, length)), key.seed);
}

#endif /* TEXTFILE_HASH_H */
