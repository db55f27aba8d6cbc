#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/live/journal.h"

struct journal {
	struct journal_settings settings;
};

struct journal *
journal_open(const struct journal_settings *settings, struct failure *why)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	if (journal == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else
		journal->settings = *settings;
	return journal;
}

void
journal_close(struct journal *journal, int64_t ms)
{
	(void)ms;
	free(journal);
}

long
journal_restore(struct journal *journal, struct engine *engine, struct failure *why)
{
	(void)journal, (void)engine, (void)why;
	return 0;
}

bool
journal_trade(struct journal *journal, const struct trade *trade)
{
	(void)journal, (void)trade;
	return true;
}

bool
journal_movement(struct journal *journal, const struct movement *movement)
{
	(void)journal, (void)movement;
	return true;
}

bool
journal_equity(struct journal *journal, int64_t at_ms, fixed equity)
{
	(void)journal, (void)at_ms, (void)equity;
	return true;
}

bool
journal_rate(struct journal *journal, int64_t at_ms, fixed won)
{
	(void)journal, (void)at_ms, (void)won;
	return true;
}

bool
journal_snapshot(struct journal *journal, const struct engine *engine)
{
	(void)journal, (void)engine;
	return true;
}

bool
journal_sync(struct journal *journal, const struct engine *engine)
{
	(void)journal, (void)engine;
	return true;
}

bool
journal_drift(struct journal *journal, double coins)
{
	(void)journal, (void)coins;
	return true;
}

bool
journal_await(struct journal *journal, long records, int64_t ms)
{
	(void)journal, (void)records, (void)ms;
	return true;
}

void
journal_take_state(struct journal *journal, struct journal_state *state)
{
	(void)journal;
	memset(state, 0, sizeof(*state));
}
