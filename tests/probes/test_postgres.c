#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/postgres/session.h"
#include "tests/suite.h"

/* What a server sends: messages of PostgreSQL's protocol, version 3. */
#define LET_IN   "R\0\0\0\010\0\0\0\0Z\0\0\0\005I"
#define COLUMN   "T\0\0\0\041\0\001?column?\0\0\0\0\0\0\0\0\0\0\027\0\004\377\377\377\377\0\0"
#define COLUMNS3 "T\0\0\0\077\0\003" FIELD FIELD FIELD
#define FIELD                                                                                                \
	"\0"                                                                                                 \
	"123456789012"                                                                                       \
	"\0\0\0\0\0\0"
#define ROW(one) "D\0\0\0\013\0\001\0\0\0\001" one
#define END      "C\0\0\0\015SELECT 1\0Z\0\0\0\005I"
#define ONE      COLUMN ROW("1") END

struct reply {
	const char *bytes;
	size_t length;
};
#define REPLY(text)                                                                                          \
	{                                                                                                    \
		text, sizeof(text) - 1                                                                       \
	}

/* Answers what it reads, reply by reply, on one connection; then closes. */
struct server {
	int listener;
	int port;
	const struct reply *replies;
	size_t count;
	pthread_t thread;
};

static int
listen_anywhere(int backlog, int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void *
serve(void *argument)
{
	const struct server *server = argument;
	int fd = accept(server->listener, NULL, NULL);
	char question[4096];

	for (size_t i = 0; i < server->count && recv(fd, question, sizeof(question), 0) > 0; i++)
		(void)send(fd, server->replies[i].bytes, server->replies[i].length, MSG_NOSIGNAL);
	/* The client's last words are read, so that closing does not reset what it has not read yet. */
	(void)shutdown(fd, SHUT_WR);
	while (recv(fd, question, sizeof(question), 0) > 0)
		;
	(void)close(fd);
	return NULL;
}

static void
server_start(struct server *server, const struct reply replies[], size_t count)
{
	*server = (struct server){ .replies = replies, .count = count };
	server->listener = listen_anywhere(4, &server->port);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void
server_end(struct server *server)
{
	ck_assert_int_eq(pthread_join(server->thread, NULL), 0);
	(void)close(server->listener);
}

enum { SAMPLES = 3 };

/* The result's samples are static: one probe at a time. */
static struct postgres_result
probe(const char *dsn, int64_t deadline_ms)
{
	static double seconds[SAMPLES];
	struct postgres_result result = { .query_seconds = seconds };
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct postgres_target *target = postgres_target_new(dsn, NULL, &secrets, &why);

	ck_assert_msg(target != NULL, "%s", why.text);
	postgres_probe(target, SAMPLES, NULL, deadline_in(deadline_ms * 1000000), &result);
	postgres_target_free(target);
	secrets_release(&secrets);
	return result;
}

static struct postgres_result
probe_replies(const struct reply replies[], size_t count)
{
	struct postgres_result result;
	struct server server;
	char dsn[128];

	server_start(&server, replies, count);
	(void)snprintf(
	    dsn, sizeof(dsn), "host=127.0.0.1 port=%d user=u password=p sslmode=disable", server.port);
	result = probe(dsn, 20000);
	server_end(&server);
	return result;
}

static const struct {
	const char *dsn, *address;
} addresses[] = {
	{ "postgresql://u@db.example:6000/x", "db.example:6000" },
	{ "postgres://db.example", "db.example:5432" },
	{ "postgresql://[::1]:6000/x", "[::1]:6000" },
	{ "host=db.example", "db.example:5432" },
	{ "host=a,b port=1,2", "a:1" },
	{ "hostaddr=10.0.0.1 port=7", "10.0.0.1:7" },
	{ "host=db.example hostaddr=10.0.0.1", "db.example:5432" },
	{ "host=/run/postgresql port=7", "/run/postgresql:7" },
	{ "postgresql:///x?host=/run/postgresql", "/run/postgresql:5432" },
	{ "postgresql://%2Frun%2Fpostgresql/x", "/run/postgresql:5432" },
};

START_TEST(both_forms_of_a_connection_string_have_an_address)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct postgres_target *target = postgres_target_new(addresses[_i].dsn, NULL, &secrets, &why);

	ck_assert_msg(target != NULL, "%s", why.text);
	ck_assert_str_eq(postgres_target_address(target), addresses[_i].address);
	postgres_target_free(target);
	secrets_release(&secrets);
}
END_TEST

static const struct {
	const char *dsn, *says;
} bad_dsns[] = {
	{ "hunter2", "" },
	{ "http://u:hunter2@h/", "" },
	{ "host=h password='hunter2", "" },
	{ "host=h hunter2", "" },
	{ "host=h hunter2=x", "" },
	{ "postgresql://u:hunter2%@h/", "" },
	{ "postgresql://u:hunter2@[h/", "" },
	{ "postgresql://u:1/hunter2@h/", "" },
	{ "host=h port=hunter2", "" },
	{ "host=h port=0", "" },
	{ "host=h port=65536", "" },
	{ "host=h port=1,hunter2", "" },
	{ "host=h port=1,2", "" },
	{ "host=a,b hostaddr=127.0.0.1", "" },
	{ "host=h sslmode=hunter2", "" },
	{ "host=h channel_binding=hunter2", "" },
	{ "host=h target_session_attrs=hunter2", "" },
	{ "host=h gssencmode=hunter2", "" },
	{ "host=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "" },
	{ "service=hunter2", "" },
	{ "postgresql://u:first@hunter2@127.0.0.1/bot", "write '@' as %40" },
	{ "postgres://u:first@hunter2@127.0.0.1:5432/bot", "write '@' as %40" },
	{ "postgresql://u:hunter2@@h/bot", "write '@' as %40" },
	{ "postgresql://u:hunter2@/bot@h/bot", "write '@' as %40" },
	{ "postgresql://u:a@b/hunter2@h/bot", "write '@' as %40" },
	{ "postgresql://u:a@b,hunter2@h/bot", "write '@' as %40" },
	{ "postgresql://u:a@b:5432/hunter2@h:5432/bot", "write '@' as %40" },
	{ "postgresql://u:12/hunter2@h/bot", "write '@' as %40" },
	{ "postgresql://u:a?b=c@hunter2/bot", "write '@' as %40" },
	{ "postgresql://h?user=u&password=a@hunter2", "write '@' as %40" },
	{ "postgresql://h:5432?user=u&password=a@hunter2", "write '@' as %40" },
	{ "postgresql://u:a%40b@hunter2%40h/bot", "write '@' as %40" },
	{ "postgresql://u:p@h/bot?host=hunter2@h", "write '@' as %40" },
	{ "host=hunter2@127.0.0.1 user=u", "write '@' as %40" },
	{ "host=u:hunter2 user=u", "write '@' as %40" },
	{ "host=h,u:hunter2@k user=u", "write '@' as %40" },
	{ "host=@hunter2@h user=u", "write '@' as %40" },
	{ "hostaddr=hunter2@127.0.0.1 user=u", "write '@' as %40" },
	{ "host=h;port=1;password=hunter2", "host is not the name" },
	{ "host=h dbname=postgresql://u:hunter2@h/bot", "dbname holds another connection string" },
	{ "host=h dbname='user=u password=hunter2'", "dbname holds another connection string" },
	{ "postgresql+psycopg2://u:hunter2@h/bot", "SQLAlchemy" },
	{ "postgresql+asyncpg://u:hunter2=@h/bot", "'postgresql://'" },
	{ "postgresql://u:hunter2@h/bot?schema=public", "'schema'" },
	{ "postgresql://u:hunter2@h/bot?sslmode=require&connection_limit=5", "'connection_limit'" },
	{ "postgresql://u:hunter2@h/bot?pgbouncer=true&schema=x", "leave it out" },
	{ "jdbc:postgresql://h:5432/bot?user=u&password=hunter2", "'jdbc:'" },
	{ "jdbc:postgresql://h:5432/bot", "'jdbc:'" },
	{ "Host=h;Username=u;Password=hunter2", ".NET" },
	{ "mysql://u:hunter2@h", "postgresql://USER" },
	{ "postgresql:/u:hunter2@h", "postgresql://USER" },
	{ "service=hun\"ter2-hunter2", "service (not shown) not found: see PGSERVICEFILE" },
	{ "host=h sslmode='hunter2\nhunter2'", "invalid sslmode value: (not shown)" },
};

START_TEST(what_is_no_connection_string_is_refused_and_not_shown)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };

	ck_assert_ptr_null(postgres_target_new(bad_dsns[_i].dsn, NULL, &secrets, &why));
	ck_assert_int_eq(why.kind, FAILURE_LOCAL);
	ck_assert_ptr_null(strstr(why.text, "hunter2"));
	ck_assert_uint_gt(strlen(why.text), 10);
	ck_assert_msg(strstr(why.text, bad_dsns[_i].says) != NULL, "%s: %s", bad_dsns[_i].dsn, why.text);
	secrets_release(&secrets);
}
END_TEST

