#ifndef JSON_POINTER_H
#define JSON_POINTER_H

#include <stdbool.h>

#include <jansson.h>

/*
 * JSON pointers (RFC 6901): "/data/0/ts"; "" is the whole document.  One thing
 * is added: the member "*" stands for the first one there is, of an object or
 * of an array.
 */
bool json_pointer_valid(const char *pointer);

/* What a valid pointer points to, owned by `root`; NULL: nothing is there. */
const json_t *json_pointer_get(const json_t *root, const char *pointer);

#endif /* JSON_POINTER_H */
