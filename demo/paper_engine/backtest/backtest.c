/*
 * paper_engine backtest: one engine goes through a market of the past, from nothing or from a snapshot, and
 * what it did is printed and kept.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/system/regular.h"
#include "common/system/replace.h"
#include "common/system/time.h"
#include "demo/paper_engine/backtest/keep.h"
#include "demo/paper_engine/settings.h"

enum { SNAPSHOT_BYTES = 16 * 1024 * 1024, FLUSH_MS = 30000 };
static const int64_t flush_ns = INT64_C(10000000000);

struct backtest {
	const struct backtest_settings *settings;
	struct source source;
	struct span span;
	struct engine engine;
	struct replayed replayed;
	struct journal *journal; /* NULL: none */
	FILE *lines;             /* NULL: none */
	double seconds;          /* that it took */
};

/* Snapshots --------------------------------------------------------------- */

/* An engine that goes back in time would fill legs that were due long ago. */
static int
check_times(const struct backtest *test, struct failure *why)
{
	char text[TIME_TEXT];

	for (size_t i = 0; i < test->engine.symbol_count; i++)
		if (test->engine.symbols[i].updated_ms >= test->span.from_ms)
			return failure_set(why, FAILURE_LOCAL,
			    "it was made after --from: begin where its run ended, which was after %s",
			    time_text((double)test->engine.symbols[i].updated_ms / 1000, text));
	return 0;
}

static int
resume(struct backtest *test, struct failure *why)
{
	const char *path = test->settings->resume, *fault = regular_fault(path);
	int fd = fault == NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1, result = -1;
	struct buffer text;

	if (fd < 0)
		return failure_set(
		    why, FAILURE_LOCAL, "--resume: %s: %s", path, fault != NULL ? fault : strerror(errno));
	buffer_init(&text, SNAPSHOT_BYTES);
	if (buffer_fill(&text, fd, 0) != 0) {
		(void)failure_set(why, FAILURE_LOCAL, "%s", strerror(errno));
	} else {
		buffer_append(&text, "", 1);
		if (text.failed || memchr(text.text, '\0', text.length) != text.text + text.length - 1)
			(void)failure_set(
			    why, FAILURE_LOCAL, "it is no snapshot: it has a zero byte, or is too long");
		else if (engine_restore(&test->engine, text.text, why) == 0)
			result = check_times(test, why);
	}
	buffer_release(&text);
	(void)close(fd);
	return result == 0 ? 0 : failure_prefix(why, "--resume: %s", path);
}

static int
write_snapshot(const struct backtest *test, struct failure *why)
{
	struct buffer text;
	int result = -1;

	buffer_init(&text, SNAPSHOT_BYTES);
	engine_save(&test->engine, &text);
	buffer_append(&text, "", 1);
	if (text.failed)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else
		result = replace_file(test->settings->snapshot, text.text, deadline_in(flush_ns), why);
	buffer_release(&text);
	return result == 0 ? 0 : failure_prefix(why, "--snapshot");
}

/* Parts -------------------------------------------------------------------- */

static int
open_source(struct backtest *test, struct failure *why)
{
	const struct backtest_settings *settings = test->settings;

	test->span = (struct span){ settings->from_ms, settings->until_ms, settings->step_ms };
	if (settings->recording == NULL)
		return source_seeded_open(
		    &test->source, settings->shared.market_seed, settings->shared.symbols, why);
	if (source_recording_open(&test->source, settings->recording, why) != 0)
		return -1;
	test->span.from_ms = test->source.from_ms;
	test->span.until_ms = test->source.until_ms;
	return 0;
}