/* What libpq reads as the user means it, odd as it may look. */
static const char *const good_dsns[] = {
	"postgresql://u:hun?ter2@h/bot",
	"postgresql://u:a:b@h/bot",
	"postgresql://u:p%40q@h/bot?user=me@azure",
	"postgresql://me%40azure:p@h/bot",
	"postgresql://h/bot?user=me@azure&password=p@q",
	"postgresql://u:p@h1:1,h2:2/bot",
	"host=@abstract user=u",
	"host='' user=u password=a@b",
	"host=/run/a@b user=u",
	"host=fe80::1%eth0 user=u",
	"host=my_db-1.example. user=u@azure",
};

START_TEST(an_at_sign_where_it_belongs_is_taken)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct postgres_target *target = postgres_target_new(good_dsns[_i], NULL, &secrets, &why);

	ck_assert_msg(target != NULL, "%s: %s", good_dsns[_i], why.text);
	postgres_target_free(target);
	secrets_release(&secrets);
}
END_TEST

static const struct {
	const char *dsn, *password;
} secret_dsns[] = {
	{ "postgresql://u:hunter2@h/", NULL },
	{ "host=h password=hunter2", NULL },
	{ "host=h password = 'hunter2'", NULL },
	{ "postgresql://u:hunter%32@h/", NULL },
	{ "postgresql://h/?sslpassword=hunter2", NULL },
	{ "postgresql://h/", "hunter2" },
};

