/*
 * libpq gives no code for a connection that failed, only a text with some lines for each address.
 * Two things in it can be relied on.  Where a server answered, its SQLSTATE is in the text, because
 * the session asks for verbose errors; it is the same in every language.  Where none did, the words
 * are libpq's own, and English, because our programs set no locale.  So a SQLSTATE is looked for
 * first, then known words, then the phase decides.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/text/text.h"
#include "probes/postgres/session.h"

enum {
	SQLSTATE = 5,      /* characters of a SQLSTATE */
	MESSAGE_KEPT = 300 /* bytes of a message that are repeated: leaves room for the advice */
};

/*
 * Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html; a class is its first two characters.
 * PgBouncer gives 08P01 to nearly everything, also to what the server behind it said, so there the words
 * decide.  The first row counts whose code begins the SQLSTATE and whose words are in the text.
 */
static const struct sqlstate_meaning {
	const char *code;
	const char *words; /* "": any */
	enum failure_kind kind;
	const char *what;
	const char *advice;
} meanings[] = {
	{ "28", "", FAILURE_AUTH, "not let in", "check user, password and the server's pg_hba.conf" },
	{ "42501", "permission denied for database", FAILURE_AUTH, "not let in",
	    "grant the user the right CONNECT on the database" },
	{ "57014", "", FAILURE_TIMEOUT, "the server gave up",
	    "it hit its statement_timeout: is it overloaded or locked?" },
	{ "55P03", "", FAILURE_REJECTED, "the server gave up",
	    "another session holds a lock on it: see pg_locks" },
	{ "53300", "", FAILURE_REJECTED, "too many connections", "close some or raise max_connections" },
	{ "57P03", "", FAILURE_REJECTED, "not ready",
	    "wait until it has started up or recovered, or see its log" },
	{ "57P", "", FAILURE_REJECTED, "the server ended the connection",
	    "is it being stopped or restarted?" },
	{ "3D000", "", FAILURE_REJECTED, "no such database", "create it or name another one" },
	{ "42501", "", FAILURE_REJECTED, "not permitted", "grant the right to the user" },
	{ "55000", "not currently accepting connections", FAILURE_REJECTED, "the database is closed",
	    "ALTER DATABASE ... ALLOW_CONNECTIONS true opens it" },
	{ "08P01", "authentication failed", FAILURE_AUTH, "not let in",
	    "check user and password, here and in the pooler's auth_file" },
	{ "08P01", "login rejected", FAILURE_AUTH, "not let in", "see the pooler's pg_hba.conf" },
	{ "08P01", "certificate", FAILURE_TLS, "startup refused", "check sslcert and sslkey" },
	{ "08P01", " required", FAILURE_TLS, "startup refused", "the pooler wants TLS: set sslmode=require" },
	{ "08P01", "is disabled", FAILURE_REJECTED, "the database is closed",
	    "ENABLE in the pooler's admin console opens it" },
	{ "08P01", "no such user", FAILURE_AUTH, "not let in", "add the user to the pooler's auth_file" },
	{ "08P01", "not permitted to log in", FAILURE_AUTH, "not let in", "give the role LOGIN" },
	{ "08P01", "pg_hba.conf", FAILURE_AUTH, "not let in", "add the pooler to the server's pg_hba.conf" },
	{ "08P01", "permission denied for database", FAILURE_AUTH, "not let in",
	    "grant the user the right CONNECT on the database" },
	{ "08P01", "no such database", FAILURE_REJECTED, "no such database",
	    "add it to the pooler's [databases], or name another one" },
	{ "08P01", "does not exist", FAILURE_REJECTED, "no such database behind the pooler",
	    "create it, or correct the pooler's [databases]" },
	{ "08P01", "query_wait_timeout", FAILURE_REJECTED, "the pooler had no connection to give",
	    "its pool is full or its server is away: see its log, or raise pool_size" },
	{ "08P01", "no more connections allowed", FAILURE_REJECTED, "too many connections",
	    "close some or raise the pooler's max_client_conn" },
	{ "08P01", "too many", FAILURE_REJECTED, "too many connections",
	    "close some or raise the server's max_connections" },
	{ "08P01", "connection slots", FAILURE_REJECTED, "too many connections",
	    "close some or raise the server's max_connections" },
	{ "08P01", "SHOW HELP", FAILURE_REJECTED, "this is the pooler's admin console",
	    "name one of its databases" },
	{ "08P01", "not allowed", FAILURE_REJECTED, "the pooler's admin console refuses this user",
	    "name one of its databases" },
	{ "08P01", "unsupported startup parameter", FAILURE_REJECTED, "startup refused",
	    "the pooler needs ignore_startup_parameters with its name" },
	{ "0A000", "command-line options", FAILURE_REJECTED, "startup refused",
	    "leave out options and PGOPTIONS: RDS Proxy takes none" },
	{ "08P01", "server", FAILURE_REJECTED, "the pooler does not reach its server",
	    "see its log and that server" },
	{ "", "", FAILURE_REJECTED, "the server answered with an error", "see its log" },
};

