/*
 * arbwatch_exporter: the textfile directory over HTTP: /metrics, /health and a
 * page.  Needs to read that directory, and no rights beyond.  Exit statuses:
 * 0 ended by a signal, 1 could not listen or start, 2 usage or configuration.
 */

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/log.h"
#include "common/options.h"
#include "common/version.h"
#include "exporter/web.h"

enum { EXIT_ENDED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const int64_t second_ns = 1000 * 1000 * 1000;
static const int64_t day_ns = INT64_C(86400) * 1000 * 1000 * 1000;
static const int64_t grace_ns = INT64_C(5) * 1000 * 1000 * 1000;

static const struct option table[] = {
	{ .name = "config.file", .argument = "FILE", .help = "read settings from this YAML file" },
	{ .name = "config.check", .flag_only = true, .help = "check the settings, say so, and end" },
	{ .name = "web.listen-address",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:9100",
	    .repeatable = true,
	    .help = "where to listen; ':9100' is all addresses; port 0: any that is free" },
	{ .name = "web.config.file",
	    .argument = "FILE",
	    .help = "TLS, client certificates, users, headers: as of Prometheus' exporter-toolkit" },
	{ .name = "web.max-requests",
	    .argument = "N",
	    .fallback = "128",
	    .help = "answer so many requests at once, of those that take work; more get 503" },
	{ .name = "web.max-connections",
	    .argument = "N",
	    .fallback = "1024",
	    .help = "hold so many connections per address; more have to wait" },
	{ .name = "web.header-timeout",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "for a new connection's first request line, TLS included" },
	{ .name = "web.idle-timeout",
	    .argument = "DURATION",
	    .fallback = "90s",
	    .help = "for the next request on a connection" },
	{ .name = "web.answer-timeout",
	    .argument = "DURATION",
	    .fallback = "60s",
	    .help = "for a request's headers and for taking the answer" },
	{ .name = "textfile.directory",
	    .argument = "DIR",
	    .fallback = "/var/lib/prometheus/node-exporter",
	    .help = "where the .prom files are" },
	{ .name = "textfile.serve", .help = "serve the files on /metrics, as node_exporter does" },
	{ .name = "textfile.max-age",
	    .argument = "DURATION",
	    .help = "do not serve files that were not modified for so long (default: serve them)" },
	{ .name = "health.max-age",
	    .argument = "DURATION",
	    .fallback = "1h",
	    .help = "a collector without an interval is stale after so long" },
	{ .name = "log.level",
	    .argument = "LEVEL",
	    .fallback = "info",
	    .help = "debug, info, warn or error" },
	{ .name = "log.format", .argument = "FORMAT", .fallback = "logfmt", .help = "logfmt or json" },
	/* A config file that is shared may have these for the collectors. */
	{ .name = "env", .argument = "paper|live", .help = "of the collectors; not used" },
	{ .name = "interval", .argument = "DURATION", .help = "of the collectors; not used" },
	{ .name = "timeout", .argument = "DURATION", .help = "of the collectors; not used" },
	{ .name = "fail-on-down", .help = "of the collectors; not used" },
	{ .name = "version", .flag_only = true, .help = "print the version, and end" },
	{ .name = "help", .flag_only = true, .help = "print this, and end" },
	{ 0 },
};

/* What SIGHUP may change. */
struct settings {
	double textfile_max_age; /* seconds; 0: none */
	struct health_settings health;
	struct web_config web;
	enum log_level log_level;
	enum log_format log_format;
};

/* What it may not. */
struct fixed {
	struct web_limits limits;
	char *directory;
	char *addresses; /* one per line */
	bool serve;
};

struct program {
	struct options *options;
	struct fixed fixed;
	struct log log;
	struct telemetry telemetry;
	struct site site;
	struct web *web;
};

/* --- Settings --- */

static int
read_seconds(const struct options *o, const char *name, double *seconds, struct failure *why)
{
	int64_t ns;

	if (options_duration(o, name, &ns, why) != 0)
		return -1;
	if (options_text(o, name) != NULL && ns <= 0)
		return options_failure(o, name, 0, why, "must be longer than 0");
	*seconds = (double)ns / 1e9;
	return 0;
}

/* On failure there is nothing to release. */
static int
settings_read(struct settings *s, const struct options *o, struct failure *why)
{
	const char *level = options_text(o, "log.level"), *format = options_text(o, "log.format");
	const char *path = options_text(o, "web.config.file");

	*s = (struct settings){ 0 };
	if (read_seconds(o, "textfile.max-age", &s->textfile_max_age, why) != 0 ||
	    read_seconds(o, "health.max-age", &s->health.max_age, why) != 0)
		return -1;
	if (log_level_parse(level, &s->log_level) != 0)
		return options_failure(
		    o, "log.level", 0, why, "'%s' is not debug, info, warn or error", secret_shown(level));
	if (log_format_parse(format, &s->log_format) != 0)
		return options_failure(
		    o, "log.format", 0, why, "'%s' is not logfmt or json", secret_shown(format));
	/* Last, since it has something to release. */
	return path != NULL && *path != '\0' ? web_config_read(&s->web, path, why) : 0;
}

static int
read_timeout(const struct options *o, const char *name, int64_t *ns, struct failure *why)
{
	if (options_duration(o, name, ns, why) != 0)
		return -1;
	if (*ns < second_ns / 10 || *ns > day_ns)
		return options_failure(o, name, 0, why, "must be from 100ms to 1d");
	return 0;
}

static char *
join_addresses(const struct options *o)
{
	struct buffer text;

	buffer_init(&text, 65536);
	for (size_t i = 0; i < options_count(o, "web.listen-address"); i++) {
		buffer_string(&text, options_item(o, "web.listen-address", i));
		buffer_string(&text, "\n");
	}
	buffer_append(&text, "", 1);
	if (!text.failed)
		return text.text;
	buffer_release(&text);
	return NULL;
}

static void
fixed_release(struct fixed *f)
{
	free(f->directory);
	free(f->addresses);
	*f = (struct fixed){ 0 };
}

static int
fixed_read(struct fixed *f, const struct options *o, struct failure *why)
{
	struct web_limits *l = &f->limits;
	int64_t requests, connections;

	*f = (struct fixed){ 0 };
	if (options_integer(o, "web.max-requests", 1, 100000, &requests, why) != 0 ||
	    options_integer(o, "web.max-connections", 4, 100000, &connections, why) != 0 ||
	    read_timeout(o, "web.header-timeout", &l->header_timeout_ns, why) != 0 ||
	    read_timeout(o, "web.idle-timeout", &l->idle_timeout_ns, why) != 0 ||
	    read_timeout(o, "web.answer-timeout", &l->answer_timeout_ns, why) != 0)
		return -1;
	l->requests = (unsigned)requests;
	l->connections = (unsigned)connections;
	if (*options_text(o, "textfile.directory") == '\0')
		return options_failure(o, "textfile.directory", 0, why, "is empty");
	f->serve = options_switch(o, "textfile.serve");
	f->directory = strdup(options_text(o, "textfile.directory"));
	f->addresses = join_addresses(o);
	if (f->directory != NULL && f->addresses != NULL)
		return 0;
	fixed_release(f);
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

static bool
fixed_equal(const struct fixed *a, const struct fixed *b)
{
	return memcmp(&a->limits, &b->limits, sizeof(a->limits)) == 0 && a->serve == b->serve &&
	       strcmp(a->directory, b->directory) == 0 && strcmp(a->addresses, b->addresses) == 0;
}

/* --- Running --- */

static void
notice(void *context, bool bad, const char *message, const char *file, const char *reason)
{
	const struct program *p = context;

	log_write(&p->log, bad ? LOG_WARN : LOG_INFO, message, "file",
	    file != NULL ? file : p->fixed.directory, "reason", reason, NULL);
}

/* Takes over what is in the settings.  0, or -1 with `why`, and then all is as it was. */
static int
use_settings(struct program *p, struct settings *s, struct failure *why)
{
	if (web_configure(p->web, &s->web, why) != 0) {
		web_config_release(&s->web);
		return -1;
	}
	site_configure(&p->site, s->textfile_max_age, &s->health);
	p->log.level = s->log_level;
	p->log.format = s->log_format;
	return 0;
}

static int
read_again(struct program *p, struct failure *why)
{
	struct fixed fixed = { 0 };
	struct settings settings;
	int result = 0;

	if (options_read_rest(p->options, why) != 0 || fixed_read(&fixed, p->options, why) != 0)
		return -1;
	if (!fixed_equal(&fixed, &p->fixed))
		result = failure_set(why, FAILURE_LOCAL,
		    "addresses, limits, the directory or --textfile.serve changed: that takes a restart");
	else if (settings_read(&settings, p->options, why) != 0)
		result = -1;
	fixed_release(&fixed);
	return result == 0 ? use_settings(p, &settings, why) : -1;
}

static void
reload(struct program *p)
{
	struct failure why = { 0 };
	bool failed = read_again(p, &why) != 0;

	atomic_store(&p->telemetry.reload_failed, failed);
	if (failed) {
		log_write(&p->log, LOG_ERROR, "configuration not reloaded, the old one stays", "reason",
		    why.text, NULL);
		return;
	}
	atomic_store(&p->telemetry.reloaded_ms, (long long)(clock_unix_seconds() * 1000));
	log_write(&p->log, LOG_INFO, "configuration reloaded", NULL);
}

/* Often enough to see who is late. */
static struct timespec
tick_of(const struct web_limits *limits)
{
	int64_t tick = second_ns;

	if (limits->header_timeout_ns / 4 < tick)
		tick = limits->header_timeout_ns / 4;
	if (limits->idle_timeout_ns / 4 < tick)
		tick = limits->idle_timeout_ns / 4;
	if (limits->answer_timeout_ns / 4 < tick)
		tick = limits->answer_timeout_ns / 4;
	return (struct timespec){ .tv_sec = tick / second_ns, .tv_nsec = tick % second_ns };
}

static void
run(struct program *p, const sigset_t *signals)
{
	struct timespec tick = tick_of(&p->fixed.limits);

	for (;;) {
		int signal_number = sigtimedwait(signals, NULL, &tick);

		if (signal_number == SIGTERM || signal_number == SIGINT)
			break;
		if (signal_number == SIGHUP)
			reload(p);
		web_tick(p->web);
	}
	log_write(&p->log, LOG_INFO, "stopping", NULL);
	web_stop(p->web, grace_ns);
}

static int
listen_to_all(struct program *p, struct failure *why)
{
	char name[LISTEN_NAME];

	for (size_t i = 0; i < options_count(p->options, "web.listen-address"); i++)
		if (web_listen(p->web, options_item(p->options, "web.listen-address", i), name, why) != 0)
			return -1;
		else
			log_write(&p->log, LOG_INFO, "listening", "address", name, NULL);
	return 0;
}

/* Takes over what is in the settings. */
static int
serve(struct program *p, struct settings *settings, const sigset_t *signals, struct failure *why)
{
	struct exposition_settings exposition = { p->fixed.directory, p->fixed.serve,
		settings->textfile_max_age };
	struct exposition *e = exposition_new(&exposition, notice, p);
	int result = -1;

	if (e == NULL) {
		web_config_release(&settings->web);
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	}
	site_init(&p->site, e, &p->telemetry);
	p->web = web_new(&p->fixed.limits, &p->site);
	if (p->web == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	else if (listen_to_all(p, why) == 0)
		result = use_settings(p, settings, why);
	if (result == 0) {
		log_write(&p->log, LOG_INFO, "started", "version", version_number, "directory",
		    p->fixed.directory, NULL);
		run(p, signals);
	} else {
		web_config_release(&settings->web);
	}
	web_free(p->web);
	site_release(&p->site);
	return result;
}

static void
print_help(const struct options *o)
{
	printf("usage: arbwatch_exporter [--FLAG VALUE]...\n\n"
	       "Serve what the collectors published: /metrics, /health, /health/ready, /health/live,\n"
	       "/-/healthy, /-/ready, and / as a page.\n\n");
	options_print_help(o);
	printf(
	    "\nA setting is an environment variable too (--log.level: ARBWATCH_LOG_LEVEL), and a key of the\n"
	    "config file.  SIGHUP rereads the config file and --web.config.file.\n"
	    "\nExit status: 0 ended by a signal, 1 could not listen or start, 2 usage or configuration.\n");
}

/* Flags that print something and end.  Whether there was one. */
static bool
print_and_end(const struct options *o)
{
	if (options_switch(o, "help"))
		print_help(o);
	else if (options_switch(o, "version"))
		printf("arbwatch_exporter, version %s (revision %s)\n", version_number, version_revision);
	else
		return false;
	return true;
}

/* A connection is a file, and each answer may read some. */
static void
allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Threads inherit what is blocked, so this comes before any. */
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
	    settings_read(&settings, p->options, why) != 0)
		return EXIT_USAGE;
	if (options_switch(p->options, "config.check")) {
		printf("arbwatch_exporter: configuration OK\n");
		web_config_release(&settings.web);
		return EXIT_ENDED;
	}
	p->log = (struct log){
		.level = settings.log_level, .format = settings.log_format, .program = "arbwatch_exporter"
	};
	take_signals(&signals);
	allow_files();
	/* Whole files and answers come and go: their memory is to go too. */
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	telemetry_init(&p->telemetry);
	return serve(p, &settings, &signals, why) == 0 ? EXIT_ENDED : EXIT_FAILED;
}

/* Where stdout or stderr is closed, the next file opened would get its number. */
static void
occupy_standard_streams(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
}

int
main(int argc, char *argv[])
{
	const struct option *const tables[] = { table };
	struct program p = { 0 };
	struct failure why = { .text = "out of memory" };
	int status = EXIT_USAGE;

	occupy_standard_streams();
	p.options = options_new("arbwatch_exporter", tables, 1);
	if (p.options != NULL && options_read_flags(p.options, argc, argv, &why) == 0) {
		why = (struct failure){ 0 };
		status = print_and_end(p.options) ? EXIT_ENDED : start(&p, &why);
	}
	if (status != EXIT_ENDED)
		(void)fprintf(stderr, "arbwatch_exporter: %s\n", why.text);
	options_free(p.options);
	fixed_release(&p.fixed);
	return fflush(stdout) == 0 && !ferror(stdout) ? status : EXIT_FAILED;
}
