/*
 * Any URL that takes a POST of JSON: docs/alerting.md has its shape.  The receiver is a program of
 * somebody else, so it gets all labels and annotations and no markup.  Nothing but the status of its
 * answer is looked at.  The items are those of one message: a receiver must expect several alerts at
 * once.
 */

#include <stdio.h>
#include <string.h>

#include "common/system/time.h"
#include "relay/channel/line.h"

/* RFC 3339, or null. */
static json_t *
time_of(int64_t unix_ms)
{
	char text[TIME_TEXT];

	return unix_ms != 0 ? json_string(time_text((double)unix_ms / 1000, text)) : json_null();
}

static json_t *
alert_of(const struct message_item *item)
{
	/* In the order of enum message_kind. */
	static const char *const kinds[] = { "fired", "repeated", "escalated", "resolved", "acknowledged" };
	const char *status = item->ends_ms == 0 ? "firing" : item->expired ? "expired" : "resolved";

	/* "O?" takes one more reference, and null for NULL. */
	return json_pack("{ss? ss ss sO? sO? so so ss? so ss? ss?}", "id", item->id, "kind",
	    kinds[item->kind], "status", status, "labels", item->labels, "annotations", item->annotations,
	    "startsAt", time_of(item->starts_ms), "endsAt", time_of(item->ends_ms), "acknowledgedBy",
	    item->acknowledged_by, "acknowledgedAt", time_of(item->acknowledged_ms), "acknowledgeURL",
	    item->acknowledge_url, "generatorURL", item->link);
}

void
webhook_send(struct channel_line *line, const struct message *message, const struct channel_options *options,
    struct deadline deadline, struct channel_result *result)
{
	json_t *alerts = json_array();
	struct http_response response;
	json_t *body;

	(void)options;
	for (size_t i = 0; alerts != NULL && i < message->item_count; i++)
		(void)json_array_append_new(alerts, alert_of(&message->items[i]));
	/* A list that lacks an alert for want of memory is not sent: the alert would count as
	 * delivered. */
	body = alerts == NULL || json_array_size(alerts) != message->item_count
		   ? NULL
		   : json_pack("{ss ss sO}", "version", "1", "title", message->subject, "alerts", alerts);
	json_decref(alerts);
	line_post(line, line->channel->url, NULL, body, deadline, &response);
	line_judge(line, &response, NULL, result);
}
