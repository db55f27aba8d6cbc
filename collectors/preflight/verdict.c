#include <stdio.h>
#include <string.h>

#include "collectors/preflight/verdict.h"

bool
verdict_blocks(const struct check_result *result, bool strict)
{
	return result->status == STATUS_FAIL || (strict && result->status == STATUS_WARN);
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

void
verdict_reach(struct verdict *verdict, const struct check_result results[CHECKS], const bool listed[CHECKS],
    bool live, bool strict)
{
	static const enum check needed[] = { CHECK_SECRETS, CHECK_LIVE_GUARD, CHECK_EXCHANGE_HEALTH,
		CHECK_OPEN_POSITIONS };
	bool blocked = false, whole = true;

	*verdict = (struct verdict){ 0 };
	for (int check = 0; check < CHECKS; check++) {
		if (!listed[check])
			continue;
		verdict->listed++;
		verdict->counts[results[check].status]++;
		blocked |= verdict_blocks(&results[check], strict);
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++)
		whole &= listed[needed[i]] && results[needed[i]].status != STATUS_SKIP;
	verdict->ready = !blocked && verdict->counts[STATUS_PASS] + verdict->counts[STATUS_WARN] > 0;
	verdict->ready_for_live = verdict->ready && live && whole;
	write_text(verdict);
}
