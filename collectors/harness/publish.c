/*
 * How a run becomes a file, and what it goes on from.  The first of these that is there holds: what
 * we remember, if the file is still the one that we wrote; the file, which this run may have read
 * before; what we remember, if the file is lost or damaged and nobody has published since.  Else
 * counters start at zero, and that is counted as a reset.
 *
 * Going on and replacing happen under the file's lock, so that two runs at the same time lose no
 * counts.  A run is never changed here: it is forked, and stays as it is if publishing fails, so
 * that its counts can be published later.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collectors/harness/publish.h"
#include "collectors/harness/run.h"
#include "collectors/harness/write.h"

enum { LARGEST_FILE = 256 * 1024 * 1024, READ_AT_ONCE = 64 * 1024 };

/* Even a run that used up its time may wait this long for another run that is just publishing. */
static const int64_t least_lock_wait_ns = 100 * 1000 * 1000;

/* The state was lost, all of it or partly: that is counted and logged. */
static void
lose(struct textfile *file, const struct log *log, enum log_level level, const char *what)
{
	file->resets++;
	log_write(log, level, what, "file", file->name, NULL);
}

/* Nothing of ours is there.  If we published last, we know what it was. */
static void
continue_without_file(struct metrics *total, struct textfile *file, const struct publisher *p, bool missing,
    const struct log *log)
{
	/* Nobody published since: no other run counted anything that is not in memory. */
	if (textfile_is_last(file, &p->mark)) {
		state_continue_from(total, p->last);
		log_write(log, LOG_WARN,
		    "the published file was lost or damaged: it is written anew from memory", "file",
		    file->name, NULL);
	} else if (missing) {
		lose(file, log, LOG_INFO, "no earlier file: counters start at zero");
	} else {
		lose(file, log, LOG_WARN, "the earlier file is damaged: counters start at zero");
	}
}

static int
read_content(const struct textfile *file, struct textfile_content *content, struct state_reader *reader,
    struct failure *why)
{
	char room[READ_AT_ONCE];
	long got;

	while ((got = textfile_next(file, content, room, sizeof(room), why)) > 0)
		state_reader_add(reader, (struct slice){ room, (size_t)got });
	return (int)got;
}

static void
forget_found(struct publisher *p)
{
	metrics_free(p->found.metrics);
	textfile_unmark(&p->found.mark);
	p->found.metrics = NULL;
}

/*
 * Read the file into `found`, with a mark if it says something.  `like` has our
 * tables.  -1: it is there, but cannot be read.
 */
static int
find(struct publisher *p, const struct textfile *file, const struct metrics *like, enum textfile_found *there,
    struct failure *why)
{
	struct textfile_content content;
	struct state_reader reader;
	int got;

	forget_found(p);
	/* This holds until more is known, and when there is no file. */
	p->found.result = STATE_UNUSABLE;
	*there = textfile_open_content(file, LARGEST_FILE, &content, why);
	if (*there != TEXTFILE_READ)
		return *there == TEXTFILE_UNREADABLE ? -1 : 0;
	p->found.metrics = metrics_like(like);
	if (p->found.metrics == NULL) {
		textfile_close_content(&content);
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	state_reader_init(&reader, p->found.metrics, content.size);
	got = read_content(file, &content, &reader, why);
	p->found.result = state_reader_end(&reader);
	/* A file of which nothing was taken has no mark, so that it is read again. */
	if (got < 0 || p->found.result == STATE_NO_MEMORY || p->found.result == STATE_UNUSABLE)
		textfile_close_content(&content);
	else
		textfile_mark_content(&content, &p->found.mark);
	if (got < 0)
		return -1;
	return p->found.result == STATE_NO_MEMORY ? failure_set(why, FAILURE_LOCAL, "out of memory") : 0;
}

/*
 * The file of an earlier process, or of another one that runs beside this one;
 * this run may have read it already.  -1: it is there, but cannot be read.
 */
static int
continue_from_file(struct metrics *total, struct textfile *file, struct publisher *p, const struct log *log,
    struct failure *why)
{
	enum textfile_found there = TEXTFILE_READ;

