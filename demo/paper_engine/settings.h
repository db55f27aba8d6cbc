#ifndef PAPER_ENGINE_SETTINGS_ALL_H
#define PAPER_ENGINE_SETTINGS_ALL_H

#include "common/config/options.h"
#include "common/net/url.h"
#include "demo/paper_engine/core/settings.h"
#include "demo/paper_engine/live/journal.h"

/*
 * The settings of the three commands.  Texts belong to the options they were read from (and to `redis`),
 * which must outlive them.
 */
struct shared_settings {
	struct engine_settings engine;
	struct journal_settings stores; /* dsn and redis_host may be NULL: not used; faults is NULL */
	struct url redis;               /* what `stores` points into */
	uint64_t market_seed;           /* of the seeded market, and how many symbols it has */
	size_t symbols;
};

enum universe_mode { UNIVERSE_SINGLE, UNIVERSE_FIXED_LIST, UNIVERSE_TOP_N, UNIVERSE_FULL_MARKET };

struct universe_settings {
	enum universe_mode mode;
	const char **names; /* "BTC/USDT", of single and fixed_list; SYMBOLS_MOST places, owned */
	size_t name_count;
	size_t top;
	fixed volume_least; /* USDT in 24 hours, at each exchange; 0: any */
	fixed spread_most;  /* of the best prices of each exchange, as a ratio; 0: any */
	fixed depth_least;  /* USDT at the best prices of each exchange, either side; 0: any */
	int64_t every_ms;
};

struct run_settings {
	struct shared_settings shared;
	struct universe_settings universe;
	const char *exchanges[VENUES]; /* "http://127.0.0.1:9180/binance" */
	const char *ca_file;           /* NULL: those of the system */
	int64_t loop_ms, loops_most;   /* 0 loops: until it is ended */
	int64_t snapshot_every_ms, equity_every_ms, sync_every_ms;
	int64_t history_days;
	const char *record;         /* file; NULL: none */
	const char *control_listen; /* "127.0.0.1:9190"; "": none */
};

struct backtest_settings {
	struct shared_settings shared;
	int64_t from_ms, until_ms, step_ms;
	const char *recording; /* NULL: the seeded market */
	const char *snapshot, *resume, *trades;
};

enum refinement { REFINE_GRID, REFINE_NONE };

struct tune_settings {
	struct shared_settings shared;
	int64_t from_ms, until_ms, step_ms;
	int64_t train_ms, validate_ms;
	int64_t sets, threads;
	enum refinement refine;
	const struct options *options; /* for the command that repeats it */
};

/* The options of all commands, and of each; each ended by a row without a name.  backtest and tune share
 * `past`. */
extern const struct option settings_shared[], settings_run[], settings_past[], settings_backtest[],
    settings_tune[];

/* 0, or -1 with `why`; `settings` is zeroed, and to be released in either case. */
int settings_read_run(struct run_settings *settings, const struct options *o, struct failure *why);
int settings_read_backtest(struct backtest_settings *settings, const struct options *o, struct failure *why);
int settings_read_tune(struct tune_settings *settings, const struct options *o, struct failure *why);
void settings_release_shared(struct shared_settings *settings);
void settings_release_run(struct run_settings *settings);

/* The commands.  0: it did what was asked, or a signal ended it.  -1 with `why`. */
int run_live(const struct run_settings *settings, struct failure *why);
int run_backtest(const struct backtest_settings *settings, struct failure *why);
int run_tune(const struct tune_settings *settings, struct failure *why);

#endif /* PAPER_ENGINE_SETTINGS_ALL_H */
