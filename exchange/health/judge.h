#ifndef EXCHANGE_HEALTH_JUDGE_H
#define EXCHANGE_HEALTH_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/labels.h"
#include "exchange/ban_list.h"

/*
 * From what is remembered of an exchange and what this run found to one state.
 * Pure functions: no clock, no network, no metrics.  Times are Unix seconds.
 */

struct judge_limits {
	double latency_seconds; /* degraded above it */
	double error_ratio;     /* degraded above it */
	double headroom;        /* degraded when less of a rate limit is left, 0 to 1 */
	double down_after;      /* failed runs in a row */
	double frozen_age;      /* seconds */
	double frozen_runs;     /* in a row in which the book stood still while another venue's moved */
};

/* What is remembered of an exchange from run to run.  All zero: nothing is. */
struct history {
	double runs;          /* that asked */
	double failed_runs;   /* in a row */
	double error_ratio;   /* of requests, older ones counting less and less */
	double error_samples; /* how many requests that stands on, weighted likewise */
	double asked_at;      /* the last run that asked */
	double banned_until;
	double retry_at;     /* after a 429 */
	bool maintenance;    /* it said so last, whatever the state was since */
	bool symbols_failed; /* the last question whether symbols may be traded, of one at least */
	enum health health;
	bool judged; /* `health` is known */
};

/* What is remembered of a book. */
struct book_history {
	bool known;
	double mark; /* what its state is known by: a sequence number, or a hash */
	double unchanged_runs;
	double tradable; /* 1, 0, or negative: never told */
};

/* What this run found of a book that was read. */
struct book_assessment {
	double mark;
	double age;        /* seconds; negative: not told */
	bool borrowed_age; /* it is of the last trade, or of single levels: the book has no time of its own */
	int tradable;      /* 1, 0, or -1: not told in this run */
	bool compared;     /* the history knew the book */
	bool moved;        /* it is another one than before; set by judge_compare_book() */
};

/* What this run found of an exchange that was asked. */
struct assessment {
	size_t requests;
	size_t failures;
	size_t refusals; /* of these: bans, and answers that asked for fewer requests */
	size_t books;    /* asked for */
	size_t books_read;
	size_t books_standing;  /* of those read */
	size_t books_halted;    /* known to be not tradable, read or not */
	double latency_seconds; /* of a typical answer of the slowest endpoint; negative: none came */
	double used_ratio;      /* of the rate limit that is used most; negative: not told */
	bool status_told;       /* it answered whether it is in maintenance, or has no way to */
	bool maintenance;
	bool symbols_asked, symbols_failed;
	bool restricted; /* says that it is neither well nor in maintenance */
	bool throttled;
	double retry_at; /* not later than now: not told */
	bool banned;
	double banned_until;       /* likewise */
	double certificate_expiry; /* Unix time; 0 or negative: not known */
};

/* Whether it may be asked: neither a ban nor a back-off runs. */
bool judge_may_ask(const struct history *history, double now);

/* Whether the run gave nothing of use: no answer, or none of the books.  Not one that asked nothing. */
bool judge_is_failed(const struct assessment *assessment);

/* First of all books: whether this one moved.  Then of each: remember it; whether it stands still.  */
void judge_compare_book(const struct book_history *history, struct book_assessment *assessment);
bool judge_book(const struct judge_limits *limits, struct book_history *history,
    const struct book_assessment *assessment, bool others_moved);

/* Add this run to what is remembered; one that asked nothing adds nothing. */
void judge_remember(struct history *history, const struct assessment *assessment, double now);

/* The state, as before if nothing was asked; `assessment` is NULL when the exchange had to be left alone. */
enum health judge(const struct judge_limits *limits, const struct history *history,
    const struct assessment *assessment, double now);

/* Whether its certificate ends so soon that it should have been renewed. */
bool judge_certificate_ends(double expiry, double now);

enum { CERTIFICATE_LEAST = 24 * 3600 }; /* seconds; an exchange renews it weeks before */
enum { ERROR_HALF_LIFE = 120 };         /* seconds; after this a request counts half in the error ratio */

#endif /* EXCHANGE_HEALTH_JUDGE_H */
