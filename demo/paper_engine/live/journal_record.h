#ifndef PAPER_ENGINE_JOURNAL_RECORD_H
#define PAPER_ENGINE_JOURNAL_RECORD_H

#include "common/text/buffer.h"
#include "demo/paper_engine/core/engine.h"

/* What the journal has to do, in the order of the queue; for journal*.c alone. */
enum record_kind {
	RECORD_TRADE,
	RECORD_MOVEMENT,
	RECORD_EQUITY,
	RECORD_RATE,
	RECORD_DRIFT,
	RECORD_SYNC,
	RECORD_SNAPSHOT
};

struct held {
	char name[SYMBOL_NAME];
	fixed coins[VENUES];
};
/* Owned: of the engine at the time of the record, or what a ledger sums up to. */
struct inventory {
	struct held *held;
	size_t count, room;
};

struct record {
	struct record *next;
	enum record_kind kind;
	union {
		struct trade trade;
		struct movement movement;
		struct {
			int64_t at_ms;
			fixed value;
		} point; /* of equity, a rate, a drift */
		struct inventory inventory;
		struct buffer text; /* of a snapshot */
	};
};

/* Those that are rows of the ledger: written together, and never dropped. */
static inline bool
record_is_row(const struct record *record)
{
	return record->kind <= RECORD_RATE;
}

/* A row of a table as texts, for a prepared statement. */
enum statement { STATEMENT_TRADE, STATEMENT_FILL, STATEMENT_MOVEMENT, STATEMENT_EQUITY, STATEMENT_RATE };
enum { STATEMENTS = STATEMENT_RATE + 1, ROW_VALUES = 10, ROW_TEXT = 64, ROWS = 1 + FILLS };
extern const char *const statement_texts[STATEMENTS];

struct row {
	enum statement statement;
	int count;
	char texts[ROW_VALUES][ROW_TEXT];
};

/* The rows of a record that record_is_row().  Returns how many. */
size_t record_rows(const struct record *record, struct row rows[ROWS]);

/*
 * The other way: the ledger's rows of the ids above $1, up to $2, one for each movement and for each fill of
 * a trade, in order; NULL is "".  A trade without fills has one row, without a leg.
 */
enum {
	LEDGER_ID,
	LEDGER_KIND, /* "trade", or of the movement */
	LEDGER_NAME, /* symbol or asset */
	LEDGER_ROUTE,
	LEDGER_OPENED, /* ms; of a movement its time */
	LEDGER_CLOSED,
	LEDGER_LEG_GAP,
	LEDGER_PNL,      /* of a movement coins_binance */
	LEDGER_FEES,     /* coins_upbit */
	LEDGER_SLIPPAGE, /* cash_binance */
	LEDGER_LEG,
	LEDGER_EXCHANGE,
	LEDGER_SIDE,
	LEDGER_AT,
	LEDGER_QUANTITY, /* cash_upbit */
	LEDGER_VALUE,    /* fee */
	LEDGER_FEE,
	LEDGER_RATE,
	LEDGER_COLUMNS
};
extern const char ledger_select[];

/* A movement, or a trade with its first fill; and the next fill of a trade.  0, or -1 with `why`: nothing
 * that record_rows() writes. */
int record_read(struct record *record, const char *const columns[LEDGER_COLUMNS], struct failure *why);
int record_read_fill(struct record *record, const char *const columns[LEDGER_COLUMNS], struct failure *why);

/* Where the coins of a symbol are counted, made if need be; NULL: out of memory. */
struct held *inventory_find(struct inventory *inventory, const char *name);

void record_free(struct record *record); /* takes NULL */

#endif /* PAPER_ENGINE_JOURNAL_RECORD_H */
