#ifndef EXCHANGE_PUBLIC_EXCHANGE_H
#define EXCHANGE_PUBLIC_EXCHANGE_H

#include "exchange/profile/profile.h"
#include "probes/http/http.h"

/*
 * One run's questions to any number of exchanges, all at once, and what they
 * answered, by their profiles.  No judgement here: what a reading means over
 * time is the collector's to say.
 */
struct exchange_target {
	const struct profile *profile;
	const char *base_url;       /* instead of the profile's; NULL: the profile's */
	const char *const *symbols; /* canonical, "BTC/KRW"; ended by NULL */
	size_t symbol_count;
	bool asked[ENDPOINTS]; /* which endpoints this run asks */
};

struct book_reading {
	bool read;       /* a book came, and makes sense; else all below is unknown */
	double bid, ask; /* best prices */
	double
	    timestamp;   /* Unix time the book (or, where it has none, the last trade) says; negative: none */
	double sequence; /* negative: none */
	uint64_t content; /* hash of the best levels: whether it moved */
	int tradable;     /* 1, 0, or -1: not asked, not known */
};

struct limit_reading {
	double used_ratio; /* 0 to 1 and above; negative: no header came */
};

struct request_reading {
	bool dropped; /* never sent: an answer before it was a ban, or asked for fewer requests */
	bool refused; /* its answer is a ban, or asks for fewer requests */
	enum endpoint endpoint;
	size_t symbol; /* index, for per-symbol endpoints */
	int status;    /* HTTP; 0: none */
	double seconds;
	double arrived;         /* Unix time its answer came; what waited its turn came late */
	struct failure failure; /* by kind; an error inside a 200 is rejected, auth ... */
};

struct exchange_reading {
	struct request_reading *requests;
	size_t request_count;
	double phase_seconds[HTTP_PHASES]; /* the slowest of each; negative: none */
	struct book_reading *books;        /* one per symbol */
	struct limit_reading limits[PROFILE_LIMITS];
	bool clock_read;
	double clock_skew;  /* theirs minus ours, seconds */
	double clock_error; /* the true skew is within this of it */
	double clock_grain; /* how much of the error is because their clock tells whole steps (seconds) */
	bool maintenance;   /* the venue says so */
	bool restricted;    /* the venue says that it is neither well nor in maintenance: "cancel_only" */
	bool throttled;     /* 429 or the venue's own signal */
	double retry_at;    /* Unix time it may be asked again; negative: not said */
	bool banned;
	double banned_until;       /* Unix time */
	double certificate_expiry; /* Unix time; negative: no TLS */
	int64_t weight;            /* what this run cost by the profile: of what was sent */
};

/* Weight of one run of this target, without asking: of all it asks, and of one endpoint. */
int64_t exchange_weight(const struct exchange_target *target);
int64_t exchange_endpoint_weight(const struct exchange_target *target, enum endpoint endpoint);

/*
 * Ask all targets.  Once one has answered with a ban or a throttle signal, what
 * still waits for its turn there is not sent.  `readings` has room for `count`; exchange_readings_release()
 * frees what they hold.  Back by the deadline.  -1 with `why` only when memory ran out.
 */
int exchange_probe(struct http_client *client, const struct exchange_target targets[], size_t count,
    struct deadline deadline, struct exchange_reading readings[], struct failure *why);
void exchange_readings_release(struct exchange_reading readings[], size_t count);

#endif /* EXCHANGE_PUBLIC_EXCHANGE_H */