/* libpq's own words.  The first that is found decides: "SSL" stands behind what may be said beside it. */
static const struct {
	const char *words;
	enum failure_kind kind;
	const char *advice;
} phrases[] = {
	{ "no password supplied", FAILURE_AUTH, "give a password" },
	{ "received invalid response to SSL", FAILURE_PROTOCOL, "is this PostgreSQL?" },
	{ "does not support SSL", FAILURE_TLS, "turn ssl on in the server or choose another sslmode" },
	{ "closed unexpectedly", FAILURE_PROTOCOL, "see the server's log" },
	{ "closed the connection", FAILURE_PROTOCOL, "see the server's log" },
	{ "EOF detected", FAILURE_PROTOCOL, "see the server's log" },
	{ "channel binding", FAILURE_AUTH, "check channel_binding and sslmode" },
	{ "SCRAM", FAILURE_AUTH, "check the password" },
	{ "SASL", FAILURE_AUTH, "the server wants a way to log in that is not supported" },
	{ "uthentication method", FAILURE_AUTH, "the server wants a way to log in that is not supported" },
	{ "GSS", FAILURE_AUTH, "check the Kerberos credentials" },
	{ "requirepeer", FAILURE_AUTH, "the server runs as another user" },
	{ "certificate", FAILURE_TLS, "check sslrootcert, sslcert and the server's name" },
	{ "private key", FAILURE_TLS, "check sslkey and sslpassword" },
	{ "SSL", FAILURE_TLS, "check the server's TLS settings" },
	{ "session is", FAILURE_REJECTED, "not what target_session_attrs asks for" },
	{ "hot standby", FAILURE_REJECTED, "not what target_session_attrs asks for" },
	{ "could not create socket", FAILURE_LOCAL, "too many open files?" },
	{ "out of memory", FAILURE_LOCAL, "free some" },
};

static struct slice
first_line(const char *text)
{
	return (struct slice){ text, strcspn(text, "\n") };
}

/* "<what>: <line>; <advice>".  The advice must have room behind the line, however long that is. */
static int
set(struct failure *why, enum failure_kind kind, const char *what, struct slice line, const char *advice)
{
	char kept[MESSAGE_KEPT];

	text_format(kept, sizeof(kept), "%.*s", SLICE_ARGS(line));
	return failure_set(why, kind, "%s%s%s%s%s", what, *what != '\0' ? ": " : "", kept,
	    *advice != '\0' ? "; " : "", advice);
}

/* `said` is where the server's own words begin in the line. */
static int
answer(struct failure *why, const char *sqlstate, struct slice line, const char *said)
{
	const struct sqlstate_meaning *meaning = meanings;
	size_t left = line.length - (size_t)(said - line.at);

	/* This ends at the last row at the latest. */
	while (strncmp(sqlstate, meaning->code, strlen(meaning->code)) != 0 ||
	       memmem(said, left, meaning->words, strlen(meaning->words)) == NULL)
		meaning++;
	return set(why, meaning->kind, meaning->what, line, meaning->advice);
}

int
postgres_failure_answer(struct failure *why, const char *sqlstate, const char *message)
{
	return answer(why, sqlstate == NULL ? "" : sqlstate, first_line(message), message);
}

/*
 * The SQLSTATE in "FATAL:  28P01: password ...", or NULL.  The severity may be
 * in any language; two blanks stand before the code and nowhere else.
 */
static const char *
find_sqlstate(struct slice line)
{
	static const char before[] = ":  ", characters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	const char *at = line.at, *end = line.at + line.length;

	while ((at = memmem(at, (size_t)(end - at), before, strlen(before))) != NULL) {
		at += strlen(before);
		if (strspn(at, characters) == SQLSTATE && at[SQLSTATE] == ':')
			return at;
	}
	return NULL;
}

/* No server said why: known words of libpq decide, or else the phase. */
static int
unanswered(struct failure *why, enum postgres_phase phase, struct slice line)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (memmem(line.at, line.length, phrases[i].words, strlen(phrases[i].words)) != NULL)
			return set(why, phrases[i].kind, "", line, phrases[i].advice);
	if (phase == POSTGRES_CONNECT)
		return set(why, FAILURE_CONNECT, "", line, "is the server running there?");
	if (phase == POSTGRES_TLS)
		return set(why, FAILURE_TLS, "", line, "check the server's TLS settings");
	return set(why, FAILURE_PROTOCOL, "", line, "is this PostgreSQL?");
}

int
postgres_failure_connect(struct failure *why, enum postgres_phase phase, const char *message)
{
	static const char attempt[] = "connection to server ";
	struct slice line = first_line(message), last = line;
	bool attempted = false;

	for (;;) {
		const char *sqlstate = find_sqlstate(line);

		/* The first one counts: with sslmode=prefer another one, without TLS, follows it. */
		if (sqlstate != NULL)
			return answer(why, sqlstate, line, sqlstate);
		if (line.length >= strlen(attempt) && memcmp(line.at, attempt, strlen(attempt)) == 0) {
			attempted = true;
			last = line;
		}
		if (line.at[line.length] == '\0')
			break;
		line = first_line(line.at + line.length + 1);
	}
	/* Of several attempts the last one counts; without any, a setting is wrong. */
	return attempted ? unanswered(why, phase, last) : set(why, FAILURE_LOCAL, "", last, "");
}
