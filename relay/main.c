/*
 * alert_relay: makes sure that alerts arrive, has people acknowledge them, and
 * keeps their history.  Exit statuses: 0 ended by a signal, 1 could not start,
 * listen or send the test message, 2 usage or configuration.
 */

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/log.h"
#include "common/log_stream.h"
#include "common/system/process.h"
#include "common/system/streams.h"
#include "common/version.h"
#include "relay/relay.h"
#include "relay/serve.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Descriptors set aside for the store, PostgreSQL, Alertmanager, the settings, the standard streams and what
 * was inherited; and for each channel, whose two lanes keep connections. */
enum { KEPT_FILES = 64, FILES_PER_CHANNEL = 16 };

/* For requests under way when the program ends; then
 * their connections are closed, and the senders repeat. */
static const int64_t grace_ns = INT64_C(5) * 1000 * 1000 * 1000;

struct program {
	struct options *options;
	struct log_stream *libraries;
	/* A reload changes them while other threads log. */
	atomic_int log_level, log_format;
	struct relay relay;
	struct web *web;
	bool has_users; /* of the configuration that holds */
};

/* As it is set now. */
static struct log
log_of(const struct program *p)
{
	return (struct log){ .level = (enum log_level)atomic_load(&p->log_level),
		.format = (enum log_format)atomic_load(&p->log_format),
		.program = "alert_relay",
		.secrets = &p->relay.settings.secrets };
}

static void
notice(void *context, bool bad, const char *message, const char *channel, const char *reason)
{
	const struct program *p = context;
	const struct log log = log_of(p);
	enum log_level level = bad ? LOG_WARN : LOG_INFO;

	if (channel != NULL && reason != NULL)
		log_write(&log, level, message, "channel", channel, "reason", reason, NULL);
	else if (channel != NULL)
		log_write(&log, level, message, "channel", channel, NULL);
	else
		log_write(&log, level, message, reason != NULL ? "reason" : NULL, reason, NULL);
}

static int
read_again(struct program *p, struct failure *why)
{
	struct web_settings settings;
	struct log log = log_of(p);

	/* Checked before anything is changed: a reload takes effect as a whole or not at all. */
	if (options_read_rest(p->options, why) != 0 ||
	    relay_settings_unchanged(&p->relay.settings, p->options, why) != 0 ||
	    web_settings_read(&settings, p->options, why) != 0)
		return -1;
	/* The only step that can still be refused comes first; what follows cannot fail. */
	if (web_configure(p->web, settings.web, why) != 0) {
		web_settings_release(&settings);
		return -1;
	}
	/* This is allowed, but opens the relay to everyone who can reach it. */
	if (p->has_users && settings.web->user_count == 0)
		log_write(&log, LOG_WARN, "there are no users any more: every client is let in", NULL);
	p->has_users = settings.web->user_count > 0;
	atomic_store(&p->log_level, (int)settings.log_level);
	atomic_store(&p->log_format, (int)settings.log_format);
	log = log_of(p);
	log_stream_use(p->libraries, &log);
	web_settings_release(&settings);
	return 0;
}

static void
reload(struct program *p)
{
	struct failure why = { 0 };
	bool failed = read_again(p, &why) != 0;
	const struct log log = log_of(p);

	atomic_store(&p->relay.metrics.reload_failed, failed);
	if (failed) {
		log_write(&log, LOG_ERROR, "configuration not reloaded, the old one stays in use", "reason",
		    why.text, NULL);
		return;
	}
	atomic_store(&p->relay.metrics.reloaded_ms, (long long)(clock_unix_seconds() * 1000));
	log_write(&log, LOG_INFO, "configuration reloaded", NULL);
}

static void
run(struct program *p, const sigset_t *signals)
{
	static const struct timespec tick = { .tv_nsec = 200 * 1000 * 1000 };
	struct log log;

	for (;;) {
		/* Signals are blocked in all threads and taken here. */
		int signal_number = sigtimedwait(signals, NULL, &tick);

		if (signal_number == SIGTERM || signal_number == SIGINT)
			break;
		if (signal_number == SIGHUP)
			reload(p);
		web_tick(p->web);
		relay_tick(&p->relay);
	}
	log = log_of(p);
	log_write(&log, LOG_INFO, "stopping", NULL);
	web_stop(p->web, grace_ns);
}

static int
start_web(struct program *p, const struct web_settings *settings, struct failure *why)
{
	const struct relay_settings *s = &p->relay.settings;
	const struct web_site site = { "alert_relay", s->names, relay_routes, &p->relay,
		&p->relay.metrics.web };
	const struct log log = log_of(p);

	web_metrics_init(&p->relay.metrics.web, relay_routes);
	p->web = web_settings_listen(
	    &site, &s->limits, KEPT_FILES + FILES_PER_CHANNEL * s->channel_count, p->options, &log, why);
	p->has_users = settings->web->user_count > 0;
	return p->web != NULL ? web_start(p->web, settings->web, why) : -1;
}

