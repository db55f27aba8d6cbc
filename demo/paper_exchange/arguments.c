#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_exchange/arguments.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

int
percent_decode(char *text, int form)
{
	char *out = text;
	int high, low;

	for (; *text != '\0'; text++) {
		if (*text != '%') {
			*out++ = (char)(form && *text == '+' ? ' ' : *text);
			continue;
		}
		high = hex_value(text[1]);
		low = high >= 0 ? hex_value(text[2]) : -1;
		if (low < 0)
			return -1;
		*out = (char)(high * 16 + low);
		if (*out++ == '\0')
			return -1;
		text += 2;
	}
	*out = '\0';
	return 0;
}

static int
take(struct arguments *arguments, char *item)
{
	char *value = strchr(item, '=');

	if (*item == '\0')
		return 0;
	if (arguments->count == MOST_ARGUMENTS)
		return -1;
	if (value != NULL)
		*value++ = '\0';
	else
		value = item + strlen(item);
	arguments->items[arguments->count].name = item;
	arguments->items[arguments->count++].value = value;
	return percent_decode(item, 1) != 0 || percent_decode(value, 1) != 0 ? -1 : 0;
}

int
arguments_parse(struct arguments *arguments, const char *text)
{
	char *next;

	*arguments = (struct arguments){ .memory = strdup(text) };
	for (char *item = arguments->memory; item != NULL; item = next) {
		next = strchr(item, '&');
		if (next != NULL)
			*next++ = '\0';
		if (take(arguments, item) != 0) {
			arguments_release(arguments);
			return -1;
		}
	}
	return arguments->memory != NULL ? 0 : -1;
}

void
arguments_release(struct arguments *arguments)
{
	free(arguments->memory);
	*arguments = (struct arguments){ 0 };
}

const char *
arguments_find(const struct arguments *arguments, const char *name)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (strcmp(arguments->items[i].name, name) == 0)
			return arguments->items[i].value;
	return NULL;
}
