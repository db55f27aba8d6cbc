#include "demo/paper_engine/backtest/history.h"
#include "demo/paper_engine/backtest/keep.h"

int
history_write(struct engine *engine, struct journal *journal, uint64_t market_seed, size_t symbols,
    int64_t days, int64_t until_ms, struct failure *why)
{
	const struct span span = { until_ms - days * 86400000, until_ms, 600000 };
	struct replayed replayed = { .engine = engine };
	struct source source;
	int result;

	if (source_seeded_open(&source, market_seed, symbols, why) != 0)
		return -1;
	result = keep_replay(&source, &span, &replayed, journal, NULL, why);
	source.close(source.context);
	return result == 0 ? 0 : failure_prefix(why, "history of %lld days", (long long)days);
}