/* The ledger must end where this run begins: a row whose id is there would be left out. */
static int
open_journal(struct backtest *test, struct failure *why)
{
	struct journal_settings stores = test->settings->shared.stores;
	struct engine ledger;
	int result = -1;

	if (stores.dsn == NULL)
		return 0;
	stores.redis_host = NULL; /* the keys there are of the engine that runs */
	test->journal = journal_open(&stores, why);
	if (test->journal == NULL)
		return -1;
	if (engine_init(&ledger, &test->engine.settings) != 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (journal_restore(test->journal, &ledger, why) < 0)
		(void)failure_prefix(why, "the ledger in PostgreSQL");
	else if (ledger.last_id != test->engine.last_id)
		(void)failure_set(why, FAILURE_LOCAL,
		    "the ledger in PostgreSQL ends with record %lld, and this run begins behind record %lld: empty its "
		    "tables, or take another database",
		    (long long)ledger.last_id, (long long)test->engine.last_id);
	else
		result = 0;
	engine_release(&ledger);
	return result;
}

static int
open_lines(struct backtest *test, struct failure *why)
{
	if (test->settings->trades == NULL)
		return 0;
	test->lines = fopen(test->settings->trades, "we");
	return test->lines != NULL ? 0
				   : failure_set(why, FAILURE_LOCAL, "--trades: %s: %s",
					 test->settings->trades, strerror(errno));
}

/* The summary --------------------------------------------------------------- */

static void
print_summary(struct backtest *test)
{
	struct tally *tally = &test->replayed.tally;
	const struct span *span = &test->span;
	double steps = (double)((span->until_ms - span->from_ms + span->step_ms - 1) / span->step_ms);
	double books = steps * (double)(VENUES * test->source.symbols + 1), sharpe;
	char from[TIME_TEXT], until[TIME_TEXT];

	printf("market         %zu symbols from %s until %s\n", test->source.symbols,
	    time_text((double)span->from_ms / 1000, from), time_text((double)span->until_ms / 1000, until));
	printf("trades         %lld, %.1f%% of them with a profit\n", (long long)tally->trades,
	    tally->trades > 0 ? 100 * (double)tally->won / (double)tally->trades : 0);
	printf("pnl            %.2f USDT, after %.2f USDT of fees\n", fixed_value(tally->pnl),
	    fixed_value(tally->fees));
	printf("deepest fall   %.2f USDT\n", fixed_value(tally->deepest));
	printf("equity         %.2f USDT\n", fixed_value(test->engine.equity));
	sharpe = tally_sharpe(tally, span->until_ms);
	if (tally->days < 2)
		printf("Sharpe ratio   not known, as it takes two whole days\n");
	else
		printf(
		    "Sharpe ratio   %.2f, of the pnl of %.0f whole days, for a year\n", sharpe, tally->days);
	printf("book updates   %.0f, %.0f a second\n", books, test->seconds > 0 ? books / test->seconds : 0);
}

int
run_backtest(const struct backtest_settings *settings, struct failure *why)
{
	struct backtest test = { .settings = settings };
	int64_t began_ns;
	int result = open_source(&test, why);

	test.replayed.engine = &test.engine;
	if (result == 0 && engine_init(&test.engine, &settings->shared.engine) != 0)
		result = failure_set(why, FAILURE_LOCAL, "out of memory");
	if (result == 0 && settings->resume != NULL)
		result = resume(&test, why);
	if (result == 0 && (open_journal(&test, why) != 0 || open_lines(&test, why) != 0))
		result = -1;
	if (result == 0) {
		began_ns = clock_now_ns();
		result = keep_replay(&test.source, &test.span, &test.replayed, test.journal, test.lines, why);
		test.seconds = clock_seconds_since(began_ns);
	}
	if (result == 0 && settings->snapshot != NULL)
		result = write_snapshot(&test, why);
	if (result == 0)
		print_summary(&test);
	if (test.lines != NULL)
		(void)fclose(test.lines);
	if (test.journal != NULL)
		journal_close(test.journal, FLUSH_MS);
	engine_release(&test.engine);
	if (test.source.close != NULL)
		test.source.close(test.source.context);
	return result;
}
