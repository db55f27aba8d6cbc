#ifndef EXCHANGE_PROFILE_KEYS_H
#define EXCHANGE_PROFILE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/config.h"
#include "exchange/profile/profile.h"

/*
 * From the keys of a profile's file to the fields of a struct profile:
 * keys.c knows the keys, value.c what a text must look like, check.c what
 * belongs together.  For profile.c alone.
 */
enum { PROFILE_VALUES = 400, PROFILE_KEY = 256 };

/* How the text of a value is read. */
enum profile_kind {
	KIND_TEXT,
	KIND_NAME, /* lower case, digits, '_': what may be a label value or a file's name */
	KIND_URL,
	KIND_PATH,     /* begins with '/', holds no token but {symbol} */
	KIND_READ,     /* path of a read of an account: no token, and no word that changes anything */
	KIND_DECIDES,  /* "[!]pointer[:word,other,...]" */
	KIND_FORMAT,   /* how a symbol is spelt */
	KIND_POINTER,  /* JSON pointer */
	KIND_WORD,     /* the name of an HTTP header, or of a query's parameter */
	KIND_TEMPLATE, /* a text with tokens of the signing */
	KIND_ONE_OF,   /* a text that is one of `words` */
	KIND_CHOICE,   /* an enum: the index into `words` */
	KIND_FLAG,     /* true, false */
	KIND_COUNT,    /* int, 0 to 999,999 */
	KIND_NUMBER,   /* double, more than 0 */
	KIND_SECONDS,  /* int, written as a duration */
	KIND_TEXTS,    /* from here on: lists */
	KIND_POINTERS,
	KIND_READS,
	KIND_HOSTS,       /* names of servers */
	KIND_RULES,       /* "pointer:word,other,..." */
	KIND_FLAGS,       /* each as KIND_DECIDES */
	KIND_STATUSES,    /* HTTP status codes */
	KIND_RENAMES,     /* "BTC=XBT" */
	KIND_UNITS,       /* "1000{ASSET}=1000" */
	KIND_HEADERS,     /* "Name: template" */
	KIND_PAIRS,       /* "name=template" */
	KIND_PERMISSIONS, /* "permission=[!]pointer[:word,other,...]" */
};

struct profile_key {
	const char *name;
	enum profile_kind kind;
	size_t offset;
	const char *words; /* separated by one space */
};

/* One text of a profile; all of them are chained, to be freed together. */
struct profile_text {
	struct profile_text *next;
	char text[];
};

/* Where a key was, for errors about what is missing beside it. */
struct profile_seen {
	const char *key;
	unsigned line;
	bool in_list;
};

struct profile_loading {
	const char *path;
	struct profile *profile;
	struct profile_seen seen[PROFILE_VALUES];
	size_t seen_count;
};

/* A copy that lives as long as the profile, or NULL. */
const char *profile_keep(struct profile *profile, const char *text, size_t length);

/* What is wrong with the text of a value ("unknown word": none of the key's), or NULL: then it is in the
 * field. */
const char *profile_parse_value(
    struct profile *profile, const struct profile_key *key, const char *text, void *field);

/* Takes one value of the file; a config_handler, whose context is the struct profile_loading. */
int profile_read_value(void *context, const struct config_value *value, struct failure *why);

/* Whether all parts are there that belong together.  0, or -1 with `why`: "FILE:LINE: KEY: REASON". */
int profile_check(const struct profile_loading *loading, struct failure *why);

#endif /* EXCHANGE_PROFILE_KEYS_H */
