#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/text/buffer.h"
#include "demo/paper_exchange/deliver.h"
#include "demo/paper_exchange/market_stream.h"

enum { BLOCK = 32768, EVENT_ROOM = 4096, TEXT_LIMIT = 4 << 20, SENT_TEXT = 32, LEVELS_FALLBACK = 5 };

struct market_stream {
	struct server *server;
	struct MHD_Connection *connection;
	struct call call; /* of the request: its venue, and the faults and times of now */
	int64_t opened_ms;
	int64_t tick;     /* the last one that was sent */
	int64_t delay_ms; /* of all events, by the fault */
	int64_t made_ms;  /* when `text` was made */
	int64_t alive_ms; /* when the last comment was */
	int64_t events;
	struct buffer text; /* what is to be sent now */
	size_t taken;
	size_t levels, count;
	struct {
		const struct listing *listing;
		int64_t sequence; /* of the book that was sent last; -1: none */
	} symbols[];
};

void
market_stream_free(struct market_stream *stream)
{
	if (stream == NULL)
		return;
	(void)atomic_fetch_sub(&stream->call.floor->streams, 1);
	buffer_release(&stream->text);
	free(stream);
}

/* Room for `count` symbols; NULL: out of memory, or there are enough streams. */
static struct market_stream *
stream_new(const struct call *call, size_t count)
{
	struct market_stream *stream = calloc(1, sizeof(*stream) + count * sizeof(stream->symbols[0]));

	if (stream == NULL)
		return NULL;
	stream->call = *call;
	stream->call.path = "/paper/stream"; /* the request's own does not last */
	stream->levels = call_count(call, "levels", LEVELS_FALLBACK, STREAM_LEVELS_MOST);
	buffer_init(&stream->text, TEXT_LIMIT);
	if (atomic_fetch_add(&call->floor->streams, 1) < STREAMS_MOST)
		return stream;
	market_stream_free(stream);
	return NULL;
}

static void
add_symbol(struct market_stream *stream, const struct listing *listing)
{
	stream->symbols[stream->count].listing = listing;
	stream->symbols[stream->count++].sequence = -1;
}

/* Those that `names` lists, in its order.  False: one is not known, or they are more than there are. */
static bool
add_named(struct market_stream *stream, const char *names, size_t most)
{
	char native[sizeof(((struct listing *)NULL)->native)];

	for (const char *at = names; stream->count < most; at++) {
		size_t length = strcspn(at, ",");
		const struct listing *listing;

		(void)snprintf(native, sizeof(native), "%.*s", (int)length, at);
		listing = length < sizeof(native) ? call_listing(&stream->call, native) : NULL;
		if (listing == NULL)
			return false;
		add_symbol(stream, listing);
		at += length;
		if (*at == '\0')
			return true;
	}
	return false;
}

void
market_stream_answer(const struct call *call, struct answer *answer)
{
	const char *names = call_argument(call, "symbols");
	struct listings all = call_listings(call);
	struct market_stream *stream = stream_new(call, all.count);

	if (stream == NULL) {
		answer_trouble(call, answer, TROUBLE_THROTTLED);
	} else if (names != NULL && !add_named(stream, names, all.count)) {
		market_stream_free(stream);
		answer_trouble(call, answer, TROUBLE_BAD_REQUEST);
	} else {
		for (size_t i = 0; names == NULL && i < all.count; i++)
			add_symbol(stream, all.list + i);
		answer->stream = stream;
	}
}

static char *
put(char *at, const char *text)
{
	size_t length = strlen(text);

	memcpy(at, text, length);
	return at + length;
}

/* Numbers are written by hand: these are most of what a stream costs. */
static char *
put_units(char *at, int64_t units, int decimals)
{
	units_text(at, units, decimals);
	return at + strlen(at);
}

static char *
put_side(char *at, const struct listing *listing, const struct level *side, size_t levels)
{
	for (size_t i = 0; i < levels; i++) {
		at = put(at, i > 0 ? ",[\"" : "[\"");
		at = put_units(at, side[i].price, listing->price_decimals);
		at = put(at, "\",\"");
		at = put_units(at, side[i].quantity, listing->quantity_decimals);
		at = put(at, "\"]");
	}
	return at;
}

static void
add_event(struct market_stream *stream, const struct book *book, const char *sent)
{
	char *room = buffer_reserve(&stream->text, EVENT_ROOM), *at = room;

	if (room == NULL)
		return;
	at = put(at, "data: {\"symbol\":\"");
	at = put(at, book->listing->native);
	at = put(at, "\",\"sequence\":");
	at = put_units(at, book->sequence, 0);
	at = put(at, ",\"time\":");
	at = put_units(at, book->time_ms, 0);
	at = put(at, ",\"sent\":");
	at = put(at, sent);
	at = put(at, ",\"bids\":[");
	at = put_side(at, book->listing, book->bids, stream->levels);
	at = put(at, "],\"asks\":[");
	at = put_side(at, book->listing, book->asks, stream->levels);
	at = put(at, "]}\n\n");
	stream->text.length += (size_t)(at - room);
}

