#ifndef EXCHANGE_HEALTH_VENUES_H
#define EXCHANGE_HEALTH_VENUES_H

#include "common/config/options.h"
#include "contract/exchange_health.h"
#include "exchange/health/judge.h"
#include "exchange/public/exchange.h"
#include "exchange/settings.h"

/*
 * Which exchanges are asked for which symbols: from the settings, checked, and
 * with all memory that a run needs besides the probe's.
 */
struct health_book {
	const char *symbol; /* "BTC/USDT"; the settings' */
	struct book_history history;
	struct book_assessment assessment;
};

struct health_venue {
	const char *name;     /* the label; this and what follows is the settings' */
	const char *base_url; /* NULL: the profile's */
	const struct profile *profile;
	const char *const *symbols; /* ended by NULL */
	struct health_book *books;
	size_t book_count;
	bool endpoints[ENDPOINTS]; /* asked at all */
	struct history history;
	struct exchange_reading *reading; /* of this run; NULL: not asked */
	bool clock_agrees;                /* with most others' */
};

struct venues {
	struct exchange_settings settings;
	struct health_venue *items;
	size_t count;
	double *seconds; /* room for the requests of any venue */
	struct exchange_target *targets;
	struct exchange_reading *readings;
};

/* 0, or -1 with `why` that names the setting.  In both cases for venues_release(). */
int venues_open(struct venues *v, const struct options *given, struct failure *why);
void venues_release(struct venues *v);

/* What is asked: its own, or the profile's. */
const char *venue_url(const struct health_venue *venue);

/*
 * Which endpoints are due in this run.  The heavy list of symbols is not due in
 * each, but while the last question for it failed, and while one of the symbols
 * is not tradable or not known to be: so that the end of it is seen.
 */
void venue_choose(const struct health_venue *venue, struct exchange_target *target);

#endif /* EXCHANGE_HEALTH_VENUES_H */
