#ifndef COMMON_CONFIG_OPTIONS_H
#define COMMON_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/failure.h"

/*
 * Settings: a flag wins over an environment variable, which wins over the
 * config file, which wins over the built-in default.
 *
 *	--textfile.directory /run/arbwatch
 *	ARBWATCH_TEXTFILE_DIRECTORY=/run/arbwatch
 *	textfile: { directory: /run/arbwatch }        (in arbwatch.yml)
 *
 * Every option is one row of a table; its name is the flag, the key in the
 * config file and, upper-cased behind "ARBWATCH_", the variable.
 *
 * The config file: keys at the top level are for every program; a mapping
 * named like a program (or like this program's --name) holds what is for that
 * program alone and wins.  Sections of other programs are passed over, and so
 * are those of their instances, which are known by the program's name that they
 * begin with ("redis_latency_eu").
 */
struct option {
	const char *name;     /* "textfile.directory" */
	const char *argument; /* what --help calls the value: "DIR"; NULL for a switch */
	const char *fallback; /* the default; NULL: none */
	const char *variable; /* a second, older environment variable: "REDIS_URL"; NULL: none */
	const char *help;     /* one line, no full stop */
	bool repeatable; /* a list: flags add up, the config file holds a sequence, a variable gives one */
	bool secret;     /* may hold a secret: wiped from argv, never quoted, and what VARIABLE_FILE names is
			    read too (of a repeatable option, one value a line) */
	bool flag_only;  /* neither a variable nor in the config file */
};

struct options;

/*
 * `tables` is an array of `table_count` option tables, each ended by a row
 * without a name; the tables must outlive the options.  `program` names the
 * section of the config file.  NULL: out of memory.
 */
struct options *options_new(const char *program, const struct option *const tables[], size_t table_count);

/* Values of secret options are wiped.  Takes NULL. */
void options_free(struct options *o);

/*
 * Take "--name value", "--name=value", for switches "--name", and "-h" for "--help" from argv.
 * Values of secret options are overwritten in argv.  -1 with `why` (local) for
 * an unknown flag, a missing or a surplus value, or an argument that is no
 * flag.
 */
int options_read_flags(struct options *o, int argc, char *argv[], struct failure *why);

/*
 * Read the environment and the file named by --config.file, forgetting what
 * an earlier call read: SIGHUP calls it again.  On failure (unknown key, bad
 * YAML, unreadable file) the older values stay.
 */
int options_read_rest(struct options *o, struct failure *why);

/* The value, or the default, or NULL.  Of a repeatable option the first.  Owned by `o`, valid until the next
 * read. */
const char *options_text(const struct options *o, const char *name);
bool options_switch(const struct options *o, const char *name);

/* Whether anybody gave it: then the default is not used. */
bool options_given(const struct options *o, const char *name);

/* All values of a repeatable option: at least the default, if it has one. */
size_t options_count(const struct options *o, const char *name);
const char *options_item(const struct options *o, const char *name, size_t index);

/*
 * Checked readers.  0, or -1 with a failure that names the place the value
 * came from, and the value: "--timeout: '5x' is not a duration like 250ms, 15s
 * or 5m" (see secret_shown()).  What is absent and has no default reads as 0.
 */
int options_duration(const struct options *o, const char *name, int64_t *ns, struct failure *why);
int options_integer(const struct options *o, const char *name, int64_t least, int64_t most, int64_t *value,
    struct failure *why);

/* A decimal fraction from 0 to 1, as "0.05". */
int options_ratio(const struct options *o, const char *name, double *ratio, struct failure *why);

/*
 * Fail and say where the value came from: "<place>: <text>", as in
 * "arbwatch.yml:12: redis_latency.target: no host".  `index` for repeatable
 * options, else 0.  Returns -1.
 */
int options_failure(const struct options *o, const char *name, size_t index, struct failure *why,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "  --timeout DURATION    help (default: 5s)" for each row. */
void options_print_help(const struct options *o);

#endif /* COMMON_CONFIG_OPTIONS_H */
