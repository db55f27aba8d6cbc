#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "demo/paper_exchange/deliver.h"
#include "demo/paper_exchange/market_stream.h"

static const char html[] = "<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head>\n"
			   "<body><h1>Checking your browser before you continue</h1></body></html>\n";
enum { BLOCK = 32768 };

/* A body that is made while it is sent. */
struct stream {
	struct server *server;
	char *text; /* owned */
	size_t length;
	int64_t pause_ms; /* before each byte; 0: all at once */
};

static ssize_t
stream_read(void *context, uint64_t position, char *out, size_t room)
{
	struct stream *stream = context;
	size_t count = 0;

	if (stream->pause_ms > 0) {
		if (!server_pause(stream->server, stream->pause_ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		room = 1;
	}
	if (position < stream->length) {
		count = stream->length - (size_t)position;
		count = count < room ? count : room;
		memcpy(out, stream->text + position, count);
	}
	/* Blanks behind a JSON text are JSON too. */
	if (stream->pause_ms == 0)
		memset(out + count, ' ', room - count);
	return (ssize_t)(stream->pause_ms == 0 ? room : count);
}

static void
stream_free(void *context)
{
	struct stream *stream = context;

	free(stream->text);
	free(stream);
}

/* `text` is taken over. */
static struct MHD_Response *
streamed(struct server *server, char *text, size_t length, uint64_t size, int64_t pause_ms)
{
	struct stream *stream = malloc(sizeof(*stream));
	struct MHD_Response *response = NULL;

	if (stream != NULL) {
		*stream = (struct stream){ server, text, length, pause_ms };
		response = MHD_create_response_from_callback(size, BLOCK, stream_read, stream, stream_free);
	}
	if (response == NULL) {
		free(stream);
		free(text);
	}
	return response;
}

static struct MHD_Response *
response_of(struct server *server, char *text, const struct fault_setting faults[FAULTS])
{
	size_t length = strlen(text);
	struct MHD_Response *response;

	if (faults[FAULT_HUGE].on)
		return streamed(server, text, length, length + (uint64_t)faults[FAULT_HUGE].number, 0);
	if (faults[FAULT_TRUNCATED].on)
		length /= 2;
	if (faults[FAULT_DRIP].on)
		return streamed(server, text, length, length, faults[FAULT_DRIP].number);
	response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(text);
	return response;
}

/* The venue's clock, not ours: MHD's own Date is turned off. */
static void
add_date(struct MHD_Response *response, int64_t now_ms)
{
	time_t seconds = now_ms / 1000;
	char text[64];
	struct tm parts;

	(void)gmtime_r(&seconds, &parts);
	(void)strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
	(void)MHD_add_response_header(response, "Date", text);
}

enum MHD_Result
deliver(struct server *server, struct MHD_Connection *connection, struct answer *answer,
    const struct fault_setting faults[FAULTS], int64_t now_ms)
{
	const char *type = "application/json; charset=utf-8";
	struct MHD_Response *response = NULL;
	enum MHD_Result result;
	char *text;

	if (answer->stream != NULL && !faults[FAULT_CONTENT_TYPE].on) {
		type = "text/event-stream";
		response = market_stream_response(server, connection, answer);
	} else {
		if (faults[FAULT_CONTENT_TYPE].on)
			type = "text/html; charset=utf-8";
		text = faults[FAULT_CONTENT_TYPE].on
			   ? strdup(html)
			   : json_dumps(answer->body, JSON_COMPACT | JSON_REAL_PRECISION(15));
		response = text != NULL ? response_of(server, text, faults) : NULL;
	}
	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, "Content-Type", type);
	add_date(response, now_ms);
	for (size_t i = 0; i < answer->header_count; i++)
		(void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	result = MHD_queue_response(connection, (unsigned)answer->status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result
deliver_reset(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	/* On Linux this is what sends a reset now; SO_LINGER would come after MHD's own shutdown(). */
	if (info != NULL)
		(void)connect(info->connect_fd, &nowhere, sizeof(nowhere));
	return MHD_NO;
}
