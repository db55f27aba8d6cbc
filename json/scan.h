#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/failure.h"
#include "common/text/slice.h"

/*
 * JSON read where it lies: for answers of many megabytes, of which a few
 * members of each row are wanted.  The whole text is checked once; from then
 * on values are slices of it.  Nothing is allocated.
 *
 * The text is an object or a list, as strict as RFC 8259, valid UTF-8, at most
 * SCAN_DEPTH levels deep, without NUL in its strings.  Numbers are as long as
 * they like: they stay text.
 *
 * A key that stands twice in one object cannot be read: two programs could take
 * different values.  If such a key is asked for, nothing is found, and the scan
 * remembers it (`twice`).  So each reader of a document calls json_scan_check()
 * before it uses what it read.
 */
enum { SCAN_DEPTH = 32 };

struct json_scan {
	struct slice text;
	struct slice twice; /* the key; at == NULL: none was asked for */
};

/* 0, or -1 with `why` (protocol) that names the byte.  The text must outlive the scan. */
int json_scan_open(struct json_scan *scan, struct slice text, struct failure *why);

/* 0, or -1 with `why` (protocol): a key that was asked for stands twice in its object. */
int json_scan_check(const struct json_scan *scan, struct failure *why);

/* A value is a slice of the text, without blanks around it; one that is not there has at == NULL. */
enum scan_kind {
	SCAN_NOTHING,
	SCAN_NULL,
	SCAN_FALSE,
	SCAN_TRUE,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_LIST,
	SCAN_OBJECT
};
enum scan_kind json_scan_kind(struct slice value);

/*
 * JSON pointers (RFC 6901): "/data/0/ts"; "" is the whole value.  One thing is added: the member "*" stands
 * for the first one there is, of an object or of a list.
 */
bool json_pointer_valid(const char *pointer);

/* What a valid pointer names within `value`; a pointer that is NULL finds nothing. */
struct slice json_scan_get(struct json_scan *scan, struct slice value, const char *pointer);

/* The rows of a list, or the members of an object. */
struct json_rows {
	const char *at;
	bool object;
};

/* False: it is neither. */
bool json_rows_begin(struct slice list, struct json_rows *rows);

/* False: there are no more.  `key` is what stands between the quotes (escapes as they are); of a list,
 * nothing. */
bool json_rows_next(struct json_rows *rows, struct slice *key, struct slice *value);

/* The value of the "\\uXXXX" at `at`, or -1: there is none. */
int json_scan_unicode(const char *at, const char *end);

/*
 * The characters between the quotes of a string, or of a key (json_rows_next):
 * in the text itself, or in `buffer` where there are escapes.  False: no
 * string, or it has escapes and is longer than the buffer.
 */
bool json_scan_string(struct slice value, char *buffer, size_t size, struct slice *text);
bool json_scan_key(struct slice key, char *buffer, size_t size, struct slice *text);

/* Likewise of a string, number or boolean as text. */
bool json_scan_text(struct slice value, char *buffer, size_t size, struct slice *text);

#endif /* JSON_SCAN_H */
