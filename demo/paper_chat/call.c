#include <stdlib.h>

#include "demo/paper_chat/server.h"

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

void
call_answer_text(struct call *call, int status, const char *text)
{
	call->answer.status = status;
	call->answer.type = "text/html";
	call->answer.body.length = 0;
	buffer_string(&call->answer.body, text);
	call->answer.said = text;
}
