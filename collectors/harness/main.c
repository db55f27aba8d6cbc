/*
 * The main() that all collectors share: settings, one run or a loop, signals.  Exit statuses: 0
 * published, 1 could not publish, 2 usage or configuration, 3 something could not be measured, with
 * --fail-on-down only.
 *
 * Everything that SIGHUP may change is in one struct, which is made anew as a whole and takes the
 * old one's place only if it is good: a mistake in the config file must not end a loop that works.
 * Name and directory go into paths, labels and log lines, so they are limited here to what is
 * harmless in all of them.  Mistakes are refused at the start, because a collector that runs with
 * other settings than its operator meant is worse than one that does not run.
 *
 * Signals need no flags.  SIGTERM ends the process wherever it is, because a published file is
 * replaced in one step and nothing else is to be saved; SIGHUP stays blocked and is taken between
 * two runs.
 */

#include <assert.h>
#include <ctype.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collectors/harness/collector.h"
#include "collectors/harness/run.h"
#include "common/log_stream.h"
#include "common/system/process.h"
#include "common/system/streams.h"
#include "common/version.h"

enum { EXIT_PUBLISHED = 0, EXIT_NOT_PUBLISHED = 1, EXIT_USAGE = 2, EXIT_DOWN = 3 };
enum { TABLES_MOST = 16, LARGE_BLOCK = 2 * 1024 * 1024 };
enum { ENDED = -1 }; /* there was something to print, and nothing more to do */

/* Settings ------------------------------------------------------------ */

static const struct option common_options[] = {
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
	    .help = "time limit of a run, including name resolution; at most the interval, and by default at "
		    "most 90% of it" },
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
/* After a run that failed the next one comes so soon; after each further one, twice as late. */
static const int64_t soon_ns = INT64_C(15) * 1000 * 1000 * 1000;
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
read_identity(struct collector_settings *s, const struct options *o, struct failure *why)
{
	const char *name = options_given(o, "name") ? options_text(o, "name") : collector.name;
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
	int64_t most;

	if (options_duration(o, "interval", &s->interval_ns, why) != 0 ||
	    options_duration(o, "timeout", &s->timeout_ns, why) != 0)
		return -1;
	if (options_given(o, "interval") &&
	    (s->interval_ns < shortest_interval_ns || s->interval_ns > longest_ns))
		return options_failure(o, "interval", 0, why, "must be from 10ms to 1d");
	if (s->timeout_ns <= 0 || s->timeout_ns > longest_ns)
		return options_failure(o, "timeout", 0, why, "must be from 1ms to 1d");
	/* A default is made to fit, with time to publish; what somebody wrote is not changed behind their
	 * back. */
	most = s->interval_ns / 10 * 9;
	if (s->interval_ns > 0 && !options_given(o, "timeout") && s->timeout_ns > most)
		s->timeout_ns = most;
	if (s->interval_ns == 0 || s->timeout_ns <= s->interval_ns)
		return 0;
	return options_failure(o, "timeout", 0, why, "'%s' is longer than the interval '%s'",
	    options_text(o, "timeout"), options_text(o, "interval"));
}

