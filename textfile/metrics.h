#ifndef TEXTFILE_METRICS_H
#define TEXTFILE_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "textfile/family.h"

/*
 * The series of one run: values for the families of some static tables.
 *
 *	metrics_set(m, &families[UP], LABELS("main"), 1);
 *	metrics_add(m, &families[FAILURES], LABELS("main", "timeout"), 1);
 *	metrics_observe(m, &families[LATENCY], LABELS("main"), 0.000104);
 *
 * Label values come in the order of the family's label keys.  The same label
 * values always mean the same series, so a series cannot appear twice.  Label
 * values may come from outside: bytes that are not UTF-8 become U+FFFD, and
 * what is longer than FAMILY_LABEL_VALUE is cut.  Series past the family's
 * max_series, values that are not finite where that makes no sense (counters,
 * histograms), and all after memory ran out, are dropped and counted.
 *
 * Passing a family that was not declared, or a wrong number of label values,
 * is a mistake in our own code and is asserted.
 */
struct metrics;

#define LABELS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_LABELS   ((const char *const[]){ NULL })

/* One series, as the encoder and the state see it.  Valid until the next change of the metrics. */
struct series {
	const char *labels; /* the values, one after another, each ended by a NUL */
	uint32_t labels_length;
	uint32_t hash;    /* of the values */
	double value;     /* counter, gauge; of a histogram the sum */
	uint64_t *counts; /* histogram: per bucket, not cumulative, +Inf last; else NULL */
};

/*
 * Every sample carries env="<env>" (copied).  The tables must outlive the
 * metrics, and family_check() holds for them, all together.  NULL with `why`
 * when it does not, or when memory ran out.
 */
struct metrics *metrics_new(const char *env, const struct family *const tables[], const size_t counts[],
    size_t table_count, struct failure *why);

/* Takes NULL. */
void metrics_free(struct metrics *m);

void metrics_set(struct metrics *m, const struct family *gauge, const char *const labels[], double value);

/* Adding 0 makes the series exist. */
void metrics_add(struct metrics *m, const struct family *counter, const char *const labels[], double value);

/* A counter's total is known from elsewhere too: the higher one holds.  Returns it. */
double metrics_raise_total(
    struct metrics *m, const struct family *counter, const char *const labels[], double least);

/* Makes the histogram exist without an observation. */
void metrics_touch(struct metrics *m, const struct family *histogram, const char *const labels[]);
void metrics_observe(
    struct metrics *m, const struct family *histogram, const char *const labels[], double value);

/*
 * The whole total, for a family that is `whole`.  Of a histogram: the observations in each bucket, not
 * cumulative, +Inf last; `sum` may be below 0 if its observations may.
 */
void metrics_set_total(
    struct metrics *m, const struct family *counter, const char *const labels[], double total);
void metrics_set_histogram(struct metrics *m, const struct family *histogram, const char *const labels[],
    const uint64_t counts[], double sum);

/* How many values were dropped since the last metrics_clear(). */
uint64_t metrics_dropped(const struct metrics *m);

/* Forget all series. */
void metrics_clear(struct metrics *m);

/* A copy of the families for which `takes` holds; the others have no series.  NULL: memory ran out. */
typedef bool family_filter(const struct family *family);
struct metrics *metrics_copy(const struct metrics *m, family_filter *takes);

/* Add every series of `from`, which has the same tables, to `m`: counts add up, gauges are set. */
void metrics_merge(struct metrics *m, const struct metrics *from);

/* What a counter or gauge is.  False: there is no such series. */
bool metrics_value(
    const struct metrics *m, const struct family *family, const char *const labels[], double *value);

/* For the encoder and the state: families by index, in the tables' order. */
const char *metrics_env(const struct metrics *m);
size_t metrics_family_count(const struct metrics *m);
const struct family *metrics_family(const struct metrics *m, size_t index);
size_t metrics_series_count(const struct metrics *m, size_t family);
const struct series *metrics_series(const struct metrics *m, size_t family, size_t index);

/* For the decoder and the state, which fill metrics from a file. */
struct metrics *metrics_like(
    const struct metrics *m); /* the same tables and env, no series; NULL: out of memory */
struct series *metrics_series_at(struct metrics *m, size_t family, size_t index);
void metrics_clear_family(struct metrics *m, size_t family);

/* Add one series of other metrics with the same tables: counts add up, a gauge is set, or stays where it is
 * there. */
void metrics_merge_series(struct metrics *m, size_t family, const struct series *from, bool gauges_stay);

/* The series with these values (packed as in struct series), made if it is not there; NULL: dropped, and
 * counted. */
struct series *metrics_need(struct metrics *m, size_t family, const char *labels, size_t length);

#endif /* TEXTFILE_METRICS_H */
