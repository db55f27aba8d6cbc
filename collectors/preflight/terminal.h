#ifndef COLLECTORS_PREFLIGHT_TERMINAL_H
#define COLLECTORS_PREFLIGHT_TERMINAL_H

#include <stdio.h>

#include "collectors/preflight/verdict.h"

/*
 * The list of checks, in their order, each line as soon as it and all before
 * it are done.  On a terminal with the check that is awaited, and with colours unless NO_COLOR
 * is set.
 */
struct terminal {
	FILE *out; /* NULL: nothing is shown */
	bool is_terminal, coloured;
	const struct check_result *results;
	const bool *listed;
	bool done[CHECKS];
	int next; /* the first that is not shown yet */
	size_t number, total;
};

void terminal_begin(struct terminal *terminal, FILE *out, const struct check_result results[CHECKS],
    const bool listed[CHECKS]);
void terminal_done(struct terminal *terminal, enum check check); /* its result is there */
void terminal_end(struct terminal *terminal, const struct verdict *verdict, const char *env, bool strict);

#endif /* COLLECTORS_PREFLIGHT_TERMINAL_H */
