/*
 * Some hundred events arrive each second, all of one shape: they are read in place, without a tree of their
 * values.
 */

#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/live/event.h"

static bool
take(char **at, char c)
{
	*at += strspn(*at, " ");
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* A text without escapes: neither names of symbols nor numbers need one. */
static bool
take_text(char **at, char **text)
{
	size_t length;

	if (!take(at, '"'))
		return false;
	length = strcspn(*at, "\"\\");
	if ((*at)[length] != '"')
		return false;
	*text = *at;
	(*at)[length] = '\0';
	*at += length + 1;
	return true;
}

static bool
take_integer(char **at, int64_t *value)
{
	char *end;

	*at += strspn(*at, " ");
	if (strspn(*at, "0123456789") == 0 || strspn(*at, "0123456789") > 18)
		return false;
	*value = strtoll(*at, &end, 10);
	*at = end;
	return true;
}

static bool
take_milliseconds(char **at, double *value)
{
	char *end;

	*at += strspn(*at, " ");
	if (strspn(*at, "0123456789.") == 0)
		return false;
	*value = strtod(*at, &end);
	*at = end;
	return true;
}

static bool
take_level(char **at, struct depth_level *level)
{
	char *price, *quantity;

	return take(at, '[') && take_text(at, &price) && take(at, ',') && take_text(at, &quantity) &&
	       take(at, ']') && fixed_parse(price, &level->price) &&
	       fixed_parse(quantity, &level->quantity) && level->price > 0 && level->quantity > 0;
}

/* The best first: bids fall, asks rise. */
static bool
take_side(char **at, struct depth_level levels[DEPTH], bool falls)
{
	struct depth_level level, last = { 0 };

	if (!take(at, '['))
		return false;
	if (take(at, ']'))
		return true;
	for (int i = 0; i == 0 || take(at, ','); i++) {
		if (!take_level(at, &level) ||
		    (i > 0 && (falls ? level.price > last.price : level.price < last.price)))
			return false;
		last = level;
		if (i < DEPTH)
			levels[i] = level;
	}
	return take(at, ']');
}

/* The value of this key; false: it is not what it must be, or nobody knows the key. */
static bool
take_value(struct event *event, const char *key, char **at)
{
	char *text;

	if (strcmp(key, "symbol") == 0) {
		if (!take_text(at, &text))
			return false;
		event->symbol = text;
		return true;
	}
	if (strcmp(key, "sequence") == 0)
		return take_integer(at, &event->depth.sequence);
	if (strcmp(key, "time") == 0)
		return take_integer(at, &event->depth.time_ms);
	if (strcmp(key, "sent") == 0)
		return take_milliseconds(at, &event->sent_ms);
	if (strcmp(key, "bids") == 0)
		return take_side(at, event->depth.bids, true);
	return strcmp(key, "asks") == 0 && take_side(at, event->depth.asks, false);
}

int
event_parse(struct event *event, char *text, struct failure *why)
{
	const struct depth *depth = &event->depth;
	bool good = take(&text, '{');
	char *key;

	*event = (struct event){ 0 };
	do
		good = good && take_text(&text, &key) && take(&text, ':') && take_value(event, key, &text);
	while (good && take(&text, ','));
	if (!good || !take(&text, '}') || *text != '\0' || event->symbol == NULL || depth->sequence <= 0 ||
	    event->sent_ms <= 0)
		return failure_set(why, FAILURE_PROTOCOL, "an event of the stream is not as it must be");
	if (depth->bids[0].price > depth->asks[0].price && depth->asks[0].quantity > 0)
		return failure_set(why, FAILURE_PROTOCOL,
		    "the book of %.32s in the stream has bids above its asks", event->symbol);
	return 0;
}
