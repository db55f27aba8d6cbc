#ifndef POSITIONS_KEYS_H
#define POSITIONS_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/secrets.h"
#include "exchange/account/key.h"
#include "exchange/settings.h"

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

/* Move what its variables hold out of the environment, where /proc shows it; who reads the key finds it.  -1
 * with `why`: memory ran out. */
int keys_hide(const char *exchange, struct failure *why);

/* What the variable of that name holds, be it one that was wiped; NULL: it is not set. */
const char *keys_variable(const char *name);

/* The same in two steps, for who looks at the texts. */
enum key_part { PART_KEY, PART_SECRET, PART_PASSPHRASE };
enum { KEY_PARTS = PART_PASSPHRASE + 1 };
const char *key_part_name(enum key_part part); /* "key", "secret", "passphrase" */

struct key_texts {
	char *parts[KEY_PARTS]; /* NULL: there is none */
};

/* 0, or -1 with `why`: missing, or not for us alone.  In both cases for keys_release(). */
int keys_read(const char *directory, const char *exchange, struct key_texts *texts, struct failure *why);
void keys_release(struct key_texts *texts);

/*
 * Whether there is any part of a key of that name, in a variable or a file, of
 * whatever mode; nothing is read.  `where` then names one: "ARBWATCH_BINANCE_KEY", or a path.
 */
bool keys_are_there(const char *directory, const char *exchange, char *where, size_t size);

/* Whether a secret's file is for us alone: ours or root's, and nobody else may read or change it.  -1 with
 * `why`. */
struct stat;
int keys_check_mode(const char *path, const struct stat *info, struct failure *why);

#endif /* POSITIONS_KEYS_H */
