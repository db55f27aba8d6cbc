#ifndef PROBES_POSTGRES_RECEIVE_H
#define PROBES_POSTGRES_RECEIVE_H

#include <stddef.h>

/*
 * A bound on what libpq reads, for probes/postgres alone.
 *
 * libpq has none: in one call it goes on reading while there is something to
 * read, and buffers it, a gigabyte if a server sends it fast enough.  All it
 * reads, in TLS too, comes through recv().  So this module has a recv() of its
 * own, which stands in for the C library's in every program that is linked
 * with it.  It does the same, except between these two calls: there it says
 * "nothing more at present" (EAGAIN) after `most` bytes.
 */

/* Bound what this thread receives.  Does not nest. */
void postgres_receive_begin(size_t most);

/* No bound any more.  How many bytes were received since postgres_receive_begin(). */
size_t postgres_receive_end(void);

#endif /* PROBES_POSTGRES_RECEIVE_H */
