#ifndef TEXTFILE_FAMILY_H
#define TEXTFILE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/failure.h"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum {
	FAMILY_LABELS = 8,        /* label keys a family may have, besides env (and le) */
	FAMILY_BOUNDS = 32,       /* buckets a histogram may have, besides +Inf */
	FAMILY_SERIES = 1000,     /* default for max_series */
	FAMILY_NAME = 128,        /* bytes a metric's or a label's name may have */
	FAMILY_LABEL_VALUE = 128, /* bytes of a label value that are kept */
};

/*
 * What a program may write: one row of a static table per metric family.
 * Nothing else is ever written, so what peers send can change values and label
 * values, but can never add a name, a label or a type.
 */
struct family {
	const char *name;
	enum metric_type type;
	const char *help;                      /* one sentence */
	const char *labels[FAMILY_LABELS + 1]; /* keys, in order; ended by NULL */
	const double *bounds;                  /* histogram: upper bounds, ascending, without +Inf */
	size_t bound_count;
	size_t max_series; /* 0: FAMILY_SERIES */
	bool kept;         /* gauge: keeps its last value until a run sets a new one */
	bool recalled;     /* gauge: a run may ask what the last one said; what is kept it may always */
	bool whole;        /* counter, histogram: a run sets the whole total, which another program keeps */
};

/* Whether its series go on from run to run: all but gauges that are not kept, and totals of other programs.
 */
bool family_continues(const struct family *family);

/* Whether a run may ask what the last one said: what continues, and gauges that are recalled. */
bool family_remembered(const struct family *family);

/* "counter", "gauge", "histogram". */
const char *metric_type_name(enum metric_type type);

/*
 * Whether all these rows can be written into one file without node_exporter rejecting the file,
 * dropping a series, misreading one or crashing: legal names, no reserved
 * label, no name twice, no name that a histogram's _bucket, _sum or _count
 * collides with, none that node_exporter writes itself, a HELP text, ascending
 * bounds.  0, or -1 with `why` (local) that names the row and the reason.
 */
int family_check(const struct family *const families[], size_t count, struct failure *why);

#endif /* TEXTFILE_FAMILY_H */
