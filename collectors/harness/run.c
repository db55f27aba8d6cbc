/*
 * One run: what a collector may ask and tell while it measures, and how what it found becomes a file.
 * A collector never publishes and never decides whether the run was a success: it reports what
 * failed, and this file draws the conclusions, in the same way for all programs.
 *
 * Counters go on from the first of these that there is: our memory, if the file is still the one that
 * we read or wrote; the file; our memory, if the file is lost or damaged and nobody has published since.
 * Otherwise they start at zero, and that is counted as a reset.  Reading and replacing happen under
 * the file's lock, so that two runs at the same time lose no counts.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectors/harness/run.h"
#include "common/version.h"
#include "textfile/encode.h"
#include "textfile/state.h"
#include "textfile/validate.h"

static const int64_t settled_ns = 50 * 1000 * 1000;

/* Measuring ----------------------------------------------------------- */

struct deadline
run_deadline(const struct run *run)
{
	return run->deadline;
}

struct metrics *
run_metrics(const struct run *run)
{
	return run->metrics;
}

const char *
run_directory(const struct run *run)
{
	return run->settings->directory;
}

/* A failure is counted by its kind; its text goes to the log alone, and never to a label. */
void
run_missed(struct run *run, enum failure_kind kind)
{
	run->failed = true;
	metrics_add(run->metrics, &run_families[RUN_FAILURES],
	    LABELS(run->settings->name, failure_kind_name(kind)), 1);
}

void
run_failed(struct run *run, const char *target, const struct failure *why)
{
	run_missed(run, why->kind);
	notices_report(run->notices, run->log, LOG_WARN, target, failure_kind_name(why->kind), why->text);
}

void
run_withhold(struct run *run)
{
	run->withheld = true;
}

struct run_identity
run_identity(const struct run *run)
{
	return (struct run_identity){ .env = run->settings->env,
		.directory = run->settings->directory,
		.interval_ns = run->settings->interval_ns,
		.prints = run->settings->print };
}

void
run_log_warning(struct run *run, const char *target, const char *message)
{
	notices_report(run->notices, run->log, LOG_WARN, target, NULL, message);
}

void
run_log_info(struct run *run, const char *target, const char *message)
{
	notices_report(run->notices, run->log, LOG_INFO, target, NULL, message);
}

/*
 * Bring the publisher's memory up to date with the file.  A file that is missing or damaged leaves it as it
 * is: what this process published last may be as good.  -1 with `why`: the file is there and cannot be read.
 */
static int
read_published(struct publisher *p, struct textfile *file, const struct metrics *like,
    enum state_result *found, struct failure *why)
{
	struct metrics *last;

