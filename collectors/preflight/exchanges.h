#ifndef COLLECTORS_PREFLIGHT_EXCHANGES_H
#define COLLECTORS_PREFLIGHT_EXCHANGES_H

#include <pthread.h>

#include "collectors/harness/collector.h"
#include "collectors/preflight/checks.h"
#include "exchange/ban_list.h"
#include "exchange/health/venues.h"
#include "positions/sources.h"

/*
 * The exchanges, their keys, and what they answered in this run: shared by
 * secrets, live_guard, exchange_health and open_positions.
 *
 * An exchange counts the requests of all checks against one limit.  So each
 * question is asked once in a run, by the check that comes first; the others
 * wait for it.  Answers are only read after that.
 */
extern const struct option exchanges_options[]; /* weight.limit, paper.host */

/* What is known of one exchange's key in this run. */
struct credential {
	bool there;              /* some part of it */
	bool paper_place;        /* the account that it opens is not a live one */
	bool live_place;         /* it certainly is one: the exchange itself is asked */
	char where[512];         /* a variable, or a path */
	struct failure failure;  /* why the key cannot be used */
	const char *placeholder; /* the part that is one; NULL: none */
};

/* Work that is done once in a run, whichever thread comes first. */
struct once {
	pthread_mutex_t mutex;
	bool done;
};

struct exchanges {
	bool live;
	size_t count; /* 0: none is configured */
	struct venues venues;
	struct accounts accounts; /* the same exchanges in the same order */
	struct sources sources;
	struct http_client *client;
	struct judge_limits limits;
	struct string_list paper_hosts; /* where exchanges of our own run */
	const char **names;             /* of the exchanges */
	char *keys_directory, *health_name;
	const struct secrets *program_secrets; /* its owner sets it, when all settings are read */
	bool asks_accounts;                    /* a check needs them */
	bool shares_books; /* exchange_health and open_positions both look at order books */

	/* Of the run under way. */
	double *retry_at;               /* by exchange, Unix time: until then it is not asked */
	struct failure memory_failure;  /* the ban list could not be read, so no exchange is asked */
	struct failure list_damage;     /* a line of the ban list is damaged */
	struct failure history_failure; /* what exchange_health wrote could not be read */
	struct once keys_once, accounts_once, books_once;
	struct credential *credentials; /* by exchange; from exchanges_read_keys() */
	struct secrets known;           /* the program's, and the keys; likewise */
	struct failure books_failure;
	size_t books_asked;
	pthread_mutex_t bans_mutex;
	struct ban *bans; /* by exchange: how it refused requests of this run */
};

/* From the settings.  NULL with `why` that names the setting. */
struct exchanges *exchanges_open(const struct check_setup *setup, struct failure *why);
void exchanges_close(struct exchanges *exchanges); /* takes NULL */

/*
 * Forget the last run, and read what is known from before: which exchanges must
 * not be asked, from the ban list that all programs share; which books stood
 * still and who failed, from the file of exchange_health in the same directory.
 * No check may be running.
 */
void exchanges_begin(struct exchanges *exchanges, struct run *run, bool health_is_checked);

/* Keep for other programs, and publish, which exchanges refused requests of this run. */
void exchanges_publish_bans(struct exchanges *exchanges, struct run *run);

/*
 * Find the keys.  In paper a live account's key is not even read, and its
 * exchange is asked nothing that needs one: that is decided here, and once more
 * by the probe before it signs (account_target.paper_only).
 */
void exchanges_read_keys(struct exchanges *exchanges);

/* Read the keys, and ask the accounts and the bot's stores. */
void exchanges_ask_accounts(struct exchanges *exchanges, struct deadline deadline);

/* Ask everything public, order books included.  -1 with `why`: out of memory, and nothing was read. */
int exchanges_read_books(struct exchanges *exchanges, struct deadline deadline, struct failure *why);

/* Remember that the exchange refused a request. */
void exchanges_add_ban(struct exchanges *exchanges, size_t index, struct ban ban);

/* Returns whether exchanges are configured; if not, `result` says what that means. */
bool exchanges_are_named(const struct exchanges *exchanges, struct check_result *result);

#endif /* COLLECTORS_PREFLIGHT_EXCHANGES_H */
