#ifndef EXCHANGE_ACCOUNT_ACCOUNT_H
#define EXCHANGE_ACCOUNT_ACCOUNT_H

#include "exchange/account/read.h"

/*
 * What any number of accounts hold, by signed reads, all exchanges at once.
 * There is no way to send anything that the profile's `account` section does
 * not name, and that section can name reads alone (profile.h).
 *
 * Requests of one exchange whose signature needs a growing nonce go one after
 * another; of others all at once; pages of one list always one after another.
 */
struct account_target {
	const struct profile *profile;
	const char *base_url; /* instead of the profile's; NULL: the profile's */
	struct account_key *key;
	bool asked[ACCOUNT_ENDPOINTS]; /* which endpoints this run asks */
	/* Nothing is signed for, or sent, to a live exchange (profile_place()); nor to a public address but
	 * the test_url's. */
	bool paper_only;
	char *const *paper_hosts; /* borrowed: names of hosts where exchanges of our own run */
	size_t paper_host_count;
	int64_t weight_most; /* that all pages together may cost; 0: any */
};

struct account_part {
	bool asked;
	bool read;              /* whole, all pages; else nothing of it is to be used */
	struct failure failure; /* why not */
	size_t requests;        /* pages asked for */
	double seconds;         /* of all its requests together */
};

struct account_reading {
	struct account_part parts[ACCOUNT_ENDPOINTS];
	struct account_lists lists; /* of what was read */
	struct account_key_health health;
	int weight;           /* what was sent cost, by the profile */
	bool refused;         /* 429, 418 or the venue's own signal: the rest was not sent */
	bool banned;          /* one of them was a ban, not only too many requests */
	double refused_until; /* Unix time; 0: not refused */
};

enum { ACCOUNT_PAGES = 100 }; /* of one list; more is a failure: it has no end */

/* Weight of one run of this target, one page each, without asking. */
int account_weight(const struct account_target *target);

/*
 * Ask all targets.  `readings` has room for `count`; account_readings_release()
 * frees what they hold.  Back by the deadline.  -1 with `why` only when memory ran out.
 */
int account_probe(struct http_client *client, const struct account_target targets[], size_t count,
    struct deadline deadline, struct account_reading readings[], struct failure *why);
void account_readings_release(struct account_reading readings[], size_t count);

#endif /* EXCHANGE_ACCOUNT_ACCOUNT_H */
