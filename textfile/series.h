#ifndef TEXTFILE_SERIES_H
#define TEXTFILE_SERIES_H

#include "textfile/hash.h"
#include "textfile/parse.h"

/*
 * What makes a series: its family and its labels, in any order.  A label whose
 * value is empty is the same as none.  All lines of a histogram (summary) that
 * differ in `le` (`quantile`) alone are one series.
 */

struct series_key {
	uint64_t hash;                /* of family and labels */
	uint64_t names;               /* of the label names alone, those of empty values too */
	const struct label *reserved; /* a label that begins with "__", or NULL */
};

/* `family` takes part in the hash: across documents the same name needs the same number. */
struct series_key series_read(
    const struct document *document, const struct sample *sample, uint32_t family, struct hash_key key);

/* Whether two samples, whose families are the same, have the same labels; `type` is their family's. */
bool series_equal(const struct document *a, const struct sample *x, const struct document *b,
    const struct sample *y, enum sample_type type);

/* Checks whether the lines of one histogram or summary make sense together.  The owner frees `bounds`. */
#define COMPOSITE_END UINT32_MAX

struct composite_bound;

struct composite_checker {
	const struct document *document;
	struct fault_sink *faults;
	const uint32_t *next;           /* by sample: the next line of the same series, or COMPOSITE_END */
	struct composite_bound *bounds; /* room to sort the buckets in */
	size_t bounds_room;
};

/* Check the series whose first line is the sample `first`.  0, or -1 when memory ran out. */
int composite_check(struct composite_checker *checker, uint32_t first);

#endif /* TEXTFILE_SERIES_H */
