#ifndef TEXTFILE_SERIES_H
#define TEXTFILE_SERIES_H

#include "textfile/hash.h"
#include "textfile/parse.h"

/*
 * What makes a series: its family and its labels, in any order.  A label whose
 * value is empty is the same as none.  All lines of a histogram (summary) that
 * differ in `le` (`quantile`) alone are one series.
 */

/* The label that tells such lines apart: "le", "quantile", or "" for the other types. */
struct slice series_bound_label(enum sample_type type);

/* Reads samples one after the other and remembers what the last one's label names gave. */
enum { SERIES_REMEMBERED = 16 };
struct series_reader {
	const struct document *document;
	struct hash_key key;
	const struct label *last; /* the labels of the last sample */
	size_t last_count;
	uint32_t last_family;
	uint64_t last_names;
	uint64_t name_hashes[SERIES_REMEMBERED];
};

struct series_key {
	uint64_t hash;                /* of family and labels */
	uint64_t names;               /* of the label names alone, those of empty values too */
	const struct label *reserved; /* a label that begins with "__", or NULL */
};

void series_reader_init(struct series_reader *reader, const struct document *document, struct hash_key key);

/* `family` takes part in the hash: across documents the same name needs the same number. */
struct series_key series_read(struct series_reader *reader, const struct sample *sample, uint32_t family);

/* Whether two samples, whose families are the same, have the same labels; `type` is their family's. */
bool series_equal(const struct document *a, const struct sample *x, const struct document *b,
    const struct sample *y, enum sample_type type);

#endif /* TEXTFILE_SERIES_H */
