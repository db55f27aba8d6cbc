#ifndef EXCHANGE_PUBLIC_VALUE_H
#define EXCHANGE_PUBLIC_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/failure.h"
#include "common/text/slice.h"
#include "exchange/profile/profile.h"

/* Single values of what an exchange answers: pure functions on hostile input. */
enum { VALUE_TEXT = 64 };

/*
 * The document, to be released with json_decref(), or NULL with `why`
 * (protocol): no JSON, more than 16 MiB, 500,000 values or 32 levels, or a key
 * twice in one object, of which nobody could say which one counts.
 */
json_t *value_document(struct slice body, struct failure *why);

/* A word, number or boolean as text: the JSON string itself, or what is written to `text`; NULL: neither. */
const char *value_text(const json_t *value, char text[VALUE_TEXT]);

/* A number, also one in a string, that is neither NaN nor infinite. */
bool value_number(const json_t *value, double *number);

/* Unix seconds of a timestamp between 2015 and 2100; false for anything else. */
bool value_time(const json_t *value, enum time_unit unit, double *seconds);

/* The same of a number, by its magnitude: s, ms, us or ns. */
bool value_time_of_number(double number, double *seconds);

/* Of the Date header: "Tue, 14 Nov 2023 22:13:20 GMT". */
bool value_http_date(const char *text, double *seconds);

/* Go on with `hash` (at first VALUE_HASH_SEED): the same for the same content in each run. */
#define VALUE_HASH_SEED UINT64_C(14695981039346656037)
uint64_t value_hash(const json_t *value, uint64_t hash);

#endif /* EXCHANGE_PUBLIC_VALUE_H */
