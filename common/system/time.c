/*
 * Evidence and alerts show moments as text that both people and jq can read.
 * The time is rounded to milliseconds before it is split: rounding the
 * fraction alone could give ".1000".
 */

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/system/time.h"

const char *
time_text(double unix_seconds, char text[TIME_TEXT])
{
	int64_t milliseconds = (int64_t)(unix_seconds * 1e3 + 0.5);
	time_t seconds = (time_t)(milliseconds / 1000);
	struct tm utc;
	size_t length = 0;

	if (gmtime_r(&seconds, &utc) != NULL)
		length = strftime(text, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &utc);
	(void)snprintf(text + length, TIME_TEXT - length, ".%03dZ", (int)(milliseconds % 1000));
	return text;
}
