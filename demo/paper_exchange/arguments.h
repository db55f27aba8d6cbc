#ifndef PAPER_EXCHANGE_ARGUMENTS_H
#define PAPER_EXCHANGE_ARGUMENTS_H

#include <stddef.h>

/* "a=1&b=x%20y", decoded: a query string or the body of a form. */
enum { MOST_ARGUMENTS = 32 };

struct arguments {
	char *memory; /* what the texts below point into */
	size_t count;
	struct {
		const char *name, *value;
	} items[MOST_ARGUMENTS];
};

/* 0, or -1: a bad escape, too many, or no memory; then nothing is left to release. */
int arguments_parse(struct arguments *arguments, const char *text);
void arguments_release(struct arguments *arguments);

/* The first of that name, or NULL. */
const char *arguments_find(const struct arguments *arguments, const char *name);

/* "%41" becomes "A", in place; with `form`, "+" becomes a space.  0, or -1: a bad escape, or a NUL. */
int percent_decode(char *text, int form);

#endif /* PAPER_EXCHANGE_ARGUMENTS_H */
