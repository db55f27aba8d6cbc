/*
 * What a connection string means is libpq's business: it is asked (see ask_libpq()), with the
 * environment and the service file, and not imitated.  Added is what libpq cannot do: names are
 * looked up by us, within the deadline; the server ends our statements at the deadline too; and no
 * failure text repeats what the user wrote, which may be a password in the wrong place.  The target
 * is made once from the settings, a startup for each connection: addresses change.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/net/resolve.h"
#include "common/system/regular.h"
#include "probes/postgres/session.h"

enum {
	DEFAULT_PORT = 5432,
	HOSTS = 16,     /* in one connection string */
	ADDRESSES = 64, /* of all its hosts together */
	LIST_BYTES = 64 * 1024
};

#define APPLICATION_NAME "arbwatch_postgres_latency"

/* A keyword is there once: what is set later replaces what was set before. */
static void
parameters_set(struct postgres_parameters *p, const char *keyword, const char *value)
{
	size_t i = 0;

	while (i < p->count && strcmp(p->keywords[i], keyword) != 0)
		i++;
	assert(i < POSTGRES_PARAMETERS);
	if (i == p->count)
		p->count++;
	p->keywords[i] = keyword;
	p->values[i] = value;
}

/* NULL when absent. */
static const char *
parameters_value(const struct postgres_parameters *p, const char *keyword)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->keywords[i], keyword) == 0)
			return p->values[i];
	return NULL;
}

/* Options without a value are left out: libpq fills in its own. */
static void
parameters_add(struct postgres_parameters *p, const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++)
		if (options->val != NULL && options->val[0] != '\0')
			parameters_set(p, options->keyword, options->val);
}

/* libpq marks them with a star, for dialogs that must not show what is typed. */
static bool
is_secret(const PQconninfoOption *option)
{
	return option->val != NULL && option->dispchar[0] == '*';
}

/* PQconninfoFree() would leave the passwords in memory. */
static void
options_free(PQconninfoOption *options)
{
	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
		if (is_secret(option))
			explicit_bzero(option->val, strlen(option->val));
	PQconninfoFree(options);
}

/* libpq's lists: "a,b,,c" has four items. */
static size_t
list_count(const char *list)
{
	size_t count = 1;

	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/* Item `index`, or the only one of a list of one, or "".  Cut when it is too long to mean anything. */
static void
list_item(const char *list, size_t index, char item[POSTGRES_ITEM])
{
	size_t length;

	if (list == NULL)
		list = "";
	for (; index > 0 && strchr(list, ',') != NULL; index--)
		list = strchr(list, ',') + 1;
	length = strcspn(list, ",");
	if (length >= POSTGRES_ITEM)
		length = POSTGRES_ITEM - 1;
	memcpy(item, list, length);
	item[length] = '\0';
}

/* The port of host `index`; 0: it is not a port. */
static int
port_number(const struct postgres_parameters *p, size_t index)
{
	char item[POSTGRES_ITEM], *end;
	long port;

	list_item(parameters_value(p, "port"), index, item);
	if (item[0] == '\0')
		return DEFAULT_PORT;
	port = strtol(item, &end, 10);
	return *end == '\0' && port >= 1 && port <= 65535 ? (int)port : 0;
}

/* As libpq counts: by addresses where any are given. */
static size_t
host_count(const struct postgres_parameters *p)
{
	const char *addresses = parameters_value(p, "hostaddr"), *hosts = parameters_value(p, "host");

	if (addresses != NULL)
		return list_count(addresses);
	return hosts != NULL ? list_count(hosts) : 1;
}

/* An empty host is the default directory. */
static bool
is_socket_directory(const char *host)
{
	return host[0] == '/' || host[0] == '@' || host[0] == '\0';
}

/* libpq looks at ports only when it connects.  The limit of hosts is ours. */
static int
check_hosts(const struct postgres_parameters *p, struct failure *why)
{
	if (host_count(p) > HOSTS)
		return failure_set(why, FAILURE_LOCAL, "connection string: more than %d hosts", HOSTS);
	for (size_t i = 0; i < host_count(p); i++)
		if (port_number(p, i) == 0)
			return failure_set(
			    why, FAILURE_LOCAL, "connection string: port: not a number from 1 to 65535");
	return 0;
}

/* This is checked here, because ask_libpq() uses this very option for its trick. */
static int
check_session_attributes(const char *value, struct failure *why)
{
	static const char *const words[] = { "any", "read-write", "read-only", "primary", "standby",
		"prefer-standby" };

	if (value == NULL)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(value, words[i]) == 0)
			return 0;
	return failure_set(why, FAILURE_LOCAL, "connection string: invalid target_session_attrs value");
}

