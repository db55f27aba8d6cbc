#ifndef EXCHANGE_PROFILE_PROFILE_H
#define EXCHANGE_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/text/slice.h"
#include "contract/labels.h"

/*
 * One exchange, as exchanges/<name>.yaml describes it: where requests go, what
 * the answers mean, how it limits and bans, how private calls are signed.  A new
 * exchange is a new file.
 *
 * Pointers are JSON pointers (RFC 6901); the member "*" stands for the first
 * one there is (Kraken names its book after the pair, in its own spelling).
 */
struct buffer;

enum { PROFILE_LIST = 32, PROFILE_LIMITS = 4 };

enum time_unit { UNIT_AUTO, UNIT_S, UNIT_MS, UNIT_US, UNIT_NS, UNIT_ISO8601 };

/* A list of words; `count` of them. */
struct profile_list {
	const char *items[PROFILE_LIST];
	size_t count;
};

struct profile_endpoint {
	const char *path; /* with query; NULL: not asked */
	int weight;       /* of the rate limit, one call costs */
	bool per_symbol;  /* "{symbol}" is in the path: there is one request for each symbol */
	int every_runs;   /* asked once in so many runs (the heavy list of symbols); 0, 1: in each */
};

/* What "ok" means inside an answer with status 200. */
enum ok_kind { OK_ABSENT, OK_EQUALS, OK_EMPTY };

enum limit_semantics { LIMIT_USED, LIMIT_REMAINING };

struct profile_limit {
	const char *name;   /* label value: "weight_1m" */
	const char *header; /* NULL: nothing tells what is used, and what we spend is counted */
	const char *key; /* "sec" in "group=default; min=899; sec=29"; NULL: the whole value is the number */
	enum limit_semantics semantics;
	double ceiling;             /* 0: `ceiling_header` tells it */
	const char *ceiling_header; /* NULL: `ceiling` holds */
	int window_seconds;
	const char *scope; /* "ip", "key"; "endpoint": each has so much for itself */
};

/* How private calls are signed: for the account reader. */
struct profile_auth {
	const char *scheme;          /* "none", "hmac", "jwt" */
	const char *algorithm;       /* "sha256", "sha512", "HS512", "ES256" ... */
	const char *encoding;        /* "hex", "base64" */
	const char *secret_encoding; /* "raw", "base64", "pem" */
	const char *prehash;         /* template; docs/adding-an-exchange.md lists what may be in it */
	const char *timestamp;       /* "ms", "s", "iso8601" */
	struct profile_list headers; /* "Name: template" */
	struct profile_list claims;  /* of a JWT */
	struct profile_list query;   /* "name=template", appended */
};

/*
 * What is read of an account, with a signature (but the instruments, which are
 * public).  Nothing else can be asked: paths are checked against words that
 * place, cancel, move or change anything (value.c).
 */
struct profile_read {
	const char *path;         /* with query; NULL: there is none */
	struct profile_list also; /* paths whose answers belong to it too: one list in parts; of the key: to
				     ask instead, if the one before did not tell of our key */
	bool post;                /* account.<endpoint>.method: POST (Kraken reads so) */
	int weight;
	int every_runs;   /* 0, 1: asked in each run */
	const char *list; /* pointer to the list of rows, which must be there; NULL: the answer is one row */
	bool keyed;       /* the rows are members of an object instead (Kraken) */
	const char *cursor;           /* pointer to what the next page is asked with; NULL: one page */
	const char *cursor_parameter; /* and the query's name for it */
	const char *more;           /* a rule: whether there is a next page; NULL: the cursor alone says it */
	struct profile_list absent; /* errors that say that the account does not exist: nothing is in it */
};

/*
 * Pointers are within one row.  Boolean rules are strict: "pointer" alone reads true, false, 1 or 0;
 * "pointer:word,other,..." reads a text, a comma-separated text or a list of texts: yes if the word is in it,
 * no if others are and none that resembles the word.  "!" before either reverses it.  Anything else counts as
 * unknown.
 */
struct profile_account {
	struct profile_read reads[ACCOUNT_ENDPOINTS];

