#ifndef COLLECTORS_HARNESS_SETTINGS_H
#define COLLECTORS_HARNESS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/options.h"
#include "common/log.h"

/* The flags that every collector has; ended by a row without a name. */
extern const struct option common_options[];

/* What they say, checked. */
struct collector_settings {
	char directory[4096];
	char name[72];
	char env[8];
	int64_t interval_ns; /* 0: run once */
	int64_t timeout_ns;
	enum log_level log_level;
	enum log_format log_format;
	bool print; /* --stdout */
	bool fail_on_down;
};

/* `program` is the default for --name.  0, or -1 with `why` that names the setting. */
int settings_read(
    struct collector_settings *s, const char *program, const struct options *o, struct failure *why);

#endif /* COLLECTORS_HARNESS_SETTINGS_H */