/* Now, by the venue's clock, less the delay: when the venue sent what arrives late. */
static void
sent_text(const struct market_stream *stream, char text[SENT_TEXT])
{
	int64_t off_ms = stream->call.now_ms - stream->call.wall_ms - stream->delay_ms;
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	units_text(text, (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + off_ms * 1000, 3);
}

/* The books of stream->tick that have changed. */
static void
add_books(struct market_stream *stream)
{
	const struct fault_setting *gap = &stream->call.faults[FAULT_GAP];
	struct call call = stream->call;
	char sent[SENT_TEXT];
	struct book book;

	sent_text(stream, sent);
	call.now_ms += stream->tick * TICK_MS - call.wall_ms;
	call.wall_ms = stream->tick * TICK_MS;
	for (size_t i = 0; i < stream->count; i++) {
		call_book(&call, stream->symbols[i].listing, &book, stream->levels);
		if (book.sequence <= stream->symbols[i].sequence)
			continue;
		stream->symbols[i].sequence = book.sequence;
		stream->events++;
		if (!gap->on || stream->events % gap->number != 0)
			add_event(stream, &book, sent);
	}
}

/* Whether a fault, or its reader, ends the stream now. */
static bool
is_over(const struct market_stream *stream)
{
	static const enum fault ends[] = { FAULT_5XX, FAULT_418, FAULT_BAN, FAULT_429, FAULT_THROTTLE,
		FAULT_REDIRECT };
	const struct fault_setting *faults = stream->call.faults;
	int64_t now_ms = stream->call.wall_ms;

	if (faults[FAULT_RESET].on)
		(void)deliver_reset(stream->connection);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (faults[ends[i]].on)
			return true;
	return faults[FAULT_RESET].on || now_ms - stream->made_ms > LATE_MS ||
	       now_ms - stream->delay_ms - stream->tick * TICK_MS > LATE_MS ||
	       (faults[FAULT_CUT].on && now_ms - stream->opened_ms >= faults[FAULT_CUT].number);
}

static void
look_at_faults(struct market_stream *stream)
{
	struct call *call = &stream->call;
	const struct fault_setting *latency = &call->faults[FAULT_LATENCY];
	int64_t delay_ms;

	faults_of(&call->floor->faults, call->index, call->path, call->faults);
	call->wall_ms = call->now_ms = wall_clock_ms();
	if (call->faults[FAULT_SKEW].on)
		call->now_ms += call->faults[FAULT_SKEW].number;
	call_end_bans(call);
	delay_ms = latency->on ? latency->number : 0;
	/* What a shorter delay would send at once is left out. */
	if (delay_ms < stream->delay_ms)
		stream->tick = (call->wall_ms - delay_ms) / TICK_MS - 1;
	stream->delay_ms = delay_ms;
}

/* What is to be sent now; nothing yet, after a while; or false: the stream has ended. */
static bool
make_text(struct market_stream *stream)
{
	int64_t now_ms, next_ms;

	stream->text.length = stream->taken = 0;
	look_at_faults(stream);
	now_ms = stream->call.wall_ms;
	if (is_over(stream) || stream->text.failed)
		return false;
	next_ms = (stream->tick + 1) * TICK_MS + stream->delay_ms;
	if (now_ms >= next_ms) {
		stream->tick++;
		add_books(stream);
	}
	if (now_ms >= stream->alive_ms + ALIVE_MS) {
		buffer_string(&stream->text, ": alive\n\n");
		stream->alive_ms = now_ms;
	}
	stream->made_ms = now_ms;
	if (stream->text.length > 0 || now_ms >= next_ms)
		return true;
	next_ms = next_ms < stream->alive_ms + ALIVE_MS ? next_ms : stream->alive_ms + ALIVE_MS;
	return server_pause(stream->server, next_ms - now_ms);
}

static ssize_t
read_stream(void *context, uint64_t position, char *out, size_t room)
{
	struct market_stream *stream = context;
	size_t left;

	(void)position;
	while (stream->taken == stream->text.length)
		if (!make_text(stream))
			return MHD_CONTENT_READER_END_WITH_ERROR;
	left = stream->text.length - stream->taken;
	left = left < room ? left : room;
	memcpy(out, stream->text.text + stream->taken, left);
	stream->taken += left;
	return (ssize_t)left;
}

static void
free_stream(void *context)
{
	market_stream_free(context);
}

/* The kernel ends a connection whose client takes nothing.  (MHD 1.0 ignores a timeout of a single
 * connection.) */
static void
cut_stalled(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const unsigned most_ms = LATE_MS;

	if (info != NULL)
		(void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &most_ms, sizeof(most_ms));
}

struct MHD_Response *
market_stream_response(struct server *server, struct MHD_Connection *connection, struct answer *answer)
{
	struct market_stream *stream = answer->stream;
	struct MHD_Response *response =
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, stream, free_stream);

	if (response == NULL)
		return NULL;
	answer->stream = NULL;
	stream->server = server;
	stream->connection = connection;
	stream->opened_ms = stream->made_ms = stream->alive_ms = wall_clock_ms();
	stream->tick = stream->opened_ms / TICK_MS - 1;
	cut_stalled(connection);
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
	return response;
}
