#ifndef RELAY_MESSAGE_MESSAGE_H
#define RELAY_MESSAGE_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"
#include "common/text/buffer.h"
#include "common/text/slice.h"

/*
 * What a person reads of alerts, without the markup of any channel: pieces of
 * text, bold text, links and line breaks, made from templates.  Markup comes
 * from templates alone: a value is text, whatever it contains, and a link is
 * one only if it begins with http:// or https://.  All text is valid UTF-8
 * without control characters.
 *
 * Times are local (time_zone_use()).  Nothing here keeps state: any number of
 * threads may compose from the same templates.
 */

/* The files of a language (templates.h). */
struct templates;

enum message_kind {
	MESSAGE_FIRED,
	MESSAGE_REPEATED,  /* nobody has acknowledged it, so it is sent again */
	MESSAGE_ESCALATED, /* the same, and to others */
	MESSAGE_RESOLVED,
	MESSAGE_ACKNOWLEDGED,
};

/* One alert to tell of.  Everything is the caller's, and must last as long as the message. */
struct message_item {
	enum message_kind kind;
	const char *id;       /* the incident's */
	const json_t *labels; /* objects of strings; may be NULL */
	const json_t *annotations;
	int64_t starts_ms;
	int64_t ends_ms;             /* 0: it is not over */
	bool expired;                /* it ended because nobody renewed it */
	const char *acknowledged_by; /* NULL: nobody did */
	int64_t acknowledged_ms;
	const char *acknowledge_url; /* NULL: no link, as where the channel has a button */
	const char *link;            /* the alert's generatorURL; NULL: none */
	void *owner;                 /* the caller's own, not looked at */
};

enum message_piece_kind { PIECE_TEXT, PIECE_BOLD, PIECE_LINK, PIECE_BREAK };

struct message_piece {
	enum message_piece_kind kind;
	struct slice text; /* of a link: what is shown */
	struct slice url;  /* of a link */
};

/* Zeroed, it is empty and may be released. */
struct message {
	struct message_piece *pieces;
	size_t count, room;
	char *subject;                    /* one line */
	const char *button;               /* what the button says that acknowledges; the templates' */
	const struct message_item *items; /* the ones it names */
	size_t item_count;
	struct buffer text; /* what the pieces point into */
};

/*
 * A message of as many items as `limit` allows: UTF-16 units of visible text,
 * at least MESSAGE_LIMIT_LEAST.  One item is told in full, trimmed at a word
 * where it is too long.  Several become a list, grouped by name; those that
 * do not fit are for the next message.
 *
 * The items are put in order first: P0 before all others, what fires before
 * what is over, by name, by time.  The message names the first `*used` of
 * them, one at least.  0, or -1 with `why` (local: no memory); `message` is for
 * message_release() in every case.
 */
enum { MESSAGE_LIMIT_LEAST = 1000 };
int message_compose(const struct templates *templates, struct message_item items[], size_t count,
    size_t limit, struct message *message, size_t *used, struct failure *why);

void message_release(struct message *message);

#endif /* RELAY_MESSAGE_MESSAGE_H */
