/*
 * relay_history DIRECTORY DSN COMMAND...: the relay's store, history and API, without what it delivers.
 *
 * The commands are done in order, before what they ask for is written as a line:
 *
 *	retention MS, reader ROLE        before all others
 *	take webhook|push|observe FILE   as the relay takes such a body
 *	fill FIRST COUNT                 incidents with the names Alert<FIRST> and so on, of P0 to P3 in turn
 *	repeat ROUNDS                    every open one is told again, a minute later each time
 *	event KIND CHANNEL LATENCY       of every open one
 *	close                            every open one is resolved, a minute after its begin
 *	stray ID                         an event of an incident with this id, that nobody knows
 *	damage                           an event whose incident PostgreSQL refuses
 *	wait SECONDS                     until the journal is empty: "empty", or how many wait
 *	up SECONDS                       until the history is written, or else the reason
 *	tried SECONDS                    likewise, but a failure ends it, too
 *	summary FROM TO                  figures of that time (Unix ms), and the table
 *	serve                            the API, until it is ended; the first line is the port
 *
 * What the log would have is on stderr.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/deadline.h"
#include "probes/postgres/postgres.h"
#include "relay/act/act.h"
#include "relay/api/api.h"
#include "relay/history/history.h"
#include "relay/intake/intake.h"
#include "relay/store/journal.h"
#include "relay/store/store.h"

#define SECOND INT64_C(1000000000)

struct tool {
	const char *directory;
	struct store *store;
	struct postgres_target *target;
	struct history_settings settings;
	struct api api;
	char **next; /* of the commands' words */
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "relay_history: %s: %s\n", what, why);
	exit(1);
}

static const char *
word(struct tool *tool)
{
	if (*tool->next == NULL)
		die("a command", "a word is missing");
	return *tool->next++;
}

static int64_t
number(struct tool *tool)
{
	return strtoll(word(tool), NULL, 10);
}

static void
notice(void *context, bool bad, const char *message, const char *reason)
{
	(void)context;
	fprintf(stderr, "%s: %s: %s\n", bad ? "bad" : "good", message, reason != NULL ? reason : "");
}

static void
changed(void *context, bool outbox, bool journal)
{
	struct tool *tool = context;

	(void)outbox;
	if (journal)
		history_wake(tool->api.history);
}

/* The history, with the first command that needs it. */
static void
start(struct tool *tool)
{
	const struct act_settings act = { .directory = tool->directory, .notice = notice };
	struct failure why = { 0 };

	if (tool->api.act != NULL)
		return;
	tool->api.store = tool->store;
	tool->api.act = act_new(&act, tool->store, &why);
	if (tool->target != NULL)
		tool->api.history = history_new(&tool->settings, tool->store, &why);
	if (tool->api.act == NULL || (tool->target != NULL && tool->api.history == NULL) ||
	    (tool->api.history != NULL && history_start(tool->api.history, &why) != 0))
		die("start", why.text);
	store_watch(tool->store, changed, tool);
}

static void
end_transaction(struct tool *tool)
{
	struct failure why = { 0 };

	if (store_end(tool->store, &why) != 0)
		die("store", why.text);
}

/* The journal --------------------------------------------------------- */

static size_t
nowhere(void *context, const json_t *labels, const char *chains[], size_t room)
{
	(void)context;
	(void)labels;
	(void)chains;
	(void)room;
	return 0;
}

static void
take_text(struct tool *tool, const char *feed, struct slice text)
{
	const struct intake_plan plan = { nowhere, NULL };
	struct intake_counts counts = { 0 };
	struct alert_list list = { 0 };
	struct failure why = { 0 };
	bool webhook = strcmp(feed, "webhook") == 0;
	int result = webhook ? alert_read_webhook(text, store_now_ms(), &list, &why)
			     : alert_read_push(text, store_now_ms(), &list, &why);

	if (result != 0)
		die("take", why.text);
	store_begin(tool->store);
	intake_take(tool->store, &list,
	    webhook                     ? FEED_WEBHOOK
	    : strcmp(feed, "push") == 0 ? FEED_PUSH
					: FEED_OBSERVE,
	    &plan, store_now_ms(), &counts);
	end_transaction(tool);
	alert_list_release(&list);
}

static void
take(struct tool *tool)
{
	const char *feed = word(tool), *path = word(tool);
	FILE *file = fopen(path, "re");
	struct buffer text;

	buffer_init(&text, 64 * 1024 * 1024);
	if (file == NULL || buffer_fill(&text, fileno(file), 0) != 0)
		die(path, "cannot be read");
	(void)fclose(file);
	take_text(tool, feed, buffer_slice(&text));
	buffer_release(&text);
}

