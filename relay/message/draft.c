/*
 * Templates become pieces.  A template is read anew each time: it is short, and so there is only one
 * reader of it, which also finds its faults at the start.  Text is counted in UTF-16 units as it grows,
 * because that is what Telegram counts: a check of bytes would cut Korean text at a third of what
 * fits.  A template is the operator's file and is checked at the start, so that a fault in it is a line
 * of the log and not an alert that cannot be sent.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text/array.h"
#include "common/text/utf8.h"
#include "relay/message/draft.h"

/* Bytes, URLs included.  The limits of channels are far below; this one is for a template that repeats
 * a field many times. */
enum { DRAFT_LIMIT = 1024 * 1024 };

/* UTF-16 units: an emoji is two.  What is no UTF-8 counts by bytes. */
static size_t
units_of(struct slice text)
{
	size_t units = 0;

	for (size_t i = 0, width; i < text.length; i += width != 0 ? width : 1) {
		width = utf8_character(text.at + i, text.length - i);
		units += width == 4 ? 2 : 1;
	}
	return units;
}

/* Bytes of the beginning of `text` that has at most so many units, at the end of a word where there is
 * one.  A word that takes more than half of the room is cut all the same, or a long URL would leave
 * nothing. */
static size_t
fitting(struct slice text, size_t units)
{
	size_t end = 0, word = 0, used = 0;

	for (size_t width; end < text.length; end += width) {
		width = utf8_character(text.at + end, text.length - end);
		used += width == 4 ? 2 : 1;
		if (text.at[end] == ' ')
			word = end;
		if (used > units)
			return word > end / 2 ? word : end;
		width = width != 0 ? width : 1;
	}
	return text.length;
}

/* Memory that runs out is remembered in `failed`, so that only draft_finish() has to look. */
void
draft_init(struct draft *draft)
{
	memset(draft, 0, sizeof(*draft));
	buffer_init(&draft->text, DRAFT_LIMIT);
}

void
draft_release(struct draft *draft)
{
	buffer_release(&draft->text);
	free(draft->pieces);
}

static struct draft_piece *
last_piece(const struct draft *draft)
{
	return draft->count > 0 ? &draft->pieces[draft->count - 1] : NULL;
}

static struct draft_piece *
add_piece(struct draft *draft, enum message_piece_kind kind)
{
	struct draft_piece *pieces =
	    array_reserve(draft->pieces, &draft->room, draft->count + 1, sizeof(*pieces));

	if (pieces == NULL) {
		draft->failed = true;
		return NULL;
	}
	draft->pieces = pieces;
	pieces[draft->count] = (struct draft_piece){ .kind = kind, .start = draft->text.length };
	return &pieces[draft->count++];
}

static bool
at_line_start(const struct draft *draft)
{
	return draft->count == 0 || last_piece(draft)->kind == PIECE_BREAK;
}

/* A piece grows where it can: fewer pieces are fewer elements in Slack's JSON.  Blanks at the begin of
 * a line come from fields that are empty. */
static void
append(struct draft *draft, enum message_piece_kind kind, struct slice text)
{
	struct draft_piece *last = last_piece(draft);
	bool blank = at_line_start(draft) || draft->text.text[draft->text.length - 1] == ' ';

	while (blank && text.length > 0 && *text.at == ' ') {
		text.at++;
		text.length--;
	}
	if (text.length == 0)
		return;
	if (last == NULL || last->kind != kind || kind == PIECE_LINK)
		last = add_piece(draft, kind);
	buffer_append(&draft->text, text.at, text.length);
	if (last == NULL || draft->text.failed)
		return;
	last->length += text.length;
	draft->units += units_of(text);
}

/* Not where it would show as nothing: at the beginning, or behind an empty line.  A blank before it
 * comes from a field that is empty, too, and goes with it. */
static void
break_line(struct draft *draft)
{
	struct draft_piece *last = last_piece(draft);

	while (last != NULL && last->kind != PIECE_BREAK && last->kind != PIECE_LINK && last->length > 0 &&
	       draft->text.text[last->start + last->length - 1] == ' ') {
		last->length--;
		draft->units--;
		if (last->length == 0) {
			draft->count--;
			last = last_piece(draft);
		}
	}
	if (last == NULL || (last->kind == PIECE_BREAK && draft->count >= 2 &&
				draft->pieces[draft->count - 2].kind == PIECE_BREAK))
		return;
	(void)add_piece(draft, PIECE_BREAK);
	draft->units++;
}