START_TEST(secrets_of_a_connection_string_are_masked)
{
	char text[] = "the server says: hunter2";
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct postgres_target *target =
	    postgres_target_new(secret_dsns[_i].dsn, secret_dsns[_i].password, &secrets, &why);

	ck_assert_ptr_nonnull(target);
	secrets_mask(&secrets, text);
	ck_assert_ptr_null(strstr(text, "hunter2"));
	postgres_target_free(target);
	secrets_release(&secrets);
}
END_TEST

START_TEST(a_connection_string_without_a_password_is_no_secret)
{
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct postgres_target *target = postgres_target_new("postgresql://u@h/db", NULL, &secrets, &why);

	ck_assert_ptr_nonnull(target);
	ck_assert_uint_eq(secrets.count, 0);
	postgres_target_free(target);
	secrets_release(&secrets);
}
END_TEST

#define AT "connection to server at \"127.0.0.1\", port 5432 failed: "

static const struct {
	const char *message;
	enum postgres_phase phase;
	enum failure_kind kind;
	const char *text; /* a part of what it becomes */
} messages[] = {
	{ AT "Connection refused\n\tIs the server running on that host?\n", POSTGRES_CONNECT, FAILURE_CONNECT,
	    "Connection refused; is the server running there?" },
	{ "connection to server on socket \"/x/.s.PGSQL.5432\" failed: No such file or directory\n",
	    POSTGRES_CONNECT, FAILURE_CONNECT, "No such file" },
	{ AT "could not create socket: Too many open files\n", POSTGRES_CONNECT, FAILURE_LOCAL,
	    "open files" },
	{ "could not parse network address \"x\"\n", POSTGRES_CONNECT, FAILURE_LOCAL, "network address" },
	{ AT "FATAL:  28P01: password authentication failed for user \"u\"\nLOCATION:  auth.c:335\n",
	    POSTGRES_AUTH, FAILURE_AUTH, "not let in: " },
	{ AT "FATAL:  28000: no pg_hba.conf entry\n", POSTGRES_AUTH, FAILURE_AUTH, "pg_hba.conf" },
	{ AT "SCHWERWIEGEND:  28P01: Passwort-Authentifizierung\n", POSTGRES_AUTH, FAILURE_AUTH, "Passwort" },
	{ AT "FATAL:  28P01: wrong\n" AT "FATAL:  28000: no pg_hba.conf entry, no encryption\n",
	    POSTGRES_AUTH, FAILURE_AUTH, "wrong" },
	{ AT "fe_sendauth: no password supplied\n", POSTGRES_AUTH, FAILURE_AUTH, "give a password" },
	{ AT "FATAL:  53300: sorry, too many clients already\n", POSTGRES_AUTH, FAILURE_REJECTED,
	    "raise max_connections" },
	{ AT "FATAL:  57P03: the database system is starting up\n", POSTGRES_AUTH, FAILURE_REJECTED,
	    "not ready" },
	{ AT "FATAL:  57P01: terminating connection\n", POSTGRES_AUTH, FAILURE_REJECTED, "stopped" },
	{ AT "FATAL:  3D000: database \"x\" does not exist\n", POSTGRES_AUTH, FAILURE_REJECTED,
	    "no such database" },
	{ AT "FATAL:  08P01: unsupported startup parameter: options\n", POSTGRES_AUTH, FAILURE_REJECTED,
	    "ignore_startup_parameters" },
	{ AT "FATAL:  08P01: SASL authentication failed\n", POSTGRES_AUTH, FAILURE_AUTH,
	    "check user and password" },
	{ AT "FATAL:  08P01: no such user: x\n", POSTGRES_AUTH, FAILURE_AUTH, "auth_file" },
	{ AT "FATAL:  08P01: no such database: x\n", POSTGRES_AUTH, FAILURE_REJECTED, "[databases]" },
	{ AT "FATAL:  08P01: no more connections allowed (max_client_conn)\n", POSTGRES_AUTH,
	    FAILURE_REJECTED, "raise the pooler's max_client_conn" },
	{ AT "FATAL:  08P01: sorry, too many clients already\n", POSTGRES_AUTH, FAILURE_REJECTED,
	    "raise the server's max_connections" },
	{ AT "FATAL:  08P01: SSL required\n", POSTGRES_AUTH, FAILURE_TLS, "sslmode=require" },
	{ AT "FATAL:  08P01: TLS connection required\n", POSTGRES_AUTH, FAILURE_TLS, "sslmode=require" },
	{ AT "FATAL:  08P01: TLS client certificate required\n", POSTGRES_AUTH, FAILURE_TLS, "sslcert" },
	{ AT "FATAL:  08P01: certificate authentication failed\n", POSTGRES_AUTH, FAILURE_AUTH,
	    "not let in" },
	{ AT "FATAL:  08P01: login rejected\n", POSTGRES_AUTH, FAILURE_AUTH, "pg_hba" },
	{ AT "FATAL:  08P01: database \"x\" is disabled\n", POSTGRES_AUTH, FAILURE_REJECTED, "ENABLE" },
	{ AT "FATAL:  08P01: query_wait_timeout\n", POSTGRES_AUTH, FAILURE_REJECTED, "pool_size" },
	{ AT "FATAL:  08P01: server login has been failing, try again later (server_login_retry)\n",
	    POSTGRES_AUTH, FAILURE_REJECTED, "does not reach its server" },
	{ AT "FATAL:  08P01: permission denied for database \"x\"\n", POSTGRES_AUTH, FAILURE_AUTH,
	    "CONNECT" },
	{ AT "FATAL:  42501: permission denied for database \"x\"\n", POSTGRES_AUTH, FAILURE_AUTH,
	    "CONNECT" },
	{ AT "FATAL:  42501: permission denied for view x\n", POSTGRES_AUTH, FAILURE_REJECTED,
	    "not permitted" },
	{ AT "FATAL:  08P01: anything else\n", POSTGRES_AUTH, FAILURE_REJECTED, "answered with an error" },
	{ AT "FATAL:  XX000: anything\n", POSTGRES_AUTH, FAILURE_REJECTED, "anything" },
	{ AT "session is read-only\n", POSTGRES_AUTH, FAILURE_REJECTED, "target_session_attrs" },
	{ AT "server does not support SSL, but SSL was required\n", POSTGRES_TLS, FAILURE_TLS, "sslmode" },
	{ AT "SSL error: certificate verify failed\n", POSTGRES_TLS, FAILURE_TLS, "certificate" },
	{ AT "SSL error: tlsv13 alert certificate required\n", POSTGRES_AUTH, FAILURE_TLS, "certificate" },
	{ AT "SSL SYSCALL error: EOF detected\n", POSTGRES_AUTH, FAILURE_PROTOCOL, "EOF" },
	{ AT "received invalid response to SSL negotiation: H\n", POSTGRES_TLS, FAILURE_PROTOCOL,
	    "PostgreSQL?" },
	{ AT "server closed the connection unexpectedly\n\tThis probably means\n", POSTGRES_AUTH,
	    FAILURE_PROTOCOL, "closed" },
	{ AT "expected authentication request from server, but received x\n", POSTGRES_AUTH, FAILURE_PROTOCOL,
	    "PostgreSQL?" },
	{ AT "Connection refused\n" AT "SSL error: certificate verify failed\n", POSTGRES_TLS, FAILURE_TLS,
	    "certificate" },
	{ "", POSTGRES_AUTH, FAILURE_LOCAL, "" },
};

