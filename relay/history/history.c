/*
 * The thread that writes.  It does one thing after the other: connect, bring the tables up to date,
 * empty the journal batch by batch, delete what is too old.  What fails is tried again after 1, 2, 4
 * ... 30 seconds, from the connection on.  Nothing waits for this thread but its own end: alerts are
 * delivered from the store, and what is not written yet stays in the journal.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "relay/history/parts.h"
#include "relay/store/store.h"

#define SECOND INT64_C(1000000000)
#define MOMENT (SECOND / 5)

/* A look every 15 s says early that PostgreSQL is gone, before an event needs it.  A pause is 30 s at
 * the most: so late it is noticed that an outage is over. */
enum { OPENING = 5, DEADLINE = 10, LOOK = 15, PAUSE_MAX = 30, SWEEP = 3600 }; /* seconds */

struct history *
history_new(const struct history_settings *settings, struct store *store, struct failure *why)
{
	struct history *history = calloc(1, sizeof(*history));
	pthread_condattr_t monotonic;

	if (history == NULL ||
	    (history->reader = strdup(settings->reader == NULL ? "" : settings->reader)) == NULL) {
		free(history);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	history->settings = *settings;
	history->settings.reader = history->reader;
	history->store = store;
	/* The page shows this as the reason until the first success. */
	(void)failure_set(&history->status.reason, FAILURE_CONNECT, "not connected yet");
	(void)pthread_mutex_init(&history->lock, NULL);
	(void)pthread_mutex_init(&history->asking, NULL);
	(void)pthread_condattr_init(&monotonic);
	/* A clock that is set back would otherwise stretch a pause of a second to hours. */
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&history->news, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return history;
}

/* Keep how it went (`why` is empty when it went well), and say so when it is another news than before.
 * An outage of a day is two lines of the log and not one for every attempt. */
static void
report(struct history *history, int result, const struct failure *why)
{
	bool news;

	(void)pthread_mutex_lock(&history->lock);
	news = history->status.up != (result == 0) ||
	       (result != 0 && strcmp(history->status.reason.text, why->text) != 0);
	history->status.up = result == 0;
	history->status.reason = *why;
	(void)pthread_mutex_unlock(&history->lock);
	if (news && result == 0)
		history->settings.notice(
		    history->settings.context, false, "the history is being written", NULL);
	else if (news)
		history->settings.notice(history->settings.context, true,
		    "the history is not being written: the journal waits, and alerts are delivered all the same",
		    why->text);
}

/* Nothing that is written needs it: what is missing is said once, and tried again with each sweep. */
static void
admit(struct history *history, struct deadline deadline)
{
	struct failure why = { 0 };

	if (history->admitted || history->reader[0] == '\0')
		return;
	history->admitted =
	    schema_admit(&history->writing, history->settings.target, history->reader, deadline, &why) == 0;
	if (!history->admitted && !history->refused)
		history->settings.notice(history->settings.context, true,
		    "the role that may read the history could not be given its rights", why.text);
	history->refused = !history->admitted;
}

/* What is done every hour.  As work(). */
static int
sweep(struct history *history, struct deadline deadline, struct failure *why)
{
	int more = history->settings.retention_ns > 0 ? drain_retention(history, deadline, why) : 0;

	if (more == 0) {
		admit(history, deadline);
		history->sweep_at_ns = clock_now_ns() + SWEEP * SECOND;
	}
	return more;
}

/* 1: there may be more to do; 0, or -1 with `why`. */
static int
work(struct history *history, struct failure *why)
{
	struct history_connection *c = &history->writing;
	struct deadline deadline;
	int written;

	/* Another server may have other tables. */
	connection_check(c);
	if (c->session.conn == NULL &&
	    schema_prepare(c, history->settings.target, deadline_in(OPENING * SECOND), why) != 0)
		return -1;
	deadline = deadline_in(DEADLINE * SECOND);
	written = drain_batch(history, deadline, why);
	if (written != 0)
		return written < 0 ? -1 : 1;
	if (clock_now_ns() >= history->sweep_at_ns)
		return sweep(history, deadline, why);
	/* An empty transaction, so that history_up turns 0 in an hour without alerts as well. */
	/* Nothing to do; but is it still there? */
	if (connection_begin(c, history->settings.target, deadline, why) == 0 && connection_commit(c) == 0)
		return 0;
	connection_close(c);
	return -1;
}

/* Wait for news, or until then (`failed`: news do not help).  A condition variable may wake for no
 * reason, so what is awaited is looked at again. */
static void
await_news(struct history *history, int64_t wait_ns, bool failed)
{
	int64_t until_ns = clock_now_ns() + wait_ns;
	struct timespec until = { .tv_sec = until_ns / SECOND, .tv_nsec = until_ns % SECOND };
	int waited = 0;

	while (!history->ended && (failed || !history->woken) && waited == 0)
		waited = pthread_cond_timedwait(&history->news, &history->lock, &until);
}

/*
 * False: the end.  After a pause, news are left alone for a moment: they are about to be delivered, and
 * nothing of ours should have the store, or the disk, just then.
 */
static bool
rest(struct history *history, int64_t seconds, bool failed)
{
	bool ended;

	(void)pthread_mutex_lock(&history->lock);
	await_news(history, seconds * SECOND, failed);
	if (seconds > 0 && history->woken)
		await_news(history, MOMENT, true);
	history->woken = false;
	ended = history->ended;
	(void)pthread_mutex_unlock(&history->lock);
	return !ended;
}

static void *
run(void *argument)
{
	struct history *history = argument;
	int64_t pause = 0; /* seconds; 0: nothing failed */
	bool goes_on = true;

	while (goes_on) {
		struct failure why = { 0 };
		size_t careful = history->careful;
		int result = work(history, &why);

		/* A refusal that is being narrowed down is no failure yet. */
		if (result < 0 && history->careful > careful)
			continue;
		report(history, result < 0 ? -1 : 0, &why);
		pause = result >= 0 ? 0 : pause == 0 ? 1 : pause * 2 < PAUSE_MAX ? pause * 2 : PAUSE_MAX;
		goes_on = rest(history, result > 0 ? 0 : result == 0 ? LOOK : pause, result < 0);
	}
	return NULL;
}

int
history_start(struct history *history, struct failure *why)
{
	if (pthread_create(&history->thread, NULL, run, history) != 0)
		return failure_set(why, FAILURE_LOCAL, "cannot start a thread");
	history->started = true;
	return 0;
}

/* Called after each commit that wrote to the journal: it sets a flag, and many calls become one batch. */
void
history_wake(struct history *history)
{
	if (history == NULL)
		return;
	(void)pthread_mutex_lock(&history->lock);
	history->woken = true;
	(void)pthread_cond_signal(&history->news);
	(void)pthread_mutex_unlock(&history->lock);
}

/* The status and the flag are under the lock; the rest is the thread's and is free once it was joined. */
void
history_free(struct history *history)
{
	if (history == NULL)
		return;
	(void)pthread_mutex_lock(&history->lock);
	history->ended = true;
	(void)pthread_cond_signal(&history->news);
	(void)pthread_mutex_unlock(&history->lock);
	if (history->started)
		(void)pthread_join(history->thread, NULL);
	connection_close(&history->writing);
	connection_close(&history->asked);
	(void)pthread_cond_destroy(&history->news);
	(void)pthread_mutex_destroy(&history->asking);
	(void)pthread_mutex_destroy(&history->lock);
	free(history->reader);
	free(history);
}

void
history_status(struct history *history, struct history_status *status)
{
	*status = (struct history_status){ 0 };
	if (history == NULL)
		return;
	(void)pthread_mutex_lock(&history->lock);
	*status = history->status;
	(void)pthread_mutex_unlock(&history->lock);
}
