/*
 * Labels decide which alert it is: its fingerprint, its severity, and how much of it is kept. The
 * fingerprint is computed as Alertmanager computes it, because the relay meets the same alert three times
 * (from Prometheus, by the webhook, in Alertmanager's list) and must know that it is one.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "relay/alert/parts.h"

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Messages and routes read these labels. If a flood of other labels pushed one of them past the limit of 64,
 * the alert would be sent to the wrong people. */
static bool
is_needed(const char *name)
{
	return strcmp(name, "alertname") == 0 || strcmp(name, "env") == 0 || strcmp(name, "service") == 0 ||
	       strcmp(name, "severity") == 0;
}

static int
needed_first(const void *a, const void *b)
{
	int difference = is_needed(*(const char *const *)b) - is_needed(*(const char *const *)a);

	return difference != 0 ? difference : by_name(a, b);
}

/* The names in order, which the caller frees (they stay the object's); NULL: there are none, or no memory. */
static const char **
sorted_names(const json_t *object, int (*order)(const void *a, const void *b))
{
	const char **names = calloc(json_object_size(object) + 1, sizeof(*names));
	size_t count = 0;

	if (names == NULL)
		return NULL;
	for (void *at = json_object_iter((json_t *)object); at != NULL;
	     at = json_object_iter_next((json_t *)object, at))
		names[count++] = json_object_iter_key(at);
	qsort(names, count, sizeof(*names), order);
	return names;
}

static uint64_t
fnv_add(uint64_t hash, const char *text)
{
	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	/* Alertmanager puts the byte 0xff behind each text. It
	 * is in no UTF-8, so "ab", "c" and "a", "bc" differ. */
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}

void
labels_fingerprint(const json_t *labels, char fingerprint[ALERT_FINGERPRINT])
{
	const char **names = sorted_names(labels, by_name);
	uint64_t hash = UINT64_C(14695981039346656037);

	/* If memory runs out here, this is the hash of no labels. labels_cut()
	 * then most likely fails as well, and the request is refused. */
	for (size_t i = 0; names != NULL && names[i] != NULL; i++)
		hash = fnv_add(fnv_add(hash, names[i]), alert_text(labels, names[i]));
	free(names);
	(void)snprintf(fingerprint, ALERT_FINGERPRINT, "%016llx", (unsigned long long)hash);
}

/* How much of a text is within the limit, without a part of a character. */
static size_t
within(const char *text, size_t length, size_t limit)
{
	if (length <= limit)
		return length;
	while (limit > 0 && ((unsigned char)text[limit] & 0xc0) == 0x80)
		limit--;
	return limit;
}

json_t *
labels_cut(const json_t *labels, size_t value_limit)
{
	const char **names = sorted_names(labels, needed_first);
	json_t *cut = json_object();
	bool failed = names == NULL || cut == NULL;

	for (size_t i = 0; !failed && names[i] != NULL && i < ALERT_LABELS; i++) {
		const char *value = alert_text(labels, names[i]);
		size_t length = within(names[i], strlen(names[i]), ALERT_NAME);

		/* Two long names that are equal after the cut become one label; the
		 * fingerprint still tells such alerts apart, since it was taken before. */
		failed = json_object_setn_new_nocheck(cut, names[i], length,
			     json_stringn_nocheck(value, within(value, strlen(value), value_limit))) != 0;
	}
	free(names);
	if (!failed)
		return cut;
	json_decref(cut);
	return NULL;
}

const char *
alert_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

enum alert_severity
alert_severity(const json_t *labels)
{
	static const struct {
		const char *name;
		enum alert_severity severity;
	} names[] = { { "P0", SEVERITY_P0 }, { "critical", SEVERITY_P0 }, { "P1", SEVERITY_P1 },
		{ "P2", SEVERITY_P2 }, { "warning", SEVERITY_P2 }, { "P3", SEVERITY_P3 },
		{ "info", SEVERITY_P3 }, { "none", SEVERITY_HEARTBEAT } };
	const char *severity = alert_text(labels, "severity");

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcasecmp(names[i].name, severity) == 0)
			return names[i].severity;
	/* A severity that nobody defined must not be lost, and must not wake anybody at night either. */
	return SEVERITY_P2;
}

const char *
alert_severity_name(enum alert_severity severity)
{
	static const char *const names[] = { "P0", "P1", "P2", "P3", "none" };

	return names[severity];
}
