/*
 * Between the accounts and the list of bans (exchange/ban_list.h).  Ban or back-off makes no
 * difference here: both are a time before which nothing is asked.  The list goes by the URL that is
 * really asked, so a ban by a test system does not hold back the live one.
 */

#include "collectors/open_positions/bans.h"
#include "exchange/ban_list.h"
#include "positions/history.h"

static void
hold_back(struct account *account, const struct ban_list *list)
{
	struct ban ban = ban_list_find(list, account_base_url(account));

	if (ban.banned_until > account->retry_at)
		account->retry_at = ban.banned_until;
	if (ban.retry_at > account->retry_at)
		account->retry_at = ban.retry_at;
}

int
bans_read(struct accounts *accounts, struct run *run, double now, struct failure *why)
{
	struct ban_list list;
	int result = ban_list_read(&list, run_directory(run), now, why);

	if (result != 0)
		(void)failure_prefix(why, "the ban list could not be read, so no exchange is queried");
	/* A damaged line is a failure of the run, but the others still hold. */
	else if (list.damage.kind != FAILURE_NONE)
		run_failed(run, "exchanges", &list.damage);
	for (size_t i = 0; result == 0 && i < accounts->count; i++)
		hold_back(&accounts->items[i], &list);
	ban_list_release(&list);
	return result;
}

static void
raise_one(const struct account *account, struct run *run, struct ban ban, double now)
{
	struct failure why = { 0 };

	if (ban_list_raise(
		run_directory(run), account_base_url(account), ban, now, run_deadline(run), &why) == 0)
		return;
	(void)failure_prefix(&why, "its ban cannot be kept for other programs");
	run_failed(run, account->name, &why);
}

void
bans_raise(const struct accounts *accounts, struct run *run)
{
	double now = clock_unix_seconds();

	for (size_t i = 0; i < accounts->count; i++) {
		const struct account *account = &accounts->items[i];
		/* It is of this run alone: what the list said before is still in it. */
		struct ban ban = history_refusal(account, now);

		if (ban.banned_until > 0 || ban.retry_at > 0)
			raise_one(account, run, ban, now);
	}
}
