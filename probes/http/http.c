#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "probes/http/system.h"
#include "probes/http/transfer.h"

/* Scheme, name and port, and its requests that wait for their turn. */
struct host {
	struct slice name;
	struct job *first, *last;
	size_t in_flight;
	bool known; /* how many connections it takes: see start_waiting() */
};

struct job {
	struct http_request request;
	struct http_response *response;
	struct buffer body;
	struct host *host;
	struct job *next; /* at the same host */
};

struct http_client {
	CURLM *multi;
	struct http_settings settings; /* its texts are owned */
	struct http_transfer **transfers;
	size_t transfer_count;
	struct http_transfer *idle;
	size_t active;

	/* Of one http_ask(); the bodies until the next one. */
	const struct http_watch *watch;
	struct job *jobs;
	struct host *hosts;
	size_t job_count, host_count;
	size_t unknown; /* hosts */
};

const char *
http_phase_name(enum http_phase phase)
{
	static const char *const names[HTTP_PHASES] = { "resolve", "connect", "tls", "first_byte",
		"transfer" };

	return names[phase];
}

static bool
copy(const char **to, const char *from)
{
	*to = from != NULL ? strdup(from) : NULL;
	return from == NULL || *to != NULL;
}

static bool
set_up(struct http_client *client, const struct http_settings *settings)
{
	client->settings = *settings;
	client->settings.ca_file = client->settings.user_agent = NULL;
	client->multi = curl_multi_init();
	return client->multi != NULL && copy(&client->settings.ca_file, settings->ca_file) &&
	       copy(&client->settings.user_agent, settings->user_agent) &&
	       curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)settings->connections) ==
		   CURLM_OK &&
	       curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK;
}

struct http_client *
http_client_new(const struct http_settings *settings, struct failure *why)
{
	struct http_client *client;

	assert(settings->body_limit > 0 && settings->connections > 0);
	if (settings->ca_file != NULL && http_check_ca_file(settings->ca_file, why) != 0)
		return NULL;
	http_raise_file_limit();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)failure_set(why, FAILURE_LOCAL, "libcurl does not start");
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (client != NULL && set_up(client, settings))
		return client;
	(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	if (client == NULL)
		curl_global_cleanup();
	http_client_free(client);
	return NULL;
}

/* The answers of the last http_ask(). */
static void
release_jobs(struct http_client *client)
{
	for (size_t i = 0; i < client->job_count; i++)
		buffer_release(&client->jobs[i].body);
	free(client->jobs);
	free(client->hosts);
	client->jobs = NULL;
	client->hosts = NULL;
	client->job_count = client->host_count = client->unknown = 0;
}

void
http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	release_jobs(client);
	for (size_t i = 0; i < client->transfer_count; i++)
		http_transfer_free(client->transfers[i]);
	free(client->transfers);
	if (client->multi != NULL)
		(void)curl_multi_cleanup(client->multi);
	free((char *)client->settings.ca_file);
	free((char *)client->settings.user_agent);
	free(client);
	curl_global_cleanup();
}

static struct host *
host_of(struct http_client *client, struct slice name)
{
	struct host *host;

	/* From the end: the requests of one host come one after another. */
	for (size_t i = client->host_count; i > 0; i--)
		if (slice_equal(client->hosts[i - 1].name, name))
			return &client->hosts[i - 1];
	host = &client->hosts[client->host_count++];
	*host = (struct host){ .name = name, .known = !http_speaks_tls(name) };
	client->unknown += host->known ? 0 : 1;
	return host;
}

static void
prepare_body(struct http_client *client, struct job *job)
{
	size_t limit = job->request.body_limit;

	buffer_init(&job->body, limit != 0 ? limit : client->settings.body_limit);
}

static void
wait_at_the_end(struct job *job)
{
	if (job->host->last != NULL)
		job->host->last->next = job;
	else
		job->host->first = job;
	job->host->last = job;
}

