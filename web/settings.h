#ifndef WEB_SETTINGS_H
#define WEB_SETTINGS_H

#include "common/config/options.h"
#include "common/log.h"
#include "common/text/buffer.h"
#include "web/server.h"

/* Flags that the programs with such a server have in common; each has its own --web.listen-address. */
extern const struct option web_options[];

/* What SIGHUP may change. */
struct web_settings {
	struct web_config *web;
	enum log_level log_level;
	enum log_format log_format;
};

/* 0, or -1 with `why` (local), and then there is nothing to release. */
int web_settings_read(struct web_settings *settings, const struct options *o, struct failure *why);
void web_settings_release(struct web_settings *settings);

/* All limits but body_memory.  0, or -1 with `why` (local). */
int web_settings_limits(struct web_limits *limits, const struct options *o, struct failure *why);

/*
 * Check what --web.listen-address and --web.allowed-host give, and append both to `names`, one a line, as
 * web_site.names has them: the name of an address that is listened on is local, as Debian's 127.0.1.1 is by
 * the host's name.  0, or -1 with `why` (local).
 */
int web_settings_names(struct buffer *names, const struct options *o, struct failure *why);

/*
 * A server that listens on all of --web.listen-address, but has not started; the log has each address.  Its
 * limits leave `kept` descriptors to the program (web/files.h).  NULL with `why` (local).
 */
struct web *web_settings_listen(const struct web_site *site, const struct web_limits *limits, size_t kept,
    const struct options *o, const struct log *log, struct failure *why);

/*
 * A URL like http://host:port/path, without user, password and query, for free() and without a '/' at its
 * end; NULL: it is not given.  0, or -1 with `why` (local).
 */
int web_settings_url(const struct options *o, const char *name, char **url, struct failure *why);

/* A duration, with `range` as what may be given: "100ms to 1d".  0, or -1 with `why` (local). */
int web_settings_between(const struct options *o, const char *name, int64_t least_ns, int64_t most_ns,
    const char *range, int64_t *ns, struct failure *why);

#endif /* WEB_SETTINGS_H */