static int
read_settings(struct collector_settings *s, const struct options *o, struct failure *why)
{
	const char *level = options_text(o, "log.level"), *format = options_text(o, "log.format");

	*s = (struct collector_settings){ 0 };
	if (read_identity(s, o, why) != 0 || read_times(s, o, why) != 0)
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

/* The program --------------------------------------------------------- */

/* What SIGHUP replaces as a whole. */
struct setup {
	struct collector_settings settings;
	struct metrics *metrics; /* of one run, and counts that could not be published yet */
	struct publisher publisher;
	void *state; /* the collector's own */
};

struct harness {
	struct options *options;
	struct secrets secrets;
	struct setup setup;
	struct log log;
	struct notices notices;     /* of what the runs found */
	struct notices unpublished; /* of runs that could not be published */
	double reloaded_at;
	bool reload_failed;
	struct log_stream *libraries;
};

static void
setup_release(struct setup *setup)
{
	collector.close(setup->state);
	metrics_free(setup->metrics);
	publisher_release(&setup->publisher);
}

/* From the options as they are now.  On failure nothing is left to release. */
static int
setup_make(struct harness *p, struct setup *setup, struct failure *why)
{
	const struct family *const tables[] = { collector.families, run_families };
	const size_t counts[] = { collector.family_count, RUN_FAMILIES };

	*setup = (struct setup){ 0 };
	if (read_settings(&setup->settings, p->options, why) != 0)
		return -1;
	if (collector.open(p->options, &p->secrets, &setup->state, why) != 0)
		return -1;
	setup->metrics = metrics_new(setup->settings.env, tables, counts, 2, why);
	if (setup->metrics != NULL)
		return 0;
	collector.close(setup->state);
	return -1;
}

static void
use_setup(struct harness *p, const struct setup *setup)
{
	p->setup = *setup;
	p->log = (struct log){ .level = setup->settings.log_level,
		.format = setup->settings.log_format,
		.program = p->setup.settings.name,
		.secrets = &p->secrets };
	log_stream_use(p->libraries, &p->log);
}

static void
print_help(const struct options *o)
{
	printf("usage: %s [--FLAG VALUE]...\n\n%s.\n\n", collector.name, collector.summary);
	options_print_help(o);
	printf(
	    "\nEach setting can also come from an environment variable (--log.level: ARBWATCH_LOG_LEVEL) or from\n"
	    "the config file, except for flags that print something and exit. Secrets can also come from\n"
	    "files that a variable names, such as ARBWATCH_TARGET_FILE.\n\n%s\n",
	    collector.statuses != NULL
		? collector.statuses
		: "Exit status: 0 published, 1 could not publish, 2 wrong flags or configuration, 3 something could\n"
		  "not be measured (only with --fail-on-down).");
}

static void
print_family(const struct family *family)
{
	printf("%s\t%s\tenv", family->name, metric_type_name(family->type));
	for (size_t i = 0; family->labels[i] != NULL; i++)
		printf(",%s", family->labels[i]);
	printf("\t%s\n", family->help);
}

static void
list_metrics(void)
{
	for (size_t i = 0; i < collector.family_count; i++)
		print_family(&collector.families[i]);
	for (size_t i = 0; i < RUN_FAMILIES; i++)
		print_family(&run_families[i]);
}

/* Flags that print something and end.  Returns whether there was one. */
static bool
print_and_end(const struct options *o)
{
	if (options_switch(o, "help"))
		print_help(o);
	else if (options_switch(o, "version"))
		printf("%s, version %s (revision %s)\n", collector.name, version_number, version_revision);
	else if (options_switch(o, "list-metrics"))
		list_metrics();
	else
		return false;
	return true;
}

/* Returns -1 if the run could not be published. */
static int
publish(const struct run *run, struct notices *unpublished)
{
	struct failure why = { 0 };
	int result;

	/* A run that is withheld leaves no counts behind: it is as if there had been no run. */
	if (run->withheld) {
		metrics_clear(run->metrics);
		return 0;
	}
	result = run_publish(run, &why);
	if (result != 0)
		notices_report(unpublished, run->log, LOG_ERROR, run->settings->name,
		    failure_kind_name(why.kind), why.text);
	notices_end(unpublished, run->log, NULL, "published again");
	return result;
}

/* Take back what an earlier run said, where it is known what file that is in. */
static void
refuse(struct harness *p, bool all_read)
{
	const struct family *const tables[] = { collector.families, run_families };
	const size_t counts[] = { collector.family_count, RUN_FAMILIES };
	const struct options *o = p->options;
	struct setup *setup = &p->setup;
	struct failure ignored = { 0 };
	struct run run = { .settings = &setup->settings, .log = &p->log, .publisher = &setup->publisher };
	char path[sizeof(setup->settings.directory) + sizeof(setup->settings.name) + 8];

	if (collector.refused == NULL || options_switch(o, "config.check"))
		return;
	if ((all_read || (options_given(o, "env") && options_given(o, "textfile.directory"))) &&
	    read_settings(&setup->settings, o, &ignored) == 0 && !setup->settings.print) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s.prom", setup->settings.directory, setup->settings.name);
		/* Where no run has published, there is nothing to take back. */
		if (access(path, F_OK) == 0)
			run.metrics = metrics_new(setup->settings.env, tables, counts, 2, &ignored);
	}
	if (collector.refused(o, run.metrics)) {
		use_setup(p, setup);
		p->log.level = LOG_ERROR;
		run.deadline = deadline_in(setup->settings.timeout_ns);
		run_count_refused(&run);
		(void)publish(&run, &p->unpublished);
	}
	metrics_free(run.metrics);
	publisher_release(&setup->publisher);
}

