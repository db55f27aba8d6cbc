/*
 * The routing table: who gets which alert. It is read once, at the start, and refused as a whole at the
 * first mistake, with the character it is at. A channel that does not exist is a mistake too: otherwise
 * people would learn only from a missed alert that it goes nowhere. After that the table never changes, and
 * all threads read it without a lock.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/duration.h"
#include "relay/deliver/route.h"

struct routes {
	char **channels;
	size_t channel_count;
	struct route *rows;
	size_t count;
};

/* Channels that do not exist are left out of these. */
static const char *const built_in[] = {
	"env=\"paper\" -> telegram:paper",
	"severity=\"P0\" -> telegram:main | mail:main, slack:p0 | slack:main, mail:main, webhook:main escalate=telegram:escalation | mail:escalation",
	"severity=~\"P1|P2\" -> telegram:main | mail:main, slack:main",
	"-> mail:main",
};

static const char blanks[] = " \t";

/* What one route is read from. */
struct reader {
	const struct routes *table;
	const char *at;
	bool lenient; /* channels that do not exist are left out */
	struct failure *why;
};

static void
skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, blanks);
}

static bool
take(struct reader *r, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(r);
	if (strncmp(r->at, word, length) != 0)
		return false;
	r->at += length;
	return true;
}

static int
unknown_channel(struct reader *r, size_t length)
{
	struct buffer known;

	buffer_init(&known, sizeof(r->why->text));
	for (size_t i = 0; i < r->table->channel_count; i++) {
		buffer_string(&known, i == 0 ? "" : ", ");
		buffer_string(&known, r->table->channels[i]);
	}
	buffer_append(&known, "", 1);
	(void)failure_set(r->why, FAILURE_LOCAL, "there is no channel '%.*s'; %s%.300s", (int)length, r->at,
	    r->table->channel_count == 0 ? "none is configured" : "the channels are ",
	    known.failed || r->table->channel_count == 0 ? "" : known.text);
	buffer_release(&known);
	return -1;
}

/* One channel, into a chain that has room. */
static int
read_channel(struct reader *r, struct chain *chain)
{
	size_t length, known = 0;

	skip_blanks(r);
	/* '=' ends it, so that a "repeat=" in the wrong place
	 * is reported as a channel that does not exist. */
	length = strcspn(r->at, " \t,|=");
	if (length == 0 || length >= ROUTE_CHAIN_TEXT / CHAIN_CHANNELS)
		return failure_set(r->why, FAILURE_LOCAL, "the name of a channel is missing");
	while (known < r->table->channel_count &&
	       !slice_is((struct slice){ r->at, length }, r->table->channels[known]))
		known++;
	if (known == r->table->channel_count && !r->lenient)
		return unknown_channel(r, length);
	for (size_t i = 0; known < r->table->channel_count && i < chain->count; i++) {
		if (chain->channels[i] == r->table->channels[known])
			return failure_set(
			    r->why, FAILURE_LOCAL, "'%.*s' is there twice", (int)length, r->at);
	}
	if (chain->count == CHAIN_CHANNELS)
		return failure_set(
		    r->why, FAILURE_LOCAL, "a chain has more than %d channels", CHAIN_CHANNELS);
	/* The table's own text: names are compared by address from here on. */
	if (known < r->table->channel_count)
		chain->channels[chain->count++] = r->table->channels[known];
	r->at += length;
	return 0;
}

static int
read_chain(struct reader *r, struct chain *chain)
{
	chain->count = 0;
	do {
		if (read_channel(r, chain) != 0)
			return -1;
	} while (take(r, "|"));
	return 0;
}

