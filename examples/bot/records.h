#ifndef EXAMPLES_BOT_RECORDS_H
#define EXAMPLES_BOT_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "examples/bot/market.h"

/* The trades and the equity in PostgreSQL, in the example tables of sql/. */
struct pg_conn;

struct records {
	struct pg_conn *conn;
	int64_t retry_at; /* Unix seconds; no more than one attempt in five seconds */
	char error[512];
};

/* `password` may be NULL.  0, or -1 with `error`. */
int records_open(struct records *r, const char *dsn, const char *password);
void records_close(struct records *r);

/* Each writes one row, and waits for it.  False: it is not written, and `error` says why. */
bool records_trade(struct records *r, const struct trade *trade);
bool records_equity(struct records *r, double equity);
bool records_rate(struct records *r, double won);

/* The last equity, or `otherwise`. */
double records_last_equity(struct records *r, double otherwise);

/* Into an empty table, write made-up trades of so many days, and the equity that they lead to from 10,000.
 * Without a history most KPIs would need weeks to appear. */
bool records_make_history(struct records *r, const char *days);

#endif /* EXAMPLES_BOT_RECORDS_H */
