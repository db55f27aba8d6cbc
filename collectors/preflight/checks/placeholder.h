#ifndef COLLECTORS_PREFLIGHT_CHECKS_PLACEHOLDER_H
#define COLLECTORS_PREFLIGHT_CHECKS_PLACEHOLDER_H

#include <stdbool.h>

/*
 * Whether a secret looks like what stands in examples until somebody puts the
 * real one there: "changeme", "<your key>", "YOUR_API_KEY", "xxxx", "${TOKEN}",
 * "secret", "binance_secret", "12345678".  Nothing of it is shown by anybody who asks.
 */
bool placeholder_is(const char *secret);

/* The same of a setting that may be any word: only what nobody would choose. */
bool placeholder_is_unfilled(const char *text);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_PLACEHOLDER_H */
