#ifndef RELAY_STORE_MUTES_H
#define RELAY_STORE_MUTES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Services whose new alerts send no messages until a time; the history has these as muted.
 *
 * All functions within a transaction of the store.
 */
struct store;

enum { MUTE_SERVICE = 128, MUTE_WHO = 64, MUTE_REASON = 512 };

/* Texts that come in longer are cut. */
struct mute {
	char service[MUTE_SERVICE];
	char who[MUTE_WHO];
	char reason[MUTE_REASON];
	int64_t since_ms;
	int64_t until_ms;
};

/* In the place of the one that the service has.  One whose end is not after its begin removes it. */
void mute_put(struct store *store, const struct mute *mute);

/* By service: the next one behind `after` (begin with "") that is not over. */
bool mute_next(struct store *store, const char *after, int64_t now_ms, struct mute *mute);

/* Whether the label `service` names a muted one; `mute` (NULL: not wanted) is filled. */
bool mute_covers(struct store *store, const json_t *labels, int64_t now_ms, struct mute *mute);

#endif /* RELAY_STORE_MUTES_H */
