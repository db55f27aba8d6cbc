/*
 * Times for people, in the zone of the settings.  An operator compares them with a clock on the wall,
 * so none is shown in UTC; the zone's name is there where a whole date is.  The zone is the process's
 * (TZ), read once by tzset(): localtime_r() needs no lock of ours and knows summer time.  What cannot
 * be shown becomes "", never a wrong time.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "relay/message/local_time.h"
#include "relay/message/templates.h"

/* The wall clock, since it is compared with times that other machines have set.  It may jump: only
 * texts depend on it here, no wait. */
int64_t
local_time_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool
to_local(int64_t unix_ms, struct tm *local)
{
	time_t seconds = (time_t)(unix_ms / 1000);

	return localtime_r(&seconds, local) != NULL;
}

const char *
local_time_text(int64_t unix_ms, char text[LOCAL_TIME])
{
	struct tm local;

	if (!to_local(unix_ms, &local) || strftime(text, LOCAL_TIME, "%Y-%m-%d %H:%M:%S %Z", &local) == 0)
		text[0] = '\0';
	return text;
}

/* Half a day, and not the date, decides: at 00:10 "23:50:00" is clear, while a clock time of yesterday
 * noon would read as today's. */
const char *
local_time_short(int64_t unix_ms, int64_t now_ms, char text[LOCAL_TIME])
{
	bool today = now_ms - unix_ms < INT64_C(12) * 3600 * 1000;
	struct tm local;

	if (!to_local(unix_ms, &local) || (today ? strftime(text, LOCAL_TIME, "%H:%M:%S", &local)
						 : strftime(text, LOCAL_TIME, "%m-%d %H:%M", &local)) == 0)
		text[0] = '\0';
	return text;
}

/* Two units are enough to decide on, and short enough for a list.  Clocks of two machines differ, so a
 * negative span is possible. */
const char *
local_time_span(const struct templates *templates, int64_t ms, char text[LOCAL_TIME])
{
	static const struct {
		const char *word;
		int64_t seconds;
	} units[] = { { "day", 86400 }, { "hour", 3600 }, { "minute", 60 }, { "second", 1 } };
	int64_t left = ms > 0 ? ms / 1000 : 0;
	size_t first = 0, used = 0;

	while (first < 3 && left < units[first].seconds)
		first++;
	text[0] = '\0';
	/* A word is a file's, so its length is limited: LOCAL_TIME holds two numbers and two words. */
	for (size_t i = first; i < 4 && i < first + 2; i++) {
		int64_t number = left / units[i].seconds;

		left -= number * units[i].seconds;
		if ((number > 0 || used == 0) && used < LOCAL_TIME)
			used += (size_t)snprintf(text + used, LOCAL_TIME - used, "%s%lld%.20s",
			    used > 0 ? " " : "", (long long)number, templates_word(templates, units[i].word));
	}
	return text;
}

int
time_zone_use(const char *name, struct failure *why)
{
	char path[256];
	struct stat info;

	if (name == NULL || name[0] == '\0') {
		tzset();
		return 0;
	}
	/* tzset() takes whatever it does not know for UTC, in silence. */
	(void)snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	/* A name with ".." or a '/' in front would make libc read any file as a time zone. */
	if (strlen(name) > 64 || strstr(name, "..") != NULL || name[0] == '/' || stat(path, &info) != 0 ||
	    !S_ISREG(info.st_mode))
		return failure_set(why, FAILURE_LOCAL,
		    "'%.64s' is not a time zone of this system, such as Asia/Seoul (are they installed? Debian's "
		    "package is tzdata)",
		    name);
	if (setenv("TZ", name, 1) != 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	tzset();
	return 0;
}
