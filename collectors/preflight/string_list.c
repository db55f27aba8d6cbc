#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/string_list.h"

int
string_list_add(struct string_list *list, const char *text, struct failure *why)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	list->items = items;
	items[list->count] = strdup(text);
	if (items[list->count] == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	list->count++;
	return 0;
}

int
string_list_read(
    struct string_list *list, const struct options *given, const char *option, struct failure *why)
{
	for (size_t i = 0; i < options_count(given, option); i++)
		if (string_list_add(list, options_item(given, option, i), why) != 0)
			return -1;
	return 0;
}

void
string_list_release(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		secret_free(list->items[i]);
	free(list->items);
	*list = (struct string_list){ 0 };
}

bool
string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], text) == 0)
			return true;
	return false;
}