	*found = p->found;
	if (textfile_is_marked(file, &p->mark))
		return 0;
	last = metrics_like(like);
	if (last == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (state_load(file, last, found, why) != 0) {
		metrics_free(last);
		return -1;
	}
	if (*found != STATE_CONTINUED && *found != STATE_PARTLY) {
		metrics_free(last);
		return 0;
	}
	metrics_free(p->last);
	p->last = last;
	p->found = *found;
	/* Without the lock it is not known which publication this is.  The last known one is safe: if there
	 * was a later one, textfile_is_last() denies it. */
	file->read.publication = p->mark.publication;
	p->mark = file->read;
	/* In one tick of the clock it may be replaced by another one that looks the same: it is read again.
	 */
	if ((int64_t)(clock_unix_seconds() * 1e9) - p->mark.modified_ns < settled_ns)
		p->mark.inode = 0;
	return 0;
}

/* The lock is not needed to read: a file is replaced in one step. */
static struct metrics *
read_last(const struct run *run)
{
	struct publisher *p = run->publisher;
	enum state_result found;
	struct metrics *last = NULL;
	struct failure why = { 0 };
	struct textfile file;
	bool readable =
	    textfile_open_unlocked(&file, run->settings->directory, run->settings->name, &why) != 0 ||
	    read_published(p, &file, run->metrics, &found, &why) == 0;

	textfile_close(&file);
	if (p->last != NULL)
		last = metrics_copy(p->last, family_remembered);
	else if (readable)
		last = metrics_like(run->metrics);
	if (last != NULL)
		metrics_merge(last, run->metrics);
	return last;
}

const struct metrics *
run_last(struct run *run)
{
	/* Read once, and only for collectors that want it: it may be a large file. */
	if (run->last == NULL)
		run->last = read_last(run);
	return run->last;
}

static void
add_own_families(struct run *run, double seconds)
{
	const char *name = run->settings->name;
	const char *const *labels = LABELS(name);
	struct metrics *m = run->metrics;
	double now = clock_unix_seconds();

	metrics_set(m, &run_families[RUN_SUCCESS], labels, !run->failed);
	metrics_set(m, &run_families[RUN_DURATION], labels, seconds);
	/* By this an alert can tell a loop that stopped from a program that cron starts. */
	metrics_set(m, &run_families[RUN_INTERVAL], labels, (double)run->settings->interval_ns / 1e9);
	metrics_set(m, &run_families[RUN_LAST_RUN], labels, now);
	/* A kept gauge: after a failure it still says when all was well. */
	if (!run->failed)
		metrics_set(m, &run_families[RUN_LAST_SUCCESS], labels, now);
	metrics_add(m, &run_families[RUN_RUNS], labels, 1);
	metrics_set(m, &run_families[RUN_RELOAD_SUCCESSFUL], labels, !run->reload_failed);
	metrics_set(m, &run_families[RUN_RELOAD_SUCCESS], labels, run->reloaded_at);
	metrics_set(m, &run_families[RUN_BUILD_INFO], LABELS(name, version_number, version_revision), 1);
}

/* Every kind is there from the first run on: rate() of a counter that appears with 1 shows nothing. */
static void
touch_failures(const struct run *run)
{
	for (int kind = FAILURE_NONE + 1; kind < FAILURE_KINDS; kind++)
		metrics_add(run->metrics, &run_families[RUN_FAILURES],
		    LABELS(run->settings->name, failure_kind_name((enum failure_kind)kind)), 0);
}

void
run_collect(struct run *run, void *state)
{
	int64_t started = clock_now_ns();

	touch_failures(run);
	collector.collect(state, run);
	/* Nobody needs it any more, and publishing needs memory. */
	metrics_free(run->last);
	run->last = NULL;
	add_own_families(run, (double)(clock_now_ns() - started) / 1e9);
	if (run->notices != NULL)
		notices_end(run->notices, run->log, run->metrics, "up again");
	log_write(run->log, LOG_DEBUG, "run ended", "success", run->failed ? "0" : "1", NULL);
}

void
run_count_refused(struct run *run)
{
	touch_failures(run);
	run_missed(run, FAILURE_LOCAL);
	add_own_families(run, 0);
}

/* Publishing ---------------------------------------------------------- */

static void
keep_first_fault(void *context, const struct fault *fault)
{
	struct fault *first = context;

	if (first->rule == NULL)
		*first = *fault;
}

/* If the encoder ever wrote what node_exporter refuses, nothing would be published. */
int
run_text(const struct metrics *m, const struct notices *notices, struct buffer *text, struct failure *why)
{
	struct fault first = { 0 };
	long faults;

	buffer_init(text, TEXTFILE_LARGEST);
	encode(m, text);
	if (notices != NULL)
		notices_write(notices, text);
	checksum_append(text);
	if (text->failed)
		return failure_set(why, FAILURE_LOCAL,
		    "the file would exceed 256 MiB, or memory ran out: nothing published");
	faults = validate(buffer_slice(text), keep_first_fault, &first);
	if (faults < 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (faults > 0)
		return failure_set(why, FAILURE_LOCAL,
		    "line %u would harm node_exporter, nothing published: %s", first.line, first.text);
	return 0;
}

void
run_read_notices(const struct run *run)
{
	struct failure why = { 0 };
	struct buffer text = { 0 };
	struct textfile file;

	/* Without the file everything is logged, and publishing says what is wrong with the file. */
	if (textfile_open_unlocked(&file, run->settings->directory, run->settings->name, &why) == 0 &&
	    textfile_read(&file, &text, &why) == TEXTFILE_READ && checksum_holds(buffer_slice(&text)))
		notices_read(run->notices, buffer_slice(&text), isatty(STDERR_FILENO) == 1);
	buffer_release(&text);
	textfile_close(&file);
}

/* The state was lost, all of it or partly: count that and log it. */
static void
count_reset(struct textfile *file, const struct log *log, enum state_result found)
{
	file->resets++;
	if (found == STATE_MISSING)
		log_write(log, LOG_INFO, "there is no earlier file: counters start at zero", "file",
		    file->name, NULL);
	else
		log_write(log, LOG_WARN,
		    found == STATE_PARTLY
			? "the earlier file is of another version: some counters start at zero"
			: "the earlier file is damaged: counters start at zero",
		    "file", file->name, NULL);
}

static int
continue_counts(struct metrics *total, struct textfile *file, const struct run *run, struct failure *why)
{
	struct publisher *p = run->publisher;
	enum state_result found;
	bool lost;

	if (read_published(p, file, total, &found, why) != 0)
		return -1;
	lost = found == STATE_MISSING || found == STATE_UNUSABLE;
	if (!lost || textfile_is_last(file, &p->mark))
		state_continue_from(total, p->last);
	if (lost && textfile_is_last(file, &p->mark))
		/* No other run counted anything that is not in our memory. */
		log_write(run->log, LOG_WARN,
		    "the published file was lost or damaged: it is written again from memory", "file",
		    file->name, NULL);
	else if (found != STATE_CONTINUED)
		count_reset(file, run->log, found);
	/* Both the .prom file and the lock file hold this count: either may be lost, and it must not go down.
	 */
	file->resets = (uint64_t)metrics_raise_total(
	    total, &run_families[RUN_STATE_RESETS], LABELS(run->settings->name), (double)file->resets);
	return 0;
}

/* A signal that ends the loop must not leave a temporary file behind. */
static int
replace(const struct textfile *file, struct slice text, struct textfile_mark *mark, struct failure *why)
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

/* Values that were dropped while counters went on from the file are included. */
static void
add_dropped(const struct run *run)
{
	metrics_add(run->metrics, &run_families[RUN_DROPPED], LABELS(run->settings->name),
	    (double)metrics_dropped(run->metrics));
}

static int
publish_file(const struct run *run, struct failure *why)
{
	struct publisher *p = run->publisher;
	struct buffer text = { 0 };
	struct textfile file;
	int result = textfile_open(&file, run->settings->directory, run->settings->name, run->deadline, why);

	/* The lock is held from before the reading until the file is replaced. */
	if (result == 0)
		result = continue_counts(run->metrics, &file, run, why);
	if (result == 0) {
		add_dropped(run);
		result = run_text(run->metrics, run->notices, &text, why);
	}
	if (result == 0)
		result = replace(&file, buffer_slice(&text), &p->mark, why);
	buffer_release(&text);
	textfile_close(&file);
	if (result != 0)
		return -1;
	metrics_free(p->last);
	p->last = metrics_copy(run->metrics, family_remembered);
	p->found = STATE_CONTINUED;
	/* Without that memory the next run reads the file. */
	if (p->last == NULL)
		p->mark = (struct textfile_mark){ 0 };
	return 0;
}

/* This run alone: nothing is read, so that nothing needs to be locked. */
static int
print(const struct run *run, struct failure *why)
{
	struct buffer text;
	int result;

	(void)metrics_raise_total(
	    run->metrics, &run_families[RUN_STATE_RESETS], LABELS(run->settings->name), 0);
	add_dropped(run);
	result = run_text(run->metrics, run->notices, &text, why);
	if (result == 0 && (fwrite(text.text, 1, text.length, stdout) != text.length || fflush(stdout) != 0))
		result =
		    failure_set(why, FAILURE_LOCAL, "cannot write to standard output: %s", strerror(errno));
	buffer_release(&text);
	return result;
}

int
run_publish(const struct run *run, struct failure *why)
{
	/* Going on from the file changes the run's counts, and if the file cannot be replaced they are
	 * published later: so they are copied before. */
	struct metrics *waiting = metrics_copy(run->metrics, family_continues);
	int result;

	if (waiting == NULL) {
		/* The counts wait where they are. */
		for (size_t i = 0; i < metrics_family_count(run->metrics); i++)
			if (!family_continues(metrics_family(run->metrics, i)))
				metrics_clear_family(run->metrics, i);
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	result = run->settings->print ? print(run, why) : publish_file(run, why);
	metrics_clear(run->metrics);
	if (result != 0)
		metrics_merge(run->metrics, waiting);
	metrics_free(waiting);
	return result;
}

void
publisher_release(struct publisher *p)
{
	metrics_free(p->last);
	p->last = NULL;
}
