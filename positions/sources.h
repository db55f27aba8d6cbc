#ifndef POSITIONS_SOURCES_H
#define POSITIONS_SOURCES_H

#include "common/config/options.h"
#include "common/deadline.h"
#include "engine/engine.h"
#include "exchange/account/account.h"
#include "exchange/ban_list.h"
#include "exchange/public/exchange.h"
#include "exchange/settings.h"

/*
 * Which exchanges are asked, with which keys, and what a run asks of each:
 * from the settings, checked, and with all memory that a run needs besides the
 * probes'.
 */
struct account {
	const char *name; /* the label; the settings' */
	const struct exchange_setting *setting;
	struct account_key *key;
	bool withheld; /* it is not asked at all */
	struct failure
	    key_failure; /* why there is no key (auth); FAILURE_NONE: there is, or none is needed */
	bool paper_only; /* these three: see exchange/account/account.h */
	char *const *paper_hosts;
	size_t paper_host_count;
	bool books_are_read;  /* by somebody else: they are not asked for here */
	int64_t weight_limit; /* the most that a run may cost */

	/* What is remembered of earlier runs. */
	double runs;       /* that asked it */
	double retry_at;   /* Unix time; 0: none; what other programs met counts too */
	bool health_known; /* the last run told something of the key, or the lock */

	/* Of the run under way. */
	struct account_target target;
	struct exchange_target books;
	struct account_reading *reading; /* NULL: not asked */
	struct exchange_reading *prices; /* NULL: not asked */
};

struct accounts {
	struct exchange_settings settings;
	struct account *items;
	size_t count;
	/* Room for all of them; a run uses the first ones. */
	struct account_target *targets;
	struct account_reading *readings;
	struct exchange_target *book_targets;
	struct exchange_reading *book_readings;
};

/* 0, or -1 with `why` that names the setting.  In both cases for accounts_release().  An account whose key
 * cannot be used is withheld; only --config.check fails for it. */
int accounts_open(
    struct accounts *accounts, const struct options *given, struct secrets *secrets, struct failure *why);
void accounts_release(struct accounts *accounts);

/* The same without any keys, which the caller then finds for each account by itself, and without a look at
 * what a run costs. */
int accounts_open_keyless(struct accounts *accounts, const struct options *given, struct failure *why);

/*
 * Which endpoints are due.  What tells of the key and the lock is not asked in
 * each run where the profile says so, unless nothing is known of them.
 */
void account_choose(struct account *account);

/* What is asked: its own URL, or the profile's. */
const char *account_base_url(const struct account *account);

/* Whether it may be asked at all. */
bool account_may_ask(const struct account *account, double now);

/* Until when an exchange that refused is not asked: as it said, within bounds; all 0: it did not refuse. */
struct ban account_refusal(const struct account *account, double now);

/* Whether what the exchange has is there whole: its positions, and its balances where assets are positions.
 */
bool account_is_read(const struct account *account);

/*
 * Everything that is asked in a run, all at once: accounts, order books, and
 * where the engine keeps its positions.
 */
enum engine_store { STORE_POSTGRES, STORE_REDIS };
enum { ENGINE_STORES = STORE_REDIS + 1 };
const char *engine_store_name(enum engine_store store); /* "postgres", "redis" */

struct sources {
	struct http_client *account_client; /* one for each of two threads */
	struct http_client *book_client;
	struct postgres_target *postgres; /* NULL: not configured */
	struct redis_target *redis;       /* NULL: not configured */
	char *view, *hash;
	bool has_store[ENGINE_STORES];
	bool has_engine; /* any of them */

	/* Of the run under way. */
	struct engine_reading engine[ENGINE_STORES];
	size_t account_count, book_count;             /* asked: the first ones of the accounts' arrays */
	struct failure account_failure, book_failure; /* memory ran out: nothing of them is there */
};

/* 0, or -1 with `why` that names the setting.  In both cases for sources_release(). */
int sources_open(
    struct sources *sources, const struct options *given, struct secrets *secrets, struct failure *why);
void sources_release(struct sources *sources);

/* Ask all of `accounts` that may be asked; what came is in their `reading` and `prices`, and in `engine`. */
void sources_read(struct sources *sources, struct accounts *accounts, struct deadline deadline, double now);

/* Free the largest lists of what sources_read() brought, once the views have them: publishing needs memory.
 */
void sources_clear_positions(const struct sources *sources, struct accounts *accounts);
void sources_clear_rows(struct sources *sources);

/* Free all that sources_read() brought. */
void sources_clear(struct sources *sources, struct accounts *accounts);

#endif /* POSITIONS_SOURCES_H */
