#ifndef EXCHANGE_ANSWER_ANSWER_H
#define EXCHANGE_ANSWER_ANSWER_H

#include "common/config/secrets.h"
#include "exchange/profile/profile.h"
#include "probes/http/http.h"
#include "json/scan.h"

/*
 * What an answer of an exchange says, by the language of its profile: for public
 * answers and for those about an account alike.  Pure: no I/O, no clock.  Bodies
 * are hostile.
 */

/* Values ------------------------------------------------------------- */

enum { ANSWER_TEXT = 64 };

/* A string, number or boolean as a string; false: it is something else, or longer than 63 bytes. */
bool answer_text(struct slice value, char text[ANSWER_TEXT]);

/* A number, also one in a string, that is neither NaN nor infinite. */
bool answer_number(struct slice value, double *number);

/* What the first pointer that finds something finds. */
struct slice answer_first(struct json_scan *scan, struct slice row, const struct profile_list *pointers);

/* Unix seconds of a timestamp between 2015 and 2100; false for anything else. */
bool answer_time(struct slice value, enum time_unit unit, double *seconds);

/* The same of a number, by its magnitude: s, ms, us or ns. */
bool answer_time_of_number(double number, double *seconds);

/* Of the Date header: "Tue, 14 Nov 2023 22:13:20 GMT". */
bool answer_http_date(const char *text, double *seconds);

/*
 * Rules (profile.h): 1, 0, or -1: unknown.  answer_restricted(): whether the
 * addresses there restrict who may use a key.
 */
int answer_flag(struct json_scan *scan, struct slice row, const char *rule);
int answer_restricted(struct slice addresses);

/* Signals ------------------------------------------------------------ */

/* By the profile's ok rule: 1: it is a success; 0: an error; -1 with `why`: the deciding member is missing.
 */
int answer_is_ok(const struct profile *profile, struct json_scan *scan, struct failure *why);

/*
 * What an error says of itself.  If the body is no JSON, it is the message.  `sent` is what of the request
 * is secret, for the answer may repeat it; NULL: nothing.
 */
struct complaint {
	char code[64];     /* these two to be compared, */
	char message[200]; /* never to be shown */
	char shown[272];   /* " CODE MESSAGE", with what is secret masked; "": it says nothing */
};
void answer_complaint(const struct profile *profile, struct slice body, const struct secrets *sent,
    struct complaint *complaint);

/* Whether it is in this list: by its code, or by how its message begins. */
bool answer_is_of_class(const struct profile_list *class, const struct complaint *complaint);

bool answer_list_has(const struct profile_list *list, const char *text);

/* A ban, or "fewer requests", and maintenance, by status, code or message. */
struct signals {
	bool banned, throttled, maintenance;
	double banned_until; /* Unix time; negative: not banned */
	double retry_at;     /* Unix time; negative: not said, or banned */
};
void answer_signals(const struct profile *profile, const struct http_response *response,
    const struct complaint *complaint, double now, struct signals *signals);

/* The failure that an error is: rejected or auth.  -1. */
int answer_fail(const struct profile *profile, const struct http_response *response,
    const struct complaint *complaint, const struct signals *signals, struct failure *why);

/* Headers ------------------------------------------------------------ */

/* The headers to ask http_ask() for, ended by NULL. */
void answer_wanted(const struct profile *profile, const char *wanted[HTTP_HEADERS + 1]);

/* How much of a limit is used; negative: not said. */
double answer_limit(
    const struct profile *profile, const struct profile_limit *limit, const struct http_response *response);

#endif /* EXCHANGE_ANSWER_ANSWER_H */