static int
add_requests(struct http_client *client, const struct http_request requests[], size_t count,
    struct http_response responses[])
{
	client->jobs = calloc(count, sizeof(*client->jobs));
	client->hosts = calloc(count, sizeof(*client->hosts));
	if (client->jobs == NULL || client->hosts == NULL)
		return -1;
	client->job_count = count;
	for (size_t i = 0; i < count; i++) {
		struct job *job = &client->jobs[i];
		struct slice name;

		job->request = requests[i];
		job->response = &responses[i];
		prepare_body(client, job);
		if (http_url_host(requests[i].url, &name, &responses[i].failure) != 0)
			continue;
		job->host = host_of(client, name);
		wait_at_the_end(job);
	}
	return 0;
}

static struct http_transfer *
idle_transfer(struct http_client *client)
{
	struct http_transfer *t = client->idle, **more;

	if (t != NULL) {
		client->idle = t->next;
		return t;
	}
	more = realloc(client->transfers, (client->transfer_count + 1) * sizeof(*more));
	if (more == NULL)
		return NULL;
	client->transfers = more;
	t = http_transfer_new(&client->settings);
	if (t != NULL)
		client->transfers[client->transfer_count++] = t;
	return t;
}

static void
make_idle(struct http_client *client, struct http_transfer *t)
{
	t->next = client->idle;
	client->idle = t;
}

static void
start(struct http_client *client, struct job *job, struct deadline deadline)
{
	struct http_transfer *t = idle_transfer(client);

	if (t == NULL) {
		(void)failure_set(&job->response->failure, FAILURE_LOCAL, "out of memory");
		return;
	}
	t->job = job;
	if (http_transfer_start(t, &job->request, job->host->name, job->response, &job->body, deadline) !=
	    0) {
		make_idle(client, t);
	} else if (curl_multi_add_handle(client->multi, t->easy) != CURLM_OK) {
		http_transfer_finish(t, CURLE_OUT_OF_MEMORY);
		make_idle(client, t);
	} else {
		t->active = true;
		job->response->sent = true;
		job->host->in_flight++;
		client->active++;
	}
}

static bool
may_send(const struct http_client *client, const struct job *job)
{
	const struct http_watch *watch = client->watch;

	return watch == NULL || watch->may_send == NULL ||
	       watch->may_send(watch->context, (size_t)(job - client->jobs));
}

/*
 * A host with many requests gets them bit by bit, and one that hangs delays
 * nobody else.  With TLS the first goes alone until its connection is there:
 * with HTTP/2 all others then share it, with HTTP/1.1 they get their own.
 */
static void
start_waiting(struct http_client *client, struct host *host, struct deadline deadline)
{
	size_t most = host->known ? (client->settings.connections + 1) / 2 : 1;

	while (host->first != NULL && host->in_flight < most) {
		struct job *job = host->first;

		host->first = job->next;
		if (host->first == NULL)
			host->last = NULL;
		job->next = NULL;
		if (may_send(client, job))
			start(client, job, deadline);
		else
			(void)failure_set(&job->response->failure, FAILURE_REJECTED,
			    "%.*s: not sent: an answer before it asked for no more requests",
			    SLICE_ARGS(host->name));
	}
}

/* Returns whether anything new was started. */
static bool
start_next(struct http_client *client, struct host *host, struct deadline deadline)
{
	size_t before = client->active;

	client->unknown -= host->known ? 0 : 1;
	host->known = true;
	start_waiting(client, host, deadline);
	return client->active > before;
}

static void
end_transfer(struct http_client *client, struct http_transfer *t)
{
	struct job *job = t->job;

	t->active = false;
	job->host->in_flight--;
	client->active--;
	make_idle(client, t);
}

