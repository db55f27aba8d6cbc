#ifndef COLLECTORS_PREFLIGHT_SETTINGS_H
#define COLLECTORS_PREFLIGHT_SETTINGS_H

#include "collectors/preflight/checks/order_books_ready.h"
#include "collectors/preflight/findings.h"
#include "collectors/preflight/string_list.h"
#include "common/config/options.h"
#include "common/config/secrets.h"
#include "common/deadline.h"
#include "exchange/health/venues.h"
#include "positions/accounts.h"
#include "positions/engine_view.h"
#include "positions/exchange_view.h"
#include "positions/policy.h"
#include "positions/sources.h"
#include "probes/postgres/postgres.h"
#include "probes/redis/redis.h"

/* The settings of all checks, and what a run needs besides. */
enum { ALERTMANAGERS_MAX = 8 };

struct latency_limits {
	double warn, fail; /* seconds; above it */
};

struct redis_server {
	char *text; /* "[NAME=]URL", cut in two */
	const char *name;
	struct redis_target *target;
	struct redis_result result;
	double seconds[REDIS_SAMPLES]; /* of the result */
};

struct postgres_server {
	char *text;
	const char *name;
	struct postgres_target *target;
	struct postgres_result result;
	double seconds[POSTGRES_SAMPLES];
};

struct servers {
	struct redis_server redis[SERVERS_MAX];
	struct postgres_server postgres[SERVERS_MAX];
	size_t redis_count, postgres_count;
	struct latency_limits redis_limits, postgres_limits;
	char *schema_version; /* expected; NULL: not checked */
	char *schema_query;
};

/* What is known of one exchange's key in this run. */
struct credential {
	bool there;       /* some part of it */
	bool paper_place; /* what it opens is no live account */
	bool read;
	char where[512];         /* a variable, or a path */
	struct failure failure;  /* why it is no key that can be used */
	const char *placeholder; /* the part that is one; NULL: none */
};

struct alertmanager {
	char *url;   /* of the API's alerts */
	char *place; /* "host:port", for texts and the label; a second one there is "host:port#2" */
	struct http_client *client;
	bool told;       /* the last run's alerts were taken */
	char fault[512]; /* why not; "" */
};

struct preflight {
	char env[8];
	bool live, env_given, strict, armed, looks_at_processes;
	bool listed[CHECKS];  /* not left out by --check */
	bool skipped[CHECKS]; /* by --skip */
	bool partial;         /* --check was given */
	bool no_metrics, no_alerts;
	int64_t check_timeout_ns;
	char *config_file, *keys_directory, *output;
	const struct secrets *secrets; /* the program's */

	struct string_list variables, files; /* that must be there */
	struct string_list secret_variables, secret_files;
	struct string_list own_secret_files; /* of our own settings, as in REDIS_PASSWORD_FILE */
	struct string_list live_variables;   /* the bot's live keys */
	struct string_list paper_hosts;      /* where exchanges of our own run */
	struct string_list verified;         /* exchanges whose keys somebody looked at */
	struct servers servers;

	bool has_exchanges;
	struct venues venues;
	struct judge_limits limits;
	double max_skew; /* seconds */
	struct http_client *client;
	struct accounts accounts;
	struct policy policy;
	struct sources sources;
	struct exchange_view exchange_view;
	struct engine_view engine_view;
	bool *comparable; /* by exchange */
	double *retry_at; /* by exchange, Unix time: until then nobody asks it */
	struct order_books_ready order_books_ready;
	bool shares_books;              /* both are checked: health, and positions */
	char *health_name;              /* of the file of exchange_health */
	struct failure memory_failure;  /* who must not be asked is not known: nobody is */
	struct failure list_damage;     /* who should not be asked may be one more */
	struct failure history_failure; /* what exchange_health wrote could not be read */

	/* What the process of the checks knows besides. */
	struct secrets known;           /* the program's, and the keys */
	struct credential *credentials; /* by exchange */

	char *git_directory, *git_refs;
	bool git_given; /* the directory: then there must be a repository in live */

	struct alertmanager alertmanagers[ALERTMANAGERS_MAX];
	size_t alertmanager_count;
	bool alerts;           /* they are told */
	int64_t alert_hold_ns; /* 0: by the interval */

	struct findings found;     /* of the last run */
	struct findings *shared;   /* with the process of its checks */
	pid_t left_behind[CHECKS]; /* that process, where a check hangs in it; 0: none */
	pid_t left_writing;        /* likewise, of the evidence */
	bool passed, written;      /* of the last run */
};

/* From the settings, for the collector's open().  preflight_free() releases every part. */
struct preflight *preflight_new(const struct options *given, struct secrets *secrets, struct failure *why);
void preflight_free(struct preflight *preflight);

/* Its parts: 0, or -1 with `why` that names the setting. */
int redis_postgres_open(
    struct servers *servers, const struct options *given, struct secrets *secrets, struct failure *why);
void redis_postgres_release(struct servers *servers);
int preflight_open_exchanges(
    struct preflight *preflight, const struct options *given, struct secrets *secrets, struct failure *why);
void preflight_release_exchanges(struct preflight *preflight);

/* Whether it is to be made at all. */
bool preflight_includes(const struct preflight *preflight, enum preflight_check check);

/* How a finding that matters less in paper counts. */
enum check_status preflight_severity(const struct preflight *preflight);

#endif /* COLLECTORS_PREFLIGHT_SETTINGS_H */
