#ifndef RELAY_PAGE_PAGE_H
#define RELAY_PAGE_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "web/server.h"

/*
 * The page for people: what is open, what happened lately, each incident's
 * story, and the forms that acknowledge.  Complete HTML that needs no script.
 *
 *	/                what is open now, lately, delivery, mutes
 *	/watch           the same, and it reloads by itself
 *	/incident/ID     one incident's story
 *	/ack/ID?k=TOKEN  what would be acknowledged, and the form; only its POST acknowledges
 *
 * Its links are relative: it may be served below any path.  A form carries the
 * token of its incident, which no page of another site can know; routes of
 * page_acknowledge() have `has_token`.  The answers wait for SQLite, PostgreSQL
 * and act/, so their routes are `slow`.
 */
struct act;
struct history;
struct store;

/* The state of a channel; the texts last as long as the call they are for. */
enum { PAGE_CHANNELS = 64, PAGE_CHANNEL_NAME = 64, PAGE_REASON = 256 };
struct page_channel {
	char name[PAGE_CHANNEL_NAME]; /* "telegram:ops" */
	int64_t last_ms;              /* when its last message arrived; 0: none since the start */
	int64_t failing_ms;           /* since when no message arrives; 0: the last one did */
	char reason[PAGE_REASON];     /* why not */
};

struct page {
	struct store *store;
	struct act *act;
	struct history *history; /* NULL: not configured */
	/* Fill up to `room`, and return how many: all channels of the settings. */
	size_t (*channels)(void *context, struct page_channel channels[], size_t room);
	void *context;
};

enum { PAGE_REFRESH = 30, PAGE_FORM_LIMIT = 8192 };

/* "/" and "/watch", "/incident/", "/ack/" by GET, "/ack/" by POST (body_limit PAGE_FORM_LIMIT). */
void page_front(const struct page *page, const struct web_request *request, struct web_answer *answer);
void page_incident(const struct page *page, const struct web_request *request, struct web_answer *answer);
void page_link(const struct page *page, const struct web_request *request, struct web_answer *answer);
void page_acknowledge(const struct page *page, const struct web_request *request, struct web_answer *answer);

#endif /* RELAY_PAGE_PAGE_H */
