#ifndef RELAY_MESSAGE_TEMPLATES_H
#define RELAY_MESSAGE_TEMPLATES_H

#include "common/failure.h"

/*
 * The words of one language.  What is shipped is compiled in; a file of the
 * same name in `directory` (NULL: none) takes the place of one.  The files and
 * fields are described in relay/templates/README.md.
 *
 * NULL with `why` (local): no such language ("en", "ko"), a file that cannot be
 * read, or one with an unknown field: the text names file, line and field.
 */
struct templates;
struct templates *templates_new(const char *language, const char *directory, struct failure *why);
void templates_free(struct templates *templates);

/* The files but words.txt. */
enum template {
	TEMPLATE_FIRING,
	TEMPLATE_RESOLVED,
	TEMPLATE_ACKNOWLEDGED,
	TEMPLATE_SUBJECT,
	TEMPLATE_LIST,
	TEMPLATE_LIST_GROUP,
	TEMPLATE_LIST_ALERT,
	TEMPLATE_LIST_SUBJECT,
};
enum { TEMPLATES = TEMPLATE_LIST_SUBJECT + 1 };
const char *templates_text(const struct templates *templates, enum template which);

/* A word of words.txt, such as "acknowledge", "not_allowed", "acknowledged"; never NULL. */
const char *templates_word(const struct templates *templates, const char *name);

/*
 * Let this process tell the local time of a zone ("Asia/Seoul"; NULL or "":
 * the system's).  It sets TZ: call it once at the start, before any thread.
 * -1 with `why` (local): the system's database has no such zone.
 */
int time_zone_use(const char *name, struct failure *why);

#endif /* RELAY_MESSAGE_TEMPLATES_H */
