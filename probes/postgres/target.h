#ifndef PROBES_POSTGRES_TARGET_H
#define PROBES_POSTGRES_TARGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <libpq-fe.h>

#include "common/deadline.h"
#include "common/failure.h"
#include "common/text/buffer.h"
#include "probes/postgres/postgres.h"

/*
 * From a connection string to what PQconnectStartParams() takes, for
 * probes/postgres alone.
 */
enum {
	POSTGRES_PARAMETERS = 96, /* libpq 17 has about 50 */
	POSTGRES_ITEM = 512       /* bytes of one host or address */
};

/* Borrows all strings. */
struct postgres_parameters {
	const char *keywords[POSTGRES_PARAMETERS + 1];
	const char *values[POSTGRES_PARAMETERS + 1];
	size_t count;
};

struct postgres_target {
	PQconninfoOption *given;               /* what the connection string says */
	PQconninfoOption *options;             /* that, and what the environment and libpq's defaults add */
	char *password;                        /* NULL: what the options say */
	struct postgres_parameters parameters; /* borrows from those above */
	char address[POSTGRES_ITEM + 16];
	atomic_int users;     /* the owner, and threads that were given it: the last one frees it */
	atomic_int abandoned; /* of these, threads that were left behind */
};

/* The parameters of one connection, every name an address by now. */
struct postgres_startup {
	struct postgres_parameters parameters; /* borrows from the target and from the texts below */
	struct buffer hosts;
	struct buffer addresses;
	struct buffer ports;
	struct buffer options;
	size_t address_count;
	bool resolved; /* there was a name to look up */
};

/* 0, or -1 with `why`: resolve, timeout, local.  In both cases for postgres_startup_release(). */
int postgres_startup_init(struct postgres_startup *s, const struct postgres_target *target,
    struct deadline deadline, struct failure *why);
void postgres_startup_release(struct postgres_startup *s);

#endif /* PROBES_POSTGRES_TARGET_H */