/* libpq opens the file as it is, and would wait for ever on a FIFO. */
static int
check_service_file(const struct postgres_parameters *given, struct failure *why)
{
	const char *path = getenv("PGSERVICEFILE"), *service = parameters_value(given, "service");
	const char *fault;

	if (service == NULL)
		service = getenv("PGSERVICE");
	if (service == NULL || path == NULL)
		return 0;
	fault = regular_fault(path);
	return fault == NULL
		   ? 0
		   : failure_set(why, FAILURE_LOCAL, "PGSERVICEFILE '%s': %s", secret_shown(path), fault);
}

/* 'invalid sslmode value: "x"': what the user wrote stays out of our text, be there quotes in it or lines. */
static void
refused_by_libpq(const char *message, struct failure *why)
{
	const char *first = strchr(message, '"'), *last = strrchr(message, '"');

	if (first == NULL)
		first = last = message + strcspn(message, "\n");
	else
		last++;
	(void)failure_set(why, FAILURE_LOCAL, "connection string: %.*s%s%.*s%s", (int)(first - message),
	    message, last > first ? "(not shown)" : "", (int)strcspn(last, "\n"), last,
	    strstr(message, "service") != NULL ? ": see PGSERVICEFILE or ~/.pg_service.conf" : "");
}

/*
 * What libpq would do with these parameters: it fills in environment, service
 * file and defaults, checks everything, and then stops before it connects,
 * because the last thing it looks at is spoiled.
 */
static PGconn *
ask_libpq(const struct postgres_parameters *given, struct failure *why)
{
	static const char spoiled[] = "none, only asking";
	struct postgres_parameters asked = *given;
	PGconn *conn;

	parameters_set(&asked, "target_session_attrs", spoiled);
	conn = PQconnectStartParams(asked.keywords, asked.values, 0);
	if (conn == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
	} else if (strstr(PQerrorMessage(conn), spoiled) == NULL) {
		refused_by_libpq(PQerrorMessage(conn), why);
		PQfinish(conn);
		conn = NULL;
	}
	return conn;
}

static void
format_address(struct postgres_target *target, const char *host)
{
	bool bracketed = !is_socket_directory(host) && strchr(host, ':') != NULL;
	char first[POSTGRES_ITEM];

	list_item(host, 0, first);
	(void)snprintf(target->address, sizeof(target->address), "%s%s%s:%d", bracketed ? "[" : "", first,
	    bracketed ? "]" : "", port_number(&target->parameters, 0));
}

/* target->options say what `given` and the environment make together, but for the spoiled one. */
static int
fill_parameters(struct postgres_target *target, const struct postgres_parameters *given, struct failure *why)
{
	struct postgres_parameters *p = &target->parameters;
	const char *attributes = parameters_value(given, "target_session_attrs");

	parameters_add(p, target->options);
	/* Empty, libpq fills in its own. */
	parameters_set(p, "target_session_attrs", attributes != NULL ? attributes : "");
	if (target->password != NULL && parameters_value(given, "password") == NULL)
		parameters_set(p, "password", target->password);
	/*
	 * Looking for Kerberos tickets loads much code and may ask the network behind our back.  Who
	 * wants it by environment or service file asks for something else than libpq's default.
	 */
	for (const PQconninfoOption *option = target->options; option->keyword != NULL; option++)
		if (strcmp(option->keyword, "gssencmode") == 0 && option->val != NULL &&
		    option->compiled != NULL && strcmp(option->val, option->compiled) == 0 &&
		    parameters_value(given, "gssencmode") == NULL)
			parameters_set(p, "gssencmode", "disable");
	if (parameters_value(p, "fallback_application_name") == NULL)
		parameters_set(p, "fallback_application_name", APPLICATION_NAME);
	return check_hosts(p, why);
}

