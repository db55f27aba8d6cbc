#ifndef EXPORTER_DIRECTORY_JUDGE_FILE_H
#define EXPORTER_DIRECTORY_JUDGE_FILE_H

#include "common/text/buffer.h"
#include "textfile/parse.h"

/* Whether node_exporter would take a file, and what it would leave out of it. */
struct judgement {
	char reason[256]; /* the first fault for which all of it is refused; "": it is taken */
	long dropped;     /* faults for which a part of it is left out */
};

/*
 * Parse and judge a text.  The document's slices point into `text` and `bounds`
 * (an empty buffer, for bounds that node_exporter writes differently); both
 * must outlive it.  0, or -1: refused (then there is a reason) or out of memory
 * (then there is not).  In every case the document is for document_release().
 */
int judge_file(
    struct slice text, struct document *document, struct buffer *bounds, struct judgement *judgement);

#endif /* EXPORTER_DIRECTORY_JUDGE_FILE_H */
