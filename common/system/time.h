#ifndef COMMON_SYSTEM_TIME_H
#define COMMON_SYSTEM_TIME_H

enum { TIME_TEXT = 32 };

/* Unix time as RFC 3339 in UTC, to the millisecond: "2026-11-21T01:31:45.123Z".  Returns `text`. */
const char *time_text(double unix_seconds, char text[TIME_TEXT]);

#endif /* COMMON_SYSTEM_TIME_H */
