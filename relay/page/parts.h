#ifndef RELAY_PAGE_PARTS_H
#define RELAY_PAGE_PARTS_H

#include <jansson.h>
#include <stdbool.h>

#include "common/text/buffer.h"
#include "relay/act/act.h"
#include "relay/alert/alert.h"
#include "relay/page/page.h"
#include "relay/store/mutes.h"
#include "web/html.h"

/* Pieces of the page, which know nothing of where their data is from.  Inside of relay/page/. */

/* One incident: of incident_json(), or of an answer of the history. */
struct view {
	json_t *json; /* its own; the texts are this one's, and "" where there is nothing */
	const char *id, *severity, *name, *env, *service, *summary, *link;
	const char *status, *suppressed, *acknowledged_by, *acknowledged_via, *note;
	const json_t *labels, *annotations;
	int64_t starts_ms, ends_ms, acknowledged_ms; /* 0: not */
	char said[256];        /* the channels that named it, "telegram:ops, mail:oncall" */
	char token[ACT_TOKEN]; /* "": no form */
};

/* Takes the reference, and NULL for an incident without anything. */
void view_read(struct view *view, json_t *json);
void view_release(struct view *view);

/* Not over, and nobody has to do anything about it: acknowledged, silenced, inhibited, muted. */
bool view_is_settled(const struct view *view);

/* Unix ms of "2026-11-30T09:12:33.250Z"; 0: not such a text. */
int64_t view_time(const char *text);

enum { PAGE_ROWS = 100, PAGE_LATELY = 20, PAGE_MUTES = 50 };

/* What "/" shows. */
struct front {
	int64_t now_ms;
	bool reloads;
	const char *user;          /* who has logged in; NULL: somebody */
	size_t counts[SEVERITIES]; /* of all that are open */
	size_t offset;             /* so many of these come before the first one here */
	struct view open[PAGE_ROWS], lately[PAGE_LATELY];
	size_t open_count, lately_count;
	char history_reason[PAGE_REASON]; /* why `lately` is only the last hour's; "": it is all */
	struct page_channel channels[PAGE_CHANNELS];
	size_t waiting[PAGE_CHANNELS]; /* messages to be sent, of each channel */
	size_t channel_count;
	struct mute mutes[PAGE_MUTES];
	size_t mute_count;
};

void front_write(const struct front *front, struct buffer *out);

/* One incident with its events, an array of {at, kind, channel, attempt, latency_ms, detail}, or NULL with
 * the reason why they are not known. */
void story_write(const struct view *view, const json_t *events, const char *reason, const char *user,
    int64_t now_ms, struct buffer *out);

/* What the link would acknowledge, and the form. */
void link_write(const struct view *view, const char *user, int64_t now_ms, struct buffer *out);

/* A page that says one thing. */
void note_write(const char *title, const char *text, const char *home, struct buffer *out);

/* --- Where it is from --- */

/* The caller has filled in `now_ms`, `reloads`, `user` and `offset`; front_release() in every case.  0, or -1
 * with `why`. */
int front_read(const struct page *page, struct front *front, struct failure *why);
void front_release(struct front *front);

/* One incident.  `events` becomes a new reference, or NULL with a reason.  0, 1: no incident has this id, or
 * -1 with `why`. */
int story_read(const struct page *page, const char *id, struct view *view, json_t **events,
    char reason[PAGE_REASON], struct failure *why);

/* --- Pieces --- */

extern const char *const front_style[]; /* ended by NULL */
const char *front_security_policy(void);

/* All up to the banner and with it: "healthy", "degraded" or "unhealthy". */
void page_begin(struct buffer *out, const char *verdict, int refresh, const char *title, const char *text);

/* At most so many bytes of a text, escaped. */
void page_cut(struct buffer *out, const char *text, size_t most);

/* A <time> in the local zone: of today without its date. */
void page_clock(struct buffer *out, int64_t ms, int64_t now_ms);

/* "2 h 5 min" */
void page_span(struct buffer *out, int64_t ms);

/* "P0" as a sign. */
void page_severity(struct buffer *out, const char *severity);

/* What it is about: its service and its other labels, a few of them. */
void page_where(struct buffer *out, const struct view *view);

/* Who acknowledged it and when, or why nobody has to; nothing for what waits. */
void page_settled(struct buffer *out, const struct view *view, int64_t now_ms);

/* Forms that go to `base` and the id.  A user needs no name.  `via` is "page" or "link". */
void page_form(
    struct buffer *out, const struct view *view, const char *base, const char *user, const char *via);
void page_form_back(struct buffer *out, const struct view *view, const char *base, const char *user);

#endif /* RELAY_PAGE_PARTS_H */
