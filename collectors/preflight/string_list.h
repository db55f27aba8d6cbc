#ifndef COLLECTORS_PREFLIGHT_STRING_LIST_H
#define COLLECTORS_PREFLIGHT_STRING_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/options.h"
#include "common/config/secrets.h"

/* Copies of a repeatable option's values.  All zero at first. */
struct texts {
	char **items; /* owned */
	size_t count;
};

/* 0, or -1 with `why`: out of memory.  In both cases for texts_release(). */
int texts_read(struct texts *texts, const struct options *given, const char *option, struct failure *why);
int texts_add(struct texts *texts, const char *text, struct failure *why);
void texts_release(struct texts *texts);
bool texts_have(const struct texts *texts, const char *text);

#endif /* COLLECTORS_PREFLIGHT_STRING_LIST_H */
