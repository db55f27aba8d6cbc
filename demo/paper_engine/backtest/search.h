#ifndef PAPER_ENGINE_SEARCH_H
#define PAPER_ENGINE_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "demo/paper_engine/core/settings.h"

/*
 * The parameters that tuning tries.  Each takes one of a few round values, so a set of them is a point of a
 * grid: its neighbours are one value further, and a set that was tried is known again.
 */
enum { DIMENSIONS = 4 };
struct point {
	int at[DIMENSIONS]; /* which value */
};

struct dimension {
	const char *name; /* "min profit", "size", "cooldown", "weight" */
	int count;        /* of values */
};
extern const struct dimension search_dimensions[DIMENSIONS];

struct parameters search_parameters(const struct point *point);

/* Its value as people write it: "0.0004", "1000 USDT", "20s", "0.3". */
enum { VALUE_TEXT = 32 };
const char *search_value_text(const struct point *point, size_t dimension, char text[VALUE_TEXT]);

/* Any point, each with the same chance. */
struct point search_random(uint64_t *random);

/* One value down (-1) or up (1) of one parameter; false: it has no further value. */
bool search_step(const struct point *from, size_t dimension, int step, struct point *to);

bool search_equal(const struct point *a, const struct point *b);

#endif /* PAPER_ENGINE_SEARCH_H */
