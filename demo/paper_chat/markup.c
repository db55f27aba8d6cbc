/*
 * Telegram's HTML, read as its server does it: the same tags, the same errors with the same byte
 * offsets, the same entities.  A client that sends what Telegram would refuse must be refused here, or
 * tests would pass with messages that nobody gets.  What is read becomes the plain text, the entities,
 * and HTML for the page, which has no tag of the client's own.
 */

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "common/text/utf8.h"
#include "demo/paper_chat/markup.h"

struct tag {
	const char *name, *type; /* as it is written, and as the Bot API calls it */
	const char *open, *close;
};

static const struct tag tags[] = {
	{ "b", "bold", "<b>", "</b>" },
	{ "strong", "bold", "<b>", "</b>" },
	{ "i", "italic", "<i>", "</i>" },
	{ "em", "italic", "<i>", "</i>" },
	{ "u", "underline", "<u>", "</u>" },
	{ "ins", "underline", "<u>", "</u>" },
	{ "s", "strikethrough", "<s>", "</s>" },
	{ "strike", "strikethrough", "<s>", "</s>" },
	{ "del", "strikethrough", "<s>", "</s>" },
	{ "code", "code", "<code>", "</code>" },
	{ "pre", "pre", "<pre>", "</pre>" },
	{ "blockquote", "blockquote", "<blockquote>", "</blockquote>" },
	{ "tg-spoiler", "spoiler", "<span class=spoiler>", "</span>" },
	{ "span", "spoiler", "<span class=spoiler>", "</span>" },
	{ "a", "text_link", "", "" },
};
/* A longer name cannot be one of these. */
enum { TAGS = sizeof(tags) / sizeof(tags[0]), TAG_NAME = 16 };

struct open_tag {
	const struct tag *tag;
	struct buffer argument; /* a link, or the language of code */
	/* In UTF-16 units, as all offsets of the Bot API. */
	size_t units; /* where it begins */
};

struct reader {
	const char *start, *at;
	struct markup *m;
	struct open_tag open[MARKUP_DEPTH];
	size_t depth, units;
};

