#ifndef RELAY_DELIVER_MATCHER_H
#define RELAY_DELIVER_MATCHER_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/failure.h"
#include "common/text/buffer.h"

/*
 * Matchers of labels, written as in Alertmanager: severity=~"P0|P1", env!="paper".  All must hold.  A label
 * that an alert does not have is "".  Patterns match the whole value.
 *
 * A severity has two words: P0 and critical, P2 and warning, P3 and info; both name it, and a severity that
 * is none of P0 to P3 is also P2.
 *
 * Patterns are POSIX extended ones, with RE2's \d and (?:...).  What RE2 reads otherwise is refused.
 */
struct matcher {
	char *label;
	char *value;
	bool negative; /* != and !~ */
	bool pattern;  /* =~ and !~ */
	regex_t compiled;
};

enum { MATCHERS_MOST = 32 };

struct matchers {
	struct matcher rows[MATCHERS_MOST];
	size_t count;
};

/*
 * Read matchers from `*at` up to what can be none (the "->" of a route, or the end), and move `*at` there. 0,
 * or -1 with `why` (local) and `*at` at the mistake; then too the caller releases them.  Starts zeroed.
 */
int matchers_read(struct matchers *matchers, const char **at, struct failure *why);
void matchers_release(struct matchers *matchers);

/* `labels` is an object of strings.  For several threads at once, too. */
bool matchers_hold(const struct matchers *matchers, const json_t *labels);

/* "severity is P0 or P1 and env is not paper". */
void matchers_describe(const struct matchers *matchers, struct buffer *text);

#endif /* RELAY_DELIVER_MATCHER_H */
