/*
 * An answer on its way to libmicrohttpd.  A large text that several answers
 * begin with is counted, not copied: a hundred slow clients must not cost a
 * hundred copies of it.  Headers forbid a browser what an answer does not need.
 */

#include <stdlib.h>
#include <string.h>

#include "web/request.h"

enum { PIECE = 64 * 1024 };

static const char no_content[] = "default-src 'none'; frame-ancestors 'none'";

void
web_answer_text(struct web_answer *answer, unsigned code, const char *line)
{
	answer->code = code;
	answer->type = "text/plain; charset=utf-8";
	buffer_string(&answer->body, line);
	buffer_string(&answer->body, "\n");
}

void
web_answer_json(struct web_answer *answer, unsigned code)
{
	answer->code = code;
	answer->type = "application/json";
}

void
web_answer_html(struct web_answer *answer, unsigned code, const char *policy)
{
	answer->code = code;
	answer->type = "text/html; charset=utf-8";
	answer->policy = policy;
}

/* --- Texts that are shared --- */

struct web_text *
web_text_new(void)
{
	struct web_text *text = calloc(1, sizeof(*text));

	if (text == NULL)
		return NULL;
	atomic_init(&text->references, 1);
	buffer_init(&text->text, SIZE_MAX);
	return text;
}

struct web_text *
web_text_keep(struct web_text *text)
{
	atomic_fetch_add(&text->references, 1);
	return text;
}

void
web_text_drop(struct web_text *text)
{
	if (text == NULL || atomic_fetch_sub(&text->references, 1) > 1)
		return;
	buffer_release(&text->text);
	free(text);
}

/* What a response with a shared beginning is made from. */
struct parts {
	struct web_text *start;
	struct buffer body;
};

static void
free_parts(void *context)
{
	struct parts *parts = context;

	web_text_drop(parts->start);
	buffer_release(&parts->body);
	free(parts);
}

static ssize_t
read_parts(void *context, uint64_t position, char *out, size_t room)
{
	const struct parts *parts = context;
	const struct buffer *from = &parts->start->text;
	size_t at = (size_t)position;

	if (at >= from->length) {
		at -= from->length;
		from = &parts->body;
	}
	if (at >= from->length)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (room > from->length - at)
		room = from->length - at;
	memcpy(out, from->text + at, room);
	return (ssize_t)room;
}

/*
 * libmicrohttpd copies from a callback through a piece of memory of its own.
 * It could send several pieces as they are, but it keeps the list of them in
 * what a request's headers leave of its memory, and aborts when they leave too
 * little.
 */
static struct MHD_Response *
respond_with_parts(struct web_answer *answer)
{
	struct parts *parts = malloc(sizeof(*parts));
	struct MHD_Response *response = NULL;

	if (parts != NULL) {
		*parts = (struct parts){ answer->start, answer->body };
		response = MHD_create_response_from_callback(
		    answer->start->text.length + answer->body.length, PIECE, read_parts, parts, free_parts);
	}
	if (response == NULL) {
		free(parts);
		web_text_drop(answer->start);
	}
	return response;
}

/* --- Sending --- */

static void
add_headers(struct MHD_Response *response, const struct web_config *config, const struct web_answer *answer)
{
	const char *values[WEB_HEADERS] = { answer->policy != NULL ? answer->policy : no_content, "DENY",
		"nosniff", NULL, NULL };

	(void)MHD_add_response_header(response, "Content-Type", answer->type);
	for (size_t i = 0; i < sizeof(answer->headers) / sizeof(answer->headers[0]); i++)
		if (answer->headers[i][0] != NULL)
			(void)MHD_add_response_header(response, answer->headers[i][0], answer->headers[i][1]);
	for (int i = 0; i < WEB_HEADERS; i++) {
		const char *value = config->headers[i] != NULL ? config->headers[i] : values[i];

		if (value != NULL)
			(void)MHD_add_response_header(response, web_header_names[i], value);
	}
	(void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	/* Answers are about now: a stored one would show an old state as the current one. */
	(void)MHD_add_response_header(response, "Cache-Control", "no-store");
}

enum MHD_Result
answer_send(
    struct MHD_Connection *connection, const struct web_config *config, struct web_answer *answer, bool last)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	/* Half of an answer must not look like a whole one. */
	if (answer->body.failed) {
		buffer_release(&answer->body);
		web_text_drop(answer->start);
		*answer = (struct web_answer){ 0 };
		buffer_init(&answer->body, SIZE_MAX);
		web_answer_text(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	}
	response = answer->start != NULL ? respond_with_parts(answer)
					 : MHD_create_response_from_buffer(
					       answer->body.length, answer->body.text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		buffer_release(&answer->body);
		return MHD_NO;
	}
	add_headers(response, config, answer);
	if (last)
		(void)MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(connection, answer->code, response);
	MHD_destroy_response(response);
	return result;
}