static int
run_once(struct harness *p)
{
	struct setup *setup = &p->setup;
	struct run run = { .settings = &setup->settings,
		.log = &p->log,
		.publisher = &setup->publisher,
		/* What is printed is one run, and not the last one's successor. */
		.notices = setup->settings.print ? NULL : &p->notices,
		.metrics = setup->metrics,
		.reloaded_at = p->reloaded_at,
		.reload_failed = p->reload_failed };
	bool published;

	/* From here on the time counts, for measuring and for publishing together. */
	run.deadline = deadline_in(setup->settings.timeout_ns);
	if (setup->settings.interval_ns == 0 && run.notices != NULL)
		run_read_notices(&run);
	run_collect(&run, setup->state);
	published = publish(&run, &p->unpublished) == 0;
	/* The collector's own status decides alone: that of preflight is its verdict. */
	if (collector.exit_status != NULL)
		return collector.exit_status(setup->state, published);
	if (!published)
		return EXIT_NOT_PUBLISHED;
	return run.failed && setup->settings.fail_on_down ? EXIT_DOWN : EXIT_PUBLISHED;
}

/* As long as it is the same file and env, what is known of it and what waits to be published stays. */
static void
keep_file(struct setup *old, struct setup *new)
{
	struct setup before = *old;

	/* Counts of paper must not go on as counts of live. */
	if (strcmp(old->settings.env, new->settings.env) != 0)
		return;
	old->metrics = new->metrics;
	old->publisher = new->publisher;
	new->metrics = before.metrics;
	new->publisher = before.publisher;
}

/* Why a loop cannot go on with these settings, or NULL. */
static const char *
reload_fault(const struct collector_settings *old, const struct collector_settings *new)
{
	if (new->interval_ns == 0)
		return "the interval is gone: a running loop needs one";
	/* The old file would be left behind, and served for ever. */
	if (strcmp(old->directory, new->directory) != 0 || strcmp(old->name, new->name) != 0)
		return "the name or the directory of the file changed: that takes a restart";
	return NULL;
}

/* The old setup stays when the new one is no good. */
static void
reload(struct harness *p)
{
	struct failure why = { 0 };
	struct setup setup;
	const char *fault = why.text;

	/* The old options stay, too, when the new ones cannot be read. */
	if (options_read_rest(p->options, &why) == 0 && setup_make(p, &setup, &why) == 0) {
		fault = reload_fault(&p->setup.settings, &setup.settings);
		if (fault != NULL)
			setup_release(&setup);
	}
	p->reload_failed = fault != NULL;
	if (fault != NULL) {
		log_write(&p->log, LOG_ERROR, "configuration not reloaded, the old one stays", "reason",
		    fault, NULL);
		return;
	}
	keep_file(&p->setup, &setup);
	setup_release(&p->setup);
	use_setup(p, &setup);
	p->reloaded_at = clock_unix_seconds();
	log_write(&p->log, LOG_INFO, "configuration reloaded", NULL);
}

/* SIGTERM and SIGINT end the loop at once, wherever it is; publishing blocks them. */
static void
end_at_once(int signal_number)
{
	(void)signal_number;
	_exit(EXIT_PUBLISHED);
}

static void
set_signals(sigset_t *reload_signal)
{
	struct sigaction action = { .sa_handler = end_at_once };
	sigset_t ends;

	(void)sigaction(SIGTERM, &action, NULL);
	(void)sigaction(SIGINT, &action, NULL);
	/* Our parent may have blocked them. */
	(void)sigemptyset(&ends);
	(void)sigaddset(&ends, SIGTERM);
	(void)sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_UNBLOCK, &ends, NULL);
	/* SIGHUP waits until the loop asks for it. */
	(void)sigemptyset(reload_signal);
	(void)sigaddset(reload_signal, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, reload_signal, NULL);
}

/* Sleep until then.  True: SIGHUP came first. */
static bool
wait_until(struct deadline then, const sigset_t *reload_signal)
{
	for (;;) {
		int64_t left = deadline_left_ns(then);
		struct timespec wait = { .tv_sec = left / 1000000000, .tv_nsec = left % 1000000000 };

		/* It also returns early for other signals: then the rest of the time is waited for. */
		if (sigtimedwait(reload_signal, NULL, &wait) == SIGHUP)
			return true;
		if (left == 0)
			return false;
	}
}

/*
 * When the next run begins, after one that began at `tick` or a little later and has ended now.  A tick that
 * came during that run is still kept, at once; of several the last, the others are left out.  A run between
 * two ticks does not move them.
 */
static int64_t
next_tick(int64_t tick, int64_t interval, int64_t now)
{
	int64_t passed = (now - tick) / interval;

	if (now < tick)
		return tick;
	return tick + (passed > 1 ? passed : 1) * interval;
}

