/*
 * Two groups of settings, as in exporter/settings.c: SIGHUP reads the log's level and format and the web
 * configuration again; all else is built into threads, connections and limits, and takes a restart.  Then
 * the reload is refused with a reason, rather than taking half of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/url.h"
#include "common/text/array.h"
#include "common/text/buffer.h"
#include "common/text/duration.h"
#include "relay/feeds.h"
#include "relay/settings_parts.h"
#include "web/settings.h"

/* Of all requests at once: two of the largest. */
enum { BODIES = 2 * FEED_BODY };

static const int64_t second_ns = 1000 * 1000 * 1000, ms_ns = 1000 * 1000;
static const int64_t day_ns = INT64_C(86400) * 1000 * 1000 * 1000;

const struct option relay_options[] = {
	{ .name = "config.check",
	    .flag_only = true,
	    .help = "check the settings, print who gets which alert, and exit" },
	{ .name = "send-test",
	    .argument = "CHANNEL",
	    .flag_only = true,
	    .help = "send one message to this channel, as in telegram:main, print the result, and exit" },
	{ .name = "relay.directory",
	    .argument = "DIR",
	    .fallback = "/var/lib/arbwatch/relay",
	    .help = "directory of the outbox, on a local disk; of one alert_relay alone" },
	{ .name = "web.listen-address",
	    .argument = "HOST:PORT",
	    .fallback = "127.0.0.1:9110",
	    .repeatable = true,
	    .help = "address to listen on; ':9110' is all addresses; port 0 is any free port" },
	{ .name = "web.external-url",
	    .argument = "URL",
	    .help = "where people reach this program, for the links in messages (default: no links)" },
	{ .name = "route",
	    .argument = "ROUTE",
	    .repeatable = true,
	    .help = "who gets which alert, as in 'severity=\"P0\" -> telegram:main | mail:main'; the first "
		    "one that fits decides (default: by severity, to the channels that there are)" },
	{ .name = "escalate.after",
	    .argument = "DURATION",
	    .fallback = "15m",
	    .help = "a P0 that nobody has acknowledged for so long is escalated" },
	{ .name = "retry.slow",
	    .argument = "DURATION",
	    .fallback = "1m",
	    .help = "time between two attempts when all channels of a route have failed" },
	{ .name = "telegram.token",
	    .argument = "TOKEN",
	    .variable = "TELEGRAM_BOT_TOKEN",
	    .secret = true,
	    .help = "token of the Telegram bot" },
	{ .name = "telegram.chat",
	    .argument = "[NAME=]ID",
	    .variable = "TELEGRAM_CHAT_ID",
	    .repeatable = true,
	    .help = "a chat, for the channel telegram:NAME (telegram:main); its number, or @name of a public "
		    "one" },
	{ .name = "telegram.user",
	    .argument = "ID",
	    .repeatable = true,
	    .help =
		"number of a user who may acknowledge with the button (default: everybody in the chats)" },
	{ .name = "telegram.url",
	    .argument = "URL",
	    .fallback = "https://api.telegram.org",
	    .help = "Telegram's server" },
	{ .name = "slack.webhook",
	    .argument = "[NAME=]URL",
	    .repeatable = true,
	    .secret = true,
	    .help = "an incoming webhook of Slack, for the channel slack:NAME (slack:main)" },
	{ .name = "slack.token",
	    .argument = "TOKEN",
	    .secret = true,
	    .help = "token of a Slack app's bot, for --slack.channel" },
	{ .name = "slack.channel",
	    .argument = "[NAME=]ID",
	    .repeatable = true,
	    .help = "a channel that the bot writes to, for the channel slack:NAME (slack:main)" },
	{ .name = "slack.url",
	    .argument = "URL",
	    .fallback = "https://slack.com/api",
	    .help = "Slack's server, for the bot" },
	{ .name = "mail.server",
	    .argument = "URL",
	    .help = "smtp://HOST:587 (STARTTLS is required) or smtps://HOST:465" },
	{ .name = "mail.user",
	    .argument = "NAME",
	    .help = "name for the log-in to the mail server (default: no log-in)" },
	{ .name = "mail.password",
	    .argument = "PASSWORD",
	    .secret = true,
	    .help = "password for the log-in" },
	{ .name = "mail.ca-file",
	    .argument = "FILE",
	    .help = "who may sign the mail server's certificate (default: the system's)" },
	{ .name = "mail.from", .argument = "ADDRESS", .help = "sender of the mails" },
	{ .name = "mail.to",
	    .argument = "[NAME=]ADDRESS,...",
	    .repeatable = true,
	    .help = "who gets the mails of the channel mail:NAME (mail:main)" },
	{ .name = "mail.summary",
	    .argument = "HH:MM",
	    .help =
		"send a summary of the last 24 hours to mail:main every day at this time (default: never)" },
	{ .name = "webhook.url",
	    .argument = "[NAME=]URL",
	    .repeatable = true,
	    .secret = true,
	    .help = "where JSON is posted to, for the channel webhook:NAME (webhook:main)" },
	{ .name = "language", .argument = "en|ko", .fallback = "en", .help = "language of the messages" },
	{ .name = "templates",
	    .argument = "DIR",
	    .help = "directory of templates that take the place of the built-in ones" },
	{ .name = "time-zone",
	    .argument = "ZONE",
	    .help = "time zone of the messages, as in Asia/Seoul (default: the system's)" },
	{ .name = "alertmanager.url",
	    .argument = "URL",
	    .help = "Alertmanager, to learn what is silenced and to silence what is acknowledged" },
	{ .name = "alertmanager.interval",
	    .argument = "DURATION",
	    .fallback = "15s",
	    .help = "time between two questions to Alertmanager" },
	{ .name = "alertmanager.ca-file",
	    .argument = "FILE",
	    .help = "who may sign Alertmanager's certificate (default: the system's)" },
	{ .name = "history.postgres",
	    .argument = "DSN",
	    .secret = true,
	    .help = "database of the history, as a libpq connection string (default: no history)" },
	{ .name = "history.password",
	    .argument = "PASSWORD",
	    .secret = true,
	    .help = "password of the database, if it is not in the connection string" },
	{ .name = "history.retention",
	    .argument = "DURATION",
	    .fallback = "365d",
	    .help = "how long the history is kept" },
	{ .name = "history.reader",
	    .argument = "ROLE",
	    .fallback = "arbwatch_reader",
	    .help = "role of the database that may read the history, as Grafana does" },
	{ 0 },
};

