/*
 * The flags that every collector has, and what they may say.  Name and directory go into paths,
 * labels and log lines, so they are limited here to what is harmless in all of them.  Mistakes are
 * refused at the start, because a collector that runs with other settings than its operator meant
 * is worse than one that does not run.
 */

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "collectors/harness/settings.h"

const struct option common_options[] = {
	{ .name = "config.file", .argument = "FILE", .help = "read settings from this YAML file" },
	{ .name = "config.check",
	    .flag_only = true,
	    .help = "check the settings, print the result, and exit" },
	{ .name = "textfile.directory",
	    .argument = "DIR",
	    .fallback = "/var/lib/prometheus/node-exporter",
	    .help = "directory in which the .prom file is published" },
	{ .name = "name",
	    .argument = "NAME",
	    .help = "name of the file without .prom, and value of the label collector (default: the "
		    "program's name)" },
	{ .name = "env", .argument = "paper|live", .fallback = "paper", .help = "label env of every sample" },
	{ .name = "interval",
	    .argument = "DURATION",
	    .help = "repeat at this interval, in one process; without it, run once" },
	{ .name = "timeout",
	    .argument = "DURATION",
	    .fallback = "5s",
	    .help = "time limit of a run, including name resolution; at most the interval" },
	{ .name = "fail-on-down",
	    .help = "exit with status 3 if something could not be measured; see the exit statuses below" },
	{ .name = "stdout",
	    .flag_only = true,
	    .help = "print this run's metrics instead of publishing them; counters start at zero" },
	{ .name = "list-metrics",
	    .flag_only = true,
	    .help = "print name, type, labels and help of every metric, and exit" },
	{ .name = "log.level",
	    .argument = "debug|info|warn|error",
	    .fallback = "info",
	    .help = "least severe level that is logged" },
	{ .name = "log.format",
	    .argument = "logfmt|json",
	    .fallback = "logfmt",
	    .help = "format of the log" },
	{ .name = "version", .flag_only = true, .help = "print the version, and exit" },
	{ .name = "help", .flag_only = true, .help = "print this help, and exit" },
	{ 0 },
};

static const int64_t shortest_interval_ns = 10 * 1000 * 1000;
static const int64_t longest_ns = INT64_C(24) * 3600 * 1000 * 1000 * 1000;

/* A file stem and a label: no slash, no leading dot or dash. */
static bool
is_name(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > 64 || *text == '.' || *text == '-')
		return false;
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && strchr("_.-", *text) == NULL)
			return false;
	return true;
}

static int
read_identity(struct collector_settings *s, const char *program, const struct options *o, struct failure *why)
{
	const char *name = options_given(o, "name") ? options_text(o, "name") : program;
	const char *env = options_text(o, "env"), *directory = options_text(o, "textfile.directory");

	if (!is_name(name))
		return options_failure(o, "name", 0, why,
		    "'%s' is not a name: it may have up to 64 letters, digits, '_', '.', '-', and not begin with '.' or '-'",
		    secret_shown(name));
	if (strcmp(env, "paper") != 0 && strcmp(env, "live") != 0)
		return options_failure(o, "env", 0, why, "'%s' is neither paper nor live", secret_shown(env));
	/* It is logged at the start: a value that looks like a URL with a password is refused and not shown.
	 */
	if (strlen(directory) >= sizeof(s->directory) || *directory == '\0' ||
	    secret_shown(directory) != directory)
		return options_failure(o, "textfile.directory", 0, why, "must be a path of 1 to 4095 bytes");
	(void)snprintf(s->name, sizeof(s->name), "%s", name);
	(void)snprintf(s->env, sizeof(s->env), "%s", env);
	(void)snprintf(s->directory, sizeof(s->directory), "%s", directory);
	return 0;
}

static int
read_times(struct collector_settings *s, const struct options *o, struct failure *why)
{
	if (options_duration(o, "interval", &s->interval_ns, why) != 0 ||
	    options_duration(o, "timeout", &s->timeout_ns, why) != 0)
		return -1;
	if (options_given(o, "interval") &&
	    (s->interval_ns < shortest_interval_ns || s->interval_ns > longest_ns))
		return options_failure(o, "interval", 0, why, "must be from 10ms to 1d");
	if (s->timeout_ns <= 0 || s->timeout_ns > longest_ns)
		return options_failure(o, "timeout", 0, why, "must be from 1ms to 1d");
	if (s->interval_ns == 0 || s->timeout_ns <= s->interval_ns)
		return 0;
	/* A default is made to fit; what somebody wrote is not changed behind their back. */
	if (options_given(o, "timeout"))
		return options_failure(o, "timeout", 0, why, "'%s' is longer than the interval '%s'",
		    options_text(o, "timeout"), options_text(o, "interval"));
	s->timeout_ns = s->interval_ns;
	return 0;
}

int
settings_read(struct collector_settings *s, const char *program, const struct options *o, struct failure *why)
{
	const char *level = options_text(o, "log.level"), *format = options_text(o, "log.format");

	*s = (struct collector_settings){ 0 };
	if (read_identity(s, program, o, why) != 0 || read_times(s, o, why) != 0)
		return -1;
	if (log_level_parse(level, &s->log_level) != 0)
		return options_failure(
		    o, "log.level", 0, why, "'%s' is not debug, info, warn or error", secret_shown(level));
	if (log_format_parse(format, &s->log_format) != 0)
		return options_failure(
		    o, "log.format", 0, why, "'%s' is not logfmt or json", secret_shown(format));
	s->print = options_switch(o, "stdout");
	s->fail_on_down = options_switch(o, "fail-on-down");
	return 0;
}
