/*
 * What live needs must not be skipped: an operator in a hurry could otherwise
 * skip the check that fails, and be told "READY for live".
 */

#include <stdio.h>
#include <string.h>

#include "collectors/preflight/verdict.h"
#include "common/text/text.h"

static bool
live_needs(int check)
{
	return check == CHECK_SECRETS || check == CHECK_LIVE_GUARD || check == CHECK_EXCHANGE_HEALTH ||
	       check == CHECK_OPEN_POSITIONS;
}

/* Whether the check was skipped in a whole run, although live needs it. */
static bool
is_missing(const struct check_result *result, int check, struct verdict_terms terms)
{
	return terms.live && !terms.partial && live_needs(check) && result->status == STATUS_SKIP;
}

static void
write_text(struct verdict *verdict)
{
	static const enum check_status others[] = { STATUS_FAIL, STATUS_WARN, STATUS_SKIP };
	size_t length = (size_t)snprintf(verdict->text, sizeof(verdict->text), "%zu/%zu pass",
	    verdict->counts[STATUS_PASS], verdict->listed);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (verdict->counts[others[i]] > 0)
			length += (size_t)snprintf(verdict->text + length, sizeof(verdict->text) - length,
			    ", %zu %s", verdict->counts[others[i]], check_status_name(others[i]));
}

/* "secrets, live_guard were left out; ", or "". */
static void
write_missing(char *text, size_t size, const struct check_result results[CHECKS], struct verdict_terms terms)
{
	size_t length = 0, count = 0;

	*text = '\0';
	for (int check = 0; check < CHECKS; check++)
		if (is_missing(&results[check], check, terms))
			length += (size_t)snprintf(text + length, size - length, "%s%s",
			    count++ > 0 ? ", " : "", check_name((enum preflight_check)check));
	if (count > 0)
		(void)snprintf(text + length, size - length, " %s left out; ", count > 1 ? "were" : "was");
}

static void
write_line(struct verdict *verdict, const struct check_result results[CHECKS], struct verdict_terms terms)
{
	const char *env = terms.live ? "live" : "paper";
	char missing[128];

	if (terms.partial) {
		text_format(verdict->line, sizeof(verdict->line),
		    "%s for %s; some checks alone give no verdict", verdict->text, env);
		return;
	}
	write_missing(missing, sizeof(missing), results, terms);
	text_format(verdict->line, sizeof(verdict->line), "%s for %s: %s%s%s",
	    verdict->ready ? "READY" : "NOT READY", env, missing, verdict->text,
	    terms.strict && verdict->counts[STATUS_WARN] > 0 ? " (strict: warnings count)" : "");
}

void
verdict_reach(struct verdict *verdict, const struct check_result results[CHECKS], const bool listed[CHECKS],
    struct verdict_terms terms)
{
	bool blocked = false, any_made;

	*verdict = (struct verdict){ 0 };
	for (int check = 0; check < CHECKS; check++) {
		enum check_status status = results[check].status;

		if (!listed[check])
			continue;
		verdict->listed++;
		verdict->counts[status]++;
		verdict->blocks[check] = status == STATUS_FAIL || (terms.strict && status == STATUS_WARN) ||
					 is_missing(&results[check], check, terms);
		blocked |= verdict->blocks[check];
	}
	any_made = verdict->counts[STATUS_SKIP] < verdict->listed;
	/* If all were skipped, each of them is a reason. */
	for (int check = 0; check < CHECKS; check++)
		verdict->blocks[check] |= !any_made && listed[check];
	verdict->passed = !blocked && any_made;
	verdict->ready = verdict->passed && !terms.partial;
	verdict->ready_for_live = verdict->ready && terms.live;
	write_text(verdict);
	write_line(verdict, results, terms);
}
