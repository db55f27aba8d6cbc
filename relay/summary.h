#ifndef RELAY_SUMMARY_H
#define RELAY_SUMMARY_H

#include "relay/channel/channel.h"
#include "relay/history/history.h"
#include "relay/message/templates.h"

/* The mail of each day: what alerted, how long it took, and all of it as a file for a spreadsheet. */
struct summary_mail {
	char subject[256];
	struct buffer text, html; /* for buffer_release() */
};

/* Of a time from `from_ms` to `to_ms`.  0, or -1 with `why` (local: no memory). */
int summary_compose(const struct templates *templates, const struct history_summary *summary, int64_t from_ms,
    int64_t to_ms, struct summary_mail *mail, struct failure *why);

/* To a channel of kind mail, with the history's CSV; the result as of channel_send(). */
void summary_send(struct channel_line *line, const struct summary_mail *mail, struct slice csv,
    struct deadline deadline, struct channel_result *result);

/* The next time behind `now_ms` at which a local clock shows that minute of the day. */
int64_t summary_next_ms(int minute_of_day, int64_t now_ms);

#endif /* RELAY_SUMMARY_H */
