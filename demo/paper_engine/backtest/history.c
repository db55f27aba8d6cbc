#include "demo/paper_engine/backtest/history.h"

int
history_write(struct engine *engine, struct journal *journal, uint64_t market_seed, size_t symbols,
    int64_t days, int64_t until_ms, struct failure *why)
{
	(void)engine, (void)journal, (void)market_seed, (void)symbols, (void)days, (void)until_ms;
	return failure_set(why, FAILURE_LOCAL, "there is no history yet");
}