	const char *balance_asset; /* NULL: the key of the row is the asset (Kraken) */
	const char *balance_free;  /* one of free and total; the other comes of it and of locked */
	const char *balance_total;
	const char *balance_fallback;       /* the total where free is "" */
	const char *balance_locked;         /* NULL: 0 */
	struct profile_list balance_margin; /* pointers to what else is locked, of the total */
	struct profile_list
	    balance_owed; /* pointers to what is borrowed, which free and total have in them */
	bool holdings;    /* assets held are positions, on spot; false: they are margin */
	struct profile_list asset_rename;   /* "XXBT=BTC" */
	struct profile_list asset_suffixes; /* ".S=locked", ".F=free": the asset itself, kept for something */

	const char *position_symbol;
	const char *position_quantity;             /* negative: short, unless a side is told */
	const char *position_closed;               /* taken from the quantity; NULL: 0 */
	const char *position_side;                 /* NULL: the sign says it */
	struct profile_list side_long, side_short; /* words for each */
	struct profile_list side_signed;           /* words for: the sign says it ("BOTH") */
	bool position_contracts; /* the quantity is in contracts: times the instrument's size */
	const char *position_notional, *position_mark, *position_pnl; /* NULL: unknown */
	const char *position_inverse_if; /* a rule for the whole answer; NULL: no contract is inverse, or the
					    instruments say it */

	const char *instrument_symbol, *instrument_size;
	const char *instrument_inverse; /* a rule; NULL: no contract is inverse */

	const char *key_inner;         /* a list of keys within each row (Upbit's pockets); NULL: none */
	struct profile_list key_match; /* the row whose value is our key; none: the first one.  Of the
					  pointers in these lists the first one that finds something counts */
	struct profile_list key_expiry;
	enum time_unit key_expiry_unit;
	struct profile_list key_permissions; /* "withdraw=/enableWithdrawals", "read=/data/0/perm:read_only";
						of two for one permission both must hold */
	const char *key_ip_restricted;       /* one of these two, or neither: a rule, ... */
	struct profile_list key_addresses;   /* ... or the addresses that the key may be used from */
	const char *lock_locked;
};

/* What may stand in braces in the templates of profile_auth: docs/adding-an-exchange.md explains them. */
enum profile_token {
	TOKEN_TS,
	TOKEN_TS_LATER,
	TOKEN_KEY,
	TOKEN_PASS,
	TOKEN_RECV,
	TOKEN_NONCE,
	TOKEN_UUID,
	TOKEN_HOST,
	TOKEN_METHOD,
	TOKEN_PATH,
	TOKEN_QUERY,
	TOKEN_RAW_QUERY,
	TOKEN_SORTED_QUERY,
	TOKEN_BODY,
	TOKEN_SIGNATURE,
	TOKEN_TOKEN,
	TOKEN_SHA512_BODY,
	TOKEN_SHA512_RAW,
	TOKEN_SHA256_NONCE_BODY,
	TOKENS
};

/* TOKENS: it is unknown.  The three queries may have a '?' before them. */
enum profile_token profile_token(struct slice name);

struct profile {
	const char *name;
	const char *base_url;
	const char *test_url;              /* one more of its test places; NULL: none */
	struct profile_list live_hosts;    /* besides base_url's: the alternates that the exchange names */
	struct profile_list test_hosts;    /* its test and demo services, by https at the usual port */
	const char *symbol_format;         /* "{BASE}{QUOTE}", "{QUOTE}-{BASE}" */
	struct profile_list symbol_rename; /* "BTC=XBT" */
	struct profile_list
	    symbol_units; /* "1000{ASSET}=1000": how many of the asset one base of that name is */
	const char
	    *contract_quote; /* of contracts whose name has no quote ("BTCPERP"); NULL: all names have one */
	struct profile_endpoint endpoints[ENDPOINTS];

	enum ok_kind ok_kind;
	const char *ok_pointer;
	const char *ok_value;

	struct profile_list error_code; /* pointers, the first that is there counts */
	struct profile_list error_message;
	struct profile_list rate_limited; /* codes (or beginnings of messages) of each class */
	struct profile_list banned;
	struct profile_list clock;
	struct profile_list auth_failed;
	struct profile_list maintenance;
	/* Like auth_failed; these also say what to do about it. */
	struct profile_list auth_ip;
	struct profile_list auth_permission;
	struct profile_list auth_expired;
	struct profile_list auth_signature;
	struct profile_list unknown_symbol;

