#ifndef COLLECTORS_PREFLIGHT_CHECKS_PLACEHOLDER_H
#define COLLECTORS_PREFLIGHT_CHECKS_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether a secret looks like what stands in examples until somebody puts the
 * real one there: "changeme", "<your key>", "YOUR_API_KEY", "xxxx", "${TOKEN}",
 * "secret", "12345678", and with "binance" among the `names` "binance_secret".
 */
bool placeholder_is(const char *secret, const char *const names[], size_t count);

/* The same for a setting that may be any word: only what nobody would choose. */
bool placeholder_is_unfilled(const char *text);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_PLACEHOLDER_H */
