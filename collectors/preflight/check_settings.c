/*
 * What the checks need to read their settings.  It stays apart from the table of
 * checks, so that a unit test of one check is not linked with all.
 */

#include <stdlib.h>
#include <string.h>

#include "collectors/preflight/checks.h"
#include "common/text/text.h"

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

int
copy_option(char **copy, const struct options *given, const char *option, struct failure *why)
{
	const char *text = options_text(given, option);

	if (text == NULL)
		return 0;
	*copy = strdup(text);
	return *copy != NULL ? 0 : failure_set(why, FAILURE_LOCAL, "out of memory");
}

int
read_yes(bool *yes, const struct options *given, const char *option, struct failure *why)
{
	const char *text = options_text(given, option);

	*yes = text_boolean(text) == 1;
	if (text_boolean(text) < 0)
		return options_failure(
		    given, option, 0, why, "'%s' is neither yes nor no", secret_shown(text));
	return 0;
}
