/*
 * arbwatch_exporter: the textfile directory over HTTP: /metrics, /health and a
 * page.  Needs to read that directory, and no rights beyond.  Exit statuses:
 * 0 ended by a signal, 1 could not listen or start, 2 usage or configuration.
 */

#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "common/deadline.h"
#include "common/log.h"
#include "common/log_stream.h"
#include "common/system/process.h"
#include "common/system/streams.h"
#include "common/version.h"
#include "exporter/routes.h"
#include "exporter/settings.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* Descriptors set aside for the directory, a file in it, the
 * settings, /proc, the standard streams, and what was inherited. */
enum { KEPT_FILES = 64 };

static const int64_t grace_ns = INT64_C(5) * 1000 * 1000 * 1000;

struct program {
	struct options *options;
	struct fixed fixed;
	struct log_stream *libraries;
	/* A reload changes them while the server's threads log. */
	atomic_int log_level, log_format;
	struct telemetry telemetry;
	struct routes routes;
	struct alerts_watch *alerts; /* NULL: nobody is asked */
	struct web *web;
	bool has_users; /* of the configuration that holds */
};

/* As it is set now. */
static struct log
log_of(const struct program *p)
{
	return (struct log){ .level = (enum log_level)atomic_load(&p->log_level),
		.format = (enum log_format)atomic_load(&p->log_format),
		.program = "arbwatch_exporter" };
}

static void
notice(void *context, bool bad, const char *message, const char *file, const char *reason)
{
	const struct program *p = context;
	const struct log log = log_of(p);

	log_write(&log, bad ? LOG_WARN : LOG_INFO, message, "file", file != NULL ? file : p->fixed.directory,
	    "reason", reason, NULL);
}

static void
tell_alerts(void *context, const char *why)
{
	const struct program *p = context;
	const struct log log = log_of(p);

	log_write(&log, why != NULL ? LOG_WARN : LOG_INFO,
	    why != NULL ? "the open alerts cannot be read" : "the open alerts can be read again",
	    why != NULL ? "reason" : NULL, why, NULL);
}

static int
read_again(struct program *p, struct failure *why)
{
	struct fixed fixed;
	struct settings settings;
	struct log log;
	bool same;
	int result;

	if (options_read_rest(p->options, why) != 0 || fixed_read(&fixed, p->options, why) != 0)
		return -1;
	/* Checked before anything is changed: a reload takes effect as a whole or not at all. */
	same = fixed_equal(&fixed, &p->fixed);
	fixed_release(&fixed);
	if (!same)
		return failure_set(why, FAILURE_LOCAL,
		    "addresses, host names, limits, the directory, --textfile.serve, --health.expect or --alerts.* changed: that takes a restart");
	if (exporter_settings_read(&settings, p->options, why) != 0)
		return -1;
	/* The only step that can still be refused comes first; what follows cannot fail. */
	result = web_configure(p->web, settings.served.web, why);
	if (result == 0) {
		/* This is allowed, but opens the exporter to everyone who can reach it. */
		log = log_of(p);
		if (p->has_users && settings.served.web->user_count == 0)
			log_write(
			    &log, LOG_WARN, "there are no users any more: every client is let in", NULL);
		p->has_users = settings.served.web->user_count > 0;
		routes_configure(&p->routes, settings.textfile_max_age, settings.health_max_age);
		atomic_store(&p->log_level, (int)settings.served.log_level);
		atomic_store(&p->log_format, (int)settings.served.log_format);
		log = log_of(p);
		log_stream_use(p->libraries, &log);
	}
	settings_release(&settings);
	return result;
}

static void
reload(struct program *p)
{
	struct failure why = { 0 };
	bool failed = read_again(p, &why) != 0;
	const struct log log = log_of(p);

	atomic_store(&p->telemetry.reload_failed, failed);
	if (failed) {
		log_write(&log, LOG_ERROR, "configuration not reloaded, the old one stays in use", "reason",
		    why.text, NULL);
		return;
	}
	atomic_store(&p->telemetry.reloaded_ms, (long long)(clock_unix_seconds() * 1000));
	log_write(&log, LOG_INFO, "configuration reloaded", NULL);
}

static void
run(struct program *p, const sigset_t *signals)
{
	/* So a client that is too slow is ended at most this much late. */
	static const struct timespec tick = { .tv_nsec = 200 * 1000 * 1000 };
	struct log log;

	for (;;) {
		/* Signals are blocked in all threads and taken here:
		 * no handler interrupts a thread of the server. */
		int signal_number = sigtimedwait(signals, NULL, &tick);

		if (signal_number == SIGTERM || signal_number == SIGINT)
			break;
		if (signal_number == SIGHUP)
			reload(p);
		web_tick(p->web);
	}
	log = log_of(p);
	log_write(&log, LOG_INFO, "stopping", NULL);
	web_stop(p->web, grace_ns);
}

