#ifndef PAPER_EXCHANGE_RECORD_H
#define PAPER_EXCHANGE_RECORD_H

#include <jansson.h>
#include <pthread.h>
#include <stddef.h>

/*
 * The last requests, for a test to ask what was sent.  Paths without their
 * query and names of headers without their values: no key is kept.
 */
enum { RECORDED = 1024, RECORD_PATH = 128, RECORD_HEADERS = 384 };

struct record {
	const char *exchange;         /* of the venue's table; "" for a path outside all venues */
	char method[32];              /* cut if longer */
	char path[RECORD_PATH];       /* cut if longer */
	char headers[RECORD_HEADERS]; /* names, as sent, each followed by a line break; cut if longer */
	int status;                   /* 0: reset */
};

struct records {
	pthread_mutex_t lock;
	struct record *list; /* a ring of RECORDED */
	size_t total;        /* since the last reset; only the last RECORDED are kept */
};

void records_add(struct records *records, const struct record *record);
void records_clear(struct records *records);

/* {"total": n, "requests": [{"exchange", "method", "path", "status", "headers"}]}, the oldest first. */
json_t *records_list(struct records *records);

#endif /* PAPER_EXCHANGE_RECORD_H */
