#ifndef PAPER_EXCHANGE_VENUE_H
#define PAPER_EXCHANGE_VENUE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/text/slice.h"
#include "demo/market/market.h"
#include "demo/paper_exchange/arguments.h"
#include "demo/paper_exchange/faults.h"
#include "demo/paper_exchange/ledger.h"

/* What is the same on all venues. */
struct floor {
	struct ledger ledger;
	struct faults faults;
	uint64_t seed;
	int64_t started_ms;
	struct listing *coins[2]; /* of binance and upbit, by enum market_venue; owned */
	size_t symbols;           /* coins of each; upbit has USDT behind them */
	atomic_int streams;       /* open ones */
};

/* 0, or -1: out of memory. */
int floor_list(struct floor *floor, size_t symbols);

/* One request to one venue. */
struct call {
	struct floor *floor;
	const struct venue *venue;
	size_t index; /* of the venue */
	const char *method;
	const char *path;  /* behind the venue's prefix, as sent */
	const char *query; /* as sent, without '?'; "" without a query */
	struct slice body;
	struct arguments arguments; /* of the query */
	int64_t wall_ms;            /* Unix time */
	int64_t now_ms;             /* the same by the venue's clock */
	struct fault_setting faults[FAULTS];

	const char *(*header)(const struct call *call, const char *name); /* NULL: not sent */
	void *connection;                                                 /* for header() */
};

enum { ANSWER_HEADERS = 8 };

struct answer {
	int status;
	json_t *body;                 /* owned */
	struct market_stream *stream; /* in place of a body; owned */
	size_t header_count;
	struct {
		const char *name;
		char value[160];
	} headers[ANSWER_HEADERS];
};

/* Each venue has its own words for these. */
enum trouble {
	TROUBLE_NOT_FOUND,
	TROUBLE_METHOD,
	TROUBLE_BAD_REQUEST,
	TROUBLE_INTERNAL, /* 5xx, and errors inside a 200 */
	TROUBLE_THROTTLED,
	TROUBLE_BANNED,
	TROUBLE_MAINTENANCE,
	TROUBLE_PERMISSION, /* a key that may not do this; the last three without a code: not known */
	TROUBLE_IP,
	TROUBLE_EXPIRED
};
enum { TROUBLES = TROUBLE_EXPIRED + 1 };

struct trouble_words {
	int status;
	const char *code, *message;
};

struct route {
	const char *path; /* NULL ends the table */
	const char *method;
	void (*answer)(const struct call *call, struct answer *answer);
	int weight; /* of the rate limit; or which limit it counts for */
	bool private;
	bool in_maintenance; /* answers then too */
	const char
	    *list; /* of an account: the member that "no-list" leaves out; "": all of them; NULL: no list */
};

/* One of venue.plays. */
#define PLAYS(fault) (UINT64_C(1) << (fault))

struct venue {
	const char *name;
	const struct route *routes;
	const struct listing *listings; /* LISTINGS of them; NULL: those of the floor, by `market` */
	enum market_venue market;
	bool has_positions; /* beside assets */
	bool margin_only;   /* of assets there is USDT alone */
	uint64_t plays;     /* PLAYS() of the faults of an account that can be shown here */
	struct trouble_words troubles[TROUBLES];
	/* The body of an error. */
	json_t *(*error)(const struct call *call, const char *code, const char *message);
	/* Whether the signature holds; if not, the refusal is in `answer`. */
	bool (*authorize)(const struct call *call, struct answer *answer);
	/* Count the call and add the headers of its rate limits.  NULL if answers state no limit. */
	void (*count)(const struct call *call, const struct route *route, struct answer *answer);
};

/* Whether a fault can be turned on at a venue; else there is nothing that would show it. */
bool venue_can_play(const struct venue *venue, enum fault fault);

extern const struct venue venue_binance, venue_binanceusdm, venue_upbit, venue_bybit, venue_okx, venue_kraken;

/* The key, on all venues.  Kraken's secret is its base64. */
extern const char paper_key[], paper_secret[], paper_passphrase[];

/* Another on Kraken, with the same secret: a program that shares a key with another one breaks its nonces. */
extern const char paper_key_second[];

/* And another on Binance, with the public half of its secret. */
extern const char paper_key_ed25519[];
extern const unsigned char paper_public_ed25519[32];

void answer_header(struct answer *answer, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Replace the body by an error in the venue's shape.  Returns false, for authorize(). */
bool answer_error(
    const struct call *call, struct answer *answer, int status, const char *code, const char *message);
void answer_trouble(const struct call *call, struct answer *answer, enum trouble trouble);

/* The route of the stream of books (market_stream.h). */
void market_stream_answer(const struct call *call, struct answer *answer);
void market_stream_free(struct market_stream *stream);

/* Answer as the venue does, with the faults that keep it from that: they win over everything else. */
void call_answer(struct call *call, struct answer *answer);

/* A ban is over when its time is.  wall_ms must be set. */
void call_end_bans(struct call *call);

const char *call_argument(const struct call *call, const char *name);

/* 0, or -1: it is no number of 1 to 19 digits. */
int number_parse(const char *text, int64_t *number);

/* The value of a number of an argument, or the fallback where it is absent or not from 1 to `most`. */
size_t call_count(const struct call *call, const char *name, size_t fallback, size_t most);

/* All that the venue lists. */
struct listings {
	const struct listing *list;
	size_t count;
};
struct listings call_listings(const struct call *call);

/* NULL: the venue has no such symbol. */
const struct listing *call_listing(const struct call *call, const char *native);
bool call_halted(const struct call *call, const struct listing *listing);

/*
 * The best `levels` of the book as it is at wall_ms, with the faults of books and clocks.  Its times are by
 * the venue's clock.
 */
void call_book(const struct call *call, const struct listing *listing, struct book *book, size_t levels);

/* What a ticker says of the last 24 hours: prices as the book's, volumes as numbers. */
struct day {
	int64_t open, high, low, last;
	double base_volume, quote_volume;
};
void call_day(const struct call *call, const struct book *book, struct day *day);

/* Levels as a list of rows, each made of two texts by `row`, the best first. */
typedef json_t *level_row(const struct book *book, const char *price, const char *quantity);
json_t *book_side(const struct book *book, const struct level *side, size_t count, level_row *row);
level_row level_pair; /* ["price", "quantity"] */

/* As JSON text with so many decimals. */
json_t *json_decimal(double value, int decimals);
json_t *json_whole(int64_t value);

/* "2026-11-21T03:39:57.123Z", or with seconds only. */
enum { TIME_TEXT = 40 };
void time_text(char text[TIME_TEXT], int64_t unix_ms, bool with_ms);

#endif /* PAPER_EXCHANGE_VENUE_H */
