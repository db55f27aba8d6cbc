#ifndef EXPORTER_DIRECTORY_CONTENT_H
#define EXPORTER_DIRECTORY_CONTENT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "textfile/hash.h"
#include "textfile/parse.h"

/*
 * One good file as it is served: its text with the lines of each family
 * together, where each family is in it, and what tells its series from those
 * of other files.  About the size of the file, where a document is several
 * times that.  Immutable; shared by counting, since a slow client may still
 * be reading the last one.
 */
struct content_family {
	struct slice name;
	struct slice help; /* empty: none */
	enum sample_type type;
	size_t start;   /* in the text: HELP and TYPE */
	size_t samples; /* the first sample */
	size_t end;
	size_t series; /* in the hashes; ascending, each once */
	size_t series_count;
};

struct content {
	atomic_uint references;
	char *text;
	size_t length;
	struct content_family *families; /* in the order of the text */
	size_t family_count;
	uint64_t *series;
};

/*
 * From a document that node_exporter takes; lines it would leave out within
 * one file are left out.  The same key for all contents that are joined.
 * NULL: out of memory.
 */
struct content *content_new(const struct document *document, struct hash_key key);

/* One owner more, or less.  content_drop() takes NULL. */
struct content *content_keep(struct content *content);
void content_drop(struct content *content);

#endif /* EXPORTER_DIRECTORY_CONTENT_H */