START_TEST(libpqs_words_have_a_kind)
{
	struct failure why = { 0 };

	ck_assert_int_eq(postgres_failure_connect(&why, messages[_i].phase, messages[_i].message), -1);
	ck_assert_msg(why.kind == messages[_i].kind, "%s: %s", failure_kind_name(why.kind), why.text);
	ck_assert_msg(strstr(why.text, messages[_i].text) != NULL, "%s", why.text);
}
END_TEST

static const struct {
	const char *sqlstate;
	enum failure_kind kind;
} codes[] = {
	{ "57014", FAILURE_TIMEOUT },
	{ "42501", FAILURE_REJECTED },
	{ "28000", FAILURE_AUTH },
	{ "99999", FAILURE_REJECTED },
	{ "", FAILURE_REJECTED },
	{ NULL, FAILURE_REJECTED },
};

START_TEST(every_sqlstate_has_a_kind)
{
	struct failure why = { 0 };
	char longest[4000];

	ck_assert_int_eq(postgres_failure_answer(&why, codes[_i].sqlstate, "said\nmore"), -1);
	ck_assert_int_eq(why.kind, codes[_i].kind);
	ck_assert_ptr_nonnull(strstr(why.text, "said; "));
	ck_assert_ptr_null(strstr(why.text, "more"));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	(void)postgres_failure_answer(&why, "53300", longest);
	ck_assert_ptr_nonnull(strstr(why.text, "raise max_connections"));
}
END_TEST

