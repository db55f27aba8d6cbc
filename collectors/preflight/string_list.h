#ifndef COLLECTORS_PREFLIGHT_STRING_LIST_H
#define COLLECTORS_PREFLIGHT_STRING_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/options.h"
#include "common/config/secrets.h"

/* Copies of a repeatable option's values.  All zero at first. */
struct string_list {
	char **items; /* owned */
	size_t count;
};

/* 0, or -1 with `why`: out of memory.  In both cases for string_list_release(). */
int string_list_read(
    struct string_list *list, const struct options *given, const char *option, struct failure *why);
int string_list_add(struct string_list *list, const char *text, struct failure *why);
void string_list_release(struct string_list *list);
bool string_list_has(const struct string_list *list, const char *text);

#endif /* COLLECTORS_PREFLIGHT_STRING_LIST_H */
