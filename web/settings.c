/*
 * The flags that each program with a web server has, and how they are read: one table, so that two
 * programs cannot name or limit the same thing differently.  Nothing is opened here before all of it
 * was found good, since a configuration is also only checked.
 */

#include "web/settings.h"

#include <stdio.h>
#include <string.h>

#include "common/config/secrets.h"
#include "common/net/url.h"
#include "web/files.h"

static const int64_t second_ns = 1000 * 1000 * 1000, day_ns = INT64_C(86400) * 1000 * 1000 * 1000;

const struct option web_options[] = {
	{ .name = "config.file", .argument = "FILE", .help = "read settings from this YAML file" },
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
	    /* An expensive request takes memory for an answer of its own.  Prometheus sends one or two at a
	     * time. */
	    .fallback = "128",
	    .help = "limit of expensive requests at the same time; more get 503" },
	{ .name = "web.max-connections",
	    .argument = "N",
	    .fallback = "1024",
	    .help = "limit of connections to each address; more take the place of idle ones, or wait" },
	{ .name = "web.header-timeout",
	    .argument = "DURATION",
	    /* A client that opens a connection and says nothing holds a place; 10 s are enough for TLS over
	     * a bad line. */
	    .fallback = "10s",
	    .help = "time limit for a new connection's first request line, including TLS" },
	{ .name = "web.idle-timeout",
	    .argument = "DURATION",
	    /* Longer than the scrape interval of a minute, so that Prometheus keeps its connection. */
	    .fallback = "90s",
	    .help = "time limit for the next request on a connection" },
	{ .name = "web.answer-timeout",
	    .argument = "DURATION",
	    .fallback = "60s",
	    .help = "time limit for a request's headers and for receiving the answer" },
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

int
web_settings_read(struct web_settings *s, const struct options *o, struct failure *why)
{
	const char *level = options_text(o, "log.level"), *format = options_text(o, "log.format");
	const char *path = options_text(o, "web.config.file");

	*s = (struct web_settings){ 0 };
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
web_settings_release(struct web_settings *s)
{
	web_config_drop(s->web);
	*s = (struct web_settings){ 0 };
}

/* A limit at both ends: 0 would end every connection at once, and a slip such as 10000h would never end
 * one. */
int
web_settings_between(const struct options *o, const char *name, int64_t least_ns, int64_t most_ns,
    const char *range, int64_t *ns, struct failure *why)
{
	if (options_duration(o, name, ns, why) != 0)
		return -1;
	if (*ns < least_ns || *ns > most_ns)
		return options_failure(o, name, 0, why, "must be from %s", range);
	return 0;
}

static int
read_timeout(const struct options *o, const char *name, int64_t *ns, struct failure *why)
{
	return web_settings_between(o, name, second_ns / 10, day_ns, "100ms to 1d", ns, why);
}

int
web_settings_limits(struct web_limits *l, const struct options *o, struct failure *why)
{
	int64_t requests, connections;

	if (options_integer(o, "web.max-requests", 1, 100000, &requests, why) != 0 ||
	    options_integer(o, "web.max-connections", WEB_LEAST_CONNECTIONS, 100000, &connections, why) !=
		0 ||
	    read_timeout(o, "web.header-timeout", &l->header_timeout_ns, why) != 0 ||
	    read_timeout(o, "web.idle-timeout", &l->idle_timeout_ns, why) != 0 ||
	    read_timeout(o, "web.answer-timeout", &l->answer_timeout_ns, why) != 0)
		return -1;
	l->requests = (unsigned)requests;
	l->connections = (unsigned)connections;
	return 0;
}

/* A name is compared with the Host header.  One with a port or a scheme would never be equal, and the
 * operator would see 421 without a reason. */
int
web_settings_names(struct buffer *names, const struct options *o, struct failure *why)
{
	static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
	struct failure reason = { 0 };

	for (size_t i = 0; i < options_count(o, "web.listen-address"); i++) {
		const char *address = options_item(o, "web.listen-address", i);

		if (listen_check(address, &reason) != 0)
			return options_failure(o, "web.listen-address", i, why, "%s", reason.text);
		buffer_string(names, address);
		buffer_string(names, "\n");
	}
	for (size_t i = 0; i < options_count(o, "web.allowed-host"); i++) {
		const char *name = options_item(o, "web.allowed-host", i);

		if (*name == '\0' || name[strspn(name, characters)] != '\0')
			return options_failure(o, "web.allowed-host", i, why,
			    "is not a host name: write it without scheme, port and path");
		buffer_string(names, name);
		buffer_string(names, "\n");
	}
	return 0;
}

struct web *
web_settings_listen(const struct web_site *site, const struct web_limits *limits, size_t kept,
    const struct options *o, const struct log *log, struct failure *why)
{
	struct web_limits fitting = *limits;
	size_t addresses = options_count(o, "web.listen-address");
	int fewer = web_fit_files(&fitting, addresses, kept, why);
	char name[LISTEN_NAME], count[16];
	struct web *web;

	if (fewer < 0)
		return NULL;
	(void)snprintf(count, sizeof(count), "%u", fitting.connections);
	if (fewer > 0)
		log_write(log, LOG_WARN,
		    "fewer connections than --web.max-connections: the limit of open files is too low",
		    "connections_per_address", count, NULL);
	web = web_new(&fitting, site);
	if (web == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < addresses; i++) {
		if (web_listen(web, options_item(o, "web.listen-address", i), name, why) != 0) {
			web_free(web);
			return NULL;
		}
		/* The real port, also where 0 was asked for: tests and scripts read it. */
		log_write(log, LOG_INFO, "listening", "address", name, NULL);
	}
	return web;
}

int
web_settings_url(const struct options *o, const char *name, char **url, struct failure *why)
{
	const char *given = options_text(o, name);
	struct failure reason = { 0 };
	struct url parts;
	bool good, has_user;

	*url = NULL;
	if (given == NULL || *given == '\0')
		return 0;
	if (strstr(given, "://") == NULL)
		return options_failure(
		    o, name, 0, why, "is not a URL like http://host:port, without a query");
	if (url_parse(&parts, given, &reason) != 0)
		return options_failure(o, name, 0, why, "%s", reason.text);
	good = (strcmp(parts.scheme, "http") == 0 || strcmp(parts.scheme, "https") == 0) &&
	       *parts.host != '\0' && parts.query == NULL;
	/* A password in a URL would be shown in errors and on pages. */
	has_user = parts.user != NULL || parts.password != NULL;
	url_release(&parts);
	if (!good)
		return options_failure(
		    o, name, 0, why, "is not a URL like http://host:port, without a query");
	if (has_user)
		return options_failure(o, name, 0, why, "leave user and password out of the URL");
	*url = strdup(given);
	if (*url == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	/* So that a path can be put behind it without two slashes. */
	for (char *end = *url + strlen(given); end[-1] == '/'; end--)
		end[-1] = '\0';
	return 0;
}
