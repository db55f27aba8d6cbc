#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_exchange/amount.h"
#include "demo/paper_exchange/faults.h"

/* The default and the limits of its number; or it takes a text. */
enum value_kind { NUMBER, TEXT, DECIMAL };
struct fault_kind {
	const char *name;
	enum value_kind value;
	int64_t fallback, least, most;
};
static const char decimal_fallback[] = "0.1";

static const struct fault_kind kinds[FAULTS] = {
	[FAULT_LATENCY] = { "latency", NUMBER, 600, 0, 60000 }, /* ms */
	[FAULT_RESET] = { "reset", NUMBER, 0, 0, 0 },
	[FAULT_5XX] = { "5xx", NUMBER, 503, 500, 599 },          /* HTTP status */
	[FAULT_429] = { "429", NUMBER, 30, 0, 86400 },           /* Retry-After, s */
	[FAULT_418] = { "418", NUMBER, 120, 1, 259200 },         /* s from now */
	[FAULT_THROTTLE] = { "throttle", NUMBER, 30, 0, 86400 }, /* s */
	[FAULT_BAN] = { "ban", NUMBER, 120, 1, 259200 },         /* s from now */
	[FAULT_REDIRECT] = { "redirect", TEXT, 0, 0, 0 },        /* Location */
	[FAULT_MAINTENANCE] = { "maintenance", NUMBER, 0, 0, 0 },
	[FAULT_FROZEN] = { "frozen", NUMBER, 0, 0, 0 },
	[FAULT_STALE] = { "stale", NUMBER, 60000, 0, INT64_C(4000000000000) },     /* ms */
	[FAULT_FUTURE] = { "future", NUMBER, 3600000, 0, INT64_C(4000000000000) }, /* ms */
	[FAULT_SKEW] = { "skew", NUMBER, 2000, -86400000, 86400000 },              /* ms */
	[FAULT_HALTED] = { "halted", TEXT, 0, 0, 0 },                              /* symbol */
	[FAULT_EMPTY] = { "empty", NUMBER, 0, 0, 0 },
	[FAULT_ERROR_200] = { "error-200", TEXT, 0, 0, 0 }, /* code */
	[FAULT_TRUNCATED] = { "truncated", NUMBER, 0, 0, 0 },
	[FAULT_HUGE] = { "huge", NUMBER, 64 << 20, 1, INT64_C(1) << 32 }, /* bytes */
	[FAULT_CONTENT_TYPE] = { "content-type", NUMBER, 0, 0, 0 },
	[FAULT_DRIP] = { "drip", NUMBER, 200, 1, 60000 },          /* ms a byte */
	[FAULT_RATE_LIMIT] = { "rate-limit", NUMBER, 90, 0, 200 }, /* percent used */
	[FAULT_GAP] = { "gap", NUMBER, 100, 1, 1000000000 },       /* one event in so many */
	[FAULT_CUT] = { "cut", NUMBER, 5000, 1, 86400000 },        /* ms */
	[FAULT_DRIFT] = { "drift", DECIMAL, 0, 0, 0 },             /* BTC */
	[FAULT_POSITIONS] = { "positions", NUMBER, 1000, 1, 50000 },
	[FAULT_BALANCES] = { "balances", NUMBER, 1000, 1, 50000 },
	[FAULT_FLAT] = { "flat", NUMBER, 0, 0, 0 },
	[FAULT_NO_LIST] = { "no-list", NUMBER, 0, 0, 0 },
	[FAULT_ENDLESS] = { "endless", NUMBER, 0, 0, 0 },
	[FAULT_PAGE_FAILS] = { "page-fails", NUMBER, 2, 1, 1000000 }, /* which one, from 1 */
	[FAULT_HEDGE] = { "hedge", NUMBER, 0, 0, 0 },
	[FAULT_INVERSE] = { "inverse", NUMBER, 0, 0, 0 },
	[FAULT_DUST] = { "dust", NUMBER, 0, 0, 0 },
	[FAULT_WITHDRAW] = { "withdraw", NUMBER, 0, 0, 0 },
	[FAULT_NO_IP] = { "no-ip", NUMBER, 0, 0, 0 },
	[FAULT_EXPIRY] = { "expiry", NUMBER, 30, -36500, 36500 }, /* days from now */
	[FAULT_LOCKED] = { "locked", NUMBER, 0, 0, 0 },
	[FAULT_PERMISSION] = { "permission", NUMBER, 0, 0, 0 },
	[FAULT_WRONG_IP] = { "wrong-ip", NUMBER, 0, 0, 0 },
	[FAULT_EXPIRED_KEY] = { "expired-key", NUMBER, 0, 0, 0 },
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
	amount parsed;
	char *end = NULL;

	*setting = (struct fault_setting){ .on = true, .number = kind->fallback, .since_ms = now_ms };
	if ((value != NULL && !is_plain(value)) || (path != NULL && !is_plain(path)))
		return "value and path are up to 95 printable ASCII characters";
	if (path != NULL)
		(void)snprintf(setting->path, sizeof(setting->path), "%s", path);
	if (kind->value == DECIMAL)
		(void)snprintf(setting->text, sizeof(setting->text), "%s", decimal_fallback);
	if (value == NULL || *value == '\0')
		return NULL;
	if (kind->value != NUMBER) {
		(void)snprintf(setting->text, sizeof(setting->text), "%s", value);
		return kind->value == TEXT || amount_parse(value, &parsed)
			   ? NULL
			   : "the value is no decimal number of up to 18 digits before and behind the point";
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

	if (kind->value != NUMBER)
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
