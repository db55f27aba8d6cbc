#ifndef PROBES_REDIS_SESSION_H
#define PROBES_REDIS_SESSION_H

#include <hiredis/hiredis.h>

#include "common/net/url.h"
#include "probes/redis/redis.h"

/*
 * TLS for the Redis probe, where hiredis has it (from 1.0 on).  The server's
 * certificate is always checked, and whom it is for too.
 */
struct redis_tls_client;

/* NULL with `why` (local): a file is not as it should be, or this build has no TLS.  `host` is the URL's. */
struct redis_tls_client *redis_tls_new(
    const struct redis_tls *settings, const char *host, struct failure *why);
void redis_tls_free(struct redis_tls_client *client);

/* On a connected context that does not block: the whole handshake.  0, or -1 with `why` (tls, timeout,
 * local). */
int redis_tls_handshake(const struct redis_tls_client *client, struct redisContext *redis,
    struct deadline deadline, struct failure *why);

/* Say why the connection broke after the handshake and before any answer.  Returns -1. */
int redis_tls_broken(struct failure *why);

/* What a URL says, checked: for the files of the Redis probe alone. */
struct redis_target {
	struct url url;               /* its host is empty for a Unix socket */
	char *address;                /* "host:port" or the socket's path */
	char *password;               /* NULL: none */
	char *database;               /* its number in digits; NULL: the server's first */
	struct redis_tls_client *tls; /* NULL: plain */
};

/*
 * A connection to Redis in which nothing waits past the deadline, every answer
 * is bounded before it is read, and no error text repeats the password.
 *
 * Every function that fails returns -1 with `why`, and then the session is only
 * good for redis_session_close().
 */
struct redis_session {
	redisContext *redis; /* non-blocking: only deadline_poll() waits */
	const struct redis_target *target;
	struct deadline deadline;
	struct failure *why;
	double phase_seconds[REDIS_PHASES]; /* negative: that phase did not end, or was not needed */
	const char *command;                /* the one that is asked, for the texts */
	const char *rights; /* advice for a user who lacks the right to a command; NULL: that of PING */
	bool answered;      /* something came back, through TLS where that is used */
	/* Of the pipeline, for answer.c alone. */
	size_t unsent, awaited; /* commands */
	size_t most;            /* elements of an array */
	size_t received, bytes_max;
};

/* Connect, authenticate, select the database unless it is 0. */
int redis_session_open(struct redis_session *s, const struct redis_target *target, struct deadline deadline,
    struct failure *why);

/* Takes one that could not be opened. */
void redis_session_close(struct redis_session *s);

/*
 * Send a command, which is formatted as by redisCommand(), and await "+<expected>"
 * and nothing else.  `command` is for the texts.  `*seconds` is the time from the
 * one to the other.
 */
int redis_session_ask(struct redis_session *s, const char *command, const char *expected, double *seconds,
    const char *format, ...);

/*
 * Send a command, likewise, and await an array of at most `most` strings, in at
 * most `bytes_max` bytes.  The caller frees it with freeReplyObject(); NULL with
 * `why`, which is `too_many` (rejected) for a longer one.
 */
redisReply *redis_session_array(struct redis_session *s, const char *command, size_t most,
    const char *too_many, size_t bytes_max, const char *format, ...);

/*
 * A pipeline: commands are collected, sent together, and their answers taken in their order.  One answer may
 * be anything but deeper than three levels of arrays (a stream's entries); an error answer is an answer
 *(REDIS_REPLY_ERROR), which the caller judges: one key of a wrong type ends nothing.  All answers from one
 *redis_session_send() on have at most `bytes_max` bytes together, and an array has at most `most` elements.
 *More may be sent while answers are still awaited.
 *
 *	redis_session_append(s, "HMGET %b a b", key, length);      ... any number of times
 *	redis_session_send(s, "HMGET", most, bytes_max);
 *	redis_session_next(s, &reply);                              ... once for each, then freeReplyObject()
 *
 * Redis serves no other client while it works on what one read brought it, so send some hundred short
 * commands at once, and not thousands.
 */
int redis_session_append(struct redis_session *s, const char *format, ...);
int redis_session_send(struct redis_session *s, const char *command, size_t most, size_t bytes_max);
int redis_session_next(struct redis_session *s, redisReply **reply);

/* Fills `why` from an error answer as if the command had failed, with `what` (a key, a command) before
 * it.  The answer's text is masked in place.  Returns -1. */
int redis_session_error(
    const struct redis_session *s, const redisReply *error, const char *what, struct failure *why);

/* Mask the password in a text that holds something the server sent. */
void redis_session_mask(const struct redis_session *s, char *text);

#endif /* PROBES_REDIS_SESSION_H */
