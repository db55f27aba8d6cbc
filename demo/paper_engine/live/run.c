/*
 * paper_engine run: everything that the loop needs is set up, and then the loop turns until a signal ends it.
 * Between two passes it waits for what the exchanges send, which becomes books at once: their age on arrival
 * is measured.
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/deadline.h"
#include "demo/paper_engine/backtest/history.h"
#include "demo/paper_engine/backtest/recording.h"
#include "demo/paper_engine/live/loop.h"

enum { MS_NS = 1000000, CLOSE_MS = 5000 };

static int64_t
unix_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / MS_NS;
}

/* Setting up ----------------------------------------------------------- */

static int
open_exchanges(struct live *live)
{
	const struct run_settings *settings = live->settings;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || (live->multi = curl_multi_init()) == NULL)
		return -1;
	for (int venue = 0; venue < VENUES; venue++) {
		struct feed *feed = &live->feeds[venue];
		struct tickers *tickers = &live->tickers[venue];

		feed->venue = tickers->venue = (enum venue)venue;
		feed->url = tickers->url = settings->exchanges[venue];
		feed->ca_file = tickers->ca_file = settings->ca_file;
		feed->multi = tickers->multi = live->multi;
		feed->counts = &live->counts.feeds[venue];
		feed->fresh_ms = settings->shared.engine.limits.frozen_ms;
		live->looked[venue] = true;
		feed_init(feed);
		if (tickers_init(tickers) != 0)
			return -1;
	}
	return 0;
}

/* The state of before, or a past that is made up for a ledger that is empty. */
static int
open_past(struct live *live, struct failure *why)
{
	const struct shared_settings *shared = &live->settings->shared;
	struct journal_settings stores = shared->stores;
	long replayed;
	char text[32];

	stores.faults = live->faults;
	live->journal = journal_open(&stores, why);
	if (live->journal == NULL)
		return -1;
	replayed = journal_restore(live->journal, &live->engine, why);
	if (replayed < 0)
		return -1;
	if (live->engine.last_id == 0 && live->settings->history_days > 0)
		return history_write(&live->engine, live->journal, shared->market_seed, shared->symbols,
		    live->settings->history_days, unix_ms(), why);
	(void)snprintf(text, sizeof(text), "%ld", replayed);
	live_say(live, LOG_INFO, "the state of before is restored", "replayed", text);
	return 0;
}

static int
open_redis(struct live *live)
{
	const struct journal_settings *stores = &live->settings->shared.stores;
	const struct teller teller = { .host = stores->redis_host,
		.user = stores->redis_user,
		.password = stores->redis_password,
		.prefix = stores->prefix,
		.port = stores->redis_port,
		.database = stores->redis_database };

	if (stores->redis_host == NULL)
		return 0;
	live->tells = tell_engine_new(&teller);
	return live->tells != NULL ? 0 : -1;
}

static int
open_control(struct live *live, struct failure *why)
{
	const char *address = live->settings->control_listen;
	char name[LISTEN_NAME];

	if (address[0] == '\0')
		return 0;
	live->control = control_start(address, live->faults, name, why);
	if (live->control == NULL)
		return -1;
	printf("listening on http://%s\n", name);
	(void)fflush(stdout);
	return 0;
}

static int
open_record(struct live *live, struct failure *why)
{
	const char *path = live->settings->record;

	if (path == NULL)
		return 0;
	live->record = fopen(path, "we");
	if (live->record == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "--record: cannot write '%s': %s", path, strerror(errno));
	recording_begin(live->record);
	return 0;
}

static int
open_all(struct live *live, struct failure *why)
{
	const struct run_settings *settings = live->settings;

	if (settings->shared.stores.password != NULL)
		secrets_add(&live->secrets, settings->shared.stores.password);
	if (settings->shared.stores.redis_password != NULL)
		secrets_add(&live->secrets, settings->shared.stores.redis_password);
	live->log = (struct log){ LOG_INFO, LOG_LOGFMT, "paper_engine", &live->secrets };
	live->told = true;
	live->drift = -1;
	live->counts.state = "starting";
	live->counts.started_ms = unix_ms();
	live->counts.universe_mode = universe_modes[settings->universe.mode];
	live->faults = faults_new();
	if (live->faults == NULL || engine_init(&live->engine, &settings->shared.engine) != 0 ||
	    open_exchanges(live) != 0 || open_redis(live) != 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return open_record(live, why) != 0 || open_control(live, why) != 0 || open_past(live, why) != 0 ? -1
													: 0;
}

static void
close_all(struct live *live)
{
	control_stop(live->control);
	if (live->journal != NULL)
		journal_close(live->journal, CLOSE_MS);
	tell_engine_free(live->tells);
	for (int venue = 0; venue < VENUES; venue++) {
		feed_release(&live->feeds[venue]);
		tickers_release(&live->tickers[venue]);
	}
	(void)curl_multi_cleanup(live->multi);
	curl_global_cleanup();
	engine_release(&live->engine);
	faults_free(live->faults);
	secrets_release(&live->secrets);
}

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
			feed_ended(&live->feeds[venue], code, unix_ms());
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

/* A series of failures is one line. */
static void
note_told(struct live *live, bool told, const char *error)
{
	if (!told && live->told)
		live_say(live, LOG_WARN, "the state is not written: Redis failed", "error", error);
	live->told = told;
}

static void
take_answers(struct live *live)
{
	char error[256];

	if (live->tells != NULL && tell_engine_begin(live->tells, error) != 0)
		note_told(live, false, error);
}

static void
tell(struct live *live, int64_t now_ms)
{
	char error[256];
	bool told;

	if (live->tells == NULL)
		return;
	told =
	    tell_engine_loop(live->tells, &live->engine, &live->counts, &live->journaled, now_ms, error) == 0;
	note_told(live, told, error);
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
		now_ms = unix_ms();
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
		tell_engine_end(live->tells, &live->engine, &live->counts, &live->journaled, unix_ms());
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
		(void)feed_subscribe(&live->feeds[venue], &live->engine, unix_ms());
	live_say(live, LOG_INFO, "the engine begins", "universe", live->counts.universe_mode);
	turn(live, ending);
	end(live);
	(void)pthread_kill(ending->thread, SIGTERM);
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
	live->settings = settings;
	block_signals(&ending.signals);
	status = open_all(live, why) == 0 ? run(live, &ending, why) : -1;
	if (live->record != NULL && fclose(live->record) != 0)
		status = failure_set(why, FAILURE_LOCAL, "--record: cannot write '%s'", settings->record);
	close_all(live);
	free(live);
	return status;
}
