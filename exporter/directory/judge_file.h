#ifndef EXPORTER_DIRECTORY_JUDGE_FILE_H
#define EXPORTER_DIRECTORY_JUDGE_FILE_H

#include "exporter/directory/content.h"

/*
 * What the text of one file comes to: whether node_exporter would take it, and
 * what is kept of it.
 */
struct judgement {
	const struct document *document; /* while it is validated */
	char reason[256];                /* the first fault for which all of it is refused; "": none */
	long dropped;                    /* faults for which a part of it is left out */
};

/*
 * Judge a text.  0 and its content, the caller's, or -1: refused (then there is
 * a reason) or out of memory (then there is none).  `j` begins as zeros.
 */
int digest(struct slice text, struct hash_key key, struct judgement *j, struct content **content);

/*
 * The document of our families ("arbitrage_...") alone, pointing into a text
 * of its own; both are the caller's, who has given an empty document and NULL.
 * 0 or -1: out of memory, and there may be some of it.
 */
int digest_ours(const struct content *content, struct document *document, char **own_text);

#endif /* EXPORTER_DIRECTORY_JUDGE_FILE_H */
