#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "demo/paper_engine/live/event.h"
#include "demo/paper_engine/live/feed.h"

/* An exchange says every second that it is alive.  A connection that lasted is opened again at once. */
enum { SILENT_MS = 3500, LASTED_MS = 100, PAUSE_FIRST_MS = 100, PAUSE_MOST_MS = 5000, ASKED_MOST_MS = 60000 };
enum { LONGEST_LINE = 65536, LONGEST_URL = 24576 };

double
feed_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

void
feed_init(struct feed *feed)
{
	feed->lost_ms = feed_clock_ms();
	buffer_init(&feed->rest, LONGEST_LINE);
}

/* Books ---------------------------------------------------------------- */

static void
drop_book(struct feed *feed, size_t index)
{
	feed->changed[index] = feed->changed[index] || feed->books[index].sequence != 0;
	feed->books[index].sequence = 0;
}

static int
compare_native(const void *a, const void *b)
{
	return strcmp(((const struct feed_symbol *)a)->native, ((const struct feed_symbol *)b)->native);
}

static struct feed_symbol *
find_symbol(struct feed *feed, const char *native)
{
	struct feed_symbol wanted = { 0 };

	(void)snprintf(wanted.native, sizeof(wanted.native), "%s", native);
	if (feed->symbol_count == 0)
		return NULL;
	return bsearch(&wanted, feed->symbols, feed->symbol_count, sizeof(wanted), compare_native);
}

/* One that follows nothing on this connection begins a row; one that is there already says nothing new. */
static void
take_event(struct feed *feed, const struct event *event, double now_ms)
{
	struct feed_symbol *symbol = find_symbol(feed, event->symbol);
	int64_t sequence = event->depth.sequence, age_ms = (int64_t)now_ms - event->depth.time_ms;
	bool follows, fresh;

	feed->counts->messages++;
	tell_observe(&feed->counts->latency, now_ms > event->sent_ms ? (now_ms - event->sent_ms) / 1000 : 0);
	if (symbol == NULL || sequence == symbol->sequence)
		return;
	follows = symbol->sequence == 0 || sequence == symbol->sequence + 1;
	feed->counts->gaps += !follows;
	symbol->sequence = sequence;
	fresh = feed->fresh_ms == 0 || (age_ms < feed->fresh_ms && age_ms > -feed->fresh_ms);
	if (follows && fresh) {
		feed->books[symbol->index] = event->depth;
		feed->changed[symbol->index] = true;
		feed->change_ms = (int64_t)now_ms;
		feed->away_ms = feed->lost_ms > 0 ? now_ms - feed->lost_ms : feed->away_ms;
		feed->lost_ms = 0;
	} else {
		drop_book(feed, symbol->index);
	}
}

/* The stream ----------------------------------------------------------- */

static int
take_line(struct feed *feed, char *line, double now_ms)
{
	struct event event;

	if (!feed->counts->connected) {
		feed->counts->connected = true;
		feed->counts->reconnects += feed->was_connected;
		feed->was_connected = true;
	}
	feed->line_ms = feed->counts->message_ms = (int64_t)now_ms;
	/* Empty lines end an event, and comments begin with a colon. */
	if (strncmp(line, "data: ", 6) != 0)
		return 0;
	if (event_parse(&event, line + 6, &feed->why) != 0)
		return -1;
	take_event(feed, &event, now_ms);
	return 0;
}

/* All lines that have their end. */
static int
take_lines(struct feed *feed)
{
	char *at = feed->rest.text, *end;
	double now_ms = feed_clock_ms();
	size_t left = feed->rest.length;

	while ((end = memchr(at, '\n', left)) != NULL) {
		*end = '\0';
		if (take_line(feed, at, now_ms) != 0)
			return -1;
		left -= (size_t)(end + 1 - at);
		at = end + 1;
	}
	memmove(feed->rest.text, at, left);
	feed->rest.length = left;
	return 0;
}

static size_t
receive(char *text, size_t size, size_t count, void *context)
{
	struct feed *feed = context;

	buffer_append(&feed->rest, text, size * count);
	if (feed->rest.failed) {
		(void)failure_set(&feed->why, FAILURE_PROTOCOL, "a line of the stream is too long");
		return 0;
	}
	return feed->rest.length == 0 || take_lines(feed) == 0 ? size * count : 0;
}

static int
open_stream(struct feed *feed)
{
	struct buffer url;
	bool ok;

	buffer_init(&url, LONGEST_URL);
	buffer_format(&url, "%s/paper/stream?levels=%d&symbols=", feed->url, (int)DEPTH);
	for (size_t i = 0; i < feed->symbol_count; i++)
		buffer_format(&url, "%s%s", i > 0 ? "," : "", feed->symbols[i].native);
	buffer_append(&url, "", 1);
	feed->easy = client_new(feed->ca_file, feed->error);
	ok = feed->easy != NULL && !url.failed &&
	     curl_easy_setopt(feed->easy, CURLOPT_URL, url.text) == CURLE_OK &&
	     curl_easy_setopt(feed->easy, CURLOPT_WRITEFUNCTION, receive) == CURLE_OK &&
	     curl_easy_setopt(feed->easy, CURLOPT_WRITEDATA, feed) == CURLE_OK &&
	     curl_easy_setopt(feed->easy, CURLOPT_PRIVATE, feed) == CURLE_OK &&
	     curl_multi_add_handle(feed->multi, feed->easy) == CURLM_OK;
	buffer_release(&url);
	if (ok)
		return 0;
	curl_easy_cleanup(feed->easy);
	feed->easy = NULL;
	return failure_set(&feed->why, FAILURE_LOCAL, "the stream cannot be opened: out of memory");
}