/* On the tick, without drift. */
static void
loop(struct harness *p)
{
	/* The first run begins at once. */
	struct deadline tick = deadline_in(0);
	int64_t retry_ns = 0;
	sigset_t reload_signal;

	set_signals(&reload_signal);
	log_write(&p->log, LOG_INFO, "started", "version", version_number, "env", p->setup.settings.env,
	    "directory", p->setup.settings.directory, NULL);
	for (;;) {
		/* A server may have started a moment after us: a long interval need not pass till that shows.
		 */
		bool good = run_once(p) == 0;
		int64_t interval = p->setup.settings.interval_ns;
		struct deadline next;

		retry_ns = good ? 0 : retry_ns == 0 ? soon_ns : retry_ns > interval ? interval : 2 * retry_ns;
		tick.at_ns = next_tick(tick.at_ns, interval, clock_now_ns());
		next = deadline_in(retry_ns);
		/* Shortly before a tick it would cost what the limits of exchanges have no room for. */
		if (good || next.at_ns > tick.at_ns - soon_ns)
			next = tick;
		while (wait_until(next, &reload_signal)) {
			struct deadline sooner;

			/* A library in a thread that was left behind may print, and be masked, meanwhile. */
			flockfile(stderr);
			reload(p);
			funlockfile(stderr);
			/* A shorter interval need not wait for the end of a long one. */
			sooner = deadline_in(p->setup.settings.interval_ns);
			if (sooner.at_ns < tick.at_ns)
				tick = sooner;
			if (sooner.at_ns < next.at_ns)
				next = sooner;
		}
	}
}

static struct options *
make_options(void)
{
	const struct option *tables[TABLES_MOST] = { collector.options };
	size_t count = 1;

	for (size_t i = 0; collector.shared_options != NULL && collector.shared_options[i] != NULL; i++) {
		assert(count < TABLES_MOST - 1);
		tables[count++] = collector.shared_options[i];
	}
	tables[count++] = common_options;
	return options_new(collector.name, tables, count);
}

/* Everything up to the first run.  Usage faults are printed without log decoration. */
static int
prepare(struct harness *p, int argc, char *argv[])
{
	struct failure why = { 0 }, ignored = { 0 };
	bool flags_read, rest_read;
	struct setup setup;

	p->options = make_options();
	if (p->options == NULL) {
		dprintf(STDERR_FILENO, "%s: out of memory\n", collector.name);
		return EXIT_NOT_PUBLISHED;
	}
	if (options_read_flags(p->options, argc, argv, &why) == 0 && print_and_end(p->options))
		return ENDED;
	flags_read = why.kind == FAILURE_NONE;
	rest_read = options_read_rest(p->options, flags_read ? &why : &ignored) == 0;
	if (!flags_read || !rest_read || setup_make(p, &setup, &why) != 0) {
		/* A library may have quoted a connection string. */
		secrets_mask(&p->secrets, why.text);
		dprintf(STDERR_FILENO, "%s: %s\n", collector.name, why.text);
		refuse(p, flags_read && rest_read);
		return EXIT_USAGE;
	}
	use_setup(p, &setup);
	p->reloaded_at = clock_unix_seconds();
	if (!options_switch(p->options, "config.check"))
		return 0;
	printf("%s: configuration OK\n", collector.name);
	setup_release(&p->setup);
	return ENDED;
}

int
main(int argc, char *argv[])
{
	struct harness p = { 0 };
	int status;

	/* Freed blocks of this size go back to the system, or a run that holds a body of some megabytes, then
	 * lists, then metrics would need the sum of them: 51 MB with 10,000 positions in place of 44. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	process_forbid_dumps();
	occupy_standard_streams();
	p.libraries = log_stream_open();
	/* A closed pipe, or a limit on the size of files, must be an error and not the end. */
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	/* With "stty tostop" a terminal would stop a collector that writes from the background. */
	(void)signal(SIGTTOU, SIG_IGN);
	status = prepare(&p, argc, argv);
	if (status == 0) {
		/* What is printed is one run, also with an interval in the config file. */
		if (p.setup.settings.interval_ns > 0 && !p.setup.settings.print)
			loop(&p);
		status = run_once(&p);
		setup_release(&p.setup);
	}
	notices_release(&p.notices);
	notices_release(&p.unpublished);
	options_free(p.options);
	secrets_release(&p.secrets);
	if (status != ENDED)
		return status;
	/* A full disk behind standard output is a failure, too. */
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_NOT_PUBLISHED;
}
