#ifndef COLLECTORS_PREFLIGHT_CHECK_RESULT_H
#define COLLECTORS_PREFLIGHT_CHECK_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/secrets.h"
#include "common/failure.h"
#include "contract/labels.h"

/*
 * What one check found.  A check has any number of findings; the worst is its
 * status, their texts are its reason.  Texts are for people and for JSON: valid
 * UTF-8 without control characters and without secrets, whatever a peer or a file
 * had in it, once check_result_clean() was called.
 */
enum { SAMPLES_MAX = 80 };

struct check_result {
	enum check_status status;
	char reason[1024];
	char hint[512];              /* what to do; "" */
	double seconds;              /* how long the check took */
	double latency_seconds;      /* of the server that was asked; negative: none was asked */
	enum failure_kind kind;      /* why something could not be measured; FAILURE_NONE: all was measured */
	double samples[SAMPLES_MAX]; /* of redis and postgres: all round trips, for a histogram */
	size_t sample_count;
};

void check_result_init(struct check_result *result);

/* Add a finding, STATUS_WARN or STATUS_FAIL. */
void check_result_add(struct check_result *result, enum check_status status, const char *hint,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Add one about something that could not be measured. */
void check_result_add_failure(struct check_result *result, enum check_status status, const char *hint,
    const char *what, const struct failure *why);

/* The text of a check without findings: STATUS_PASS, or STATUS_SKIP if it had nothing to check.  The first
 * one counts, and findings win over it. */
void check_result_conclude(struct check_result *result, enum check_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Mask the secrets in its texts.  All masks come before check_result_clean(), as they must see texts as they
 * came. */
void check_result_mask(struct check_result *result, const struct secrets *secrets);

/* Make its texts, or any text, fit for a terminal and for JSON: valid UTF-8, and nothing in it that is
 * unseen (utf8.h). */
void check_result_clean(struct check_result *result);
void check_text_clean(char *text);

#endif /* COLLECTORS_PREFLIGHT_CHECK_RESULT_H */
