#ifndef PAPER_CHAT_FAULTS_H
#define PAPER_CHAT_FAULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What can go wrong, turned on and off by the control endpoint.  The caller's lock is around all of it. */
enum fault { FAULT_FAIL, FAULT_429, FAULT_SLOW, FAULT_HANG, FAULT_DROP };
enum { FAULTS = FAULT_DROP + 1, FAULT_TEXT = 96 };

struct fault_setting {
	bool on;
	int64_t value;          /* status, seconds or ms */
	int64_t share;          /* percent of the requests */
	int64_t left;           /* requests until it ends; -1: it does not */
	char path[FAULT_TEXT];  /* only requests whose path holds this; "": all */
	char error[FAULT_TEXT]; /* for FAULT_FAIL, what the answer says; "": what the service says */
};

struct faults {
	struct fault_setting settings[FAULTS];
	uint64_t random;
	unsigned turns; /* how often the control endpoint turned one: what hangs ends with the next */
};

/* 0, or -1: no fault has this name. */
int fault_find(const char *name, enum fault *fault);

/* Turn it on as the arguments say.  NULL, or what is wrong with them. */
const char *fault_turn_on(struct faults *faults, enum fault fault, const json_t *arguments);

/* Whether it strikes a request to this path; that counts. */
bool fault_strikes(struct faults *faults, enum fault fault, const char *path);

/* {"fail": {"value": 500, ...}, ...}: those that are on. */
json_t *faults_list(const struct faults *faults);

#endif /* PAPER_CHAT_FAULTS_H */
