/*
 * What goes wrong on demand.  The services fail in these ways, and none of them can be had from the
 * real ones when a test needs it.  A fault may be for some paths, for a share of requests, or for a
 * number of them.  What strikes is the same in every run, so a test that fails once fails again.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_chat/faults.h"

static const struct {
	const char *name, *value;
	int64_t fallback, least, most;
} kinds[FAULTS] = {
	[FAULT_FAIL] = { "fail", "status", 500, 200, 599 },
	[FAULT_429] = { "429", "retry_after", 30, 0, 86400 },
	[FAULT_SLOW] = { "slow", "ms", 1000, 0, 600000 },
	/* Ten minutes are longer than any client waits, which is what "never" needs. */
	[FAULT_HANG] = { "hang", "ms", 600000, 0, 600000 },
	[FAULT_DROP] = { "drop", "ms", 0, 0, 0 },
};

int
fault_find(const char *name, enum fault *fault)
{
	for (int i = 0; i < FAULTS; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*fault = (enum fault)i;
			return 0;
		}
	return -1;
}

static bool
read_number(const json_t *arguments, const char *name, int64_t least, int64_t most, int64_t *number)
{
	const char *text = json_string_value(json_object_get(arguments, name));
	char *end = NULL;

	if (text == NULL)
		return true;
	*number = strtoll(text, &end, 10);
	return end != text && *end == '\0' && *number >= least && *number <= most;
}

static bool
read_text(const json_t *arguments, const char *name, char out[FAULT_TEXT])
{
	const char *text = json_string_value(json_object_get(arguments, name));

	return snprintf(out, FAULT_TEXT, "%s", text != NULL ? text : "") < FAULT_TEXT;
}

/* All or nothing: a request with a wrong value leaves the fault as it was.  A count of -1 never ends. */
const char *
fault_turn_on(struct faults *faults, enum fault fault, const json_t *arguments)
{
	struct fault_setting setting = {
		.on = true, .value = kinds[fault].fallback, .share = 100, .left = -1
	};

	if (!read_number(
		arguments, kinds[fault].value, kinds[fault].least, kinds[fault].most, &setting.value))
		return "its value is not a number, or out of range";
	if (!read_number(arguments, "share", 0, 100, &setting.share))
		return "share is not a percentage from 0 to 100";
	if (!read_number(arguments, "count", 1, 1000000, &setting.left))
		return "count is not a number of requests";
	if (!read_text(arguments, "path", setting.path) || !read_text(arguments, "error", setting.error))
		return "path and error are up to 95 bytes";
	faults->settings[fault] = setting;
	return NULL;
}

/* "" is in every path, so a fault without a path is for all of them. */
bool
fault_strikes(struct faults *faults, enum fault fault, const char *path)
{
	struct fault_setting *setting = &faults->settings[fault];

	if (!setting->on || strstr(path, setting->path) == NULL)
		return false;
	/* xorshift64: what strikes is the same in every run. */
	faults->random = faults->random != 0 ? faults->random : 88172645463325252U;
	faults->random ^= faults->random << 13;
	faults->random ^= faults->random >> 7;
	faults->random ^= faults->random << 17;
	if ((int64_t)(faults->random % 100) >= setting->share)
		return false;
	if (setting->left > 0 && --setting->left == 0)
		setting->on = false;
	return true;
}

json_t *
faults_list(const struct faults *faults)
{
	json_t *list = json_object();

	for (int i = 0; i < FAULTS; i++) {
		const struct fault_setting *s = &faults->settings[i];

		if (s->on)
			(void)json_object_set_new(list, kinds[i].name,
			    json_pack("{s:I, s:I, s:I, s:s, s:s}", kinds[i].value, (json_int_t)s->value,
				"share", (json_int_t)s->share, "left", (json_int_t)s->left, "path", s->path,
				"error", s->error));
	}
	return list;
}