	/* The file that publisher_last() read is not read again, as long as it is the same. */
	if (!textfile_is_marked(file, &p->found.mark) && find(p, file, total, &there, why) != 0)
		return -1;
	if (p->found.result == STATE_UNUSABLE) {
		continue_without_file(total, file, p, there == TEXTFILE_MISSING, log);
		return 0;
	}
	state_continue_from(total, p->found.metrics);
	if (p->found.result == STATE_PARTLY)
		lose(file, log, LOG_WARN,
		    "the earlier file is of another version: some counters start at zero");
	return 0;
}

static int
continue_counts(struct metrics *total, struct textfile *file, struct publisher *p,
    const struct collector_settings *settings, const struct log *log, struct failure *why)
{
	/* Nobody else wrote it: what it says is in memory, without reading. */
	if (textfile_is_marked(file, &p->mark))
		state_continue_from(total, p->last);
	else if (continue_from_file(total, file, p, log, why) != 0)
		return -1;
	/* Both the .prom file and the lock file know it: either may be lost, and a count must not go down. */
	file->resets = (uint64_t)metrics_raise_total(
	    total, &run_families[RUN_STATE_RESETS], LABELS(settings->name), (double)file->resets);
	return 0;
}

static int
append(void *draft, struct slice piece, struct failure *why)
{
	return textfile_append(draft, piece, why);
}

static int
replace(
    const struct textfile *file, const struct metrics *total, struct textfile_mark *mark, struct failure *why)
{
	struct textfile_draft draft;
	struct write_outlet outlet = { &draft, append };

	if (textfile_begin(file, &draft, why) != 0)
		return -1;
	if (write_checked(total, &outlet, why) == 0)
		return textfile_finish(&draft, mark, why);
	textfile_abandon(&draft);
	return -1;
}

/* A signal that ends the loop must not leave a temporary file behind. */
static int
replace_undisturbed(
    const struct textfile *file, const struct metrics *total, struct textfile_mark *mark, struct failure *why)
{
	sigset_t ends, before;
	int result;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ends, &before);
	result = replace(file, total, mark, why);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int
publish(struct publisher *p, const struct collector_settings *settings, struct metrics *total,
    struct deadline deadline, const struct log *log, struct failure *why)
{
	struct deadline lock = deadline_in(least_lock_wait_ns);
	struct textfile file;
	int result;

	if (deadline.at_ns > lock.at_ns)
		lock = deadline;
	/* The lock is held from before the reading until the file is replaced. */
	result = textfile_open(&file, settings->directory, settings->name, lock, why);
	if (result == 0)
		result = continue_counts(total, &file, p, settings, log, why);
	forget_found(p);
	if (result == 0) {
		/* This follows going on from the file, which may drop values too. */
		metrics_add(total, &run_families[RUN_DROPPED], LABELS(settings->name),
		    (double)metrics_dropped(total));
		result = replace_undisturbed(&file, total, &p->mark, why);
	}
	textfile_close(&file);
	return result;
}

struct metrics *
publisher_last(struct publisher *p, const struct collector_settings *settings, const struct metrics *waiting)
{
	const struct metrics *source = p->last;
	enum textfile_found there;
	struct textfile file;
	struct failure why = { 0 };
	struct metrics *last;
	int read = 0;

	forget_found(p);
	if (textfile_open_unlocked(&file, settings->directory, settings->name, &why) == 0 &&
	    !textfile_is_marked(&file, &p->mark))
		read = find(p, &file, waiting, &there, &why);
	textfile_close(&file);
	/* The file was read: it is newer than our memory, or all there is. */
	if (p->found.mark.fd >= 0)
		source = p->found.metrics;
	if (read < 0 && source == NULL)
		return NULL;
	last = source != NULL ? metrics_fork(source) : metrics_like(waiting);
	if (last != NULL)
		metrics_merge(last, waiting);
	return last;
}

/* Outlets for a text that is only checked, and for standard output. */
static int
pass_over(void *nowhere, struct slice piece, struct failure *why)
{
	(void)nowhere;
	(void)piece;
	(void)why;
	return 0;
}

static int
print_piece(void *stream, struct slice piece, struct failure *why)
{
	if (fwrite(piece.at, 1, piece.length, stream) == piece.length)
		return 0;
	return failure_set(why, FAILURE_LOCAL, "cannot write to standard output: %s", strerror(errno));
}

/*
 * This run alone: nothing is read, so that nothing needs to be locked.  What is
 * printed cannot be taken back: all of it is checked before.
 */
static int
print(const struct collector_settings *settings, struct metrics *total, struct failure *why)
{
	const struct write_outlet nowhere = { NULL, pass_over }, output = { stdout, print_piece };

	(void)metrics_raise_total(total, &run_families[RUN_STATE_RESETS], LABELS(settings->name), 0);
	metrics_add(
	    total, &run_families[RUN_DROPPED], LABELS(settings->name), (double)metrics_dropped(total));
	if (write_checked(total, &nowhere, why) != 0 || write_checked(total, &output, why) != 0)
		return -1;
	if (fflush(stdout) != 0)
		return failure_set(
		    why, FAILURE_LOCAL, "cannot write to standard output: %s", strerror(errno));
	return 0;
}

void
publisher_init(struct publisher *p)
{
	*p = (struct publisher){ .mark.fd = -1, .found.mark.fd = -1 };
}

void
publisher_release(struct publisher *p)
{
	metrics_free(p->last);
	textfile_unmark(&p->mark);
	forget_found(p);
}

/* What the next run goes on from, if there is one. */
static void
remember(struct publisher *p, struct metrics *total)
{
	metrics_settle(total);
	metrics_free(p->last);
	p->last = total;
}

int
publisher_publish(struct publisher *p, const struct collector_settings *settings, const struct metrics *run,
    struct deadline deadline, const struct log *log, struct failure *why)
{
	/* The counts of the run itself must not grow by those of the file: it may be published again. */
	struct metrics *total = metrics_fork(run);
	int result;

	if (total == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	result =
	    settings->print ? print(settings, total, why) : publish(p, settings, total, deadline, log, why);
	if (result == 0)
		remember(p, total);
	else
		metrics_free(total);
	return result;
}