static int
start_web(struct program *p, const struct settings *settings, struct failure *why)
{
	const struct web_site site = { "arbwatch_exporter", p->fixed.names, routes_table, &p->routes,
		&p->telemetry.web };
	const struct log log = log_of(p);

	p->web = web_settings_listen(&site, &p->fixed.limits, KEPT_FILES, p->options, &log, why);
	p->has_users = settings->served.web->user_count > 0;
	return p->web != NULL ? web_start(p->web, settings->served.web, why) : -1;
}

/* 0, also where there is nobody to ask. */
static int
start_alerts(struct program *p, struct failure *why)
{
	const struct alerts_settings settings = { p->fixed.alerts_url,
		p->fixed.alerts_ca[0] != '\0' ? p->fixed.alerts_ca : NULL, tell_alerts, p };

	if (settings.url == NULL)
		return 0;
	p->alerts = alerts_watch_new(&settings, why);
	p->routes.alerts = p->alerts;
	return p->alerts != NULL ? 0 : -1;
}

/* Serve until a signal.  Releases the settings. */
static int
serve(struct program *p, struct settings *settings, const sigset_t *signals, struct failure *why)
{
	struct exposition *e = exposition_new(p->fixed.directory, p->fixed.serve, notice, p);
	const struct log log = log_of(p);
	int result;

	if (e == NULL) {
		settings_release(settings);
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	log_stream_use(p->libraries, &log);
	result = routes_init(&p->routes, e, &p->telemetry);
	routes_configure(&p->routes, settings->textfile_max_age, settings->health_max_age);
	if (result != 0)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if ((result = start_alerts(p, why)) == 0)
		result = start_web(p, settings, why);
	settings_release(settings);
	if (result == 0) {
		log_write(&log, LOG_INFO, "started", "version", version_number, "directory",
		    p->fixed.directory, NULL);
		run(p, signals);
	}
	/* The server first: its threads use the routes until they have ended. */
	web_free(p->web);
	alerts_watch_free(p->alerts);
	routes_release(&p->routes);
	return result;
}

/* Flags that print something and end the program.  True: there was one. */
static bool
print_and_end(const struct options *o)
{
	if (options_switch(o, "help"))
		settings_print_help(o);
	else if (options_switch(o, "version"))
		printf("arbwatch_exporter, version %s (revision %s)\n", version_number, version_revision);
	else
		return false;
	return true;
}

/* Threads inherit what is blocked, so this must come before the first
 * one.  SIGPIPE would end the program when a client goes away. */
static void
take_signals(sigset_t *signals)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(signals);
	(void)sigaddset(signals, SIGTERM);
	(void)sigaddset(signals, SIGINT);
	(void)sigaddset(signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, signals, NULL);
}

static int
start(struct program *p, struct failure *why)
{
	struct settings settings;
	sigset_t signals;

	if (options_read_rest(p->options, why) != 0 || fixed_read(&p->fixed, p->options, why) != 0 ||
	    exporter_settings_read(&settings, p->options, why) != 0)
		return EXIT_USAGE;
	if (options_switch(p->options, "config.check")) {
		printf("arbwatch_exporter: configuration OK\n");
		settings_release(&settings);
		return EXIT_ENDED;
	}
	atomic_store(&p->log_level, (int)settings.served.log_level);
	atomic_store(&p->log_format, (int)settings.served.log_format);
	take_signals(&signals);
	telemetry_init(&p->telemetry);
	p->telemetry.expected = p->fixed.expected;
	return serve(p, &settings, &signals, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { settings_options, web_options };
	struct program p = { 0 };
	/* For the case that options_new() fails, which says nothing by itself. */
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	process_forbid_dumps();
	occupy_standard_streams();
	p.libraries = log_stream_open();
	p.options = options_new("arbwatch_exporter", tables, 2);
	if (p.options != NULL && options_read_flags(p.options, argc, argv, &why) == 0) {
		why = (struct failure){ 0 };
		status = print_and_end(p.options) ? EXIT_ENDED : start(&p, &why);
	}
	if (status != EXIT_ENDED)
		(void)dprintf(STDERR_FILENO, "arbwatch_exporter: %s\n", why.text);
	options_free(p.options);
	fixed_release(&p.fixed);
	/* What --help or --version prints may not have reached a full disk. */
	return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_FAILED;
}
