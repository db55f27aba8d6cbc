#ifndef PROBES_POSTGRES_ERRAND_H
#define PROBES_POSTGRES_ERRAND_H

#include "probes/postgres_target.h"

/*
 * A session with a server in a thread that can be left behind, for
 * probes/postgres alone.
 *
 * Waiting is under our control, but a server can make libpq work: SCRAM lets
 * it ask for two thousand million rounds of hashing (most of an hour), and if
 * it asks for Kerberos, that library asks name servers.  Neither can be
 * interrupted.  So a thread that is not back soon after the deadline is left
 * behind with all it uses; it frees that when it comes back.  Until then the
 * target is not asked again: there is at most one such thread for each.
 */

/* Fills the result by the deadline, as far as it is up to us. */
typedef void postgres_session(const struct postgres_target *target, size_t samples, struct deadline deadline,
    struct postgres_result *result);

/* Do `session`; back by the deadline and a tenth of a second in every case. */
void postgres_errand(postgres_session *session, struct postgres_target *target, size_t samples,
    struct deadline deadline, struct postgres_result *result);

#endif /* PROBES_POSTGRES_ERRAND_H */
