#ifndef WEB_CONFIG_PARTS_H
#define WEB_CONFIG_PARTS_H

#include <stdbool.h>

#include "common/config/config.h"
#include "web/config.h"
#include "web/tls.h"

/* What the files that read a web configuration share; web/config.h is for everybody else. */
struct web_config_reading {
	struct web_config *config;
	const char *path;
	struct tls_settings tls;
	bool has_tls;         /* tls_server_config holds something */
	unsigned client_line; /* of client_auth_type */
};

/* "path:line: key: text", and -1. */
int web_config_fail(const struct web_config_reading *r, const struct config_value *value, struct failure *why,
    const char *text);

/* Keep the value, or what is in the file it names (relative to the configuration's directory), in `*text`. */
int web_config_take_text(
    const struct web_config_reading *r, const struct config_value *value, char **text, struct failure *why);
int web_config_take_file(
    const struct web_config_reading *r, const struct config_value *value, char **text, struct failure *why);

/*
 * A key with a name of its own; `*known` says whether it is one.  The others:
 * of basic_auth_users (`name`: whose), of http_server_config.headers (`name`: which).
 */
int web_config_set_key(
    struct web_config_reading *r, const struct config_value *value, bool *known, struct failure *why);
int web_config_add_user(
    struct web_config_reading *r, const struct config_value *value, const char *name, struct failure *why);
int web_config_set_header(
    struct web_config_reading *r, const struct config_value *value, const char *name, struct failure *why);

#endif /* WEB_CONFIG_PARTS_H */
