/*
 * Each answer that depends on the directory looks at it first, so that no
 * answer is older than its request.  One lock makes requests that come
 * together wait for one look, and protects all that is made of the files until
 * the answer has a copy.
 *
 * Orchestrators act on codes: /health/live never looks at the directory, and
 * waits for no answer that does, since a restart of the exporter would not mend
 * it, and /health answers 200 with
 * any verdict, because its reader wants the body.
 */

#include "exporter/routes.h"

#include <stdio.h>
#include <string.h>

#include "common/deadline.h"
#include "exporter/page/page.h"

int
routes_init(struct routes *routes, struct exposition *exposition, struct telemetry *telemetry)
{
	*routes = (struct routes){ .exposition = exposition, .recent = recent_new(), .telemetry = telemetry };
	web_metrics_init(&telemetry->web, routes_table);
	(void)pthread_mutex_init(&routes->lock, NULL);
	return routes->recent != NULL ? 0 : -1;
}

void
routes_release(struct routes *routes)
{
	exposition_free(routes->exposition);
	recent_free(routes->recent);
	(void)pthread_mutex_destroy(&routes->lock);
}

void
routes_configure(struct routes *routes, double textfile_max_age, double health_max_age)
{
	atomic_store(&routes->textfile_max_age, textfile_max_age);
	atomic_store(&routes->health_max_age, health_max_age);
}

/* Looks at the directory, by the settings of now.  The caller holds the lock. */
static void
refresh(struct routes *routes, double now)
{
	exposition_set_max_age(routes->exposition, atomic_load(&routes->textfile_max_age));
	exposition_refresh(routes->exposition, now);
}

enum collect { COLLECT_ALL, COLLECT_FILES, COLLECT_UNKNOWN };

/* node_exporter's parameter for a part of what it has: Prometheus asks for the collectors' files alone, every
 * second. */
static enum collect
read_collect(const char *query)
{
	enum collect collect = COLLECT_ALL;
	struct web_parameter parameter;

	while (collect != COLLECT_UNKNOWN && web_query_next(&query, &parameter)) {
		if (strcmp(parameter.name, "collect[]") == 0)
			collect = strcmp(parameter.value, "textfile") == 0 ? COLLECT_FILES : COLLECT_UNKNOWN;
	}
	return collect;
}

static void
answer_metrics(void *context, const struct web_request *request, struct web_answer *answer)
{
	struct routes *routes = context;
	enum collect collect = read_collect(request->query);

	if (collect == COLLECT_UNKNOWN) {
		web_answer_text(answer, 400,
		    "unknown collector: collect[]=textfile asks for the collectors' files, and a request without "
		    "collect[] for everything");
		return;
	}
	answer->type = "text/plain; version=0.0.4; charset=utf-8";
	/* A cache in between must not give packed text to a client that cannot read it. */
	answer->headers[0][0] = "Vary";
	answer->headers[0][1] = "Accept-Encoding";
	if (request->gzip) {
		answer->headers[1][0] = "Content-Encoding";
		answer->headers[1][1] = "gzip";
	}
	(void)pthread_mutex_lock(&routes->lock);
	if (collect == COLLECT_FILES)
		exposition_join_files(routes->exposition);
	refresh(routes, clock_unix_seconds());
	if (exposition_write(routes->exposition, collect == COLLECT_FILES ? NULL : routes->telemetry,
		request->gzip, &answer->body) != 0)
		answer->body.failed = true;
	(void)pthread_mutex_unlock(&routes->lock);
}

/* --- Health --- */

/* False: out of memory, and the answer says so.  The report is for health_release() in both cases. */
static bool
read_report(struct routes *routes, struct health_report *report, struct web_answer *answer)
{
	double now = clock_unix_seconds();
	struct health_settings settings;

	(void)pthread_mutex_lock(&routes->lock);
	refresh(routes, now);
	settings = (struct health_settings){ atomic_load(&routes->health_max_age),
		exposition_unlisted(routes->exposition), routes->telemetry->expected };
	answer->body.failed = health_read(exposition_store(routes->exposition), &settings, now, report) != 0;
	if (!answer->body.failed)
		recent_apply(routes->recent, report);
	(void)pthread_mutex_unlock(&routes->lock);
	return !answer->body.failed;
}

static void
answer_health(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct routes *routes = context;
	struct open_alerts alerts;
	struct health_report report;

	(void)request;
	alerts_watch_copy(routes->alerts, &alerts);
	if (read_report(context, &report, answer))
		health_json(&report, &alerts, &answer->body);
	web_answer_json(answer, 200);
	health_release(&report);
}

static void
answer_page(void *context, const struct web_request *request, struct web_answer *answer)
{
	const struct routes *routes = context;
	struct open_alerts alerts;
	struct health_report report;

	alerts_watch_copy(routes->alerts, &alerts);
	if (read_report(context, &report, answer))
		page_write(&report, &alerts, strcmp(request->path, "/watch") == 0, &answer->body);
	web_answer_html(answer, 200, page_security_policy());
	health_release(&report);
}

static void
answer_ready(void *context, const struct web_request *request, struct web_answer *answer)
{
	struct health_report report;
	char text[2 * HEALTH_REASON];

	(void)request;
	if (read_report(context, &report, answer)) {
		(void)snprintf(text, sizeof(text), "%s%s%s", health_verdict_name(report.verdict),
		    *report.summary != '\0' ? ": " : "", report.summary);
		web_answer_text(answer, report.verdict == VERDICT_UNHEALTHY ? 503 : 200, text);
	}
	health_release(&report);
}

static void
answer_alive(void *context, const struct web_request *request, struct web_answer *answer)
{
	(void)context;
	(void)request;
	web_answer_text(answer, 200, "alive");
}

const struct web_route routes_table[] = {
	{ .path = "/metrics", .answer = answer_metrics, .costly = true, .slow = true },
	{ .path = "/health", .answer = answer_health, .costly = true, .slow = true },
	{ .path = "/health/ready", .answer = answer_ready, .slow = true },
	{ .path = "/health/live", .answer = answer_alive },
	{ .path = "/-/healthy", .answer = answer_alive },
	{ .path = "/-/ready", .answer = answer_ready, .slow = true },
	{ .path = "/", .answer = answer_page, .costly = true, .slow = true },
	{ .path = "/watch", .answer = answer_page, .costly = true, .slow = true },
	{ 0 },
};
