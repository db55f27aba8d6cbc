/*
 * How an answer of the API is written.  Errors are JSON, too, with one member "error": a program can
 * show it without knowing the code.
 */

#include <stdio.h>
#include <string.h>

#include "relay/api/parts.h"

/* The answer's body has the whole text then; json_dumps() would need a second copy. */
static int
append(const char *text, size_t length, void *context)
{
	buffer_append(context, text, length);
	return 0;
}

void
api_object(struct web_answer *answer, unsigned code, json_t *object)
{
	web_answer_json(answer, code);
	if (object == NULL || json_dump_callback(object, append, &answer->body, 0) != 0)
		answer->body.failed = true;
	buffer_string(&answer->body, "\n");
	json_decref(object);
}

void
api_error(struct web_answer *answer, unsigned code, const char *text)
{
	/* Half a character at the end of a text that was cut makes none of it JSON. */
	json_t *error = json_string(text);

	if (error == NULL)
		error = json_string("the reason is not UTF-8: see the log");
	/* What a question had already written before it failed is not an answer. */
	answer->body.length = 0;
	api_object(answer, code, json_pack("{s:o}", "error", error));
}

/* By hand and strictly, since the id goes on into SQL, links and pages: 16 digits of the fingerprint,
 * and a time in milliseconds, which has 11 until the year 2527. */
const char *
api_id(const char *path, char id[INCIDENT_ID])
{
	static const char digits[] = "0123456789abcdef";
	const char *at = path + strlen(API_ALERTS);
	size_t fingerprint = strspn(at, digits), started, length;

	if (fingerprint != 16 || at[fingerprint] != '-')
		return NULL;
	started = strspn(at + fingerprint + 1, digits);
	length = fingerprint + 1 + started;
	if (started == 0 || started > 11 || (at[length] != '\0' && at[length] != '/'))
		return NULL;
	(void)snprintf(id, INCIDENT_ID, "%.*s", (int)length, at);
	return at + length;
}
