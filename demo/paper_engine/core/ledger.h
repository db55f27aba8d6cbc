#ifndef PAPER_ENGINE_LEDGER_H
#define PAPER_ENGINE_LEDGER_H

#include "demo/paper_engine/core/engine.h"

/*
 * What a record of the ledger changes: the same for one that just happened and for one that is replayed, so
 * that the ledger alone gives cash, coins, equity and the streaks of losses.
 */
void ledger_trade(struct engine *engine, struct symbol *symbol, const struct trade *trade);
void ledger_movement(struct engine *engine, struct symbol *symbol, const struct movement *movement);

/* The asset of a movement that moves cash alone. */
extern const char *const cash_asset;

/* The place of a symbol, which is a new one outside of the universe if there was none.  -1 as
 * engine_add_symbol(). */
int symbol_place(struct engine *engine, const char *name);

/* The coins of a symbol, at the price of its books or else of the last fill, in USDT. */
fixed ledger_worth(const struct engine *engine, const struct symbol *symbol, enum venue venue);

/* Of a fill, in USDT for one coin. */
fixed fill_price(const struct fill *fill);

/* After each change of what symbol.exposure depends on. */
void exposure_update(struct engine *engine, struct symbol *symbol);

/* The day of `now_ms` begins, if it is a later one. */
void day_begin(struct engine *engine, int64_t now_ms);

#endif /* PAPER_ENGINE_LEDGER_H */
