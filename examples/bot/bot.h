#ifndef EXAMPLES_BOT_BOT_H
#define EXAMPLES_BOT_BOT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "examples/bot/market.h"
#include "examples/bot/records.h"
#include "examples/tell.h"

/* The bot itself.  main.c fills in the settings of an empty one; the rest is for bot_run(). */
struct bot {
	int64_t loop_ns, equity_every_ns, loops_most;
	double trades_a_second;
	struct market market;
	struct teller teller;
	struct records records;
	bool tells, records_trades; /* if both are false, it only trades */

	struct trade unwritten; /* PostgreSQL did not take it yet; empty while its closed_at is 0 */
	struct tell_times loop_times, latency[VENUES];
	long messages, loops, rebalance_failures;
	int64_t equity_due_ns, seldom_due_ns;
	double started_at, equity, loss, imbalance, loop_seconds, lag, spent, cooldown_until[ROUTES];
	long day;
};

double bot_wall_seconds(void);

/* Trade loop by loop until one of these signals, which are blocked, arrives, or loops_most is reached. */
void bot_run(struct bot *bot, const sigset_t *ends);

#endif /* EXAMPLES_BOT_BOT_H */
