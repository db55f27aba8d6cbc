#ifndef PROBES_POSTGRES_ERRAND_H
#define PROBES_POSTGRES_ERRAND_H

#include "probes/postgres/target.h"

/*
 * A session with a server in a thread that can be left behind, for
 * probes/postgres and engine/postgres.c alone.
 *
 * Waiting is under our control, but a server can make libpq work: SCRAM lets
 * it ask for two thousand million rounds of hashing (most of an hour), and if
 * it asks for Kerberos, that library asks name servers.  Neither can be
 * interrupted.  So a thread that is not back soon after the deadline is left
 * behind with all it uses; it frees that when it comes back.  Until then the
 * target is not asked again: there is at most one such thread for each.
 */

struct postgres_task {
	/* Fills `work` by the deadline, as far as it is up to us. */
	void (*run)(void *work, const struct postgres_target *target, struct deadline deadline);
	void (*free)(void *work);
};

/*
 * Do `task` with `work`; back by the deadline and a tenth of a second in every
 * case.  0: it was done, and `work` is the caller's again.  -1 with `why`
 * (timeout, local): it was not, and `work` is gone: it is freed, now or by the
 * thread that was left behind.
 */
int postgres_errand(const struct postgres_task *task, void *work, struct postgres_target *target,
    struct deadline deadline, struct failure *why);

#endif /* PROBES_POSTGRES_ERRAND_H */
