#ifndef EXCHANGE_BAN_LIST_H
#define EXCHANGE_BAN_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/deadline.h"
#include "common/failure.h"

/*
 * Until when no exchange may be asked from here: what all programs that publish
 * into one directory tell each other.  A ban is on the address, not on a
 * program: it holds for every env and --name, and for one that was not
 * configured when it was met.
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
	struct failure damage; /* kind not FAILURE_NONE: what of the file could not be used, to be told */
};

/*
 * What is in force at `now`.  No file and no directory are an empty list.  Left
 * out are times that cannot be, of a clock that was set back.  What is no entry
 * is left out and told in `damage`; but a line of which the URL alone can be read may be a ban, and holds
 * that exchange back for RETRY_UNTOLD from now, in each run until it is removed. -1 with `why` (local): the
 * file is there and cannot be read, or is none of ours (no regular file, too large), so that nobody may be
 * asked.  In both cases for ban_list_release().
 */
int ban_list_read(struct ban_list *list, const char *directory, double now, struct failure *why);

/* All zero: nothing is known of it.  Scheme and host may be written in capitals. */
struct ban ban_list_find(const struct ban_list *list, const char *base_url);

/*
 * Nothing may be asked of `base_url` before these times, which are cut to
 * BAN_MOST and RETRY_MOST from now; a later time in the file stays.  What is
 * over is left out on this occasion, and so is damage.  It is on the disk when
 * this returns.  0, or -1 with `why` (local): it may be lost.
 */
int ban_list_raise(const char *directory, const char *base_url, struct ban ban, double now,
    struct deadline deadline, struct failure *why);

/* Takes a zeroed one. */
void ban_list_release(struct ban_list *list);

#endif /* EXCHANGE_BAN_LIST_H */
