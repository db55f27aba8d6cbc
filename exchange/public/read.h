#ifndef EXCHANGE_PUBLIC_READ_H
#define EXCHANGE_PUBLIC_READ_H

#include "exchange/answer/answer.h"
#include "exchange/public/exchange.h"

/* One answer of an exchange, read by its profile.  Pure: no I/O, no clock. */
struct asked_symbol {
	const char *native;
	int tradable; /* 1, 0, or -1: not known */
};

struct exchange_answer {
	struct failure failure;
	struct signals signals;
	bool restricted;
	bool unknown_symbol;               /* of a request about one symbol */
	double used_ratio[PROFILE_LIMITS]; /* negative: not said */
	double server_time;                /* Unix time; negative: none */
	double server_time_error;          /* for it may be rounded down */
	struct book_reading book;
	double trade_timestamp; /* Unix time; negative: none */
};

/*
 * Read one answer that came at `now` (Unix time).  `symbols` are those of the
 * target, or the one that a request per symbol is about; the answer about symbols sets `tradable` of these
 * and of no other.
 */
void exchange_read(const struct profile *profile, enum endpoint endpoint,
    const struct http_response *response, double now, struct asked_symbol symbols[], size_t symbol_count,
    struct exchange_answer *answer);

#endif /* EXCHANGE_PUBLIC_READ_H */
