/*
 * An answer on its way to libmicrohttpd, which owns its body from then on.  Each
 * answer has a copy of its own: how many there can be at once is limited by
 * web_limits.requests.  Headers forbid a browser what an answer does not need.
 */

#include "web/request.h"

#include <string.h>

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

void
web_answer_redirect(struct web_answer *answer, const char *location)
{
	size_t length = strlen(location);

	answer->code = MHD_HTTP_SEE_OTHER;
	answer->type = NULL;
	/* A line break would begin another header. */
	for (const char *c = location; *c != '\0'; c++)
		answer->body.failed = answer->body.failed || *c <= ' ' || *c > '~';
	answer->body.failed = answer->body.failed || length >= sizeof(answer->location);
	if (!answer->body.failed)
		memcpy(answer->location, location, length + 1);
}

/* --- Sending --- */

static void
add_headers(struct MHD_Response *response, const struct web_config *config, const struct web_answer *answer)
{
	const char *values[WEB_HEADERS] = { answer->policy != NULL ? answer->policy : no_content, "DENY",
		"nosniff", NULL, NULL };

	if (answer->type != NULL)
		(void)MHD_add_response_header(response, "Content-Type", answer->type);
	if (*answer->location != '\0')
		(void)MHD_add_response_header(response, "Location", answer->location);
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
		*answer = (struct web_answer){ 0 };
		buffer_init(&answer->body, SIZE_MAX);
		web_answer_text(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	}
	response =
	    MHD_create_response_from_buffer(answer->body.length, answer->body.text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		buffer_release(&answer->body);
		return MHD_NO;
	}
	answer->body = (struct buffer){ 0 }; /* the response's now */
	add_headers(response, config, answer);
	if (last)
		(void)MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(connection, answer->code, response);
	MHD_destroy_response(response);
	return result;
}
