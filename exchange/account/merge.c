/*
 * From what was read of each endpoint to the reading of the account.
 *
 * Lists are moved, not copied: they may hold 50,000 positions.  The order matters: instruments first,
 * because positions need their sizes; then positions, then balances.
 */

#include <stddef.h>

#include "exchange/account/page.h"

void
account_part_fail(struct account_asking *asking, const struct failure *why)
{
	asking->part->read = false;
	asking->part->failure = *why;
	account_lists_release(&asking->lists);
	account_key_health_init(&asking->health);
}

/* Key and lock come from two answers: what one does not tell must not undo the other. */
static void
merge_health(struct account_key_health *all, const struct account_key_health *one)
{
	if (one->expiry >= 0)
		all->expiry = one->expiry;
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		if (one->permission[i] >= 0)
			all->permission[i] = one->permission[i];
	if (one->ip_restricted >= 0)
		all->ip_restricted = one->ip_restricted;
	if (one->trading_locked >= 0)
		all->trading_locked = one->trading_locked;
}

/* The parts one by one: a sum of balances that does not fit says nothing of the positions. */
static void
complete_balances(
    const struct profile *profile, struct account_asking askings[], struct account_reading *reading)
{
	struct account_asking *asking = &askings[ACCOUNT_BALANCES];
	struct account_lists *lists = &asking->lists, *all = &reading->lists;
	struct failure why = { 0 };

	if (!asking->part->read)
		return;
	if (account_complete(profile, lists, &why) != 0) {
		account_part_fail(asking, &why);
		return;
	}
	all->balances = lists->balances;
	all->balance_count = lists->balance_count;
	all->balance_room = lists->balance_room;
	lists->balances = NULL;
	lists->balance_count = lists->balance_room = 0;
}

static void
move_instruments(struct account_lists *lists, struct account_lists *all)
{
	all->instruments = lists->instruments;
	all->instrument_count = lists->instrument_count;
	all->instrument_room = lists->instrument_room;
	lists->instruments = NULL;
	lists->instrument_count = lists->instrument_room = 0;
}

/* Instruments are in the reading already.  Balances stay out of account_complete() here. */
static void
complete_positions(
    const struct profile *profile, struct account_asking askings[], struct account_reading *reading)
{
	struct account_asking *asking = &askings[ACCOUNT_POSITIONS];
	const struct account_part *instruments = &reading->parts[ACCOUNT_INSTRUMENTS];
	struct account_lists *all = &reading->lists, both = asking->lists;
	struct failure why = { 0 };

	if (!asking->part->read)
		return;
	both.instruments = all->instruments;
	both.instrument_count = all->instrument_count;
	both.instrument_room = all->instrument_room;
	asking->lists = (struct account_lists){ 0 };
	all->instruments = NULL;
	all->instrument_count = all->instrument_room = 0;
	/* Without positions no size is needed: an account may be flat while instruments cannot be read. */
	if (account_complete(profile, &both, &why) != 0) {
		/* The true reason: the list of sizes did not come. */
		if (instruments->asked && !instruments->read) {
			why = instruments->failure;
			(void)failure_prefix(&why, "the sizes of contracts");
		}
		account_part_fail(asking, &why);
		/* The memory stays in `both`, and is released with the reading. */
		both.position_count = 0;
	}
	both.balances = all->balances;
	both.balance_count = all->balance_count;
	both.balance_room = all->balance_room;
	*all = both;
}

void
account_merge(const struct profile *profile, struct account_asking askings[], struct account_reading *reading)
{
	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++)
		merge_health(&reading->health, &askings[e].health);
	move_instruments(&askings[ACCOUNT_INSTRUMENTS].lists, &reading->lists);
	complete_positions(profile, askings, reading);
	complete_balances(profile, askings, reading);
}
