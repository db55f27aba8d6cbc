/*
 * Three kinds of answers.  What takes alerts is answered together by a thread of its own.  What may wait for
 * PostgreSQL is `slow` and waits for others of its kind.  /metrics and probes are neither: that PostgreSQL
 * hangs must not look as if the relay was down.
 *
 * Adapters only: the types of the parts differ from that of the web's callbacks, and a cast of function
 * pointers is undefined. Slow requests are answered one at a time, so a PostgreSQL that hangs costs one
 * thread.
 */

#include "relay/serve.h"

#include "relay/relay.h"

static void
take(void *context, struct web_exchange *const exchanges[], size_t count)
{
	struct relay *relay = context;

	feeds_take(&relay->feeds, exchanges, count);
}

static void
answer_status(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	(void)request;
	feeds_status(relay->metrics.started, answer);
}

/* --- The API and the page --- */

static void
answer_open(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_open_alerts(&relay->api, request, answer);
}

static void
answer_alerts(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_alerts(&relay->api, request, answer);
}

static void
answer_alert(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_alert(&relay->api, request, answer);
}

static void
answer_acknowledge(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_acknowledge(&relay->api, request, answer);
}

static void
answer_mute(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_mute(&relay->api, request, answer);
}

static void
answer_mutes(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_mutes(&relay->api, request, answer);
}

static void
answer_stats(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	api_stats(&relay->api, request, answer);
}

static void
answer_front(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	page_front(&relay->page, request, answer);
}

static void
answer_incident(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	page_incident(&relay->page, request, answer);
}

static void
answer_link(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	page_link(&relay->page, request, answer);
}

static void
answer_form(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct relay *relay = context;

	page_acknowledge(&relay->page, request, answer);
}

/* --- Monitoring --- */

static void
answer_metrics(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)request;
	answer->code = 200;
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	relay_metrics_write(context, &answer->body);
}

static void
answer_health(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)request;
	relay_health_write(context, &answer->body);
	web_answer_json(answer, 200);
}

static void
answer_alive(void *context, const struct web_request *request, struct web_answer *answer)
{
	/* It looks at nothing: it says that the web server's
	 * loop turns, and a full disk is no reason to restart. */
	(void)context;
	(void)request;
	web_answer_text(answer, 200, "alive");
}

static void
answer_ready(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)request;
	if (relay_ready(context))
		web_answer_text(answer, 200, "ready");
	else
		web_answer_text(answer, 503, "not ready: alerts cannot be written to the disk");
}

/* A path with a '/' at its end stands for all below it, except "/" itself. A row with a
 * body_limit is for POST, one without for GET, so a path may be there twice. The number of
 * `costly` ones at once is limited, so that many readers of the page do not keep alerts
 * waiting. The routes that take alerts are not costly: they must never be refused for that. */
const struct web_route relay_routes[] = {
	{ .path = "/webhook/", .together = take, .body_limit = FEED_BODY },
	{ .path = "/api/v2/alerts", .together = take, .body_limit = FEED_BODY },
	{ .path = "/observe/api/v2/alerts", .together = take, .body_limit = FEED_BODY },
	{ .path = "/api/v2/alerts", .answer = answer_open, .costly = true },
	{ .path = "/api/v2/status", .answer = answer_status },
	{ .path = "/api/v1/alerts", .answer = answer_alerts, .costly = true, .slow = true },
	{ .path = "/api/v1/alerts/", .answer = answer_alert, .costly = true, .slow = true },
	{ .path = "/api/v1/alerts/", .answer = answer_acknowledge, .slow = true, .body_limit = API_BODY },
	{ .path = "/api/v1/mute", .answer = answer_mute, .slow = true, .body_limit = API_BODY },
	{ .path = "/api/v1/mutes", .answer = answer_mutes, .costly = true, .slow = true },
	{ .path = "/api/v1/stats", .answer = answer_stats, .costly = true, .slow = true },
	{ .path = "/", .answer = answer_front, .costly = true, .slow = true },
	{ .path = "/watch", .answer = answer_front, .costly = true, .slow = true },
	{ .path = "/incident/", .answer = answer_incident, .costly = true, .slow = true },
	{ .path = "/ack/", .answer = answer_link, .costly = true, .slow = true },
	{ .path = "/ack/",
	    .answer = answer_form,
	    .slow = true,
	    .has_token = true,
	    .body_limit = PAGE_FORM_LIMIT },
	{ .path = "/metrics", .answer = answer_metrics, .costly = true },
	{ .path = "/health", .answer = answer_health, .costly = true },
	{ .path = "/-/healthy", .answer = answer_alive },
	{ .path = "/-/ready", .answer = answer_ready },
	{ 0 },
};