/* Reading a template's line */

/* What stands between `open` and `close` at the beginning of `rest`; at == NULL: nothing does. */
static struct slice
between(struct slice rest, const char *open, const char *close)
{
	size_t before = strlen(open);
	const char *at = rest.at + before, *stop;

	if (rest.length < before || memcmp(rest.at, open, before) != 0)
		return (struct slice){ NULL, 0 };
	stop = memmem(at, rest.length - before, close, strlen(close));
	return stop != NULL ? (struct slice){ at, (size_t)(stop - at) } : (struct slice){ NULL, 0 };
}

static struct slice
skip(struct slice rest, size_t length)
{
	return (struct slice){ rest.at + length, rest.length - length };
}

/* "[text]({{field}})": its parts, and its length; 0: no link begins here. */
static size_t
read_link(struct slice rest, struct slice *text, struct slice *field)
{
	*text = between(rest, "[", "](");
	if (text->at == NULL)
		return 0;
	*field = between(skip(rest, text->length + 3), "{{", "}})");
	return field->at != NULL ? text->length + field->length + 8 : 0;
}

/* One byte at least, whatever it is, so that a lone '[' or '{' is text and reading goes on. */
static size_t
plain_length(struct slice rest)
{
	size_t i = 1;

	while (i < rest.length && rest.at[i] != '[' && !(rest.at[i] == '{' && rest.at[i - 1] != '{') &&
	       !(rest.at[i] == '*' && rest.at[i - 1] != '*'))
		i++;
	return i;
}

/* A line of nothing but empty fields is left out: so one template suits alerts with and without a
 * runbook.  Names were checked by draft_template_fault(), and field_find() knows all of them here. */
static bool
says_something(struct slice line, const struct values *values)
{
	bool fields = false;

	for (size_t i = 0; i < line.length; i++) {
		struct slice name = between(skip(line, i), "{{", "}}");

		if (name.at != NULL && values->length[field_find(name)] > 0)
			return true;
		fields |= name.at != NULL;
	}
	return !fields;
}

/* One unit is for the ellipsis. */
static void
append_value(struct draft *draft, enum message_piece_kind kind, struct slice value, size_t units)
{
	size_t length = units_of(value) > units ? fitting(value, units - 1) : value.length;

	append(draft, kind, (struct slice){ value.at, length });
	if (length < value.length)
		append(draft, kind, SLICE("…"));
}

/* Whether there is nothing but blanks between here and a link. */
static bool
follows_link(const struct draft *draft)
{
	const struct draft_piece *last = last_piece(draft);

	return last != NULL && last->kind == PIECE_TEXT && last->length == 1 && draft->count > 1 &&
	       draft->text.text[last->start] == ' ' && last[-1].kind == PIECE_LINK;
}

static void
append_link(struct draft *draft, struct slice text, struct slice url)
{
	struct draft_piece *piece;
	size_t before;

	/* Side by side they would read as one. */
	if (url.length > 0 && follows_link(draft))
		append(draft, PIECE_TEXT, SLICE("· "));
	before = draft->count;
	if (url.length > 0)
		append(draft, PIECE_LINK, text);
	/* The shown text was blank: no piece was made, and the one before must not become a link. */
	if (draft->count == before)
		return;
	piece = last_piece(draft);
	/* Behind the text, but in no piece: an address does not show, and the limits do not count it. */
	piece->url_start = draft->text.length;
	piece->url_length = url.length;
	buffer_append(&draft->text, url.at, url.length);
}

/* A value is appended and never read as a template: stars and brackets in it stay text. */
static void
append_line(struct draft *draft, struct slice rest, const struct values *values, size_t value_units)
{
	enum message_piece_kind kind = PIECE_TEXT;
	struct slice text, name;
	size_t length;

	for (; rest.length > 0; rest = skip(rest, length)) {
		if ((name = between(rest, "{{", "}}")).at != NULL) {
			length = name.length + 4;
			append_value(draft, kind, values_get(values, field_find(name)), value_units);
		} else if ((length = read_link(rest, &text, &name)) > 0) {
			append_link(draft, text, values_get(values, field_find(name)));
		} else if (rest.length >= 2 && memcmp(rest.at, "**", 2) == 0) {
			length = 2;
			kind = kind == PIECE_BOLD ? PIECE_TEXT : PIECE_BOLD;
		} else {
			length = plain_length(rest);
			append(draft, kind, (struct slice){ rest.at, length });
		}
	}
}

