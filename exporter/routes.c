#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "exporter/health/json.h"
#include "exporter/page/page.h"
#include "exporter/routes.h"
#include "web/request_head.h"

/* Of an answer that is being sent, whether or not its client reads. */
enum { LARGEST_PIECE = 64 * 1024 };

static const char no_content[] = "default-src 'none'; frame-ancestors 'none'";
static const char plain_text[] = "text/plain; charset=utf-8";

void
site_init(struct site *site, struct exposition *exposition, struct telemetry *telemetry)
{
	*site = (struct site){ .exposition = exposition, .telemetry = telemetry };
	(void)pthread_mutex_init(&site->lock, NULL);
	(void)pthread_mutex_init(&site->settings_lock, NULL);
}

void
site_release(struct site *site)
{
	exposition_free(site->exposition);
	(void)pthread_mutex_destroy(&site->lock);
	(void)pthread_mutex_destroy(&site->settings_lock);
}

void
site_configure(struct site *site, double textfile_max_age, const struct health_settings *health)
{
	(void)pthread_mutex_lock(&site->settings_lock);
	site->textfile_max_age = textfile_max_age;
	site->health = *health;
	(void)pthread_mutex_unlock(&site->settings_lock);
}

/* With the exposition locked: look at the directory, by the settings of now. */
static struct health_settings
refresh(struct site *site, double now)
{
	struct health_settings health;
	double max_age;

	(void)pthread_mutex_lock(&site->settings_lock);
	max_age = site->textfile_max_age;
	health = site->health;
	(void)pthread_mutex_unlock(&site->settings_lock);
	exposition_set_max_age(site->exposition, max_age);
	exposition_refresh(site->exposition, now);
	return health;
}

bool
site_is_costly(enum route route)
{
	return route == ROUTE_METRICS || route == ROUTE_HEALTH || route == ROUTE_PAGE;
}

static void
add_header(struct answer *answer, const char *name, const char *value)
{
	if (answer->response != NULL && MHD_add_response_header(answer->response, name, value) != MHD_YES) {
		MHD_destroy_response(answer->response);
		answer->response = NULL;
	}
}

/* The text becomes the response's. */
static void
answer_text(struct answer *answer, unsigned code, const char *type, struct buffer *text)
{
	answer->code = code;
	answer->policy = no_content;
	answer->response =
	    text->failed ? NULL
			 : MHD_create_response_from_buffer(text->length, text->text, MHD_RESPMEM_MUST_FREE);
	if (answer->response == NULL)
		buffer_release(text);
	add_header(answer, "Content-Type", type);
}

void
site_say(unsigned code, const char *text, struct answer *answer)
{
	struct buffer copy;

	buffer_init(&copy, 4096);
	buffer_string(&copy, text);
	buffer_string(&copy, "\n");
	answer_text(answer, code, plain_text, &copy);
}

/* --- /metrics --- */

static void
free_body(void *context)
{
	body_release(context);
	free(context);
}

static ssize_t
read_body(void *context, uint64_t position, char *out, size_t room)
{
	size_t length = body_read(context, position, out, room);

	return length > 0 ? (ssize_t)length : MHD_CONTENT_READER_END_OF_STREAM;
}

/*
 * Through a piece of memory of its own.  libmicrohttpd would send slices as
 * they are, but copies the list of them to what a request's headers leave of
 * its memory, and aborts when they leave too little.
 */
static struct MHD_Response *
respond_with(struct body *body)
{
	size_t piece = body->length < LARGEST_PIECE ? body->length : LARGEST_PIECE;

	return MHD_create_response_from_callback(body->length, piece, read_body, body, free_body);
}

static void
answer_metrics(struct site *site, const char *accept, struct answer *answer)
{
	bool gzip = accepts_gzip(accept);
	struct body *body = malloc(sizeof(*body));
	double now = clock_unix_seconds();
	int made = -1;

	answer->response = NULL;
	if (body != NULL) {
		(void)pthread_mutex_lock(&site->lock);
		(void)refresh(site, now);
		made = exposition_write(site->exposition, gzip, body);
		(void)pthread_mutex_unlock(&site->lock);
		if (made == 0)
			made = body_finish(body, site->telemetry, gzip);
		if (made == 0)
			answer->response = respond_with(body);
	}
	answer->code = MHD_HTTP_OK;
	answer->policy = no_content;
	if (answer->response == NULL) {
		if (made == 0)
			body_release(body);
		free(body);
	}
	add_header(answer, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
	add_header(answer, "Vary", "Accept-Encoding");
	if (gzip)
		add_header(answer, "Content-Encoding", "gzip");
}

/* --- Health --- */

static int
read_report(struct site *site, struct health_report *report)
{
	double now = clock_unix_seconds();
	struct health_settings settings;
	int result;

	(void)pthread_mutex_lock(&site->lock);
	settings = refresh(site, now);
	settings.directory = exposition_unlisted(site->exposition);
	result = health_read(exposition_store(site->exposition), &settings, now, report);
	(void)pthread_mutex_unlock(&site->lock);
	return result;
}

static void
answer_ready(const struct health_report *report, struct answer *answer)
{
	char text[2 * HEALTH_REASON];

	(void)snprintf(text, sizeof(text), "%s%s%s", health_verdict_name(report->verdict),
	    *report->summary != '\0' ? ": " : "", report->summary);
	site_say(
	    report->verdict == VERDICT_UNHEALTHY ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, text, answer);
}

static void
answer_report(struct site *site, enum route route, struct answer *answer)
{
	struct health_report report = { 0 };
	struct buffer text;

	if (read_report(site, &report) != 0) {
		answer->response = NULL;
	} else if (route == ROUTE_HEALTH) {
		buffer_init(&text, HEALTH_JSON_LIMIT);
		health_json(&report, &text);
		answer_text(answer, MHD_HTTP_OK, "application/json", &text);
	} else if (route == ROUTE_PAGE) {
		buffer_init(&text, PAGE_LIMIT);
		page_write(&report, &text);
		answer_text(answer, MHD_HTTP_OK, "text/html; charset=utf-8", &text);
		answer->policy = page_security_policy();
	} else {
		answer_ready(&report, answer);
	}
	health_release(&report);
}

void
site_answer(struct site *site, enum route route, const char *accept, struct answer *answer)
{
	*answer = (struct answer){ .code = MHD_HTTP_INTERNAL_SERVER_ERROR, .policy = no_content };
	switch (route) {
	case ROUTE_METRICS: answer_metrics(site, accept, answer); break;
	case ROUTE_HEALTH_LIVE:
	case ROUTE_HEALTHY: site_say(MHD_HTTP_OK, "alive", answer); break;
	case ROUTE_HEALTH:
	case ROUTE_HEALTH_READY:
	case ROUTE_READY:
	case ROUTE_PAGE: answer_report(site, route, answer); break;
	default: site_say(MHD_HTTP_NOT_FOUND, "not found", answer); break;
	}
	if (answer->response == NULL)
		site_say(MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory", answer);
}