/* Serve until a signal. */
static int
serve(struct program *p, const struct web_settings *settings, const sigset_t *signals, struct failure *why)
{
	const struct log log = log_of(p);
	int result;

	log_stream_use(p->libraries, &log);
	/* The store is open and the threads run before a port is bound: the first alert finds everything
	 * ready. A second relay on the same directory fails here, before it disturbs the first. */
	result = relay_start(&p->relay, why);
	result = result == 0 ? start_web(p, settings, why) : -1;
	if (result == 0) {
		log_write(&log, LOG_INFO, "started", "version", version_number, "directory",
		    p->relay.settings.directory, NULL);
		run(p, signals);
	}
	/* The server first: its threads use the parts until they have ended. */
	web_free(p->web);
	relay_stop(&p->relay);
	return result;
}

/* Flags that print something and end the program.  True: there was one. */
static bool
print_and_end(const struct options *o)
{
	if (options_switch(o, "help"))
		relay_print_help(o);
	else if (options_switch(o, "version"))
		printf("alert_relay, version %s (revision %s)\n", version_number, version_revision);
	else
		return false;
	return true;
}

static int
send_test(struct program *p, const char *name, struct failure *why)
{
	const struct channel *channel = relay_settings_channel(&p->relay.settings, name);

	if (channel == NULL) {
		(void)options_failure(p->options, "send-test", 0, why,
		    "there is no channel '%s': --config.check lists them", secret_shown(name));
		return EXIT_USAGE;
	}
	if (deliver_send_test(channel, p->relay.templates, why) != 0) {
		secrets_mask(&p->relay.settings.secrets, why->text);
		return EXIT_FAILED;
	}
	printf("alert_relay: %s\n", why->text);
	return EXIT_ENDED;
}

/* Threads inherit what is blocked, so this must come before the first one.  SIGPIPE would end the program
 * when a peer goes away, SIGXFSZ when the database reaches a limit of its size. */
static void
take_signals(sigset_t *signals)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)sigemptyset(signals);
	(void)sigaddset(signals, SIGTERM);
	(void)sigaddset(signals, SIGINT);
	(void)sigaddset(signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static int
start(struct program *p, struct failure *why)
{
	const char *channel = options_text(p->options, "send-test");
	struct web_settings settings;
	sigset_t signals;
	int status;

	if (options_read_rest(p->options, why) != 0 || relay_init(&p->relay, p->options, why) != 0 ||
	    web_settings_read(&settings, p->options, why) != 0)
		return EXIT_USAGE;
	p->relay.notice = notice;
	p->relay.context = p;
	atomic_store(&p->log_level, (int)settings.log_level);
	atomic_store(&p->log_format, (int)settings.log_format);
	/* Neither the store nor the network was touched so far: --config.check
	 * works beside a running relay, as any user who can read the files. */
	if (options_switch(p->options, "config.check")) {
		relay_print(&p->relay);
		printf("alert_relay: configuration OK\n");
		status = EXIT_ENDED;
	} else {
		take_signals(&signals);
		status = channel != NULL                           ? send_test(p, channel, why)
			 : serve(p, &settings, &signals, why) == 0 ? EXIT_ENDED
								   : EXIT_FAILED;
	}
	web_settings_release(&settings);
	return status;
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { relay_options, web_options };
	static struct program p;
	/* For the case that options_new() fails, which says nothing by itself. */
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	/* A core dump would have all tokens in it. */
	process_forbid_dumps();
	/* If one of 0, 1, 2 is closed, the database could get that
	 * number, and a library's message would be written into it. */
	occupy_standard_streams();
	/* Its twenty threads share one heap. With heaps of their own, each would keep what a storm took. */
	(void)mallopt(M_ARENA_MAX, 1);
	p.libraries = log_stream_open();
	p.options = options_new("alert_relay", tables, 2);
	if (p.options != NULL && options_read_flags(p.options, argc, argv, &why) == 0) {
		why = (struct failure){ 0 };
		status = print_and_end(p.options) ? EXIT_ENDED : start(&p, &why);
	}
	if (status != EXIT_ENDED) {
		secrets_mask(&p.relay.settings.secrets, why.text);
		(void)dprintf(STDERR_FILENO, "alert_relay: %s\n", why.text);
	}
	options_free(p.options);
	relay_release(&p.relay);
	/* What --help or --version prints may not have reached a full disk. */
	return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_FAILED;
}
