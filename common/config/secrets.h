#ifndef COMMON_CONFIG_SECRETS_H
#define COMMON_CONFIG_SECRETS_H

#include <stddef.h>

#include "common/failure.h"

/*
 * The secrets a program knows, so that no text of ours repeats one.
 *
 * A peer may echo a password in its error text, and a library may quote a
 * connection string: everything that is logged goes through secrets_mask().
 * The set belongs to the program's main and holds copies, which are wiped
 * when it is released.
 */
struct secrets {
	char **values;
	size_t count;
};

/* Empty ones are ignored.  Not for use from two threads at once. */
void secrets_add(struct secrets *secrets, const char *secret);

/*
 * Replace every occurrence of every secret in `text` (in place) by asterisks,
 * at most as many as it had bytes.  It also finds secrets that are
 * percent-encoded in any way, and those whose control characters were replaced
 * as in a failure's text.
 * A piece of a secret is not found: mask a text before cutting it.
 */
void secrets_mask(const struct secrets *secrets, char *text);

void secrets_release(struct secrets *secrets);

/*
 * `text` as an error shows it: as it is, unless it may be a connection string
 * that was given in the wrong place, then a remark instead.
 */
const char *secret_shown(const char *text);

/* Overwrite and free a string that held a secret.  Takes NULL. */
void secret_free(char *secret);

/*
 * The content of a secret's file, without its trailing line break.  The
 * caller owns it and ends it with secret_free().  NULL with `why` (local) when
 * it cannot be read, is no regular file, is empty, is longer than 64 KiB or
 * holds a NUL byte.
 */
char *secret_read_file(const char *path, struct failure *why);

#endif /* COMMON_CONFIG_SECRETS_H */
