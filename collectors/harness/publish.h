#ifndef COLLECTORS_HARNESS_PUBLISH_H
#define COLLECTORS_HARNESS_PUBLISH_H

#include "collectors/harness/settings.h"
#include "textfile/metrics.h"
#include "textfile/publish.h"
#include "textfile/state.h"

/*
 * From the metrics of a run to the file: go on from the last one, encode,
 * validate, replace.
 *
 * A loop remembers what it published, of families that go on or are recalled.
 * As long as nobody else wrote the file, the next run goes on from memory
 * without reading it back, and if the file itself was lost, no count is.
 *
 * A run that read the file before it measured does not read it again to go on
 * from it, unless it was replaced meanwhile.
 */
struct publisher {
	struct metrics *last; /* what the file says; NULL: nothing published yet */
	struct textfile_mark mark;
	struct {
		struct metrics *metrics;
		struct textfile_mark mark; /* none: the file says nothing */
		enum state_result result;
	} found; /* by the run under way */
};

void publisher_init(struct publisher *p);
void publisher_release(struct publisher *p);

/*
 * What the last published file says of families that go on or are recalled,
 * with what `waiting` adds to it, which could not be published since.  A file
 * that is missing or damaged counts as empty, unless it is remembered.  Takes no
 * lock: a file is replaced in one step.  NULL when it is there and cannot be
 * read, or memory ran out; the caller frees it before it publishes.
 */
struct metrics *publisher_last(
    struct publisher *p, const struct collector_settings *settings, const struct metrics *waiting);

/*
 * Publish, or print to standard output if the settings say so.  `run` stays
 * as it is.  0, or -1 with `why` (local); then the old file is as it was.
 */
int publisher_publish(struct publisher *p, const struct collector_settings *settings,
    const struct metrics *run, struct deadline deadline, const struct log *log, struct failure *why);

#endif /* COLLECTORS_HARNESS_PUBLISH_H */
