#ifndef EXPORTER_DIRECTORY_JOINED_H
#define EXPORTER_DIRECTORY_JOINED_H

#include <stdatomic.h>
#include <stdbool.h>

#include "common/text/buffer.h"
#include "exporter/directory/content.h"

/*
 * Several files as one exposition, as merge() makes it, without copying them:
 * a list of slices of the contents.  Only families in which files contradict
 * each other go through merge() itself, which then says what is left out.
 * Immutable but for its packed form; shared by counting.
 */
struct joined {
	atomic_uint references;
	struct content **contents; /* kept as long as this lives */
	size_t content_count;
	struct slice *slices; /* the text */
	size_t slice_count, slice_room;
	size_t length;        /* of all of them */
	struct buffer merged; /* the families with contradictions */
	size_t conflicts;     /* what was left out */
	/* Deflated (RFC 1951) but without an end, so that more can follow; made when first asked for. */
	struct buffer packed;
	uint32_t checksum; /* CRC-32 of the text */
};

/* Whether nobody but the program itself may serve a family of this name. */
typedef bool joined_reserved(struct slice name);

/* What of a file is left out, one call for each; `file` is the index of its content. */
typedef void joined_report(void *context, size_t file, const char *text);

/* Of contents with the same key, in the order of file names.  NULL: out of memory. */
struct joined *joined_new(struct content *const contents[], size_t count, joined_reserved *reserved,
    joined_report *report, void *context);

/* 0, or -1: out of memory.  Not from two threads at once. */
int joined_pack(struct joined *joined);

struct joined *joined_keep(struct joined *joined);
void joined_drop(struct joined *joined); /* takes NULL */

#endif /* EXPORTER_DIRECTORY_JOINED_H */
