/* Checks the value of one field of the bot's keys, and says what is wrong with it. */

#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "common/text/utf8.h"
#include "engine/state_values.h"
#include "textfile/number.h"

enum {
	SHOWN_BYTES =
	    80, /* a longer value is not repeated: never cut, for it might hold a piece of a secret */
	REASON_BYTES = STATE_REASON - 4,
	FUTURE_SECONDS = 60, /* two clocks may differ by that */
};

/* Unix seconds are in this range: 2001 to 5138.  Milliseconds are beyond it. */
static const double earliest = 1e9, latest = 1e11;

/* Up to here a double has every whole number. */
static const double count_most = 9007199254740992.0;

static bool
parse_number(struct slice text, double least, double most, double *number)
{
	double value;

	/* NaN and Infinity are numbers to number_valid(), and within no bounds. */
	if (!number_valid(text))
		return false;
	value = number_value(text);
	if (!(value >= least && value <= most))
		return false;
	*number = value;
	return true;
}

/* HINCRBY keeps whole numbers: a fraction means that somebody has set the field. */
static bool
parse_count(struct slice text, double *count)
{
	double value;

	if (!parse_number(text, 0, count_most, &value) || value != trunc(value))
		return false;
	*count = value;
	return true;
}

/* In any case of letters. */
static bool
parse_word(struct slice text, const char *const words[], int *index)
{
	for (int i = 0; words[i] != NULL; i++)
		if (text.length == strlen(words[i]) && strncasecmp(text.at, words[i], text.length) == 0) {
			*index = i;
			return true;
		}
	return false;
}

/* Blanks around a name, or control characters in it, would make two names that look the same. */
bool
value_is_text(struct slice text)
{
	if (text.length == 0 || !utf8_valid(text) || text.at[0] == ' ' || text.at[text.length - 1] == ' ')
		return false;
	for (size_t i = 0; i < text.length; i++)
		if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f)
			return false;
	return true;
}

/* A long reason is a reason all the same: what fits of it is kept, in whole characters. */
static bool
parse_reason(struct slice text, char reason[STATE_REASON])
{
	size_t length = 0, width;

	if (text.length > 0 && !value_is_text(text))
		return false;
	for (; length < text.length; length += width) {
		width = utf8_character(text.at + length, text.length - length);
		if (length + width > REASON_BYTES)
			break;
	}
	memcpy(reason, text.at, length);
	reason[length] = '\0';
	return true;
}

static bool
parse_name(struct slice text, char name[STATE_WORD])
{
	if (!value_is_text(text) || text.length >= STATE_WORD)
		return false;
	memcpy(name, text.at, text.length);
	name[text.length] = '\0';
	return true;
}

bool
value_parse(const struct field_rule *rule, struct slice text, double now, void *place)
{
	switch (rule->type) {
	case FIELD_COUNT: return parse_count(text, place);
	case FIELD_NUMBER: return parse_number(text, rule->least, rule->most, place);
	case FIELD_STAMP:
		/* A stamp from the future would keep a dead bot alive until it has come. */
		return parse_number(
		    text, earliest, now + FUTURE_SECONDS < latest ? now + FUTURE_SECONDS : latest, place);
	case FIELD_WORD: return parse_word(text, rule->words, place);
	case FIELD_REASON: return parse_reason(text, place);
	case FIELD_NAME: return parse_name(text, place);
	case FIELD_SUM: return parse_number(text, -count_most, count_most, place);
	case FIELD_HISTOGRAM: break;
	}
	return false;
}

/* Faults -------------------------------------------------------- */

static void
say_words(const char *const words[], char *to, size_t room)
{
	size_t length = 0;

	for (int i = 0; words[i] != NULL && length < room; i++)
		length += (size_t)snprintf(to + length, room - length, "%s%s",
		    i == 0                 ? ""
		    : words[i + 1] == NULL ? " or "
					   : ", ",
		    words[i]);
}

/* It follows "must be". */
static void
say_expected(const struct field_rule *rule, char *to, size_t room)
{
	switch (rule->type) {
	case FIELD_COUNT: (void)snprintf(to, room, "a whole number of 0 or more"); break;
	case FIELD_NUMBER: (void)snprintf(to, room, "a number from %g to %g", rule->least, rule->most); break;
	case FIELD_STAMP:
		(void)snprintf(to, room, "Unix seconds (not milliseconds) of a time that has come");
		break;
	case FIELD_WORD: say_words(rule->words, to, room); break;
	case FIELD_REASON: (void)snprintf(to, room, "text without control characters"); break;
	case FIELD_NAME: (void)snprintf(to, room, "a name of 1 to %d bytes", (int)STATE_WORD - 1); break;
	case FIELD_SUM:
	case FIELD_HISTOGRAM: (void)snprintf(to, room, "a number of microseconds"); break;
	}
}

/* A value that is too long is not repeated: see SHOWN_BYTES. */
void
value_refuse(const struct field_rule *rule, const char *field, struct slice value, struct failure *why)
{
	char expected[160];

	say_expected(rule, expected, sizeof(expected));
	if (value.at == NULL)
		(void)failure_set(
		    why, FAILURE_REJECTED, "there is no field %s, which must be %s", field, expected);
	else if (value.length > SHOWN_BYTES)
		(void)failure_set(why, FAILURE_REJECTED,
		    "field %s is more than %d bytes long, and must be %s", field, (int)SHOWN_BYTES, expected);
	else
		(void)failure_set(why, FAILURE_REJECTED, "field %s is '%.*s', and must be %s", field,
		    SLICE_ARGS(value), expected);
}
