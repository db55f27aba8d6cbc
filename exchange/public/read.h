#ifndef EXCHANGE_PUBLIC_READ_H
#define EXCHANGE_PUBLIC_READ_H

#include <jansson.h>

#include "exchange/public/exchange.h"

/* One answer of an exchange, read by its profile.  Pure: no I/O, no clock. */
struct asked_symbol {
	const char *native;
	int tradable; /* 1, 0, or -1: not known */
};

struct exchange_answer {
	struct failure failure;
	bool throttled, banned, maintenance, restricted;
	bool unknown_symbol;               /* of a request about one symbol */
	double retry_at;                   /* Unix time; negative: not said */
	double banned_until;               /* Unix time; negative: not banned */
	double used_ratio[PROFILE_LIMITS]; /* negative: not said */
	double server_time;                /* Unix time; negative: none */
	double server_time_error;          /* for it may be rounded down */
	struct book_reading book;
	double trade_timestamp; /* Unix time; negative: none */
};

/* The headers to ask http_ask() for, ended by NULL. */
void exchange_wanted(const struct profile *profile, const char *wanted[HTTP_HEADERS + 1]);

/*
 * Read one answer that came at `now` (Unix time).  `symbols` are those of the
 * target, in the order of strcmp(), or the one that a request per symbol is
 * about; the answer about symbols sets `tradable` of these and of no other.
 */
void exchange_read(const struct profile *profile, enum endpoint endpoint,
    const struct http_response *response, double now, struct asked_symbol symbols[], size_t symbol_count,
    struct exchange_answer *answer);

/* The parts of it that are in files of their own: the book and the trade of a document that is no error ...
 */
int exchange_read_book(const struct profile *profile, const json_t *root, double now,
    struct book_reading *book, struct failure *why);
int exchange_read_trade(
    const struct profile *profile, const json_t *root, double now, double *timestamp, struct failure *why);

/* ... what an answer that is an error says of itself (without JSON the body is the message) ... */
struct complaint {
	char code[64];
	char message[200];
};
void exchange_read_complaint(
    const struct profile *profile, const json_t *root, struct slice body, struct complaint *complaint);

/* ... ban, throttle and maintenance, by its status, code or message ... */
void exchange_read_signals(const struct profile *profile, const struct http_response *response,
    const struct complaint *complaint, double now, struct exchange_answer *answer);
int exchange_fail_rejected(const struct profile *profile, const struct http_response *response,
    const struct complaint *complaint, struct exchange_answer *answer);

/* ... and how much of a limit is used; negative: not said. */
double exchange_read_limit(
    const struct profile *profile, const struct profile_limit *limit, const struct http_response *response);

/* Whether it is one of these: by its code, or by how its message begins. */
bool exchange_is_of_class(const struct profile_list *class, const struct complaint *complaint);

bool exchange_list_has(const struct profile_list *list, const char *text);

#endif /* EXCHANGE_PUBLIC_READ_H */