/* An editor on Windows ends lines with "\r\n". */
static struct slice
next_line(const char **at)
{
	struct slice line = { *at, strcspn(*at, "\n") };

	*at += line.length + ((*at)[line.length] == '\n');
	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

void
draft_template(struct draft *draft, const char *template, const struct values *values, size_t value_units)
{
	while (*template != '\0') {
		struct slice line = next_line(&template);

		if (!says_something(line, values))
			continue;
		if (!at_line_start(draft))
			break_line(draft);
		if (line.length == 0)
			break_line(draft);
		append_line(draft, line, values, value_units);
	}
	if (!at_line_start(draft))
		break_line(draft);
}

/* The last resort, at the end: write_one() shortens values before.  A link is kept whole or goes, since
 * half of its words say nothing. */
void
draft_cut(struct draft *draft, size_t units)
{
	size_t used = 0, count = 0;

	for (; count < draft->count; count++) {
		struct draft_piece *piece = &draft->pieces[count];
		struct slice text = { draft->text.text + piece->start, piece->length };
		size_t more = piece->kind == PIECE_BREAK ? 1 : units_of(text);

		if (used + more > units) {
			if (piece->kind == PIECE_BREAK || piece->kind == PIECE_LINK || used >= units)
				break;
			piece->length = fitting(text, units - used);
			used += units_of((struct slice){ text.at, piece->length });
			count += piece->length > 0;
			break;
		}
		used += more;
	}
	draft->count = count;
	draft->units = used;
}

/* The message takes the text over.  Pieces point into it only now, when it does not move any more. */
int
draft_finish(struct draft *draft, struct message *message)
{
	const char *text = draft->text.text;

	while (draft->count > 0 && last_piece(draft)->kind == PIECE_BREAK)
		draft->count--;
	if (draft->failed || draft->text.failed)
		return -1;
	message->pieces = calloc(draft->count + 1, sizeof(*message->pieces));
	if (message->pieces == NULL)
		return -1;
	message->count = draft->count;
	for (size_t i = 0; i < draft->count; i++) {
		const struct draft_piece *piece = &draft->pieces[i];

		message->pieces[i].kind = piece->kind;
		if (piece->kind != PIECE_BREAK)
			message->pieces[i].text = (struct slice){ text + piece->start, piece->length };
		if (piece->kind == PIECE_LINK)
			message->pieces[i].url = (struct slice){ text + piece->url_start, piece->url_length };
	}
	message->text = draft->text;
	memset(&draft->text, 0, sizeof(draft->text));
	return 0;
}

/* Faults */

/* It reads a line as append_line() does, and the two must agree: what passes here is not checked
 * again.  A field that is an address may only be in a link, and only such a field, since no other value
 * is known to be safe as one. */
static const char *
line_fault(struct slice rest, size_t number, char text[256])
{
	struct slice shown, name;
	size_t length, stars = 0;

	for (; rest.length > 0; rest = skip(rest, length)) {
		bool link = (length = read_link(rest, &shown, &name)) > 0;

		if (!link && (name = between(rest, "{{", "}}")).at != NULL)
			length = name.length + 4;
		if (length > 0 && field_find(name) == FIELDS)
			(void)snprintf(text, 256, "line %zu: there is no field {{%.*s}}", number,
			    (int)(name.length < 40 ? name.length : 40), name.at);
		else if (length > 0 && link != field_is_url(field_find(name)))
			(void)snprintf(text, 256, "line %zu: {{%s}} %s", number,
			    field_names[field_find(name)],
			    link ? "is not an address: a link is [text]({{..._url}})"
				 : "is an address: write it as a link, [text]({{..._url}})");
		else if (length == 0 && rest.length >= 2 && memcmp(rest.at, "{{", 2) == 0)
			(void)snprintf(text, 256, "line %zu: a {{ has no }}", number);
		if (text[0] != '\0')
			return text;
		if (length == 0 && rest.length >= 2 && memcmp(rest.at, "**", 2) == 0) {
			stars++;
			length = 2;
		} else if (length == 0) {
			length = plain_length(rest);
		}
	}
	if (stars % 2 != 0)
		(void)snprintf(text, 256, "line %zu: a ** has no second one", number);
	return text[0] != '\0' ? text : NULL;
}

const char *
draft_template_fault(const char *template, char text[256])
{
	text[0] = '\0';
	for (size_t number = 1; *template != '\0'; number++)
		if (line_fault(next_line(&template), number, text) != NULL)
			return text;
	return NULL;
}
