#ifndef COMMON_FAILURE_H
#define COMMON_FAILURE_H

/*
 * Why something did not work, in a form that is both a log line and a label.
 *
 * Library code never logs: it fills in the caller's struct failure and
 * returns -1.  Only a program's main logs.  `kind` is a closed set, so that it
 * may become a metric label; `text` is for people and never becomes one.  The
 * text is a fixed buffer: reporting a failure cannot itself fail.
 */
enum failure_kind {
	FAILURE_NONE,
	FAILURE_RESOLVE,  /* the name has no address, or nobody knew in time */
	FAILURE_CONNECT,  /* could not reach the peer */
	FAILURE_TLS,      /* no secure channel: certificate, protocol version, name */
	FAILURE_AUTH,     /* the peer does not accept who we are */
	FAILURE_TIMEOUT,  /* the deadline passed first */
	FAILURE_REJECTED, /* the peer answered, with an error */
	FAILURE_PROTOCOL, /* the answer made no sense, or stopped in the middle */
	FAILURE_LOCAL,    /* our own side: settings, memory, disk, permissions */
};
enum { FAILURE_KINDS = FAILURE_LOCAL + 1 };

struct failure {
	enum failure_kind kind;
	char text[512];
};

/*
 * Record the failure and return -1, so that callers can `return failure_set(...)`.
 * Control characters in what is formatted are replaced by '?': a peer's error
 * text cannot break a log line.
 */
int failure_set(struct failure *why, enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Put "<what>: " before the text that is there; the kind stays.  Returns -1. */
int failure_prefix(struct failure *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The label value for `kind`: "connect", "timeout", ... */
extern const char *const failure_kind_names[FAILURE_KINDS + 1]; /* ended by NULL */
const char *failure_kind_name(enum failure_kind kind);

#endif /* COMMON_FAILURE_H */