	bool time_from_date_header;
	const char *time_pointer;
	enum time_unit time_unit;

	const char *book_bids, *book_asks;  /* pointers to the lists of levels */
	const char *bid_price, *ask_price;  /* pointer within a level: "/0", "/bid_price" */
	const char *bid_size, *ask_size;    /* likewise; NULL: not looked at */
	struct profile_list book_timestamp; /* pointers, the latest counts; none: the book has none */
	enum time_unit book_unit;
	const char *book_sequence;   /* NULL: none */
	const char *trade_timestamp; /* of ENDPOINT_TRADE: freshness where the book tells none */
	enum time_unit trade_unit;

	const char *status_pointer; /* a word, or with status_list a list of events */
	const char *status_list;
	struct profile_list status_healthy;
	struct profile_list status_maintenance;
	struct profile_list
	    status_ignored; /* rules "pointer:word,other": of an event that has these words alone, */
	struct profile_list status_partial; /* or ("*") any; such an event at most degrades */

	const char *symbols_list; /* pointer to the list of symbols */
	const char *symbol_name;  /* pointers within one */
	const char *symbol_state; /* NULL: being there is enough */
	struct profile_list symbol_tradable;
	struct profile_list symbol_halted; /* rules: each one that holds stops trading, whatever the state */

	struct profile_limit limits[PROFILE_LIMITS];
	size_t limit_count;
	struct profile_list throttle_status; /* HTTP codes: "429" */
	struct profile_list ban_status;      /* besides 418, which always is */
	const char *retry_after;             /* header, seconds; NULL: none */
	const char *ban_until_after; /* text in the error message before the time in ms: "banned until " */
	int default_ban_seconds;     /* when nothing says how long */

	struct profile_auth auth;
	struct profile_account account;
	void *memory; /* what all the texts above point into */
};

/*
 * NULL with `why` (local) that names file, line and key: an unknown key, a bad
 * pointer, unit or word, a missing part.
 */
struct profile *profile_load(const char *path, struct failure *why);

/*
 * Whether a profile (or a target, instead of the profile's) may be asked there:
 * https://, or http:// on loopback, with an optional path, without user, query
 * or a slash at the end.  0, or -1 with `why` (local).
 */
int profile_check_url(const char *url, struct failure *why);

/*
 * Where a request to `url` (NULL: the profile's base_url) goes.  At PLACE_TEST and PLACE_OURS no order can
 * cost money, provided that for PLACE_OURS the address is private too, which a name alone cannot tell
 * (http_request.private_only).
 */
enum profile_place {
	PLACE_LIVE,
	PLACE_TEST, /* one of the exchange's own test_hosts, or its test_url */
	PLACE_OURS /* on loopback, or at one of `paper_hosts`, unless the exchange itself goes by that name */
};
enum profile_place profile_place(
    const struct profile *profile, const char *url, char *const paper_hosts[], size_t paper_host_count);

/*
 * Whether `url` (NULL: the profile's base_url) is certainly the live exchange: the opposite doubt of
 * profile_place(), which calls each place that it does not know PLACE_LIVE.
 */
bool profile_is_live(const struct profile *profile, const char *url);

/* Whether the live exchange, at its base_url or one of its live_hosts, goes by that name or address. */
bool profile_is_at(const struct profile *profile, const char *host);

/* Lower case letters, digits and '_': what may be a label value or a file's name. */
bool profile_name_valid(const char *text);

/* Whether it is one of the few calls that only read, though they are a POST; nothing else is posted. */
bool profile_is_posted_read(struct slice path);

/* Appends it percent-encoded for a URL: all but what RFC 3986 calls unreserved. */
void profile_encode(struct buffer *out, struct slice text);

/* Takes NULL. */
void profile_free(struct profile *profile);

/*
 * "BTC/USDT" in the exchange's own spelling, into `native` (not yet encoded for
 * a URL).  0, or -1: not a pair, or too long.
 */
int profile_symbol(const struct profile *profile, const char *symbol, char *native, size_t size);

#endif /* EXCHANGE_PROFILE_PROFILE_H */
