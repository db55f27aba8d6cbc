#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "collectors/harness/publish.h"
#include "collectors/harness/run.h"
#include "textfile/checksum.h"
#include "textfile/encode.h"
#include "textfile/state.h"
#include "textfile/validate.h"

enum { LARGEST_FILE = 256 * 1024 * 1024 };

/* Even a run that used up its time may wait this long for another run that is just publishing. */
static const int64_t least_lock_wait_ns = 100 * 1000 * 1000;

static void
keep_first_fault(void *context, const struct fault *fault)
{
	struct fault *first = context;

	if (first->rule == NULL)
		*first = *fault;
}

/* Our writer cannot produce what node_exporter does not take; should it ever, nothing is published. */
static int
encode_checked(const struct metrics *m, struct buffer *text, struct failure *why)
{
	struct fault first = { 0 };
	long faults;

	encode(m, text);
	checksum_append(text);
	if (text->failed)
		return failure_set(why, FAILURE_LOCAL, "out of memory, or the file would exceed 256 MiB");
	faults = validate(buffer_slice(text), keep_first_fault, &first);
	if (faults < 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (faults > 0)
		return failure_set(why, FAILURE_LOCAL,
		    "line %u would harm node_exporter, nothing published: %s", first.line, first.text);
	return 0;
}

/* The state was lost, all of it or partly: counted, and told. */
static void
lose(struct textfile *file, const struct log *log, enum log_level level, const char *what)
{
	file->resets++;
	log_write(log, level, what, "file", file->name, NULL);
}

/* Nothing of ours is there.  If we published last, we know what it was. */
static void
go_on_without_file(struct metrics *total, struct textfile *file, const struct publisher *p, bool missing,
    const struct log *log)
{
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

/* The file of an earlier process, or of another one that runs beside this one.  -1: it is there, but cannot
 * be read. */
static int
go_on_from_file(struct metrics *total, struct textfile *file, const struct publisher *p,
    const struct log *log, struct failure *why)
{
	enum state_result result = STATE_UNUSABLE;
	enum textfile_found found;
	struct buffer last;

	buffer_init(&last, LARGEST_FILE);
	found = textfile_read(file, &last, why);
	if (found == TEXTFILE_READ)
		result = state_continue(total, buffer_slice(&last));
	buffer_release(&last);
	if (found == TEXTFILE_UNREADABLE)
		return -1;
	if (result == STATE_NO_MEMORY)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (result == STATE_UNUSABLE)
		go_on_without_file(total, file, p, found == TEXTFILE_MISSING, log);
	else if (result == STATE_PARTLY)
		lose(file, log, LOG_WARN,
		    "the earlier file is of another version: some counters start at zero");
	return 0;
}

static int
go_on(struct metrics *total, struct textfile *file, const struct publisher *p,
    const struct settings *settings, const struct log *log, struct failure *why)
{
	if (textfile_is_marked(file, &p->mark))
		state_continue_from(total, p->last);
	else if (go_on_from_file(total, file, p, log, why) != 0)
		return -1;
	/* Both the .prom file and the lock file know it: either may be lost, and a count must not go down. */
	file->resets = (uint64_t)metrics_raise_total(
	    total, &run_families[RUN_STATE_RESETS], LABELS(settings->name), (double)file->resets);
	return 0;
}

/* A signal that ends the loop must not leave a temporary file behind. */
static int
replace_undisturbed(
    const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why)
{
	sigset_t ends, before;
	int result;

	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigaddset(&ends, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &ends, &before);
	result = textfile_replace(file, text, mark, why);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

static int
publish(struct publisher *p, const struct settings *settings, struct metrics *total, struct buffer *text,
    struct deadline deadline, const struct log *log, struct failure *why)
{
	struct deadline lock = deadline_in(least_lock_wait_ns);
	struct textfile file;
	int result;

	if (deadline.at_ns > lock.at_ns)
		lock = deadline;
	result = textfile_open(&file, settings->directory, settings->name, lock, why);
	if (result == 0)
		result = go_on(total, &file, p, settings, log, why);
	if (result == 0) {
		metrics_add(total, &run_families[RUN_DROPPED], LABELS(settings->name),
		    (double)metrics_dropped(total));
		result = encode_checked(total, text, why);
	}
	if (result == 0)
		result = replace_undisturbed(&file, buffer_slice(text), &p->mark, why);
	textfile_close(&file);
	return result;
}

/* Into `last`.  1; 0: there is no such file, or it is not a whole one of ours; -1: it may be, but cannot be
 * read. */
static int
read_last(struct metrics *last, const struct textfile *file)
{
	enum state_result result = STATE_UNUSABLE;
	enum textfile_found found;
	struct failure why = { 0 };
	struct buffer text;

	buffer_init(&text, LARGEST_FILE);
	found = textfile_read(file, &text, &why);
	if (found == TEXTFILE_READ)
		result = state_read(last, buffer_slice(&text));
	buffer_release(&text);
	if (found == TEXTFILE_UNREADABLE || result == STATE_NO_MEMORY)
		return -1;
	return result == STATE_CONTINUED || result == STATE_PARTLY;
}

struct metrics *
publisher_last(const struct publisher *p, const struct settings *settings, const struct metrics *waiting)
{
	struct metrics *last = metrics_like(waiting);
	struct textfile file;
	struct failure why = { 0 };
	int read = 0;

	if (last == NULL)
		return NULL;
	if (textfile_open_unlocked(&file, settings->directory, settings->name, &why) == 0 &&
	    !textfile_is_marked(&file, &p->mark))
		read = read_last(last, &file);
	textfile_close(&file);
	if (read < 0 && p->last == NULL) {
		metrics_free(last);
		return NULL;
	}
	if (read <= 0 && p->last != NULL)
		metrics_merge(last, p->last);
	metrics_merge(last, waiting);
	return last;
}

/* This run alone: nothing is read, so that nothing needs to be locked. */
static int
print(const struct settings *settings, struct metrics *total, struct buffer *text, struct failure *why)
{
	(void)metrics_raise_total(total, &run_families[RUN_STATE_RESETS], LABELS(settings->name), 0);
	metrics_add(
	    total, &run_families[RUN_DROPPED], LABELS(settings->name), (double)metrics_dropped(total));
	if (encode_checked(total, text, why) != 0)
		return -1;
	if (fwrite(text->text, 1, text->length, stdout) != text->length || fflush(stdout) != 0)
		return failure_set(
		    why, FAILURE_LOCAL, "cannot write to standard output: %s", strerror(errno));
	return 0;
}

void
publisher_init(struct publisher *p)
{
	*p = (struct publisher){ .mark.fd = -1 };
}

void
publisher_release(struct publisher *p)
{
	metrics_free(p->last);
	textfile_unmark(&p->mark);
}

int
publisher_publish(struct publisher *p, const struct settings *settings, const struct metrics *run,
    struct deadline deadline, const struct log *log, struct failure *why)
{
	struct metrics *total = metrics_like(run);
	struct buffer text;
	int result;

	if (total == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	buffer_init(&text, LARGEST_FILE);
	metrics_merge(total, run);
	result = settings->print ? print(settings, total, &text, why)
				 : publish(p, settings, total, &text, deadline, log, why);
	buffer_release(&text);
	if (result == 0) {
		struct metrics *before = p->last;

		p->last = total;
		total = before;
	}
	metrics_free(total);
	return result;
}
