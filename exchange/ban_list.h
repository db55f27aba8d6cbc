#ifndef EXCHANGE_BAN_LIST_H
#define EXCHANGE_BAN_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * Until when an exchange must not be queried from this machine: all programs that
 * publish into one directory share this list, and no other file says it.  A ban
 * is on the address, not on a program: it holds for every env and --name, and for
 * an exchange that was not configured when the ban was met.
 *
 *	before asking:		ban_list_read(), ban_list_find() by the base URL that is asked
 *	when a ban was met:	ban_list_raise(), before anything else is done
 *
 * The file is ".exchange_bans" in the textfile directory, which node_exporter
 * passes over; a line is "<base URL> <banned until> <retry at>", both in Unix
 * seconds, 0: none.  Keyed by URL: a stand-in on loopback never holds the real
 * exchange back.  Readers see the whole old file or the whole new one; writers
 * take turns by flock() on ".exchange_bans.lock", which only their user can
 * open.  Times are Unix seconds.
 */

/* Bounds on what an exchange may demand, in seconds; and what holds when it does not say. */
enum {
	BAN_LEAST = 120, /* the shortest that is known of any exchange */
	BAN_MOST = 7 * 86400,
	RETRY_UNTOLD = 60,
	RETRY_MOST = 3600,
};

/*
 * The time that an exchange demands, within these bounds: `untold` seconds from now if it does not say or
 * says a time in the past, at most `most` seconds from now.
 */
double ban_hold_until(double demanded, double now, double untold, double most);

/* `time` if it is in force at `now`, else 0: it is over, or further away than a ban can last, because the
 * clock was set back. */
double ban_in_force(double time, double now, double most);

enum { BAN_LIST_ENTRIES = 256, BAN_LIST_URL = 512 };

struct ban {
	double banned_until; /* nothing may be asked before; 0: no ban */
	double retry_at;     /* nor before this, after a 429; 0: no back-off */
};

struct ban_entry {
	char url[BAN_LIST_URL];
	struct ban ban;
};

struct ban_list {
	struct ban_entry *entries;
	size_t count;
	unsigned lines;        /* of the file */
	struct failure damage; /* kind not FAILURE_NONE: a part of the file could not be used */
};

/*
 * What is in force at `now`.  Without a file or a directory the list is empty.
 * Times that cannot be, of a clock that was set back, are left out.  A line that
 * is no entry is left out and reported in `damage`; but a line of which the URL
 * alone can be read may be a ban, and holds that exchange back for RETRY_UNTOLD
 * from now, in each run until it is removed.  -1 with `why` (local): the file is
 * there and cannot be read, is no regular file, or is too large; then no exchange
 * may be queried.  In both cases for ban_list_release().
 */
int ban_list_read(struct ban_list *list, const char *directory, double now, struct failure *why);

/* All zero: there is no ban.  Scheme and host may be written in capitals. */
struct ban ban_list_find(const struct ban_list *list, const char *base_url);

/*
 * `base_url` must not be queried before these times, which are cut to BAN_MOST
 * and RETRY_MOST from now; a later time in the file stays.  Times that are over
 * and damage are left out on this occasion.  The list is on the disk when this
 * returns.  It waits for the lock until the deadline, but at least 100 ms.  0, or
 * -1 with `why` (local): the ban may be lost.
 */
int ban_list_raise(const char *directory, const char *base_url, struct ban ban, double now,
    struct deadline deadline, struct failure *why);

/* Takes a zeroed one. */
void ban_list_release(struct ban_list *list);

#endif /* EXCHANGE_BAN_LIST_H */
