#ifndef PAPER_ENGINE_RANDOM_H
#define PAPER_ENGINE_RANDOM_H

#include <stdint.h>

/* splitmix64: one word of state, and any seed will do. */
uint64_t random_next(uint64_t *state);

#endif /* PAPER_ENGINE_RANDOM_H */
