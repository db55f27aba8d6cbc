/*
 * The arguments of a request, wherever they are: in the query, in a form or in JSON.  Telegram and
 * Slack take all three, so clients use any of them, and curl in a test the shortest.  JSON of the body
 * counts before the query.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/text.h"
#include "demo/paper_chat/server.h"

/* Text of a form or a query, decoded; NULL: it is no UTF-8.  json_stringn() refuses what is not UTF-8,
 * which is how both services answer it as well. */
static json_t *
decoded(const char *text, size_t length)
{
	char *copy = malloc(length + 1), *out = copy;
	json_t *string = NULL;

	for (size_t i = 0; copy != NULL && i < length; i++) {
		int byte = text[i] == '%' && length - i > 2 ? text_escaped_byte(text + i) : -1;

		*out++ = (char)(byte >= 0 ? byte : text[i] == '+' ? ' ' : text[i]);
		i += byte >= 0 ? 2 : 0;
	}
	if (copy != NULL)
		string = json_stringn(copy, (size_t)(out - copy));
	free(copy);
	return string;
}

/* The items of a form, into the object.  False: one is no UTF-8.  Not web_query_next(), which cuts
 * values: a message has 4096 characters, each of up to 12 bytes when it is escaped. */
static bool
read_form(json_t *object, struct slice form)
{
	const char *end = form.at + form.length, *next;

	for (const char *at = form.at; at < end; at = next) {
		const char *stop = memchr(at, '&', (size_t)(end - at)), *equal;
		json_t *name, *value;

		stop = stop != NULL ? stop : end;
		next = stop + 1;
		equal = memchr(at, '=', (size_t)(stop - at));
		if (equal == NULL)
			continue;
		name = decoded(at, (size_t)(equal - at));
		value = decoded(equal + 1, (size_t)(stop - equal) - 1);
		if (name == NULL || value == NULL ||
		    /* A NUL in a name would make it another name. */
		    strlen(json_string_value(name)) != json_string_length(name)) {
			json_decref(name);
			json_decref(value);
			return false;
		}
		(void)json_object_set_new(object, json_string_value(name), value);
		json_decref(name);
	}
	return true;
}

static enum MHD_Result
add_query(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	(void)json_object_set_new(context, name, json_string(value != NULL ? value : ""));
	return MHD_YES;
}

json_t *
call_read(struct call *call)
{
	json_t *arguments = json_object(), *body;
	bool read = true;

	(void)MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, add_query, arguments);
	if (strncasecmp(call->type, "application/json", 16) == 0) {
		body = json_loadb(call->body.at != NULL ? call->body.at : "", call->body.length, 0, NULL);
		read = call->body.length == 0 ||
		       (json_is_object(body) && json_object_update(arguments, body) == 0);
		json_decref(body);
	} else if (strncasecmp(call->type, "application/x-www-form-urlencoded", 33) == 0) {
		read = read_form(arguments, call->body);
	} else {
		/* A body without a type is for slack.c, whose webhooks take JSON without one. */
		read = call->body.length == 0;
	}
	if (!read) {
		json_decref(arguments);
		return NULL;
	}
	return arguments;
}

/* "chat_id" is a number for some clients and a text for others.  The text is put in place of the
 * number, so that it lives as long as the request. */
const char *
call_text(struct call *call, const char *name)
{
	json_t *value = json_object_get(call->arguments, name), *text = NULL;

	if (json_is_integer(value))
		text = json_sprintf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		text = json_string(json_is_true(value) ? "true" : "false");
	if (text != NULL && json_object_set_new(call->arguments, name, text) == 0)
		value = text;
	return json_string_value(value);
}

int64_t
call_number(struct call *call, const char *name, int64_t fallback)
{
	const char *text = call_text(call, name);
	char *end = NULL;
	long long number = text != NULL ? strtoll(text, &end, 10) : 0;

	return text != NULL && end != text && *end == '\0' ? number : fallback;
}

/* In a form, a member such as reply_markup is JSON within a text.  What cannot be read becomes null,
 * and the caller refuses it as the service would. */
json_t *
call_json(struct call *call, const char *name)
{
	json_t *value = json_object_get(call->arguments, name), *read;
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0')
		return text == NULL ? value : NULL;
	read = json_loads(text, JSON_DECODE_ANY, NULL);
	(void)json_object_set_new(call->arguments, name, read != NULL ? read : json_null());
	return json_object_get(call->arguments, name);
}

/* "{}" only when memory ran out: the services never give this answer. */
void
call_answer(struct call *call, int status, json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;

	call->answer.status = status;
	call->answer.type = "application/json";
	call->answer.body.length = 0;
	buffer_string(&call->answer.body, text != NULL ? text : "{}");
	free(text);
	json_decref(body);
}

/* `text` must last: it is also what GET /control/requests shows. */
void
call_answer_text(struct call *call, int status, const char *text)
{
	call->answer.status = status;
	call->answer.type = "text/html";
	call->answer.body.length = 0;
	buffer_string(&call->answer.body, text);
	call->answer.said = text;
}
