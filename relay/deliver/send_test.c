/*
 * --send-test: one message without store, outbox and retries, for a person who sets up a channel. Services
 * answer mistakes in terms of their API ("chat not found"); the table adds what to do about the usual ones,
 * by a text that the answer contains. An answer that is not in the table is shown as it is.
 */

#include <string.h>

#include "relay/deliver/deliver.h"
#include "relay/store/store.h"

enum { TIMEOUT_S = 20 };

/* What to do about an answer that holds this text. */
static const char *
advice(const struct channel *channel, const char *text)
{
	static const struct {
		enum channel_kind kind;
		const char *text, *advice;
	} known[] = {
		{ CHANNEL_TELEGRAM, "status 401",
		    "the token is wrong or was taken back: @BotFather shows the right one" },
		{ CHANNEL_TELEGRAM, "status 404",
		    "the token is wrong or was taken back: @BotFather shows the right one" },
		{ CHANNEL_TELEGRAM, "chat not found",
		    "write to the bot in that chat first, and take the number from getUpdates; a group's begins with -" },
		{ CHANNEL_TELEGRAM, "status 403", "add the bot to the chat again, or unblock it there" },
		{ CHANNEL_SLACK, "channel_not_found",
		    "take the ID (C...) from the channel's details in Slack" },
		{ CHANNEL_SLACK, "not_in_channel", "write /invite @YOUR-APP in that channel" },
		{ CHANNEL_SLACK, "missing_scope", "give the app chat:write, and install it again" },
		{ CHANNEL_SLACK, "_auth",
		    "take the Bot User OAuth Token (xoxb-...) from the app's settings" },
		{ CHANNEL_SLACK, "account_inactive",
		    "take the Bot User OAuth Token (xoxb-...) from the app's settings" },
		{ CHANNEL_SLACK, "token_revoked",
		    "take the Bot User OAuth Token (xoxb-...) from the app's settings" },
		{ CHANNEL_SLACK, "status 40",
		    "the webhook may have been removed: make a new one in the app's settings" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (channel->kind == known[i].kind && strstr(text, known[i].text) != NULL)
			return known[i].advice;
	return NULL;
}

/* What the channel said, for the person who asked. */
static int
say_answer(const struct channel *channel, const struct channel_result *result, struct failure *answer)
{
	struct failure why = result->failure;
	const char *todo = advice(channel, why.text), *text = why.text;
	size_t name = strlen(channel->name);

	if (result->outcome == CHANNEL_SENT) {
		(void)failure_set(answer, FAILURE_NONE, "the test message arrived in %s", channel->name);
		return 0;
	}
	if (strncmp(text, channel->name, name) == 0 && strncmp(text + name, ": ", 2) == 0)
		text += name + 2;
	return failure_set(answer, why.kind, "%s %s: %s%s%s", channel->name,
	    result->outcome == CHANNEL_REFUSED ? "refused the test message"
					       : "did not take the test message, but may do so later",
	    text, todo != NULL ? ": " : "", todo != NULL ? todo : "");
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