START_TEST(all_that_is_asked_is_measured)
{
	static const struct reply replies[] = { REPLY(LET_IN), REPLY(ONE), REPLY(ONE), REPLY(ONE),
		REPLY(COLUMNS3 "D\0\0\0\030\0\003\0\0\0\001"
			       "7\0\0\0\003"
			       "100\0\0\0\002"
			       "on" END) };
	struct postgres_result result = probe_replies(replies, 5);

	ck_assert_msg(result.failure.kind == FAILURE_NONE, "%s", result.failure.text);
	ck_assert_uint_eq(result.query_count, SAMPLES);
	for (int i = 0; i < SAMPLES; i++)
		ck_assert(result.query_seconds[i] > 0 && result.query_seconds[i] < 5);
	ck_assert(result.phase_seconds[POSTGRES_CONNECT] > 0);
	ck_assert(result.phase_seconds[POSTGRES_TLS] < 0);
	ck_assert(result.phase_seconds[POSTGRES_AUTH] > 0);
	ck_assert(result.connections == 7);
	ck_assert(result.connections_max == 100);
	ck_assert(result.read_only);
}
END_TEST

START_TEST(answers_count_where_connection_counts_cannot_be_had)
{
	static const struct reply replies[] = { REPLY(LET_IN), REPLY(ONE), REPLY(ONE), REPLY(ONE),
		REPLY(COLUMNS3 "D\0\0\0\030\0\003\0\0\0\001"
			       "x\0\0\0\003"
			       "100\0\0\0\002"
			       "on" END) };
	struct postgres_result result = probe_replies(replies, 5);

	ck_assert_uint_eq(result.query_count, SAMPLES);
	ck_assert_int_eq(result.failure.kind, FAILURE_PROTOCOL);
	ck_assert_ptr_nonnull(strstr(result.failure.text, "connection counts"));
	ck_assert(result.connections < 0);
	ck_assert(result.connections_max < 0);
}
END_TEST

/* Each is sent where the second SELECT 1 is answered. */
static const struct reply wrong_answers[] = {
	REPLY(COLUMN ROW("2") END),
	REPLY(COLUMN "D\0\0\0\012\0\001\377\377\377\377" END),
	REPLY(COLUMN END),
	REPLY(COLUMN ROW("1") ROW("1") END),
	REPLY("C\0\0\0\015SELECT 1\0Z\0\0\0\005I"),
	REPLY("I\0\0\0\004Z\0\0\0\005I"),
	REPLY("G\0\0\0\007\0\0\0Z\0\0\0\005I"),
	REPLY("H\0\0\0\007\0\0\0Z\0\0\0\005I"),
	REPLY("Z\0\0\0\005I"),
	REPLY("D\0\0\0\013\0\001\0\0\0\001"
	      "1" END),
	REPLY("HTTP/1.1 400 Bad Request\r\n\r\n"),
	REPLY("T\377\377\377\377"),
	REPLY(COLUMN "D\0\0\0\013\0\002\0\0\0\001"
		     "1" END),
	REPLY(COLUMN "D\0\0\0\013\0\001\177\377\377\377"
		     "1" END),
	REPLY(COLUMN "D\0\0\0"),
	REPLY(""),
};

