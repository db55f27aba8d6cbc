#include <stdio.h>

#include "relay/deliver/deliver.h"
#include "relay/store/store.h"

enum { TIMEOUT_S = 20 };

/* What the channel said, for the person who asked. */
static int
say_answer(const struct channel *channel, const struct channel_result *result, struct failure *answer)
{
	struct failure why = result->failure;

	switch (result->outcome) {
	case CHANNEL_SENT:
		(void)failure_set(answer, FAILURE_NONE, "the test message arrived in %s", channel->name);
		return 0;
	case CHANNEL_RETRY:
		return failure_set(answer, why.kind,
		    "%s did not take the test message, but may do so later: %s", channel->name, why.text);
	case CHANNEL_REFUSED: break;
	}
	return failure_set(answer, why.kind, "%s refused the test message: %s", channel->name, why.text);
}

int
deliver_send_test(const struct channel *channel, const struct templates *templates, struct failure *answer)
{
	json_t *labels = json_pack(
	    "{s:s, s:s, s:s}", "alertname", "AlertRelayTest", "severity", "P3", "service", "alert_relay");
	json_t *annotations =
	    json_pack("{s:s}", "summary", "This is a test of alert_relay. Nothing has happened.");
	struct message_item item = { .kind = MESSAGE_FIRED,
		.id = "test",
		.labels = labels,
		.annotations = annotations,
		.starts_ms = store_now_ms() };
	struct channel_line *line = channel_open(channel, answer);
	struct channel_result result = { .outcome = CHANNEL_REFUSED };
	struct message message = { 0 };
	size_t used;
	int status = -1;

	if (line != NULL &&
	    message_compose(templates, &item, 1, channel_limit(channel), &message, &used, answer) == 0) {
		channel_send(line, &message, NULL, deadline_in(INT64_C(1000000000) * TIMEOUT_S), &result);
		status = say_answer(channel, &result, answer);
	}
	message_release(&message);
	if (line != NULL)
		channel_close(line);
	json_decref(labels);
	json_decref(annotations);
	return status;
}
