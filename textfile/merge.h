#ifndef TEXTFILE_MERGE_H
#define TEXTFILE_MERGE_H

#include "common/text/buffer.h"
#include "textfile/parse.h"

/*
 * Several files as one exposition: what node_exporter makes of a directory.
 *
 * Families of the same name are joined, with one HELP and one TYPE.  Where
 * files contradict each other the first file (in the order given; node_exporter
 * takes file-name order) wins, and what is left out is reported, with the
 * index of the file it was in.
 */
typedef void merge_handler(void *context, size_t file, const struct fault *fault);

/* Whether the caller writes families of this name itself: those of files are left out and reported. */
typedef bool merge_reserved(struct slice name);

/*
 * Append the joined text to `out`, or only report when `out` is NULL.  The
 * documents should be free of faults themselves.  `reserved` and `report` may be
 * NULL.  Returns the number of faults, or -1 when memory ran out.
 */
long merge(const struct document *const documents[], size_t count, struct buffer *out,
    merge_reserved *reserved, merge_handler *report, void *context);

#endif /* TEXTFILE_MERGE_H */