void
relay_print_help(const struct options *o)
{
	printf(
	    "usage: alert_relay [--FLAG VALUE]...\n\n"
	    "Deliver alerts from Alertmanager, Prometheus and programs to Telegram, Slack, mail and webhooks, have people\n"
	    "acknowledge them, and keep their history. It takes POST /webhook/NAME (Alertmanager), POST /api/v2/alerts\n"
	    "(programs, amtool) and POST /observe/api/v2/alerts (Prometheus, for the history alone), and serves a page (/),\n"
	    "an API (/api/v1/alerts), /metrics, /health, /-/healthy and /-/ready.\n\n");
	options_print_help(o);
	printf(
	    "\nEach setting can also come from an environment variable (--log.level: ARBWATCH_LOG_LEVEL) or from\n"
	    "the config file; a secret also from the file that a variable names (ARBWATCH_MAIL_PASSWORD_FILE).\n"
	    "SIGHUP makes the program read --log.level, --log.format and --web.config.file again; all else takes\n"
	    "a restart.\n"
	    "\nExit status: 0 ended by a signal, 1 could not start, listen or send the test message, 2 wrong flags or\n"
	    "configuration.\n");
}

const char *
settings_keep(struct relay_settings *s, const char *text, struct failure *why)
{
	char **kept = array_reserve(s->kept, &s->kept_room, s->kept_count + 1, sizeof(*kept));
	char *copy = strdup(text);

	if (kept != NULL)
		s->kept = kept;
	if (kept == NULL || copy == NULL) {
		secret_free(copy);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	s->kept[s->kept_count++] = copy;
	return copy;
}

int
settings_keep_option(struct relay_settings *s, const struct options *o, const char *name, const char **text,
    struct failure *why)
{
	const char *given = options_text(o, name);

	*text = NULL;
	if (given == NULL || *given == '\0')
		return 0;
	*text = settings_keep(s, given, why);
	return *text != NULL ? 0 : -1;
}

int
settings_read_url(struct relay_settings *s, const struct options *o, const char *name, const char **url,
    struct failure *why)
{
	char *given;

	*url = NULL;
	if (web_settings_url(o, name, &given, why) != 0)
		return -1;
	if (given == NULL)
		return 0;
	*url = settings_keep(s, given, why);
	free(given);
	return *url != NULL ? 0 : -1;
}

/* --- The web side --- */

static int
read_web(struct relay_settings *s, const struct options *o, struct failure *why)
{
	struct buffer names;
	struct url parts = { 0 };
	int result = -1;

	if (web_settings_limits(&s->limits, o, why) != 0 ||
	    settings_read_url(s, o, "web.external-url", &s->external_url, why) != 0)
		return -1;
	s->limits.body_memory = BODIES;
	buffer_init(&names, 65536);
	if (web_settings_names(&names, o, why) != 0)
		goto release;
	/* The page is reached by this name through a proxy, so
	 * requests for it must pass the check of the Host header. */
	if (s->external_url != NULL && url_parse(&parts, s->external_url, why) == 0) {
		buffer_string(&names, parts.host);
		buffer_string(&names, "\n");
		url_release(&parts);
	}
	buffer_append(&names, "", 1);
	if (names.failed)
		(void)failure_set(why, FAILURE_LOCAL, "the names of this host have more than 64 KiB");
	else
		s->names = settings_keep(s, names.text, why);
	result = s->names != NULL ? 0 : -1;
release:
	buffer_release(&names);
	return result;
}

/* --- All else --- */

static int
read_routes(struct relay_settings *s, const struct options *o, struct failure *why)
{
	size_t count = options_count(o, "route");

	if (count > RELAY_ROUTES)
		return options_failure(
		    o, "route", RELAY_ROUTES, why, "there are more than %d routes", RELAY_ROUTES);
	for (size_t i = 0; i < count; i++) {
		s->routes[i] = settings_keep(s, options_item(o, "route", i), why);
		if (s->routes[i] == NULL)
			return -1;
	}
	s->route_count = count;
	return 0;
}

static int
read_times(struct relay_settings *s, const struct options *o, struct failure *why)
{
	int64_t retention, escalate, slow;

	if (web_settings_between(
		o, "history.retention", day_ns, day_ns * 36500, "1d to 36500d", &retention, why) != 0 ||
	    web_settings_between(o, "escalate.after", second_ns, day_ns, "1s to 1d", &escalate, why) != 0 ||
	    web_settings_between(o, "retry.slow", second_ns / 10, day_ns, "100ms to 1d", &slow, why) != 0 ||
	    web_settings_between(o, "alertmanager.interval", second_ns / 10, day_ns, "100ms to 1d",
		&s->alertmanager_interval_ns, why) != 0)
		return -1;
	s->retention_ms = retention / ms_ns;
	s->escalate_ms = escalate / ms_ns;
	s->retry_slow_ms = slow / ms_ns;
	return 0;
}

static int
read_history(struct relay_settings *s, const struct options *o, struct failure *why)
{
	const char *dsn = options_text(o, "history.postgres"),
		   *password = options_text(o, "history.password");
	struct failure reason = { 0 };

	if (settings_keep_option(s, o, "history.reader", &s->reader, why) != 0)
		return -1;
	if (dsn == NULL || *dsn == '\0')
		return password == NULL || *password == '\0'
			   ? 0
			   : options_failure(o, "history.password", 0, why,
				 "there is no --history.postgres that it is for");
	s->postgres = postgres_target_new(dsn, password, &s->secrets, &reason);
	return s->postgres != NULL ? 0 : options_failure(o, "history.postgres", 0, why, "%s", reason.text);
}

static void
add_rows(struct buffer *text, const struct options *o, const struct option *row)
{
	static const char *const others[] = { "log.level", "log.format", "web.config.file", "config.file" };

	for (; row->name != NULL; row++) {
		/* Flags that are for the command line alone cannot change,
		 * and those in the list above are what a reload is for. */
		bool other = row->flag_only || row->argument == NULL;

		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			other = other || strcmp(row->name, others[i]) == 0;
		for (size_t i = 0; !other && i < options_count(o, row->name); i++) {
			buffer_string(text, row->name);
			buffer_string(text, "\n");
			buffer_string(text, options_item(o, row->name, i));
			buffer_string(text, "\n");
		}
	}
}

/* All that a reload may not change, in one text, so that it can be compared at once. */
static char *
fingerprint(const struct options *o)
{
	struct buffer text;

	/* It holds secrets: it is compared here alone, and secret_free() overwrites it. */
	buffer_init(&text, 4 * 1024 * 1024);
	add_rows(&text, o, relay_options);
	add_rows(&text, o, web_options);
	buffer_append(&text, "", 1);
	if (!text.failed)
		return text.text;
	buffer_release(&text);
	return NULL;
}

int
relay_settings_read(struct relay_settings *s, const struct options *o, struct failure *why)
{
	*s = (struct relay_settings){ .summary_minute = -1 };
	if (*options_text(o, "relay.directory") == '\0')
		return options_failure(o, "relay.directory", 0, why, "is empty");
	/* Channels come last: the summary's check needs the history and the mail channels. */
	if (settings_keep_option(s, o, "relay.directory", &s->directory, why) != 0 ||
	    read_web(s, o, why) != 0 || read_times(s, o, why) != 0 || read_routes(s, o, why) != 0 ||
	    settings_keep_option(s, o, "language", &s->language, why) != 0 ||
	    settings_keep_option(s, o, "templates", &s->templates, why) != 0 ||
	    settings_keep_option(s, o, "time-zone", &s->time_zone, why) != 0 ||
	    settings_read_url(s, o, "alertmanager.url", &s->alertmanager, why) != 0 ||
	    settings_keep_option(s, o, "alertmanager.ca-file", &s->alertmanager_ca, why) != 0 ||
	    read_history(s, o, why) != 0 || settings_read_channels(s, o, why) != 0)
		return -1;
	s->fingerprint = fingerprint(o);
	return s->fingerprint != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

void
relay_settings_release(struct relay_settings *s)
{
	for (size_t i = 0; i < s->kept_count; i++)
		secret_free(s->kept[i]);
	free(s->kept);
	postgres_target_free(s->postgres);
	secret_free(s->fingerprint);
	secrets_release(&s->secrets);
	*s = (struct relay_settings){ 0 };
}

int
relay_settings_unchanged(const struct relay_settings *s, const struct options *o, struct failure *why)
{
	char *now = fingerprint(o);
	bool same = now != NULL && strcmp(now, s->fingerprint) == 0;

	if (now == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	secret_free(now);
	if (same)
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "another setting changed, which takes a restart of alert_relay: while it runs, only --log.level, "
	    "--log.format and --web.config.file can change");
}

const struct channel *
relay_settings_channel(const struct relay_settings *s, const char *name)
{
	for (size_t i = 0; i < s->channel_count; i++)
		if (strcmp(s->channels[i].name, name) == 0)
			return &s->channels[i];
	return NULL;
}
