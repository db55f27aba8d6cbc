/*
 * paper_engine run: everything that the loop needs is set up, and then the loop turns until a signal ends it.
 * Between two passes it waits for what the exchanges send, which becomes books at once: their age on arrival
 * is measured.
 */

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "common/deadline.h"
#include "demo/paper_engine/live/loop.h"

enum { MS_NS = 1000000, CLOSE_MS = 5000, LARGE_BLOCK = 65536 };
static const int64_t series_ns = INT64_C(10000000000);

/* Ending --------------------------------------------------------------- */

/* A loop that hangs, because the control endpoint was asked for that, would see no signal: a thread of its
 * own waits for it. */
struct ending {
	pthread_t thread;
	sigset_t signals;
	atomic_bool ended;
	struct live *live;
};

static void *
await_signal(void *context)
{
	struct ending *ending = context;
	int number;

	(void)sigwait(&ending->signals, &number);
	atomic_store(&ending->ended, true);
	faults_end(ending->live->faults);
	(void)curl_multi_wakeup(ending->live->multi);
	return NULL;
}

static void
block_signals(sigset_t *signals)
{
	(void)sigemptyset(signals);
	(void)sigaddset(signals, SIGINT);
	(void)sigaddset(signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Turning -------------------------------------------------------------- */

static void
end_transfer(struct live *live, const CURL *easy, CURLcode code)
{
	for (int venue = 0; venue < VENUES; venue++)
		if (live->feeds[venue].easy == easy)
			feed_ended(&live->feeds[venue], code, (int64_t)feed_clock_ms());
		else if (live->tickers[venue].easy == easy)
			tickers_ended(&live->tickers[venue], code);
}

static void
transfer(struct live *live)
{
	const CURLMsg *message;
	int left;

	do {
		(void)curl_multi_perform(live->multi, &left);
		message = curl_multi_info_read(live->multi, &left);
		if (message != NULL && message->msg == CURLMSG_DONE)
			end_transfer(live, message->easy_handle, message->data.result);
	} while (message != NULL);
}

/* Until `due_ns`, or the end: then false.  `*waited_ns` grows by the time in which there was nothing to do.
 */
static bool
wait_until(struct live *live, int64_t due_ns, struct ending *ending, int64_t *waited_ns)
{
	int64_t began_ns = clock_now_ns();

	do {
		int64_t left_ms = (due_ns - began_ns + MS_NS - 1) / MS_NS;

		(void)curl_multi_poll(live->multi, NULL, 0, left_ms > 0 ? (int)left_ms : 0, NULL);
		*waited_ns += clock_now_ns() - began_ns;
		if (atomic_load(&ending->ended))
			return false;
		transfer(live);
		began_ns = clock_now_ns();
	} while (began_ns < due_ns);
	return true;
}

/* A series of failures is one line.  One attempt is a second after the other, and in between none fails. */
static void
say_untold(struct live *live, const char *error)
{
	int64_t now_ns = clock_now_ns();

	if (live->untold_ns == 0 || now_ns - live->untold_ns > series_ns)
		live_say(live, LOG_WARN, "the state is not written: Redis failed", "error", error);
	live->untold_ns = now_ns;
}

static void
take_answers(struct live *live)
{
	char error[256];

	if (live->tells != NULL && tell_engine_begin(live->tells, error) != 0)
		say_untold(live, error);
}

static void
tell(struct live *live, int64_t now_ms)
{
	char error[256];

	if (live->tells != NULL &&
	    tell_engine_loop(live->tells, &live->engine, &live->counts, &live->journaled, now_ms, error) != 0)
		say_untold(live, error);
}

/*
 * The duration of a loop is all the time that the thread worked since the end of the one before: for
 * transfers, the pass itself, and telling.
 */
static void
turn(struct live *live, struct ending *ending)
{
	int64_t loop_ns = live->settings->loop_ms * MS_NS, due_ns = clock_now_ns(), ended_ns = due_ns,
		waited_ns = 0;

	for (int64_t loops = 0; loops != live->settings->loops_most || loops == 0; loops++) {
		int64_t now_ms, now_ns;

		if (!wait_until(live, due_ns, ending, &waited_ns))
			return;
		now_ns = clock_now_ns();
		live->counts.lag = (double)(now_ns - due_ns) / 1e9;
		due_ns = now_ns - due_ns < loop_ns ? due_ns + loop_ns : now_ns + loop_ns;
		now_ms = (int64_t)feed_clock_ms();
		faults_strike_loop(live->faults);
		take_answers(live);
		loop_once(live, now_ms);
		now_ns = clock_now_ns();
		tell_observe(&live->counts.loop, (double)(now_ns - ended_ns - waited_ns) / 1e9);
		ended_ns = now_ns;
		waited_ns = 0;
		tell(live, now_ms);
	}
}

static void
end(struct live *live)
{
	faults_end(live->faults);
	live->counts.state = "stopping";
	if (live->drift > 0)
		(void)journal_drift(live->journal, 0);
	(void)journal_snapshot(live->journal, &live->engine);
	(void)journal_await(live->journal, 0, CLOSE_MS);
	journal_take_state(live->journal, &live->journaled);
	live->counts.state = "stopped";
	if (live->tells != NULL)
		tell_engine_end(
		    live->tells, &live->engine, &live->counts, &live->journaled, (int64_t)feed_clock_ms());
}

/* Until a signal, or as many loops as were asked for. */
static int
run(struct live *live, struct ending *ending, struct failure *why)
{
	ending->live = live;
	if (pthread_create(&ending->thread, NULL, await_signal, ending) != 0)
		return failure_set(why, FAILURE_LOCAL, "a thread cannot be started");
	/* The universe needs the rate of KRW, which is in a stream. */
	for (int venue = 0; venue < VENUES; venue++)
		(void)feed_subscribe(&live->feeds[venue], &live->engine, (int64_t)feed_clock_ms());
	live_say(live, LOG_INFO, "the engine begins", "universe", live->counts.universe_mode);
	turn(live, ending);
	end(live);
	(void)pthread_kill(ending->thread, SIGINT);
	(void)pthread_join(ending->thread, NULL);
	live_say(live, LOG_INFO, "the engine ended", NULL, NULL);
	return 0;
}

int
run_live(const struct run_settings *settings, struct failure *why)
{
	struct live *live = calloc(1, sizeof(*live));
	struct ending ending = { 0 };
	int status;

	if (live == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* A snapshot's text goes back to the system at once: else the heaps of two threads keep more and
	 * more. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	live->settings = settings;
	block_signals(&ending.signals);
	status = live_open(live, why) == 0 ? run(live, &ending, why) : -1;
	if (live->record != NULL && fclose(live->record) != 0 && status == 0)
		status = failure_set(why, FAILURE_LOCAL, "--record: cannot write '%s'", settings->record);
	live_close(live);
	free(live);
	return status;
}
