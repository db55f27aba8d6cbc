#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_exchange/faults.h"

/* The default and the limits of its number; or it takes a text. */
struct fault_kind {
	const char *name;
	bool takes_text;
	int64_t fallback, least, most;
};

static const struct fault_kind kinds[FAULTS] = {
	[FAULT_LATENCY] = { "latency", false, 600, 0, 60000 }, /* ms */
	[FAULT_RESET] = { "reset", false, 0, 0, 0 },
	[FAULT_5XX] = { "5xx", false, 503, 500, 599 },          /* HTTP status */
	[FAULT_429] = { "429", false, 30, 0, 86400 },           /* Retry-After, s */
	[FAULT_418] = { "418", false, 120, 1, 259200 },         /* s from now */
	[FAULT_THROTTLE] = { "throttle", false, 30, 0, 86400 }, /* s */
	[FAULT_BAN] = { "ban", false, 120, 1, 259200 },         /* s from now */
	[FAULT_REDIRECT] = { "redirect", true, 0, 0, 0 },       /* Location */
	[FAULT_MAINTENANCE] = { "maintenance", false, 0, 0, 0 },
	[FAULT_FROZEN] = { "frozen", false, 0, 0, 0 },
	[FAULT_STALE] = { "stale", false, 60000, 0, INT64_C(4000000000000) },     /* ms */
	[FAULT_FUTURE] = { "future", false, 3600000, 0, INT64_C(4000000000000) }, /* ms */
	[FAULT_SKEW] = { "skew", false, 2000, -86400000, 86400000 },              /* ms */
	[FAULT_HALTED] = { "halted", true, 0, 0, 0 },                             /* symbol */
	[FAULT_EMPTY] = { "empty", false, 0, 0, 0 },
	[FAULT_ERROR_200] = { "error-200", true, 0, 0, 0 }, /* code */
	[FAULT_TRUNCATED] = { "truncated", false, 0, 0, 0 },
	[FAULT_HUGE] = { "huge", false, 64 << 20, 1, INT64_C(1) << 32 }, /* bytes */
	[FAULT_CONTENT_TYPE] = { "content-type", false, 0, 0, 0 },
	[FAULT_DRIP] = { "drip", false, 200, 1, 60000 },          /* ms a byte */
	[FAULT_RATE_LIMIT] = { "rate-limit", false, 90, 0, 200 }, /* percent used */
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

/* It may become a header or a part of a body. */
static bool
is_plain(const char *text)
{
	if (strlen(text) >= FAULT_TEXT)
		return false;
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

const char *
fault_setting_make(
    enum fault fault, const char *value, const char *path, int64_t now_ms, struct fault_setting *setting)
{
	const struct fault_kind *kind = &kinds[fault];
	char *end = NULL;

	*setting = (struct fault_setting){ .on = true, .number = kind->fallback, .since_ms = now_ms };
	if ((value != NULL && !is_plain(value)) || (path != NULL && !is_plain(path)))
		return "value and path are up to 95 printable ASCII characters";
	if (path != NULL)
		(void)snprintf(setting->path, sizeof(setting->path), "%s", path);
	if (value == NULL || *value == '\0')
		return NULL;
	if (kind->takes_text) {
		(void)snprintf(setting->text, sizeof(setting->text), "%s", value);
		return NULL;
	}
	if (kind->least == kind->most)
		return "this fault takes no value";
	errno = 0;
	setting->number = strtoll(value, &end, 10);
	if (errno != 0 || *end != '\0' || setting->number < kind->least || setting->number > kind->most)
		return "the value is no number, or out of range";
	return NULL;
}

void
faults_set(struct faults *faults, size_t venue, enum fault fault, const struct fault_setting *setting)
{
	(void)pthread_mutex_lock(&faults->lock);
	faults->settings[venue][fault] = *setting;
	(void)pthread_mutex_unlock(&faults->lock);
}

void
faults_clear(struct faults *faults)
{
	(void)pthread_mutex_lock(&faults->lock);
	memset(faults->settings, 0, sizeof(faults->settings));
	(void)pthread_mutex_unlock(&faults->lock);
}

void
faults_of(struct faults *faults, size_t venue, const char *path, struct fault_setting settings[FAULTS])
{
	(void)pthread_mutex_lock(&faults->lock);
	memcpy(settings, faults->settings[venue], sizeof(faults->settings[venue]));
	(void)pthread_mutex_unlock(&faults->lock);
	for (int i = 0; i < FAULTS; i++)
		if (strstr(path, settings[i].path) == NULL)
			settings[i].on = false;
}

static json_t *
describe(const struct fault_kind *kind, const struct fault_setting *setting)
{
	json_t *said = json_object();

	if (kind->takes_text)
		(void)json_object_set_new(said, "value", json_string(setting->text));
	else if (kind->least != kind->most)
		(void)json_object_set_new(said, "value", json_integer(setting->number));
	if (setting->path[0] != '\0')
		(void)json_object_set_new(said, "path", json_string(setting->path));
	return said;
}

json_t *
faults_list(struct faults *faults, size_t venue)
{
	json_t *list = json_object();

	(void)pthread_mutex_lock(&faults->lock);
	for (int i = 0; i < FAULTS; i++)
		if (faults->settings[venue][i].on)
			(void)json_object_set_new(
			    list, kinds[i].name, describe(&kinds[i], &faults->settings[venue][i]));
	(void)pthread_mutex_unlock(&faults->lock);
	return list;
}