START_TEST(a_wrong_answer_is_a_protocol_failure)
{
	const struct reply replies[] = { REPLY(LET_IN), REPLY(ONE), wrong_answers[_i] };
	struct postgres_result result = probe_replies(replies, 3);

	ck_assert_msg(result.failure.kind == FAILURE_PROTOCOL, "%s: %s",
	    failure_kind_name(result.failure.kind), result.failure.text);
	ck_assert_uint_eq(result.query_count, 1);
	ck_assert_ptr_nonnull(strstr(result.failure.text, "SELECT 1: "));
}
END_TEST

START_TEST(an_error_answer_has_its_own_kind)
{
	static const struct reply replies[] = { REPLY(LET_IN),
		REPLY("E\0\0\0\044SERROR\0VERROR\0C57014\0Mcanceled\0\0Z\0\0\0\005I") };
	struct postgres_result result = probe_replies(replies, 2);

	ck_assert_msg(result.failure.kind == FAILURE_TIMEOUT, "%s", result.failure.text);
	ck_assert_uint_eq(result.query_count, 0);
}
END_TEST

START_TEST(an_error_answer_may_lack_its_message)
{
	static const struct reply replies[] = { REPLY(LET_IN), REPLY("E\0\0\0\014C53300\0\0Z\0\0\0\005I") };
	struct postgres_result result = probe_replies(replies, 2);

	ck_assert_msg(result.failure.kind == FAILURE_REJECTED, "%s", result.failure.text);
	ck_assert_ptr_nonnull(strstr(result.failure.text, "no reason given"));
}
END_TEST

/* The password is "p4ssw0rd-p4ssw0rd", and the text is cut somewhere in the middle of one of these. */
START_TEST(a_password_that_is_repeated_is_masked_wherever_the_text_is_cut)
{
	char message[2000] = "E", text[1900];
	struct reply reply = { message, 0 };
	struct postgres_result result;
	struct server server;
	size_t length = 0;
	char dsn[128];

	for (int i = 0; i < _i; i++)
		text[length++] = '.';
	while (length < 800)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "p4ssw0rd-p4ssw0rd ");
	reply.length =
	    5 + (size_t)snprintf(message + 5, sizeof(message) - 5, "SFATAL%cC28P01%cM%s", 0, 0, text) + 2;
	message[3] = (char)((reply.length - 1) >> 8);
	message[4] = (char)((reply.length - 1) & 255);
	server_start(&server, &reply, 1);
	(void)snprintf(dsn, sizeof(dsn),
	    "host=127.0.0.1 port=%d user=u password=p4ssw0rd-p4ssw0rd sslmode=disable", server.port);
	result = probe(dsn, 20000);
	server_end(&server);
	ck_assert_msg(result.failure.kind == FAILURE_AUTH, "%s", result.failure.text);
	ck_assert_msg(strstr(result.failure.text, "p4ss") == NULL, "%s", result.failure.text);
}
END_TEST

START_TEST(rows_and_notices_without_end_are_cut_off)
{
	static const char *const heads[] = { LET_IN COLUMN, LET_IN, LET_IN };
	static const size_t head_lengths[] = { sizeof(LET_IN COLUMN) - 1, sizeof(LET_IN) - 1,
		sizeof(LET_IN) - 1 };
	static const struct reply bodies[] = { REPLY(ROW("1")), REPLY("N\0\0\0\010SX\0\0"),
		REPLY("S\0\0\0\013name\0x\0") };
	enum { TIMES = 300000 };
	size_t length = head_lengths[_i] + TIMES * bodies[_i].length;
	char *flood = malloc(length);
	struct reply replies[] = { { flood, length } };
	struct postgres_result result;

	ck_assert_ptr_nonnull(flood);
	memcpy(flood, heads[_i], head_lengths[_i]);
	for (size_t i = 0; i < TIMES; i++)
		memcpy(flood + head_lengths[_i] + i * bodies[_i].length, bodies[_i].bytes, bodies[_i].length);
	result = probe_replies(replies, 1);
	free(flood);
	ck_assert_msg(result.failure.kind == FAILURE_PROTOCOL, "%s: %s",
	    failure_kind_name(result.failure.kind), result.failure.text);
	ck_assert_uint_eq(result.query_count, 0);
}
END_TEST

