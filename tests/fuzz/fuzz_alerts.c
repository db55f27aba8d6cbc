/*
 * Any bytes as a request of Alertmanager (the first byte is even) or of the
 * alerts API.  Besides not crashing:
 *
 *  - what fails leaves nothing behind, and says why;
 *  - what is refused has a reason, and costs no other alert of the list;
 *  - what is taken keeps the limits, and can be written as JSON and read again.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/utf8.h"
#include "relay/alert/alert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795224705123)

static void
expect(bool holds, const char *what)
{
	if (holds)
		return;
	(void)fprintf(stderr, "does not hold: %s\n", what);
	abort();
}

static void
check_texts(const json_t *texts, size_t limit)
{
	char *written = json_dumps(texts, JSON_COMPACT);
	json_t *read = written != NULL ? json_loads(written, 0, NULL) : NULL;

	expect(json_object_size(texts) <= ALERT_LABELS, "so many labels are kept");
	expect(read != NULL && json_equal(read, texts), "they are the same when they are read again");
	for (void *at = json_object_iter(read); at != NULL; at = json_object_iter_next(read, at)) {
		const char *name = json_object_iter_key(at);
		const char *value = json_string_value(json_object_iter_value(at));

		expect(strlen(name) <= ALERT_NAME && utf8_valid(SLICE(name)), "a name is cut");
		expect(value != NULL && *value != '\0', "a value is a text");
		expect(strlen(value) <= limit && utf8_valid(SLICE(value)), "a value is cut");
	}
	json_decref(read);
	free(written);
}

static void
check_alert(const struct alert *alert)
{
	check_texts(alert->labels, ALERT_VALUE);
	expect(*alert_text(alert->labels, "alertname") != '\0', "an alert has a name");
	check_texts(alert->annotations, ALERT_ANNOTATION);
	expect(strlen(alert->fingerprint) == ALERT_FINGERPRINT - 1 &&
		   strspn(alert->fingerprint, "0123456789abcdef") == ALERT_FINGERPRINT - 1,
	    "a fingerprint has 16 digits");
	expect(alert->starts_ms >= 0 && alert->starts_ms <= NOW + INT64_C(86400000), "a begin is believed");
	expect(!alert->resolved || (alert->ends_ms <= NOW && alert->ends_ms >= alert->starts_ms),
	    "an end is in the past, and not before the begin");
	expect(alert->link == NULL || strlen(alert->link) <= ALERT_LINK, "a link is short");
	expect(alert->severity == alert_severity(alert->labels), "a severity is that of the labels");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct alert_list list;
	struct failure why = { .kind = FAILURE_NONE };
	struct slice body = { (const char *)data + 1, size - 1 };
	int result;

	if (size < 1)
		return 0;
	result = data[0] % 2 == 0 ? alert_read_webhook(body, NOW, &list, &why)
				  : alert_read_push(body, NOW, &list, &why);
	if (result != 0) {
		expect(why.kind == FAILURE_PROTOCOL && why.text[0] != '\0', "a failure says why");
		expect(list.count == 0 && list.alerts == NULL, "what fails leaves nothing behind");
		return 0;
	}
	expect(
	    list.refused == 0 || (list.count > 0 && list.reason.text[0] != '\0'), "a refusal has a reason");
	for (size_t i = 0; i < list.count; i++)
		check_alert(&list.alerts[i]);
	alert_list_release(&list);
	return 0;
}