/* From target->given, target->password and the environment to everything else. */
static int
complete(struct postgres_target *target, struct secrets *secrets, struct failure *why)
{
	struct postgres_parameters given = { 0 };
	PGconn *asked;
	int result;

	parameters_add(&given, target->given);
	if (check_session_attributes(parameters_value(&given, "target_session_attrs"), why) != 0 ||
	    check_service_file(&given, why) != 0)
		return -1;
	asked = ask_libpq(&given, why);
	if (asked == NULL)
		return -1;
	target->options = PQconninfo(asked);
	if (target->options == NULL) {
		result = failure_set(why, FAILURE_LOCAL, "out of memory");
	} else {
		for (const PQconninfoOption *option = target->options; option->keyword != NULL; option++)
			if (is_secret(option))
				secrets_add(secrets, option->val);
		result = postgres_values_check(target->options, why) != 0
			     ? -1
			     : fill_parameters(target, &given, why);
		/* The host may come from the environment, or be the default directory. */
		format_address(target, PQhost(asked));
	}
	PQfinish(asked);
	return result;
}

static int
parse(struct postgres_target *target, const char *dsn, const char *password, struct failure *why)
{
	char *message = NULL;

	target->given = PQconninfoParse(dsn, &message);
	/* It may quote the password: it is not even looked at. */
	if (message != NULL) {
		explicit_bzero(message, strlen(message));
		PQfreemem(message);
	}
	if (target->given == NULL)
		return postgres_dsn_unreadable(dsn, why);
	if (postgres_dsn_check(dsn, why) != 0)
		return -1;
	if (password != NULL && (target->password = strdup(password)) == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

static bool
holds_secret(const PQconninfoOption *options)
{
	for (; options->keyword != NULL; options++)
		if (is_secret(options))
			return true;
	return false;
}

struct postgres_target *
postgres_target_new(const char *dsn, const char *password, struct secrets *secrets, struct failure *why)
{
	struct postgres_target *target = calloc(1, sizeof(*target));
	bool parsed;

	if (password != NULL)
		secrets_add(secrets, password);
	/* Without it OpenSSL asks the terminal for the passphrase of a client's key, and waits. */
	PQsetSSLKeyPassHook_OpenSSL(PQdefaultSSLKeyPassHook_OpenSSL);
	if (target == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	atomic_init(&target->users, 1);
	atomic_init(&target->without_options, false);
	parsed = parse(target, dsn, password, why) == 0;
	/* In a string that makes no sense the password may be anywhere: all of it is a secret. */
	if (!parsed || holds_secret(target->given))
		secrets_add(secrets, dsn);
	if (!parsed || complete(target, secrets, why) != 0) {
		postgres_target_free(target);
		target = NULL;
	}
	return target;
}

struct postgres_target *
postgres_target_share(struct postgres_target *target)
{
	atomic_fetch_add(&target->users, 1);
	return target;
}

void
postgres_target_free(struct postgres_target *target)
{
	/* A thread that was left behind may still use it. */
	if (target == NULL || atomic_fetch_sub(&target->users, 1) > 1)
		return;
	options_free(target->given);
	options_free(target->options);
	secret_free(target->password);
	free(target);
}

const char *
postgres_target_address(const struct postgres_target *target)
{
	return target->address;
}

/* libpq pairs the items of the three lists by their position. */
static void
add_address(struct postgres_startup *s, const char *host, const char *address, int port)
{
	const char *separator = s->address_count > 0 ? "," : "";

	buffer_format(&s->texts[POSTGRES_HOSTS], "%s%s", separator, host);
	buffer_format(&s->texts[POSTGRES_ADDRESSES], "%s%s", separator, address);
	buffer_format(&s->texts[POSTGRES_PORTS], "%s%d", separator, port);
	s->address_count++;
}

/* All addresses of host `index`, with its name beside each: it is what a certificate is checked against. */
static int
add_host(struct postgres_startup *s, size_t index, struct deadline deadline, struct failure *why)
{
	int port = port_number(&s->parameters, index);
	char host[POSTGRES_ITEM], address[POSTGRES_ITEM];
	struct addrinfo *addresses;

	list_item(parameters_value(&s->parameters, "host"), index, host);
	list_item(parameters_value(&s->parameters, "hostaddr"), index, address);
	/* There is nothing to look up; an empty address makes libpq use the directory. */
	if (address[0] != '\0' || is_socket_directory(host)) {
		add_address(s, host, address, port);
		return 0;
	}
	if (resolve(host, port, deadline, &addresses, why) != 0)
		return -1;
	s->resolved = true;
	for (struct addrinfo *a = addresses; a != NULL && s->address_count < ADDRESSES; a = a->ai_next)
		if (getnameinfo(
			a->ai_addr, a->ai_addrlen, address, sizeof(address), NULL, 0, NI_NUMERICHOST) == 0)
			add_address(s, host, address, port);
	freeaddrinfo(addresses);
	return 0;
}

/* As libpq does, a host without an address is passed over while there are others.  They share the time. */
static int
add_hosts(struct postgres_startup *s, struct deadline deadline, struct failure *why)
{
	size_t count = host_count(&s->parameters);
	struct failure first = { 0 }, next;

	for (size_t i = 0; i < count; i++) {
		struct deadline share = deadline_in(deadline_left_ns(deadline) / (int64_t)(count - i));

		if (add_host(s, i, share, &next) != 0 && first.kind == FAILURE_NONE)
			first = next;
	}
	if (s->address_count > 0)
		return 0;
	*why = first;
	return -1;
}

/* It stands behind the user's options: the server ends what nobody waits for.  0 would mean no limit. */
static void
add_statement_timeout(
    struct postgres_startup *s, const struct postgres_target *target, struct deadline deadline)
{
	const char *own = parameters_value(&s->parameters, "options");
	struct buffer *options = &s->texts[POSTGRES_OPTIONS];
	int left = deadline_left_ms(deadline);

	if (own != NULL)
		buffer_string(options, own);
	if (!atomic_load(&target->without_options))
		buffer_format(
		    options, "%s" POSTGRES_OWN_OPTION "%d", own == NULL ? "" : " ", left > 0 ? left : 1);
}

int
postgres_startup_init(struct postgres_startup *s, const struct postgres_target *target,
    struct deadline deadline, struct failure *why)
{
	static const char *const keywords[POSTGRES_STARTUP_TEXTS] = { "host", "hostaddr", "port", "options" };

	memset(s, 0, sizeof(*s));
	s->parameters = target->parameters;
	for (int i = 0; i < POSTGRES_STARTUP_TEXTS; i++)
		buffer_init(&s->texts[i], LIST_BYTES);
	if (add_hosts(s, deadline, why) != 0)
		return -1;
	add_statement_timeout(s, target, deadline);
	for (int i = 0; i < POSTGRES_STARTUP_TEXTS; i++) {
		/* A buffer has no NUL at its end by itself. */
		buffer_append(&s->texts[i], "", 1);
		if (s->texts[i].failed)
			return failure_set(why, FAILURE_LOCAL,
			    "hosts or options of the connection string are longer than 64 KiB, or memory ran out");
		/* The text is taken only now, because it moves while it grows. */
		parameters_set(&s->parameters, keywords[i], s->texts[i].text);
	}
	return 0;
}

void
postgres_startup_release(struct postgres_startup *s)
{
	for (int i = 0; i < POSTGRES_STARTUP_TEXTS; i++)
		buffer_release(&s->texts[i]);
}
