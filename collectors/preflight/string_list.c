#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/string_list.h"

int
texts_add(struct texts *texts, const char *text, struct failure *why)
{
	char **items = realloc(texts->items, (texts->count + 1) * sizeof(*items));

	if (items == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	texts->items = items;
	items[texts->count] = strdup(text);
	if (items[texts->count] == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	texts->count++;
	return 0;
}

int
texts_read(struct texts *texts, const struct options *given, const char *option, struct failure *why)
{
	for (size_t i = 0; i < options_count(given, option); i++)
		if (texts_add(texts, options_item(given, option, i), why) != 0)
			return -1;
	return 0;
}

void
texts_release(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		secret_free(texts->items[i]);
	free(texts->items);
	*texts = (struct texts){ 0 };
}

bool
texts_have(const struct texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->count; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}
