#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/backtest/history.h"
#include "demo/paper_engine/backtest/recording.h"
#include "demo/paper_engine/live/loop.h"

enum { CLOSE_MS = 5000 };

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
		live->looked[venue] = live->streamed[venue] = true;
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
	if (live->engine.last_id == 0 && live->settings->history_days > 0) {
		if (history_write(&live->engine, live->journal, shared->market_seed, shared->symbols,
			live->settings->history_days, (int64_t)feed_clock_ms(), why) != 0)
			return -1;
		(void)snprintf(text, sizeof(text), "%" PRId64, live->settings->history_days);
		live_say(
		    live, LOG_INFO, "the engine goes on from a backtest of the days before", "days", text);
		return 0;
	}
	if (live->engine.last_id == 0)
		return 0;
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

int
live_open(struct live *live, struct failure *why)
{
	const struct run_settings *settings = live->settings;

	if (settings->shared.stores.password != NULL)
		secrets_add(&live->secrets, settings->shared.stores.password);
	if (settings->shared.stores.redis_password != NULL)
		secrets_add(&live->secrets, settings->shared.stores.redis_password);
	live->log = (struct log){ LOG_INFO, LOG_LOGFMT, "paper_engine", &live->secrets };
	live->drift = -1;
	live->counts.state = "starting";
	live->counts.started_ms = (int64_t)feed_clock_ms();
	live->counts.universe_mode = universe_modes[settings->universe.mode];
	live->faults = faults_new();
	if (live->faults == NULL || engine_init(&live->engine, &settings->shared.engine) != 0 ||
	    open_exchanges(live) != 0 || open_redis(live) != 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return open_record(live, why) != 0 || open_control(live, why) != 0 || open_past(live, why) != 0 ? -1
													: 0;
}

void
live_close(struct live *live)
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