/* The labels and annotations are what an ordinary rule has. */
static void
fill(struct tool *tool)
{
	int64_t first = number(tool), count = number(tool);
	struct buffer text;

	buffer_init(&text, 64 * 1024 * 1024);
	for (int64_t i = first; i < first + count; i++)
		buffer_format(&text,
		    "%s{\"labels\":{\"alertname\":\"Alert%" PRId64 "\",\"severity\":\"P%" PRId64
		    "\",\"env\":\"paper\",\"service\":\"service%" PRId64
		    "\",\"instance\":\"127.0.0.1:9121\",\"exchange\":\"binance\",\"job\":\"redis_latency\"},"
		    "\"annotations\":{\"summary\":\"Redis of paper does not answer\",\"description\":"
		    "\"redis_up has been 0 for 15 s: no order can be sent, and positions may be open.\","
		    "\"action\":\"See the runbook, restart it, and look at the positions.\","
		    "\"runbook_url\":\"https://example.com/runbook#redis\"},\"generatorURL\":"
		    "\"http://prometheus:9090/graph?g0.expr=redis_up+%%3D%%3D+0&g0.tab=1\"}",
		    i == first ? "[" : ",", i, i % 4, i % 3);
	buffer_string(&text, "]");
	take_text(tool, "push", buffer_slice(&text));
	buffer_release(&text);
}

static void
repeat(struct tool *tool)
{
	int64_t rounds = number(tool);
	struct incident incident;

	for (int64_t round = 1; round <= rounds; round++) {
		store_begin(tool->store);
		for (int64_t row = 0; incident_next(tool->store, row, &incident);
		     incident_release(&incident)) {
			struct event event = { .kind = EVENT_REPEATED,
				.latency_ms = -1,
				.at_ms = incident.starts_ms + round * 60000 };

			row = incident.row;
			incident.repeats++;
			incident.seen_ms = event.at_ms;
			incident_save(tool->store, &incident);
			journal_add(tool->store, &incident, &event, false);
		}
		end_transaction(tool);
	}
}

static enum event_kind
kind_of(const char *name)
{
	for (int kind = 0; kind < EVENT_KINDS; kind++)
		if (strcmp(event_kind_name((enum event_kind)kind), name) == 0)
			return (enum event_kind)kind;
	die(name, "no kind of event");
	return EVENT_FIRED;
}

static void
add_events(struct tool *tool)
{
	struct event event = { .kind = kind_of(word(tool)), .attempt = 1, .at_ms = store_now_ms() };
	struct incident incident;

	event.channel = word(tool);
	event.latency_ms = number(tool);
	store_begin(tool->store);
	for (int64_t row = 0; incident_next(tool->store, row, &incident); incident_release(&incident)) {
		row = incident.row;
		journal_add(tool->store, &incident, &event, false);
	}
	end_transaction(tool);
}

static void
close_all(struct tool *tool)
{
	struct incident incident;

	store_begin(tool->store);
	for (int64_t row = 0; incident_next(tool->store, row, &incident); incident_release(&incident)) {
		row = incident.row;
		intake_close(tool->store, &incident, INCIDENT_RESOLVED, incident.starts_ms + 60000, true,
		    store_now_ms());
	}
	end_transaction(tool);
}

static void
stray(struct tool *tool, const char *id)
{
	const struct event event = { .kind = EVENT_SENT, .at_ms = store_now_ms(), .latency_ms = -1 };
	struct incident incident = { 0 };

	(void)snprintf(incident.id, sizeof(incident.id), "%s", id);
	store_begin(tool->store);
	journal_add(tool->store, &incident, &event, false);
	end_transaction(tool);
}

/* Asking -------------------------------------------------------------- */

