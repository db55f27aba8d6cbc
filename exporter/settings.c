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

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

const struct option settings_options[] = {
	{ .name = "config.check",
	    .flag_only = true,
	    .help = "check the settings, print the result, and exit" },
	{ .name = "web.listen-address",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:9109",
	    .repeatable = true,
	    .help = "address to listen on; ':9109' is all addresses; port 0 is any free port" },
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
	{ .name = "alerts.url",
	    .argument = "URL",
	    .help = "alert_relay or Alertmanager, whose open alerts the status page and /health show" },
	{ .name = "alerts.ca-file",
	    .argument = "FILE",
	    .help = "who may sign its certificate (default: the system's CAs)" },
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
	*s = (struct settings){ 0 };
	if (read_seconds(o, "textfile.max-age", &s->textfile_max_age, why) != 0 ||
	    read_seconds(o, "health.max-age", &s->health_max_age, why) != 0)
		return -1;
	/* The last step, since it has something to release. */
	return web_settings_read(&s->served, o, why);
}

void
settings_release(struct settings *s)
{
	web_settings_release(&s->served);
	*s = (struct settings){ 0 };
}

/* A text of its own; NULL: out of memory, or too long. */
static char *
finished(struct buffer *text)
{
	buffer_append(text, "", 1);
	if (!text->failed)
		return text->text;
	buffer_release(text);
	return NULL;
}

/* All values as one text, so that a reload can compare them at once. */
static char *
join(const struct options *o, const char *name, const char *end)
{
	struct buffer text;

	buffer_init(&text, 65536);
	for (size_t i = 0; i < options_count(o, name); i++) {
		buffer_string(&text, options_item(o, name, i));
		buffer_string(&text, end);
	}
	return finished(&text);
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
	free(f->alerts_url);
	free(f->alerts_ca);
	free(f->expected);
	free(f->directory);
	free(f->addresses);
	free(f->names);
	*f = (struct fixed){ 0 };
}

/* "" where it is not given. */
static const char *
text_of(const struct options *o, const char *name)
{
	const char *text = options_text(o, name);

	return text != NULL ? text : "";
}

int
fixed_read(struct fixed *f, const struct options *o, struct failure *why)
{
	struct buffer names;

	*f = (struct fixed){ 0 };
	if (web_settings_limits(&f->limits, o, why) != 0)
		return -1;
	if (check_expected(o, why) != 0)
		return -1;
	if (*options_text(o, "textfile.directory") == '\0')
		return options_failure(o, "textfile.directory", 0, why, "is empty");
	f->serve = options_switch(o, "textfile.serve");
	f->directory = strdup(options_text(o, "textfile.directory"));
	f->addresses = join(o, "web.listen-address", "\n");
	f->expected = join(o, "health.expect", ",");
	f->alerts_ca = strdup(text_of(o, "alerts.ca-file"));
	buffer_init(&names, 65536);
	if (web_settings_url(o, "alerts.url", &f->alerts_url, why) != 0 ||
	    web_settings_names(&names, o, why) != 0) {
		buffer_release(&names);
		fixed_release(f);
		return -1;
	}
	f->names = finished(&names);
	if (f->directory != NULL && f->addresses != NULL && f->names != NULL && f->expected != NULL &&
	    f->alerts_ca != NULL)
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
	       strcmp(a->addresses, b->addresses) == 0 && strcmp(a->names, b->names) == 0 &&
	       strcmp(a->alerts_ca, b->alerts_ca) == 0 &&
	       strcmp(a->alerts_url != NULL ? a->alerts_url : "",
		   b->alerts_url != NULL ? b->alerts_url : "") == 0;
}
