/*
 * Two groups of settings.  Those in struct settings can change while the
 * exporter runs; SIGHUP reads them all and uses them only if all are good.
 * Those in struct fixed are built into sockets, limits and memory: if one
 * changes, the reload is refused with a reason, rather than taking half of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "common/text/buffer.h"
#include "exporter/settings.h"
#include "web/listen.h"

static const int64_t second_ns = 1000 * 1000 * 1000;
static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
static const int64_t day_ns = INT64_C(86400) * 1000 * 1000 * 1000;

const struct option settings_options[] = {
	{ .name = "config.file", .argument = "FILE", .help = "read settings from this YAML file" },
	{ .name = "config.check",
	    .flag_only = true,
	    .help = "check the settings, print the result, and exit" },
	{ .name = "web.listen-address",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:9109",
	    .repeatable = true,
	    .help = "address to listen on; ':9109' is all addresses; port 0 is any free port" },
	{ .name = "web.allowed-host",
	    .argument = "NAME",
	    .repeatable = true,
	    .help =
		"answer requests to this host name on a loopback address, too; behind a proxy that passes "
		"the name on" },
	{ .name = "web.config.file",
	    .argument = "FILE",
	    .help = "TLS, client certificates, users and headers, in the format of Prometheus' "
		    "exporter-toolkit" },
	{ .name = "web.max-requests",
	    .argument = "N",
	    .fallback = "128",
	    .help = "limit of expensive requests at the same time; more get 503" },
	{ .name = "web.max-connections",
	    .argument = "N",
	    .fallback = "1024",
	    .help = "limit of connections to each address; more take the place of idle ones, or wait" },
	{ .name = "web.header-timeout",
	    .argument = "DURATION",
	    .fallback = "10s",
	    .help = "time limit for a new connection's first request line, including TLS" },
	{ .name = "web.idle-timeout",
	    .argument = "DURATION",
	    .fallback = "90s",
	    .help = "time limit for the next request on a connection" },
	{ .name = "web.answer-timeout",
	    .argument = "DURATION",
	    .fallback = "60s",
	    .help = "time limit for a request's headers and for receiving the answer" },
	{ .name = "textfile.directory",
	    .argument = "DIR",
	    .fallback = "/var/lib/prometheus/node-exporter",
	    .help = "directory of the .prom files" },
	{ .name = "textfile.serve", .help = "serve the files on /metrics, as node_exporter does" },
	{ .name = "textfile.max-age",
	    .argument = "DURATION",
	    .help = "do not serve files that are older (default: serve them)" },
	{ .name = "health.max-age",
	    .argument = "DURATION",
	    .fallback = "1h",
	    .help = "a collector without an interval is stale after this time" },
	{ .name = "health.expect",
	    .argument = "NAME,...",
	    .repeatable = true,
	    .help =
		"collectors that must have written a file; in live open_positions and preflight must in any "
		"case, unless 'none' is among the names" },
	{ .name = "log.level",
	    .argument = "debug|info|warn|error",
	    .fallback = "info",
	    .help = "least severe level that is logged" },
	{ .name = "log.format",
	    .argument = "logfmt|json",
	    .fallback = "logfmt",
	    .help = "format of the log" },
	/* The collectors' settings at the top of a shared config
	 * file: without these rows they would be unknown keys. */
	{ .name = "env", .argument = "paper|live", .help = "setting of the collectors; not used here" },
	{ .name = "interval", .argument = "DURATION", .help = "setting of the collectors; not used here" },
	{ .name = "timeout", .argument = "DURATION", .help = "setting of the collectors; not used here" },
	{ .name = "fail-on-down", .help = "setting of the collectors; not used here" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

void
settings_print_help(const struct options *o)
{
	printf(
	    "usage: arbwatch_exporter [--FLAG VALUE]...\n\n"
	    "Serve a status page (/, and /watch, which reloads), health for orchestrators (/health, /health/ready, /health/live,\n"
	    "/-/healthy, /-/ready) and /metrics, all made from the files that the collectors published.\n\n");
	options_print_help(o);
	printf(
	    "\nEach setting can also come from an environment variable (--log.level: ARBWATCH_LOG_LEVEL) or from\n"
	    "the config file. SIGHUP makes the program read the config file and --web.config.file again.\n"
	    "\nExit status: 0 ended by a signal, 1 could not listen or start, 2 wrong flags or configuration.\n");
}

static int
read_seconds(const struct options *o, const char *name, double *seconds, struct failure *why)
{
	int64_t ns;

	if (options_duration(o, name, &ns, why) != 0)
		return -1;
	/* 0 means "not set" further on, so it cannot be asked for. */
	if (options_text(o, name) != NULL && ns <= 0)
		return options_failure(o, name, 0, why, "must be longer than 0");
	*seconds = (double)ns / 1e9;
	return 0;
}

int
exporter_settings_read(struct settings *s, const struct options *o, struct failure *why)
{
	const char *level = options_text(o, "log.level"), *format = options_text(o, "log.format");
	const char *path = options_text(o, "web.config.file");

	*s = (struct settings){ 0 };
	if (read_seconds(o, "textfile.max-age", &s->textfile_max_age, why) != 0 ||
	    read_seconds(o, "health.max-age", &s->health_max_age, why) != 0)
		return -1;
	if (log_level_parse(level, &s->log_level) != 0)
		return options_failure(
		    o, "log.level", 0, why, "'%s' is not debug, info, warn or error", secret_shown(level));
	if (log_format_parse(format, &s->log_format) != 0)
		return options_failure(
		    o, "log.format", 0, why, "'%s' is not logfmt or json", secret_shown(format));
	/* The last step, since it has something to release. */
	s->web = web_config_read(path != NULL && *path != '\0' ? path : NULL, why);
	return s->web != NULL ? 0 : -1;
}

void
settings_release(struct settings *s)
{
	web_config_drop(s->web);
	*s = (struct settings){ 0 };
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

/* All values as one text, so that a reload can compare them at once; `more`: another setting, or NULL. */
static char *
join(const struct options *o, const char *name, const char *more, const char *end)
{
	struct buffer text;

	buffer_init(&text, 65536);
	for (; name != NULL; name = more, more = NULL)
		for (size_t i = 0; i < options_count(o, name); i++) {
			buffer_string(&text, options_item(o, name, i));
			buffer_string(&text, end);
		}
	buffer_append(&text, "", 1);
	if (!text.failed)
		return text.text;
	buffer_release(&text);
	return NULL;
}

static bool
is_host_name(const char *text)
{
	return *text != '\0' && text[strspn(text, name_characters)] == '\0';
}

/* As the names of collectors are (collectors/harness/main.c).  A name that no collector has is reported by
 * /health. */
static int
check_expected(const struct options *o, struct failure *why)
{
	for (size_t i = 0; i < options_count(o, "health.expect"); i++) {
		const char *names = options_item(o, "health.expect", i);

		for (size_t length, end = *names == '\0'; !end; names += length + 1) {
			length = strcspn(names, ",");
			end = names[length] == '\0';
			if (length == 0 || length > 64 || strspn(names, name_characters) < length)
				return options_failure(o, "health.expect", i, why,
				    "'%s' is not a list of collectors, as in redis_latency,preflight",
				    secret_shown(options_item(o, "health.expect", i)));
		}
	}
	return 0;
}

void
fixed_release(struct fixed *f)
{
	free(f->expected);
	free(f->directory);
	free(f->addresses);
	free(f->names);
	*f = (struct fixed){ 0 };
}

int
fixed_read(struct fixed *f, const struct options *o, struct failure *why)
{
	struct web_limits *l = &f->limits;
	int64_t requests, connections;
	struct failure reason = { 0 };

	*f = (struct fixed){ 0 };
	if (options_integer(o, "web.max-requests", 1, 100000, &requests, why) != 0 ||
	    options_integer(o, "web.max-connections", WEB_LEAST_CONNECTIONS, 100000, &connections, why) !=
		0 ||
	    read_timeout(o, "web.header-timeout", &l->header_timeout_ns, why) != 0 ||
	    read_timeout(o, "web.idle-timeout", &l->idle_timeout_ns, why) != 0 ||
	    read_timeout(o, "web.answer-timeout", &l->answer_timeout_ns, why) != 0)
		return -1;
	l->requests = (unsigned)requests;
	l->connections = (unsigned)connections;
	for (size_t i = 0; i < options_count(o, "web.listen-address"); i++)
		if (listen_check(options_item(o, "web.listen-address", i), &reason) != 0)
			return options_failure(o, "web.listen-address", i, why, "%s", reason.text);
	for (size_t i = 0; i < options_count(o, "web.allowed-host"); i++)
		if (!is_host_name(options_item(o, "web.allowed-host", i)))
			return options_failure(o, "web.allowed-host", i, why,
			    "is not a host name: write it without scheme, port and path");
	if (check_expected(o, why) != 0)
		return -1;
	if (*options_text(o, "textfile.directory") == '\0')
		return options_failure(o, "textfile.directory", 0, why, "is empty");
	f->serve = options_switch(o, "textfile.serve");
	f->directory = strdup(options_text(o, "textfile.directory"));
	f->addresses = join(o, "web.listen-address", NULL, "\n");
	/* The name of an address that is listened on is local, as Debian's 127.0.1.1 is by the host's name.
	 */
	f->names = join(o, "web.allowed-host", "web.listen-address", "\n");
	f->expected = join(o, "health.expect", NULL, ",");
	if (f->directory != NULL && f->addresses != NULL && f->names != NULL && f->expected != NULL)
		return 0;
	fixed_release(f);
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

bool
fixed_equal(const struct fixed *a, const struct fixed *b)
{
	/* The limits have no padding, so their bytes can be compared. */
	return memcmp(&a->limits, &b->limits, sizeof(a->limits)) == 0 && a->serve == b->serve &&
	       strcmp(a->directory, b->directory) == 0 && strcmp(a->expected, b->expected) == 0 &&
	       strcmp(a->addresses, b->addresses) == 0 && strcmp(a->names, b->names) == 0;
}
