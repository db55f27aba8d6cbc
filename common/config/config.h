#ifndef COMMON_CONFIG_CONFIG_H
#define COMMON_CONFIG_CONFIG_H

#include "common/failure.h"

/*
 * A YAML file, flattened: nested keys are joined by dots, and each scalar is
 * handed over with its line, in the order of the file.
 *
 *	textfile:
 *	  directory: /run/arbwatch      ->  "textfile.directory", "/run/arbwatch"
 *	redis_latency:
 *	  target:
 *	    - redis://a                 ->  "redis_latency.target", "redis://a", in_list
 *	    - redis://b                 ->  "redis_latency.target", "redis://b", in_list
 */
struct config_value {
	const char *key;  /* dotted */
	const char *text; /* NULL: the key is there without a value */
	unsigned line;    /* from 1 */
	int in_list;
};

/* Returns 0, or -1 with `why` filled in, which ends the reading. */
typedef int config_handler(void *context, const struct config_value *value, struct failure *why);

/*
 * Read `path` (at most 1 MiB, 10,000 nodes, 8 levels).  -1 with `why` (local):
 * it cannot be read, is no YAML ("arbwatch.yml:3: ..."), holds a key twice, or
 * the handler said so.
 */
int config_read(const char *path, config_handler *handler, void *context, struct failure *why);

#endif /* COMMON_CONFIG_CONFIG_H */