START_TEST(a_server_that_never_answers_costs_the_deadline)
{
	int port, listener = listen_anywhere(4, &port);
	struct postgres_result result;
	int64_t began_ns = clock_now_ns();
	char dsn[128];

	(void)snprintf(dsn, sizeof(dsn), "host=127.0.0.1 port=%d user=u password=p", port);
	result = probe(dsn, 1000);
	ck_assert_int_eq(result.failure.kind, FAILURE_TIMEOUT);
	ck_assert(result.phase_seconds[POSTGRES_CONNECT] > 0);
	ck_assert_int_ge(clock_now_ns() - began_ns, 1000000000);
	(void)close(listener);
}
END_TEST

/* One that has no time at all: not even its start changes what it left behind. */
START_TEST(nothing_of_an_earlier_run_stays_in_a_result)
{
	double seconds[SAMPLES] = { 1, 1, 1 };
	struct postgres_result result = { .query_seconds = seconds,
		.query_count = SAMPLES,
		.phase_seconds = { 1, 1, 1 },
		.connections = 7,
		.connections_max = 100,
		.read_only = true,
		.answer = "1",
		.failure = { .kind = FAILURE_AUTH } };
	int port, listener = listen_anywhere(4, &port);
	struct postgres_target *target;
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	char dsn[128];

	(void)snprintf(dsn, sizeof(dsn), "host=127.0.0.1 port=%d user=u password=p", port);
	target = postgres_target_new(dsn, NULL, &secrets, &why);
	ck_assert_msg(target != NULL, "%s", why.text);
	postgres_probe(target, SAMPLES, NULL, deadline_in(0), &result);
	ck_assert_int_eq(result.failure.kind, FAILURE_TIMEOUT);
	ck_assert_uint_eq(result.query_count, 0);
	ck_assert(result.phase_seconds[POSTGRES_AUTH] < 0);
	ck_assert(result.connections < 0 && result.connections_max < 0);
	ck_assert(!result.read_only);
	ck_assert_str_eq(result.answer, "");
	postgres_target_free(target);
	secrets_release(&secrets);
	(void)close(listener);
}
END_TEST

START_TEST(a_question_is_asked_in_a_transaction_and_answered)
{
	static const struct reply replies[] = { REPLY(LET_IN),
		REPLY(COLUMNS3 "D\0\0\0\030\0\003\0\0\0\001"
			       "7\0\0\0\003"
			       "100\0\0\0\002"
			       "on" END),
		REPLY("C\0\0\0\012BEGIN\0Z\0\0\0\005T"),
		REPLY("1\0\0\0\0042\0\0\0\004" COLUMN ROW("9") "C\0\0\0\015SELECT 1\0Z\0\0\0\005T") };
	double seconds[1];
	struct postgres_result result = { .query_seconds = seconds };
	struct postgres_target *target;
	struct secrets secrets = { 0 };
	struct failure why = { 0 };
	struct server server;
	char dsn[128];

	server_start(&server, replies, LENGTH(replies));
	(void)snprintf(
	    dsn, sizeof(dsn), "host=127.0.0.1 port=%d user=u password=p sslmode=disable", server.port);
	target = postgres_target_new(dsn, NULL, &secrets, &why);
	ck_assert_msg(target != NULL, "%s", why.text);
	postgres_probe(target, 0, "SELECT 9", deadline_in(INT64_C(20000000000)), &result);
	ck_assert_msg(result.failure.kind == FAILURE_NONE, "%s", result.failure.text);
	ck_assert_msg(result.answer_failure.kind == FAILURE_NONE, "%s", result.answer_failure.text);
	ck_assert_str_eq(result.answer, "9");
	postgres_target_free(target);
	secrets_release(&secrets);
	server_end(&server);
}
END_TEST