static int
read_chains(struct reader *r, struct route *route)
{
	do {
		struct chain *chain = &route->chains[route->chain_count];
		const char *from;
		bool twice = false;

		skip_blanks(r);
		from = r->at;
		if (route->chain_count == ROUTE_CHAINS)
			return failure_set(r->why, FAILURE_LOCAL, "more than %d chains", ROUTE_CHAINS);
		if (read_chain(r, chain) != 0)
			return -1;
		for (size_t i = 0; chain->count > 0 && i < route->chain_count; i++)
			twice |= route->chains[i].channels[0] == chain->channels[0];
		if (twice && !r->lenient) {
			r->at = from;
			return failure_set(
			    r->why, FAILURE_LOCAL, "two chains begin with '%s'", chain->channels[0]);
		}
		if (chain->count > 0 && !twice)
			route->chain_count++;
	} while (take(r, ","));
	return 0;
}

static int
read_repeat(struct reader *r, struct route *route)
{
	char text[32];
	size_t length = strcspn(r->at, blanks);
	int64_t ns;

	(void)snprintf(text, sizeof(text), "%.*s", (int)length, r->at);
	if (length >= sizeof(text) || duration_parse(text, &ns) != 0)
		return failure_set(
		    r->why, FAILURE_LOCAL, "'%.*s' is not a duration like 30s, 5m or 1h", (int)length, r->at);
	route->repeat_ms = ns / 1000000;
	r->at += length;
	return 0;
}

static int
read_route(struct reader *r, struct route *route)
{
	route->repeat_ms = -1;
	if (matchers_read(&route->matchers, &r->at, r->why) != 0)
		return -1;
	if (!take(r, "->"))
		return failure_set(
		    r->why, FAILURE_LOCAL, "'->' is expected here, or ',' and another matcher");
	skip_blanks(r);
	/* There may be nothing behind "->": such alerts are in the history alone. */
	if (*r->at != '\0' && strncmp(r->at, "repeat=", 7) != 0 && strncmp(r->at, "escalate=", 9) != 0 &&
	    read_chains(r, route) != 0)
		return -1;
	for (;;) {
		if (take(r, "repeat=")) {
			if (read_repeat(r, route) != 0)
				return -1;
		} else if (take(r, "escalate=")) {
			if (read_chain(r, &route->escalation) != 0)
				return -1;
		} else if (*r->at == '\0') {
			return 0;
		} else {
			return failure_set(
			    r->why, FAILURE_LOCAL, "',', '|', 'repeat=' or 'escalate=' is expected here");
		}
	}
}

/* The chains as texts. */
static void
write_chains(struct route *route)
{
	for (size_t i = 0; i <= route->chain_count; i++) {
		struct chain *chain = i < route->chain_count ? &route->chains[i] : &route->escalation;
		size_t length = 0;
		bool covered = false;

		for (size_t c = 0; c < chain->count; c++) {
			for (size_t k = 0; c > 0 && i < route->chain_count && k < route->chain_count; k++)
				/* If another chain begins with this channel, the alert is
				 * there already: falling back to it would say it twice.
				 * What follows it in the chain is left out as well. */
				covered |= route->chains[k].channels[0] == chain->channels[c];
			if (!covered)
				length += (size_t)snprintf(chain->text + length, sizeof(chain->text) - length,
				    "%s%s", c > 0 ? "|" : "", chain->channels[c]);
		}
	}
}

/* All of them, up to the first mistake, which `*index` then names. */
static int
read_table(struct routes *routes, const char *const *texts, size_t count, bool lenient, size_t *index,
    struct failure *why)
{
	for (size_t i = 0; i < count; i++) {
		struct reader reader = { .table = routes, .at = texts[i], .lenient = lenient, .why = why };

		*index = i;
		if (i == ROUTES_MOST)
			return failure_set(why, FAILURE_LOCAL, "more than %d routes", ROUTES_MOST);
		/* A route without matchers takes all, so this one
		 * would never be used; its author believes that it is. */
		if (i > 0 && routes->rows[i - 1].matchers.count == 0)
			return failure_set(why, FAILURE_LOCAL,
			    "nothing comes to this route: the one before it takes everything");
		/* Before reading: routes_free() must release the matchers of a route with a mistake. */
		routes->count++;
		if (read_route(&reader, &routes->rows[i]) != 0)
			return failure_prefix(why, "character %d", (int)(reader.at - texts[i]) + 1);
		write_chains(&routes->rows[i]);
	}
	return 0;
}