static int fail(struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int
fail(struct reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(r->m->why, sizeof(r->m->why), format, args);
	va_end(args);
	return -1;
}

/* A NUL counts as one, as in Telegram's reader: so that a loop over a name ends with the text. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0' || c == '\v';
}

static void
skip_blanks(struct reader *r)
{
	while (*r->at != '\0' && is_blank(*r->at))
		r->at++;
}

static size_t
offset_of(const struct reader *r, const char *at)
{
	return (size_t)(at - r->start);
}

/* The value behind the equal sign of an attribute.  Without quotes only letters, digits, dots and
 * hyphens are taken. */
static int
read_value(struct reader *r, const char *begin, const char *name, struct buffer *value)
{
	const char *token = r->at, *next;
	char quote = *r->at, decoded[4];
	size_t length;

	if (quote == '\0')
		return fail(r, "Unclosed start tag \"%s\" at byte offset %zu", name, offset_of(r, begin));
	if (quote != '\'' && quote != '"') {
		while (isalnum((unsigned char)*r->at) || *r->at == '.' || *r->at == '-')
			r->at++;
		if (!is_blank(*r->at) && *r->at != '>')
			return fail(
			    r, "Unexpected end of name token at byte offset %zu", offset_of(r, token));
		buffer_append(value, token, (size_t)(r->at - token));
		return 0;
	}
	for (r->at++; *r->at != quote && *r->at != '\0';) {
		length = *r->at == '&' ? markup_reference(r->at, &next, decoded) : 0;
		if (length > 0)
			r->at = next;
		else
			decoded[length++] = *r->at++;
		buffer_append(value, decoded, length);
	}
	if (*r->at == '\0')
		return fail(r, "Unclosed start tag at byte offset %zu", offset_of(r, begin));
	r->at++;
	return 0;
}

/* What an attribute means for the tag: its value becomes the argument, or nothing does. */
static bool
is_argument(const struct tag *tag, struct slice name, const struct buffer *value)
{
	if (strcmp(tag->name, "a") == 0)
		return slice_equal(name, SLICE("href"));
	if (strcmp(tag->name, "code") == 0)
		return slice_equal(name, SLICE("class")) && value->length > 9 &&
		       memcmp(value->text, "language-", 9) == 0;
	return strcmp(tag->name, "span") == 0 && slice_equal(name, SLICE("class")) &&
	       slice_equal(buffer_slice(value), SLICE("tg-spoiler"));
}

/* Attributes that mean nothing for the tag are read and dropped, not refused. */
static int
read_attributes(struct reader *r, const char *begin, struct open_tag *open)
{
	while (skip_blanks(r), *r->at != '>') {
		struct slice name = { r->at, strcspn(r->at, " \t\r\n\v=>") };
		struct buffer value;
		int result;

		if (*r->at == '\0')
			return fail(r, "Unclosed start tag at byte offset %zu", offset_of(r, begin));
		if (name.length == 0)
			return fail(r, "Empty attribute name in the tag \"%s\" at byte offset %zu",
			    open->tag->name, offset_of(r, begin));
		r->at += name.length;
		skip_blanks(r);
		if (*r->at != '=' && slice_equal(name, SLICE("expandable")) &&
		    strcmp(open->tag->name, "blockquote") == 0)
			continue;
		if (*r->at != '=')
			return fail(r,
			    "Expected equal sign in declaration of an attribute of the tag \"%s\" at byte offset %zu",
			    open->tag->name, offset_of(r, begin));
		r->at++;
		skip_blanks(r);
		buffer_init(&value, MARKUP_LIMIT);
		result = read_value(r, begin, open->tag->name, &value);
		if (result == 0 && is_argument(open->tag, name, &value)) {
			open->argument.length = 0;
			buffer_append(&open->argument, value.text, value.length);
		}
		buffer_release(&value);
		if (result != 0)
			return -1;
	}
	return 0;
}

/* A name that is cut here is longer than any tag, and refused by its length. */
static void
lower(char out[TAG_NAME], struct slice name)
{
	size_t length = name.length < TAG_NAME ? name.length : TAG_NAME - 1;

	for (size_t i = 0; i < length; i++)
		out[i] = (char)tolower((unsigned char)name.at[i]);
	out[length] = '\0';
}

/* The link is shown where it begins; a browser gets none that Telegram would not show. */
static void
show_open(struct reader *r, const struct open_tag *open)
{
	char *url;

	buffer_string(&r->m->html, open->tag->open);
	if (strcmp(open->tag->name, "a") != 0)
		return;
	url = strndup(open->argument.length > 0 ? open->argument.text : "", open->argument.length);
	if (url != NULL && strncasecmp(url, "http", 4) == 0 && markup_is_link(url)) {
		buffer_string(&r->m->html, "<a rel=noreferrer target=_blank href=\"");
		markup_quote(&r->m->html, SLICE(url));
		buffer_string(&r->m->html, "\">");
	} else {
		buffer_string(&r->m->html, "<a>");
	}
	free(url);
}

static int
read_start_tag(struct reader *r)
{
	const char *begin = r->at++;
	struct open_tag *open = &r->open[r->depth];
	char name[TAG_NAME];
	size_t length = 0;

	while (!is_blank(r->at[length]) && r->at[length] != '>')
		length++;
	if (r->at[length] == '\0')
		return fail(r, "Unclosed start tag at byte offset %zu", offset_of(r, begin));
	lower(name, (struct slice){ r->at, length });
	open->tag = NULL;
	for (size_t i = 0; i < TAGS && length < TAG_NAME; i++)
		if (strcmp(name, tags[i].name) == 0)
			open->tag = &tags[i];
	if (open->tag == NULL)
		return fail(r, "Unsupported start tag \"%.*s\" at byte offset %zu",
		    length < 64 ? (int)length : 64, r->at, offset_of(r, begin));
	/* A limit of ours, for the array: no message of a person or a program nests so deep. */
	if (r->depth + 1 == MARKUP_DEPTH)
		return fail(r, "Too many nested tags at byte offset %zu", offset_of(r, begin));
	r->at += length;
	r->depth++; /* so that its argument is released */
	buffer_init(&open->argument, MARKUP_LIMIT);
	open->units = r->units;
	if (read_attributes(r, begin, open) != 0)
		return -1;
	if (strcmp(name, "span") == 0 && open->argument.length == 0)
		return fail(
		    r, "Tag \"span\" must have class \"tg-spoiler\" at byte offset %zu", offset_of(r, begin));
	r->at++;
	show_open(r, open);
	return 0;
}

static void
add_link(struct reader *r, const struct open_tag *open, json_t *entity)
{
	size_t from = r->m->text.length;
	char *url;

	/* Without a link, the text itself is it. */
	if (open->argument.length > 0) {
		url = strndup(open->argument.text, open->argument.length);
	} else {
		for (size_t units = r->units; units > open->units && from > 0;)
			units -= markup_units((struct slice){ r->m->text.text + --from, 1 });
		url = strndup(r->m->text.text + from, r->m->text.length - from);
	}
	if (url != NULL && markup_is_link(url)) {
		(void)json_object_set_new(entity, "url",
		    strstr(url, "://") != NULL ? json_string(url) : json_sprintf("http://%s", url));
		(void)json_array_append(r->m->entities, entity);
	}
	free(url);
}

/* "pre" around "code" with a language is one entity to Telegram: the inner one becomes it. */
static void
add_entity(struct reader *r, const struct open_tag *open)
{
	json_t *last = json_array_get(r->m->entities, json_array_size(r->m->entities) - 1);
	size_t length = r->units - open->units;
	json_t *entity = json_pack("{s:s, s:I, s:I}", "type", open->tag->type, "offset",
	    (json_int_t)open->units, "length", (json_int_t)length);

	if (strcmp(open->tag->name, "a") == 0) {
		add_link(r, open, entity);
	} else if (strcmp(open->tag->name, "pre") == 0 && json_object_get(last, "language") != NULL &&
		   json_integer_value(json_object_get(last, "offset")) == (json_int_t)open->units &&
		   json_integer_value(json_object_get(last, "length")) == (json_int_t)length) {
		(void)json_object_set_new(last, "type", json_string("pre"));
	} else {
		if (strcmp(open->tag->name, "code") == 0 && open->argument.length > 9)
			(void)json_object_set_new(entity, "language",
			    json_stringn(open->argument.text + 9, open->argument.length - 9));
		(void)json_array_append(r->m->entities, entity);
	}
	json_decref(entity);
}

static int
read_end_tag(struct reader *r)
{
	const char *begin = r->at;
	struct open_tag *open;
	char found[TAG_NAME];
	size_t length = 0;

	if (r->depth == 0)
		return fail(r, "Unexpected end tag at byte offset %zu", offset_of(r, begin));
	r->at += 2;
	while (!is_blank(r->at[length]) && r->at[length] != '>')
		length++;
	lower(found, (struct slice){ r->at, length });
	r->at += length;
	skip_blanks(r);
	if (*r->at != '>')
		return fail(r, "Unclosed end tag at byte offset %zu", offset_of(r, begin));
	r->at++;
	open = &r->open[r->depth - 1];
	if (length > 0 && strcmp(found, open->tag->name) != 0)
		return fail(r, "Unmatched end tag at byte offset %zu, expected \"</%s>\", found \"</%s>\"",
		    offset_of(r, begin), open->tag->name, found);
	/* A tag around nothing makes no entity. */
	if (r->units > open->units)
		add_entity(r, open);
	buffer_string(&r->m->html, strcmp(open->tag->name, "a") == 0 ? "</a>" : open->tag->close);
	buffer_release(&open->argument);
	r->depth--;
	return 0;
}

/* An '&' that begins no reference is an '&'. */
static void
read_character(struct reader *r)
{
	const char *next = r->at + 1;
	char c[4] = { *r->at };
	size_t length = *r->at == '&' ? markup_reference(r->at, &next, c) : 1;

	if (length == 0) {
		c[0] = '&';
		length = 1;
	}
	buffer_append(&r->m->text, c, length);
	markup_quote(&r->m->html, (struct slice){ c, length });
	r->units += markup_units((struct slice){ c, length });
	r->at = next;
}

static int
compare_entities(const void *a, const void *b)
{
	const json_t *one = *(json_t *const *)a, *other = *(json_t *const *)b;
	json_int_t by_offset = json_integer_value(json_object_get(one, "offset")) -
			       json_integer_value(json_object_get(other, "offset"));
	json_int_t by_length = json_integer_value(json_object_get(other, "length")) -
			       json_integer_value(json_object_get(one, "length"));

	return by_offset != 0 ? (by_offset > 0) - (by_offset < 0) : (by_length > 0) - (by_length < 0);
}

/* By where they begin, the longer one first.  The language is a matter of "pre" alone.  They were found
 * in the order of their ends. */
static void
finish_entities(json_t *list)
{
	size_t count = json_array_size(list), i;
	json_t **sorted = calloc(count + 1, sizeof(json_t *)), *entity;

	if (sorted == NULL)
		return;
	json_array_foreach(list, i, entity)
	{
		if (strcmp(json_string_value(json_object_get(entity, "type")), "code") == 0)
			(void)json_object_del(entity, "language");
		sorted[i] = json_incref(entity);
	}
	qsort(sorted, count, sizeof(json_t *), compare_entities);
	for (i = 0; i < count; i++)
		(void)json_array_set_new(list, i, sorted[i]);
	free(sorted);
}

int
markup_parse(struct markup *m, const char *text)
{
	struct reader r = { .start = text, .at = text, .m = m };
	int result = 0;

	*m = (struct markup){ .entities = json_array() };
	buffer_init(&m->text, MARKUP_LIMIT);
	/* Escapes make a text longer, and so do the tags. */
	buffer_init(&m->html, (size_t)MARKUP_LIMIT * 16);
	while (result == 0 && *r.at != '\0')
		if (*r.at != '<')
			read_character(&r);
		else
			result = r.at[1] == '/' ? read_end_tag(&r) : read_start_tag(&r);
	if (result == 0 && r.depth > 0)
		result = fail(&r, "Can't find end tag corresponding to start tag \"%s\"",
		    r.open[r.depth - 1].tag->name);
	/* Also after an error: each tag that is open has an argument of its own. */
	while (r.depth > 0)
		buffer_release(&r.open[--r.depth].argument);
	if (result == 0 && !utf8_valid(buffer_slice(&m->text)))
		result = fail(&r,
		    "Text contains invalid Unicode characters after decoding HTML entities, check for "
		    "unmatched surrogate code units");
	if (result == 0 && (m->text.failed || m->html.failed))
		result = fail(&r, "Text is too long");
	finish_entities(m->entities);
	return result;
}

void
markup_release(struct markup *m)
{
	buffer_release(&m->text);
	buffer_release(&m->html);
	json_decref(m->entities);
	m->entities = NULL;
}
