/*
 * The name of the engine's view, as SQL reads it, quoted anew.
 *
 * The name comes from the settings and goes into SQL twice: as an identifier (FROM) and within a string
 * ('...'::regclass).  Parameters cannot stand for identifiers, so it is parsed, and only what was
 * understood is written, always in double quotes.  A ' or \ within the name could end the string, and is
 * refused.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/config/secrets.h"
#include "common/text/utf8.h"
#include "engine/engine.h"
#include "engine/postgres_view_name.h"

/* The bytes of one part's name while it is read. */
struct name_part {
	char name[ENGINE_NAME];
	size_t length;
};

/* Postgres cuts longer names without an error: the view of another name might then be read. */
static bool
part_add(struct name_part *part, char byte)
{
	if (part->length == ENGINE_NAME - 1)
		return false;
	part->name[part->length++] = byte;
	return true;
}

/* Behind the opening quote.  Returns what follows the closing one, or NULL. */
static const char *
read_quoted(const char *at, struct name_part *part)
{
	for (; *at != '\0'; at++) {
		if (*at == '"' && at[1] != '"')
			return at + 1;
		if (*at == '"')
			at++;
		if ((unsigned char)*at < ' ' || strchr("'\\\x7f", *at) != NULL || !part_add(part, *at))
			return NULL;
	}
	return NULL;
}

/* Returns what follows, or NULL. */
static const char *
read_plain(const char *at, struct name_part *part)
{
	if (isdigit((unsigned char)*at) || *at == '$')
		return NULL;
	for (; isalnum((unsigned char)*at) || *at == '_' || *at == '$'; at++)
		if (!part_add(part, (char)tolower((unsigned char)*at)))
			return NULL;
	return at;
}

/* One part, quoted, into `quoted`.  Returns what follows, or NULL. */
static const char *
read_part(const char *at, char quoted[ENGINE_QUOTED])
{
	struct name_part part = { .length = 0 };
	size_t length = 0;

	at = *at == '"' ? read_quoted(at + 1, &part) : read_plain(at, &part);
	if (at == NULL || part.length == 0 || !utf8_valid((struct slice){ part.name, part.length }))
		return NULL;
	quoted[length++] = '"';
	for (size_t i = 0; i < part.length; i++) {
		if (part.name[i] == '"')
			quoted[length++] = '"';
		quoted[length++] = part.name[i];
	}
	quoted[length++] = '"';
	quoted[length] = '\0';
	return at;
}

int
postgres_view_name_parse(struct postgres_view_name *view, const char *text, struct failure *why)
{
	char name[ENGINE_QUOTED];
	const char *at = read_part(text, view->schema);

	if (at != NULL && *at == '.')
		at = read_part(at + 1, name);
	else
		at = NULL;
	if (at == NULL || *at != '\0')
		return failure_set(why, FAILURE_LOCAL,
		    "view '%s': write SCHEMA.VIEW, as in " ENGINE_VIEW
		    ", each of at most 63 letters, digits and '_', or in double quotes without ' and \\",
		    secret_shown(text));
	(void)snprintf(view->relation, sizeof(view->relation), "%s.%s", view->schema, name);
	return 0;
}

int
engine_check_view(const char *view, struct failure *why)
{
	struct postgres_view_name parsed;

	return postgres_view_name_parse(&parsed, view, why);
}
