/*
 * Many requests in one thread.  curl's multi handle drives all connections; this file decides which
 * request is given to it, and when.  Each request is a job.  Jobs wait in a queue of their host,
 * and get a transfer (a curl handle) when their turn comes.  Given all at once, curl would open a
 * connection for each, and an answer that bans us would come too late to hold the others back.
 * Transfers are kept for the next run.
 *
 * The name of a host is a piece of its first request's URL: the caller's URLs must last until
 * http_ask() returns, also those that were answered long before.
 */

#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
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
	bool closed; /* curl closed a socket, perhaps of an address that refused */

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
	/* They are not ours until they are copied, and http_client_free() frees what is here. */
	client->settings.ca_file = client->settings.user_agent = client->settings.proxy = NULL;
	client->multi = curl_multi_init();
	return client->multi != NULL && copy(&client->settings.ca_file, settings->ca_file) &&
	       copy(&client->settings.proxy, settings->proxy) &&
	       copy(&client->settings.user_agent, settings->user_agent) &&
	       curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)settings->connections) ==
		   CURLM_OK &&
	       curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK;
}

struct http_client *
http_client_new(const struct http_settings *settings, struct failure *why)
{
	struct http_client *client;

	if (http_prepare(settings, why) != 0)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (client != NULL && set_up(client, settings))
		return client;
	(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	if (client == NULL)
		curl_global_cleanup();
	http_client_free(client);
	return NULL;
}

/* The bodies of the last http_ask(), which its caller may read until the next one begins. */
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
	secret_free((char *)client->settings.proxy);
	free(client);
	curl_global_cleanup();
}

static struct host *
host_of(struct http_client *client, struct slice name)
{
	struct host *host;

	/* Search from the end: the requests of one host mostly come one after another. */
	for (size_t i = client->host_count; i > 0; i--)
		if (slice_equal(client->hosts[i - 1].name, name))
			return &client->hosts[i - 1];
	host = &client->hosts[client->host_count++];
	/* Without TLS only HTTP/1.1 is spoken: there is nothing to find out. */
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
	/* There cannot be more hosts than requests.  The array must not move: jobs point into it. */
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

/* One that is not used now, or a new one.  curl keeps their addresses: hence an array of pointers. */
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
	t = http_transfer_new(&client->settings, &client->closed);
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

/* Asked only when its turn has come: the answer that bans us may have arrived a moment before. */
static bool
may_send(const struct http_client *client, const struct job *job)
{
	const struct http_watch *watch = client->watch;

	return watch == NULL || watch->may_send == NULL ||
	       watch->may_send(watch->context, (size_t)(job - client->jobs));
}

/*
 * A host gets its requests bit by bit, for half of the connections at most, so that one that hangs
 * delays no other.  With TLS the first request goes alone until its connection is there, because
 * curl opens a new one for each request that starts before it knows the protocol.  Then all others
 * share that connection (HTTP/2) or get their own (HTTP/1.1).
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

/* One of its requests ended, or its first connection is there.  Returns whether anything new was started. */
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

/* Its next request goes to the front of the queue: a list is read to its end before another one is begun. */
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
	/* What names the next page comes from the server: it must not lead a signed request elsewhere. */
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
		/* The message is gone after this call; its code was copied above. */
		(void)curl_multi_remove_handle(client->multi, t->easy);
		if (http_transfer_again(t, code) &&
		    curl_multi_add_handle(client->multi, t->easy) == CURLM_OK) {
			started = true;
			continue;
		}
		http_transfer_finish(t, code);
		end_transfer(client, t);
		report_answer(client, t->job);
		started |= start_next(client, ((struct job *)t->job)->host, deadline);
	}
	/* Hosts whose first connection has just come up: the others need not wait for the first answer. */
	for (size_t i = 0; client->unknown > 0 && i < client->transfer_count; i++) {
		struct http_transfer *t = client->transfers[i];
		struct host *host = t->active ? ((struct job *)t->job)->host : NULL;

		if (host != NULL && !host->known && t->connected)
			started |= start_next(client, host, deadline);
	}
	return started;
}

/* Until all are done, or the deadline passed.  Else why curl cannot go on. */
static CURLMcode
run(struct http_client *client, struct deadline deadline)
{
	while (client->active > 0) {
		int running;
		CURLMcode code;
		bool started;

		client->closed = false;
		code = curl_multi_perform(client->multi, &running);
		if (code != CURLM_OK)
			return code;
		started = collect(client, deadline);
		if (client->active == 0 || deadline_left_ns(deadline) == 0)
			break;
		/* What was just started does nothing until curl_multi_perform() runs again, and neither does
		 * curl with the next address of a host. */
		if (!started && !client->closed)
			code = curl_multi_poll(client->multi, NULL, 0, deadline_left_ms(deadline), NULL);
		if (code != CURLM_OK)
			return code;
	}
	return CURLM_OK;
}

/* Give up what curl still works on, and what never had its turn: the deadline has passed, or `fault`. */
static void
end_all(struct http_client *client, const char *fault, int64_t began_ns)
{
	for (size_t i = 0; i < client->transfer_count; i++) {
		struct http_transfer *t = client->transfers[i];

		if (t->active) {
			http_transfer_abandon(t, client->multi, fault);
			end_transfer(client, t);
		}
	}
	for (size_t i = 0; i < client->host_count; i++)
		for (struct job *job = client->hosts[i].first; job != NULL; job = job->next) {
			job->response->seconds = clock_seconds_since(began_ns);
			(void)failure_set(&job->response->failure,
			    fault != NULL ? FAILURE_LOCAL : FAILURE_TIMEOUT, "%.*s: %s",
			    SLICE_ARGS(client->hosts[i].name),
			    fault != NULL ? fault : "its turn, behind other requests, did not come in time");
		}
}

void
http_ask(struct http_client *client, const struct http_request requests[], size_t count,
    const struct http_watch *watch, struct deadline deadline, struct http_response responses[])
{
	int64_t began_ns = clock_now_ns();
	CURLMcode code;

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
	code = run(client, deadline);
	end_all(client, code != CURLM_OK ? curl_multi_strerror(code) : NULL, began_ns);
	client->watch = NULL;
}
