/*
 * Presses of buttons.  That one is ours, and whose it is, is Telegram's word, on the connection that
 * only the bot's token opens.  An update counts as taken when the next poll asks for those behind it:
 * one that was handled just before the end of the process comes again, which does no harm.  Only one
 * process may poll for a bot: Telegram answers the second one with 409.  Anybody who is in the chat can
 * press a button, so the settings may name who counts.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/utf8.h"
#include "relay/channel/telegram.h"
#include "relay/channel/telegram_updates.h"

/* Seconds of a poll, of the 50 that Telegram would wait; and bytes of a name. */
enum { LONGEST_WAIT = 25, USER_SHOWN = 128, AT_ONCE = 3 };

struct telegram_updates {
	struct channel_line *line;
	const struct channel *const *channels;
	size_t count;
	const int64_t *users;
	size_t user_count;
	const struct templates *templates;
	json_int_t offset; /* behind the last one that was taken; 0: none was */
};

struct telegram_updates *
telegram_updates_new(const struct channel *const channels[], size_t count, const int64_t users[],
    size_t user_count, const struct templates *templates, struct failure *why)
{
	struct telegram_updates *updates = calloc(1, sizeof(*updates));

	if (updates == NULL) {
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	*updates = (struct telegram_updates){ .line = channel_open(channels[0], why),
		.channels = channels,
		.count = count,
		.users = users,
		.user_count = user_count,
		.templates = templates };
	if (updates->line != NULL)
		return updates;
	free(updates);
	return NULL;
}

void
telegram_updates_free(struct telegram_updates *updates)
{
	if (updates == NULL)
		return;
	channel_close(updates->line);
	free(updates);
}

/* The channel whose chat this is, or NULL.  Chat ids are compared as text, since that is how the
 * settings have them.  Names of chats are the same in any case of letters. */
static const struct channel *
channel_of(const struct telegram_updates *updates, const json_t *chat)
{
	const char *name = json_string_value(json_object_get(chat, "username"));
	char id[32];

	(void)snprintf(
	    id, sizeof(id), "%" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(chat, "id")));
	for (size_t i = 0; i < updates->count; i++) {
		const char *to = updates->channels[i]->to;

		if (strcmp(to, id) == 0 || (to[0] == '@' && name != NULL && strcasecmp(to + 1, name) == 0))
			return updates->channels[i];
	}
	return NULL;
}

/* Without a list everybody in the chat counts, but not a press without a user: those have the number 0. */
static bool
is_user(const struct telegram_updates *updates, int64_t id)
{
	bool found = updates->user_count == 0 && id > 0;

	for (size_t i = 0; i < updates->user_count; i++)
		found |= updates->users[i] == id;
	return found;
}

/* "@name" is one person's; other names are not, and have the number too. */
static void
name_user(const json_t *from, int64_t id, char name[USER_SHOWN])
{
	const char *username = json_string_value(json_object_get(from, "username"));
	const char *first = json_string_value(json_object_get(from, "first_name"));
	size_t length = 0;

	if (username != NULL && username[0] != '\0') {
		(void)snprintf(name, USER_SHOWN, "@%.60s", username);
		return;
	}
	while (first != NULL && first[length] != '\0' && length < 60)
		length += utf8_character(first + length, 4);
	(void)snprintf(name, USER_SHOWN, "%.*s (%" PRId64 ")", (int)length, first != NULL ? first : "", id);
}

static void
answer(struct telegram_updates *updates, const json_t *query, const char *word)
{
	struct channel_result unused = { 0 };

	/* Telegram forgets presses after some seconds: then nobody waits for the answer. */
	json_decref(telegram_call(updates->line, "answerCallbackQuery",
	    json_pack("{sO ss}", "callback_query_id", json_object_get(query, "id"), "text",
		templates_word(updates->templates, word)),
	    /* A deadline of its own: that of the poll may be used up by now. */
	    deadline_in(TELEGRAM_UPDATES_SPARE * INT64_C(1000000000)), &unused));
}

/* A press is always answered, also when it is refused: until then the person's Telegram shows that it
 * is busy. */
static void
take(struct telegram_updates *updates, const json_t *query, telegram_pressed *pressed, void *context)
{
	const json_t *message = json_object_get(query, "message"), *from = json_object_get(query, "from");
	const char *data = json_string_value(json_object_get(query, "data"));
	const struct channel *channel = channel_of(updates, json_object_get(message, "chat"));
	int64_t user = json_integer_value(json_object_get(from, "id"));
	char name[USER_SHOWN], id[32];

	if (!json_is_string(json_object_get(query, "id")))
		return;
	if (channel == NULL || data == NULL || !is_user(updates, user)) {
		answer(updates, query, "not_allowed");
		return;
	}
	name_user(from, user, name);
	(void)snprintf(id, sizeof(id), "%" JSON_INTEGER_FORMAT,
	    json_integer_value(json_object_get(message, "message_id")));
	answer(updates, query,
	    pressed(context,
		&(struct telegram_press){
		    .data = data, .channel = channel->name, .message_id = id, .user = name })
		? "acknowledged"
		: "no_such_alert");
}

int
telegram_updates_poll(struct telegram_updates *updates, struct deadline deadline, telegram_pressed *pressed,
    void *context, int64_t *retry_after_ms, struct failure *why)
{
	int64_t wait = deadline_left_ms(deadline) / 1000 - TELEGRAM_UPDATES_SPARE;
	struct channel_result result = { 0 };
	json_t *body, *updates_list, *update;
	size_t i;

	wait = wait < 0 ? 0 : wait > LONGEST_WAIT ? LONGEST_WAIT : wait;
	/* Telegram then keeps back everything else, such as what people write in the group. */
	/* Each press comes with its whole message, so that a hundred would be more than is read of one
	 * answer. */
	body = json_pack("{sI si s[s]}", "timeout", (json_int_t)wait, "limit", AT_ONCE, "allowed_updates",
	    "callback_query");
	if (body != NULL && updates->offset != 0)
		(void)json_object_set_new(body, "offset", json_integer(updates->offset));
	body = telegram_call(updates->line, "getUpdates", body, deadline, &result);
	*retry_after_ms = result.retry_after_ms;
	if (body == NULL) {
		*why = result.failure;
		return -1;
	}
	updates_list = json_object_get(body, "result");
	json_array_foreach(updates_list, i, update)
	{
		json_int_t id = json_integer_value(json_object_get(update, "update_id"));

		/* Before the press is handled: one that cannot be handled must not come back for ever. */
		if (id >= updates->offset)
			updates->offset = id + 1;
		take(updates, json_object_get(update, "callback_query"), pressed, context);
	}
	json_decref(body);
	return 0;
}
