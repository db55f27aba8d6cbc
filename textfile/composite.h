#ifndef TEXTFILE_COMPOSITE_H
#define TEXTFILE_COMPOSITE_H

#include "textfile/fault.h"

/*
 * Histograms and summaries: one series written as several lines.  Whether
 * those of one set of labels make sense together.
 */
#define COMPOSITE_END UINT32_MAX

struct composite_bound;

struct composite_checker {
	const struct document *document;
	struct fault_sink *faults;
	const uint32_t *next;           /* by sample: the next line of the same series, or COMPOSITE_END */
	struct composite_bound *bounds; /* room to sort the buckets in */
	size_t bounds_room;
};

bool composite_type(enum sample_type type);

/* Check the series whose first line is the sample `first`.  0, or -1 when memory ran out. */
int composite_check(struct composite_checker *checker, uint32_t first);

void composite_release(struct composite_checker *checker);

#endif /* TEXTFILE_COMPOSITE_H */