/* The next request of a job goes before what waits: a list is read to its end before another one is begun. */
static void
add_next(struct job *job, const struct http_request *next, struct http_client *client)
{
	struct slice name;

	buffer_release(&job->body);
	http_response_clear(job->response);
	job->request = *next;
	prepare_body(client, job);
	if (http_url_host(next->url, &name, &job->response->failure) != 0)
		return;
	if (!slice_equal(name, job->host->name)) {
		(void)failure_set(&job->response->failure, FAILURE_LOCAL,
		    "%.*s: the next request is for another host", SLICE_ARGS(job->host->name));
		return;
	}
	job->next = job->host->first;
	job->host->first = job;
	if (job->host->last == NULL)
		job->host->last = job;
}

static void
report_answer(struct http_client *client, struct job *job)
{
	const struct http_watch *watch = client->watch;
	struct http_request next = { 0 };

	if (watch == NULL || watch->answered == NULL)
		return;
	if (watch->answered(watch->context, (size_t)(job - client->jobs), job->response, &next)) {
		add_next(job, &next, client);
	} else if (watch->drop_bodies) {
		buffer_release(&job->body);
		job->response->body = (struct slice){ NULL, 0 };
	}
}

/* Take what is done, start what may start now.  Returns whether anything new was started. */
static bool
collect(struct http_client *client, struct deadline deadline)
{
	bool started = false;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
		struct http_transfer *t = NULL;
		CURLcode code = message->data.result;

		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		(void)curl_multi_remove_handle(client->multi, t->easy);
		http_transfer_finish(t, code);
		end_transfer(client, t);
		report_answer(client, t->job);
		started |= start_next(client, ((struct job *)t->job)->host, deadline);
	}
	for (size_t i = 0; client->unknown > 0 && i < client->transfer_count; i++) {
		struct http_transfer *t = client->transfers[i];
		struct host *host = t->active ? ((struct job *)t->job)->host : NULL;

		if (host != NULL && !host->known && t->connected)
			started |= start_next(client, host, deadline);
	}
	return started;
}

static void
run(struct http_client *client, struct deadline deadline)
{
	int running;

	while (client->active > 0 && curl_multi_perform(client->multi, &running) == CURLM_OK) {
		bool started = collect(client, deadline);

		if (client->active == 0 || deadline_left_ns(deadline) == 0)
			return;
		if (!started &&
		    curl_multi_poll(client->multi, NULL, 0, deadline_left_ms(deadline), NULL) != CURLM_OK)
			return;
	}
}

/* What is not answered now will not be. */
static void
end_late(struct http_client *client, int64_t began_ns)
{
	for (size_t i = 0; i < client->transfer_count; i++) {
		struct http_transfer *t = client->transfers[i];

		if (t->active) {
			http_transfer_abandon(t, client->multi);
			end_transfer(client, t);
		}
	}
	for (size_t i = 0; i < client->host_count; i++)
		for (struct job *job = client->hosts[i].first; job != NULL; job = job->next) {
			job->response->seconds = (double)(clock_now_ns() - began_ns) / 1e9;
			(void)failure_set(&job->response->failure, FAILURE_TIMEOUT,
			    "%.*s: its turn, behind other requests, did not come in time",
			    SLICE_ARGS(client->hosts[i].name));
		}
}

void
http_ask(struct http_client *client, const struct http_request requests[], size_t count,
    const struct http_watch *watch, struct deadline deadline, struct http_response responses[])
{
	int64_t began_ns = clock_now_ns();

	release_jobs(client);
	client->watch = watch;
	for (size_t i = 0; i < count; i++)
		http_response_clear(&responses[i]);
	if (count == 0)
		return;
	if (add_requests(client, requests, count, responses) != 0) {
		for (size_t i = 0; i < count; i++)
			(void)failure_set(&responses[i].failure, FAILURE_LOCAL, "out of memory");
		release_jobs(client);
		return;
	}
	for (size_t i = 0; i < client->host_count && deadline_left_ns(deadline) > 0; i++)
		start_waiting(client, &client->hosts[i], deadline);
	run(client, deadline);
	end_late(client, began_ns);
	client->watch = NULL;
}
