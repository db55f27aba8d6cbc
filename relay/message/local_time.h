#ifndef RELAY_MESSAGE_LOCAL_TIME_H
#define RELAY_MESSAGE_LOCAL_TIME_H

#include <stdint.h>

struct templates;

enum { LOCAL_TIME = 64 };

/* Unix time in milliseconds, on the wall clock. */
int64_t local_time_now(void);

/* "2026-11-30 09:12:33 KST".  Returns `text`. */
const char *local_time_text(int64_t unix_ms, char text[LOCAL_TIME]);

/* "09:12:33", with the day before it ("11-29 09:12") where it was more than half a day ago.  Returns `text`.
 */
const char *local_time_short(int64_t unix_ms, int64_t now_ms, char text[LOCAL_TIME]);

/* "2h 5min", in the two largest units that are not 0; what is negative counts as 0.  Returns `text`. */
const char *local_time_span(const struct templates *templates, int64_t ms, char text[LOCAL_TIME]);

#endif /* RELAY_MESSAGE_LOCAL_TIME_H */
