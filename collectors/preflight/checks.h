#ifndef COLLECTORS_PREFLIGHT_CHECKS_H
#define COLLECTORS_PREFLIGHT_CHECKS_H

#include "collectors/preflight/check_result.h"
#include "common/config/options.h"
#include "common/deadline.h"

/*
 * The eight checks.  Each is one file, which owns its options, its settings and
 * its state, as a collector does.  Those that ask exchanges or look at keys share
 * `struct exchanges` (exchanges.h) besides.
 */
struct exchanges;

/* What a check gets to read its settings. */
struct check_setup {
	const struct options *given;
	struct secrets *secrets;     /* the program's; a check adds those of its settings */
	struct exchanges *exchanges; /* open before all checks, and released after them */
	bool live;
	bool included[CHECKS]; /* by --check and --skip */
};

struct check {
	size_t state_size; /* the state is zeroed memory of that size */

	/*
	 * Fill the state from the settings, with copies of what it keeps.  No network.
	 * 0, or -1 with `why` that names the setting; in both cases for close().
	 */
	int (*open)(const struct check_setup *setup, void *state, struct failure *why);

	/*
	 * Fill an initialized result by the deadline, in a thread that no other run of this check
	 * shares.  It may be late: then nobody looks at its result, and `state` stays as it is until
	 * it has returned.
	 */
	void (*run)(void *state, struct deadline deadline, struct check_result *result);

	/* Release what the state owns.  Takes a zeroed state.  NULL: it owns nothing. */
	void (*close)(void *state);
};

extern const struct check environment_check, secrets_check, live_guard_check, redis_check, postgres_check,
    exchange_health_check, open_positions_check, git_safety_check;
extern const struct check *const checks[CHECKS]; /* in the order of enum preflight_check */

extern const struct option environment_options[], secrets_options[], live_guard_options[], redis_options[],
    postgres_options[], exchange_health_options[], open_positions_options[], git_safety_options[];

/* All tables of options besides preflight's own, ended by NULL. */
extern const struct option *const check_option_tables[];

/* What several checks need for their settings ------------------------- */

/* Copies of a repeatable option's values.  All zero at first. */
struct string_list {
	char **items; /* owned; they may be secrets */
	size_t count;
};

/* 0, or -1 with `why`: out of memory.  In both cases for string_list_release(). */
int string_list_read(
    struct string_list *list, const struct options *given, const char *option, struct failure *why);
int string_list_add(struct string_list *list, const char *text, struct failure *why);
void string_list_release(struct string_list *list);

/* A copy of the option's value; NULL stays where it has none.  -1 with `why`: out of memory. */
int copy_option(char **copy, const struct options *given, const char *option, struct failure *why);

/* "yes" or "no"; -1 with `why` for anything else. */
int read_yes(bool *yes, const struct options *given, const char *option, struct failure *why);

#endif /* COLLECTORS_PREFLIGHT_CHECKS_H */
