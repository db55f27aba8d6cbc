#ifndef COMMON_SYSTEM_TIME_H
#define COMMON_SYSTEM_TIME_H

enum { WHEN_TEXT = 32 };

/* Unix time as RFC 3339 in UTC, to the millisecond: "2026-11-21T01:31:45.123Z".  Returns `text`. */
const char *when_text(double unix_seconds, char text[WHEN_TEXT]);

#endif /* COMMON_SYSTEM_TIME_H */