START_TEST(long_options_of_the_connection_string_are_passed_on)
{
	int port, listener = listen_anywhere(4, &port);
	struct postgres_result result;
	char dsn[3000];
	size_t length = (size_t)snprintf(dsn, sizeof(dsn),
	    "host=127.0.0.1 port=%d user=u password=p sslmode=disable options='-c search_path=", port);

	(void)memset(dsn + length, 'x', 2000);
	(void)snprintf(dsn + length + 2000, sizeof(dsn) - length - 2000, "'");
	result = probe(dsn, 300);
	ck_assert_msg(result.failure.kind == FAILURE_TIMEOUT, "%s", result.failure.text);
	(void)close(listener);
}
END_TEST

/* A queue that is full drops whoever knocks, as a firewall does. */
static int
listen_full(int *port, int waiting[], size_t count)
{
	int listener = listen_anywhere(0, port);
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)*port) };

	for (size_t i = 0; i < count; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(waiting[i], (struct sockaddr *)&address, sizeof(address));
	}
	return listener;
}

START_TEST(an_address_that_swallows_packets_leaves_time_for_the_next)
{
	static const struct reply replies[] = { REPLY(LET_IN), REPLY(ONE), REPLY(ONE), REPLY(ONE),
		REPLY(ONE) };
	int port, waiting[4], listener = listen_full(&port, waiting, LENGTH(waiting));
	struct postgres_result result;
	struct server server;
	char dsn[128];

	server_start(&server, replies, 5);
	(void)snprintf(dsn, sizeof(dsn),
	    "host=127.0.0.1,127.0.0.1 port=%d,%d user=u password=p sslmode=disable", port, server.port);
	result = probe(dsn, 6000);
	ck_assert_msg(result.query_count == SAMPLES, "%s", result.failure.text);
	server_end(&server);
	for (int i = 0; i < LENGTH(waiting); i++)
		(void)close(waiting[i]);
	(void)close(listener);
}
END_TEST

static Suite *
postgres_suite(void)
{
	Suite *suite = suite_create("postgres");
	TCase *strings = tcase_create("connection strings"), *texts = tcase_create("texts"),
	      *answers = tcase_create("answers");

	tcase_add_loop_test(strings, both_forms_of_a_connection_string_have_an_address, 0, LENGTH(addresses));
	tcase_add_loop_test(
	    strings, what_is_no_connection_string_is_refused_and_not_shown, 0, LENGTH(bad_dsns));
	tcase_add_loop_test(strings, an_at_sign_where_it_belongs_is_taken, 0, LENGTH(good_dsns));
	tcase_add_loop_test(strings, secrets_of_a_connection_string_are_masked, 0, LENGTH(secret_dsns));
	tcase_add_test(strings, a_connection_string_without_a_password_is_no_secret);
	suite_add_tcase(suite, strings);
	tcase_add_loop_test(texts, libpqs_words_have_a_kind, 0, LENGTH(messages));
	tcase_add_loop_test(texts, every_sqlstate_has_a_kind, 0, LENGTH(codes));
	suite_add_tcase(suite, texts);
	tcase_set_timeout(answers, 60);
	tcase_add_test(answers, all_that_is_asked_is_measured);
	tcase_add_test(answers, answers_count_where_connection_counts_cannot_be_had);
	tcase_add_loop_test(answers, a_wrong_answer_is_a_protocol_failure, 0, LENGTH(wrong_answers));
	tcase_add_test(answers, an_error_answer_has_its_own_kind);
	tcase_add_test(answers, an_error_answer_may_lack_its_message);
	tcase_add_loop_test(answers, a_password_that_is_repeated_is_masked_wherever_the_text_is_cut, 0, 19);
	tcase_add_loop_test(answers, rows_and_notices_without_end_are_cut_off, 0, 3);
	tcase_add_test(answers, a_server_that_never_answers_costs_the_deadline);
	tcase_add_test(answers, nothing_of_an_earlier_run_stays_in_a_result);
	tcase_add_test(answers, a_question_is_asked_in_a_transaction_and_answered);
	tcase_add_test(answers, long_options_of_the_connection_string_are_passed_on);
	tcase_add_test(answers, an_address_that_swallows_packets_leaves_time_for_the_next);
	suite_add_tcase(suite, answers);
	return suite;
}

int
main(void)
{
	/* Nothing from the caller's environment may decide a test. */
	static const char *const variables[] = { "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGPASSWORD",
		"PGSERVICE", "PGSSLMODE", "PGOPTIONS", "PGTARGETSESSIONATTRS", "PGDATABASE" };

	for (int i = 0; i < LENGTH(variables); i++)
		(void)unsetenv(variables[i]);
	return run_suite(postgres_suite());
}
