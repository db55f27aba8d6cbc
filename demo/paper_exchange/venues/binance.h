#ifndef PAPER_EXCHANGE_BINANCE_H
#define PAPER_EXCHANGE_BINANCE_H

#include "demo/paper_exchange/venues/venue.h"

/* What spot and futures have in common. */
enum { WEIGHT_WINDOW_MS = 60000 };

json_t *binance_error(const struct call *call, const char *code, const char *message);
bool binance_authorize(const struct call *call, struct answer *answer);
void binance_ping(const struct call *call, struct answer *answer);
void binance_time(const struct call *call, struct answer *answer);

/* The listing that the argument "symbol" names; NULL with the refusal in `answer`. */
const struct listing *binance_symbol(const struct call *call, struct answer *answer);

/* "X-MBX-USED-WEIGHT-1M" and its like: `limit` is what rate-limit is a part of. */
void binance_used(const struct call *call, struct answer *answer, const char *header, size_t meter,
    int64_t weight, int64_t limit);

/* The book of the argument "symbol"; NULL with the refusal in `answer`. */
const struct listing *binance_book(const struct call *call, struct answer *answer, struct book *book);

/* What both have in their answers: a symbol's filters, the list of them (NULL: all), one limit, prices. */
json_t *binance_filters(const struct listing *listing);
json_t *binance_symbols(const struct call *call, const struct listing *only,
    json_t *(*describe)(const struct call *call, const struct listing *listing));
json_t *binance_limit(const char *type, int minutes, int limit);
json_t *binance_price(const struct book *book);
json_t *binance_best(const struct book *book);

#endif /* PAPER_EXCHANGE_BINANCE_H */
