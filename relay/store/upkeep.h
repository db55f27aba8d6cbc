#ifndef RELAY_STORE_UPKEEP_H
#define RELAY_STORE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Within a transaction of the store; for relay/intake. */

/* Nothing expires before this time: who renews it had no chance to. */
void upkeep_postpone_expiry(struct store *store, int64_t until_ms);

/* If the clock was set back since the last call, or may have been while the store was closed: what waits for
 * a time of the old clock no longer does. */
void upkeep_clock(struct store *store, int64_t now_ms);

/* Remove what is old, some rows at a time. */
void upkeep_prune(struct store *store, int64_t now_ms);

/* Whether there is a mute that is over; and remove those. */
bool upkeep_mute_over(struct store *store, int64_t now_ms);
void upkeep_remove_mutes(struct store *store, int64_t now_ms);

#endif /* RELAY_STORE_UPKEEP_H */
