#ifndef RELAY_MESSAGE_FIELDS_H
#define RELAY_MESSAGE_FIELDS_H

#include "relay/message/message.h"

/* What a template can name between "{{" and "}}". */
enum field {
	FIELD_EMOJI,
	FIELD_SEVERITY,
	FIELD_SEVERITY_WORD,
	FIELD_ALERTNAME,
	FIELD_STATE,
	FIELD_NOTE,
	FIELD_ENV,
	FIELD_SERVICE,
	FIELD_WHERE,
	FIELD_SUMMARY,
	FIELD_DESCRIPTION,
	FIELD_VALUE,
	FIELD_LIMIT,
	FIELD_ACTION,
	FIELD_SINCE,
	FIELD_WHEN,
	FIELD_UNTIL,
	FIELD_DURATION,
	FIELD_ACKNOWLEDGED_BY,
	FIELD_ACKNOWLEDGED_AT,
	FIELD_RUNBOOK_URL,
	FIELD_DASHBOARD_URL,
	FIELD_SOURCE_URL,
	FIELD_ACKNOWLEDGE_URL,
	FIELD_ID,
	FIELD_COUNT,
	FIELD_COUNTS,
	FIELD_MORE,
	FIELDS
};
extern const char *const field_names[FIELDS];

/* FIELDS: there is no such field. */
enum field field_find(struct slice name);

/* Whether its value is an address, for links alone. */
bool field_is_url(enum field field);

/* The values of all fields, cleaned; those that are not set are empty. */
struct values {
	struct buffer text;
	size_t start[FIELDS], length[FIELDS];
};

void values_init(struct values *values);
void values_clear(struct values *values);
void values_release(struct values *values);
struct slice values_get(const struct values *values, enum field field);

/* Text that people read: bytes that are not UTF-8 become U+FFFD, what does not show or breaks lines a space.
 */
void values_set(struct values *values, enum field field, struct slice text);

/* What an alert's own message says of it. */
void values_of_item(
    struct values *values, const struct templates *templates, const struct message_item *item);

/*
 * Of a group in a list: what all of them share, `shared` being the labels that they do.  Then what one of
 * them does not share.  `shared` may be NULL: they share nothing.
 */
void values_of_group(struct values *values, const struct templates *templates,
    const struct message_item items[], size_t count, const json_t *shared);
void values_of_member(struct values *values, const struct templates *templates,
    const struct message_item *item, const json_t *shared);

/* What becomes of an alert, in the order of lists. */
enum item_class { CLASS_FIRING, CLASS_ACKNOWLEDGED, CLASS_OVER };
enum item_class item_class(const struct message_item *item);

/* 0 to 3, for P0 to P3. */
int item_severity(const struct message_item *item);

#endif /* RELAY_MESSAGE_FIELDS_H */