struct routes *
routes_new(const char *const *texts, size_t count, const char *const *channels, size_t channel_count,
    size_t *index, struct failure *why)
{
	struct routes *routes = calloc(1, sizeof(*routes));
	bool own = count == 0, memory = routes != NULL;

	if (own) {
		texts = built_in;
		count = sizeof(built_in) / sizeof(built_in[0]);
	}
	if (memory) {
		routes->rows = calloc(count, sizeof(*routes->rows));
		routes->channels = calloc(channel_count + 1, sizeof(*routes->channels));
		memory = routes->rows != NULL && routes->channels != NULL;
	}
	for (size_t i = 0; memory && i < channel_count; i++) {
		routes->channels[i] = strdup(channels[i]);
		memory = routes->channels[i] != NULL;
		routes->channel_count = i + 1;
	}
	if (memory && read_table(routes, texts, count, own, index, why) == 0)
		return routes;
	if (!memory)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	routes_free(routes);
	return NULL;
}

void
routes_free(struct routes *routes)
{
	if (routes == NULL)
		return;
	for (size_t i = 0; i < routes->count; i++)
		matchers_release(&routes->rows[i].matchers);
	for (size_t i = 0; i < routes->channel_count; i++)
		free(routes->channels[i]);
	free(routes->channels);
	free(routes->rows);
	free(routes);
}

const struct route *
routes_find(const struct routes *routes, const json_t *labels)
{
	for (size_t i = 0; i < routes->count; i++) {
		if (matchers_hold(&routes->rows[i].matchers, labels))
			return &routes->rows[i];
	}
	return NULL;
}

size_t
routes_chains(void *context, const json_t *labels, const char *chains[], size_t room)
{
	const struct routes *routes = context;
	const struct route *route = routes_find(routes, labels);
	size_t count = 0;

	for (; route != NULL && count < route->chain_count && count < room; count++)
		chains[count] = route->chains[count].text;
	return count;
}

static void
describe_chain(const struct chain *chain, struct buffer *text)
{
	for (size_t i = 0; i < chain->count; i++) {
		buffer_string(text, i == 0 ? "" : i == 1 ? " (if that fails " : ", then ");
		buffer_string(text, chain->channels[i]);
	}
	buffer_string(text, chain->count > 1 ? ")" : "");
}

static void
describe_repeat(int64_t repeat_ms, struct buffer *text)
{
	if (repeat_ms == 0)
		buffer_string(text, "; never said again");
	else if (repeat_ms > 0 && repeat_ms % 60000 == 0)
		buffer_format(text, "; said again every %lld min until somebody acknowledges it",
		    (long long)(repeat_ms / 60000));
	else if (repeat_ms > 0)
		buffer_format(text, "; said again every %lld s until somebody acknowledges it",
		    (long long)(repeat_ms / 1000));
}

void
routes_describe(const struct routes *routes, struct buffer *text)
{
	for (size_t i = 0; i < routes->count; i++) {
		const struct route *route = &routes->rows[i];

		buffer_format(text, "%zu. ", i + 1);
		if (route->matchers.count == 0)
			buffer_string(text, i == 0 ? "everything" : "everything else");
		matchers_describe(&route->matchers, text);
		buffer_string(text, route->chain_count == 0 ? ": not sent to any channel" : ": goes to ");
		for (size_t c = 0; c < route->chain_count; c++) {
			buffer_string(text, c == 0 ? "" : c + 1 == route->chain_count ? " and " : ", ");
			describe_chain(&route->chains[c], text);
		}
		describe_repeat(route->repeat_ms, text);
		if (route->escalation.count > 0) {
			buffer_string(text, "; a P0 that nobody acknowledges also goes to ");
			describe_chain(&route->escalation, text);
		}
		buffer_string(text, "\n");
	}
	if (routes->count == 0 || routes->rows[routes->count - 1].matchers.count > 0)
		buffer_string(text, "Everything else: only in the history, not sent to any channel.\n");
}
