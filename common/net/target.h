#ifndef COMMON_NET_TARGET_H
#define COMMON_NET_TARGET_H

#include "common/failure.h"

/*
 * "--target [NAME=]URL": NAME is letters, digits, '_', '.', '-' (1 to 64 of
 * them) and becomes the `target` label.
 *
 * Splits in place: `*name` points into `text` at NAME, ended by a NUL, and
 * `*url` behind the '='; without a NAME, `*name` is NULL and `*url` is `text`.
 * A '=' that belongs to the URL ("host=db", "?a=b") is distinguished from one that ends
 * a NAME by what follows: "://", or another "key=value" of a connection string.
 */
void target_split(char *text, char **name, char **url);

#endif /* COMMON_NET_TARGET_H */
