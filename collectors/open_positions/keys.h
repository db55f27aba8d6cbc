#ifndef COLLECTORS_OPEN_POSITIONS_KEYS_H
#define COLLECTORS_OPEN_POSITIONS_KEYS_H

#include "common/secrets.h"
#include "probes/account_key.h"
#include "probes/exchange_settings.h"

/*
 * The API key of one exchange: from variables (ARBWATCH_BINANCE_KEY,
 * ARBWATCH_BINANCE_SECRET, ARBWATCH_BINANCE_PASSPHRASE), or else from files of
 * `directory` (binance.key, binance.secret, binance.passphrase), which nobody but
 * their owner may read.  One that has any of the variables has no files.
 *
 * Variables are wiped from the environment, and remembered for the next time
 * the settings are read.  NULL with `why` (local).
 */
struct account_key *keys_open(const char *directory, const struct exchange_setting *exchange,
    struct secrets *secrets, struct failure *why);

#endif /* COLLECTORS_OPEN_POSITIONS_KEYS_H */