static void
nap(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void
await_empty(struct tool *tool)
{
	struct deadline deadline = deadline_in(number(tool) * SECOND);
	int64_t oldest_ms;
	size_t count;

	for (;; nap()) {
		store_begin(tool->store);
		journal_state(tool->store, &count, &oldest_ms);
		end_transaction(tool);
		if (count == 0 || deadline_left_ns(deadline) == 0)
			break;
	}
	if (count == 0)
		printf("empty\n");
	else
		printf("%zu wait\n", count);
}

static void
await_up(struct tool *tool, bool in_spite_of_failures)
{
	struct deadline deadline = deadline_in(number(tool) * SECOND);
	struct history_status status;

	for (;; nap()) {
		history_status(tool->api.history, &status);
		if (status.up || deadline_left_ns(deadline) == 0 ||
		    (strcmp(status.reason.text, "not connected yet") != 0 && !in_spite_of_failures))
			break;
	}
	printf("%s\n", status.up ? "up" : status.reason.text);
}

static void
print_figures(const struct history_figures *figures)
{
	printf("%s %s %u %u %u %u %.3f %.3f\n", figures->severity, figures->name, figures->began,
	    figures->open, figures->acknowledged, figures->repeats, figures->acknowledge_seconds,
	    figures->resolve_seconds);
}

static void
summary(struct tool *tool)
{
	int64_t from_ms = number(tool), to_ms = number(tool);
	struct history_summary figures;
	struct failure why = { 0 };
	struct buffer csv;

	buffer_init(&csv, 64 * 1024 * 1024);
	if (history_summarize(tool->api.history, from_ms, to_ms, &figures, &csv, &why) != 0)
		die("summary", why.text);
	for (int i = 0; i < HISTORY_SEVERITIES; i++)
		print_figures(&figures.severities[i]);
	for (size_t i = 0; i < figures.noisiest_count; i++)
		print_figures(&figures.noisiest[i]);
	printf("sent %u failed %u\n%.*s", figures.sent, figures.failed, SLICE_ARGS(buffer_slice(&csv)));
	buffer_release(&csv);
}

#define ROUTE(name)                                                                                          \
	static void name(void *context, const struct web_request *request, struct web_answer *answer)        \
	{                                                                                                    \
		api_##name(context, request, answer);                                                        \
	}
ROUTE(open_alerts)
ROUTE(alerts)
ROUTE(alert)
ROUTE(acknowledge)
ROUTE(mute)
ROUTE(mutes)
ROUTE(stats)

static const struct web_route routes[] = {
	{ .path = "/api/v2/alerts", .answer = open_alerts },
	{ .path = "/api/v1/alerts", .answer = alerts, .slow = true },
	{ .path = "/api/v1/alerts/", .answer = alert, .slow = true },
	{ .path = "/api/v1/alerts/", .answer = acknowledge, .slow = true, .body_limit = API_BODY },
	{ .path = "/api/v1/mute", .answer = mute, .slow = true, .body_limit = API_BODY },
	{ .path = "/api/v1/mutes", .answer = mutes, .slow = true },
	{ .path = "/api/v1/stats", .answer = stats, .slow = true },
	{ 0 },
};

static void
serve(struct tool *tool)
{
	static struct web_metrics metrics;
	const struct web_site site = { .name = "relay_history",
		.names = "",
		.routes = routes,
		.context = &tool->api,
		.metrics = &metrics };
	const struct web_limits limits = { 64, 16, 10 * SECOND, 10 * SECOND, 30 * SECOND, 0 };
	struct failure why = { 0 };
	char name[LISTEN_NAME];
	struct web *web;
	sigset_t end;
	int received;

	(void)sigemptyset(&end);
	(void)sigaddset(&end, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &end, NULL);
	web_metrics_init(&metrics, routes);
	web = web_new(&limits, &site);
	if (web == NULL || web_listen(web, "127.0.0.1:0", name, &why) != 0 ||
	    web_start(web, web_config_read(NULL, &why), &why) != 0)
		die("serve", why.text);
	printf("%s\n", strrchr(name, ':') + 1);
	(void)fflush(stdout);
	(void)sigwait(&end, &received);
	web_stop(web, SECOND);
	web_free(web);
}

static void
do_command(struct tool *tool, const char *command)
{
	if (strcmp(command, "retention") == 0)
		tool->settings.retention_ns = number(tool) * 1000000;
	else if (strcmp(command, "reader") == 0)
		tool->settings.reader = word(tool);
	else if (strcmp(command, "take") == 0)
		take(tool);
	else if (strcmp(command, "fill") == 0)
		fill(tool);
	else if (strcmp(command, "repeat") == 0)
		repeat(tool);
	else if (strcmp(command, "event") == 0)
		add_events(tool);
	else if (strcmp(command, "close") == 0)
		close_all(tool);
	else if (strcmp(command, "stray") == 0)
		stray(tool, word(tool));
	else if (strcmp(command, "damage") == 0)
		stray(tool, "0123456789abcdef-none");
	else if (start(tool), strcmp(command, "wait") == 0)
		await_empty(tool);
	else if (strcmp(command, "up") == 0)
		await_up(tool, true);
	else if (strcmp(command, "tried") == 0)
		await_up(tool, false);
	else if (strcmp(command, "summary") == 0)
		summary(tool);
	else if (strcmp(command, "serve") == 0)
		serve(tool);
	else
		die(command, "no command");
	(void)fflush(stdout);
}

int
main(int argc, char *argv[])
{
	struct tool tool = { .settings.notice = notice };
	struct secrets secrets = { 0 };
	struct failure why = { 0 };

	if (argc < 4)
		die("usage", "relay_history DIRECTORY DSN COMMAND...");
	(void)signal(SIGPIPE, SIG_IGN);
	tool.directory = argv[1];
	tool.next = argv + 3;
	if (argv[2][0] != '\0' && (tool.target = postgres_target_new(argv[2], NULL, &secrets, &why)) == NULL)
		die("DSN", why.text);
	tool.settings.target = tool.target;
	tool.store = store_open(argv[1], tool.target != NULL, &why);
	if (tool.store == NULL)
		die(argv[1], why.text);
	while (*tool.next != NULL)
		do_command(&tool, word(&tool));
	history_free(tool.api.history);
	act_free(tool.api.act);
	store_close(tool.store);
	postgres_target_free(tool.target);
	secrets_release(&secrets);
	return 0;
}
