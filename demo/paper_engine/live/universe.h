#ifndef PAPER_ENGINE_UNIVERSE_H
#define PAPER_ENGINE_UNIVERSE_H

#include "demo/paper_engine/live/tickers.h"
#include "demo/paper_engine/settings.h"

/*
 * Which symbols are traded: of those that trade at both exchanges and pass the filters, the ones that the
 * mode names. The largest first, by what both exchanges traded in 24 hours.
 *
 * `won` is KRW for one USDT, above 0.  Returns how many there are in `chosen`, whose texts belong to the
 * tickers.
 */
size_t universe_choose(const struct universe_settings *settings, const struct tickers tickers[VENUES],
    double won, const char *chosen[SYMBOLS_MOST]);

extern const char *const universe_modes[4]; /* by enum universe_mode: "single", ... */

#endif /* PAPER_ENGINE_UNIVERSE_H */