static void
close_stream(struct feed *feed)
{
	if (feed->easy != NULL) {
		(void)curl_multi_remove_handle(feed->multi, feed->easy);
		curl_easy_cleanup(feed->easy);
	}
	feed->easy = NULL;
	feed->rest.length = 0;
	feed->rest.failed = false;
	for (size_t i = 0; i < feed->symbol_count; i++)
		feed->symbols[i].sequence = 0;
}

/* The stream is over: no book is true any more, and it is opened again later. */
static void
lose(struct feed *feed, int64_t now_ms, int64_t asked_ms)
{
	bool lasted = feed->counts->connected && now_ms - feed->opened_ms >= LASTED_MS;
	int64_t pause_ms = lasted ? 0 : feed->pause_ms == 0 ? PAUSE_FIRST_MS : feed->pause_ms * 2;

	close_stream(feed);
	feed->lost_ms = feed->lost_ms > 0 ? feed->lost_ms : feed_clock_ms();
	for (size_t i = 0; i < FEED_BOOKS; i++)
		drop_book(feed, i);
	feed->counts->connected = false;
	feed->pause_ms = pause_ms > PAUSE_MOST_MS ? PAUSE_MOST_MS : pause_ms;
	feed->retry_ms = now_ms + (asked_ms > feed->pause_ms ? asked_ms : feed->pause_ms);
}

void
feed_ended(struct feed *feed, CURLcode code, int64_t now_ms)
{
	curl_off_t asked_s = 0;

	/* What was wrong with its content is known already. */
	if (feed->why.kind == FAILURE_NONE)
		(void)client_failure(feed->easy, code, feed->error, &feed->why);
	(void)curl_easy_getinfo(feed->easy, CURLINFO_RETRY_AFTER, &asked_s);
	lose(feed, now_ms, asked_s < ASKED_MOST_MS / 1000 ? (int64_t)asked_s * 1000 : ASKED_MOST_MS);
	feed_tend(feed, now_ms);
}

void
feed_cut(struct feed *feed, int64_t now_ms, const char *why)
{
	if (feed->easy == NULL)
		return;
	(void)failure_set(&feed->why, FAILURE_TIMEOUT, "%s", why);
	lose(feed, now_ms, 0);
}

void
feed_tend(struct feed *feed, int64_t now_ms)
{
	/* Where the clock was set back, the exchange's may have been too: its next event is far away then. */
	if (feed->easy != NULL && llabs(now_ms - feed->line_ms) > SILENT_MS)
		feed_cut(feed, now_ms, "it says nothing any more");
	/* No pause is as long as one that is left when the clock was set back. */
	if (feed->easy != NULL || feed->symbol_count == 0 ||
	    (now_ms < feed->retry_ms && feed->retry_ms - now_ms <= ASKED_MOST_MS))
		return;
	feed->opened_ms = feed->line_ms = now_ms;
	if (open_stream(feed) != 0)
		lose(feed, now_ms, PAUSE_MOST_MS);
}

/* Symbols -------------------------------------------------------------- */

/* "BTC/USDT" is "BTCUSDT" at one exchange and "KRW-BTC" at the other. */
static void
set_symbol(struct feed_symbol *symbol, enum venue venue, const char *name, size_t index)
{
	int base = (int)strcspn(name, "/");

	if (venue == VENUE_BINANCE)
		(void)snprintf(symbol->native, sizeof(symbol->native), "%.*sUSDT", base, name);
	else
		(void)snprintf(symbol->native, sizeof(symbol->native), "KRW-%.*s", base, name);
	symbol->index = index;
	symbol->sequence = 0;
}

/*
 * The stream is opened anew with the new list.  Books of symbols that stay are good until their first event
 * there, some milliseconds later.
 */
int
feed_subscribe(struct feed *feed, const struct engine *engine, int64_t now_ms)
{
	struct feed_symbol *symbols = calloc(FEED_BOOKS, sizeof(*symbols));
	size_t count = 0;

	if (symbols == NULL)
		return -1;
	for (size_t i = 0; i < engine->symbol_count; i++) {
		const struct feed_symbol *old;

		if (engine->symbols[i].name[0] == '\0')
			continue;
		set_symbol(&symbols[count], feed->venue, engine->symbols[i].name, i);
		/* The place may have been another symbol's. */
		old = find_symbol(feed, symbols[count++].native);
		if (old == NULL || old->index != i)
			drop_book(feed, i);
	}
	if (feed->venue == VENUE_UPBIT)
		set_symbol(&symbols[count++], feed->venue, "USDT", FEED_WON);
	qsort(symbols, count, sizeof(*symbols), compare_native);
	close_stream(feed);
	free(feed->symbols);
	feed->symbols = symbols;
	feed->symbol_count = count;
	feed->retry_ms = now_ms < feed->retry_ms ? feed->retry_ms : now_ms;
	feed_tend(feed, now_ms);
	return 0;
}

void
feed_release(struct feed *feed)
{
	close_stream(feed);
	free(feed->symbols);
	buffer_release(&feed->rest);
	feed->symbols = NULL;
	feed->symbol_count = 0;
}
