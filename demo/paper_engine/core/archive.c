#include <string.h>

#include "demo/paper_engine/core/archive.h"

enum { NUMBER = 24 };

static void
put(struct archive *archive, const char *text, size_t length)
{
	if (length > sizeof(archive->line) - archive->length) {
		archive->failed = true;
		return;
	}
	memcpy(archive->line + archive->length, text, length);
	archive->length += length;
}

static void
literal(struct archive *archive, const char *text, size_t length)
{
	if (archive->writes)
		put(archive, text, length);
	else if (archive->failed || strncmp(archive->at, text, length) != 0)
		archive->failed = true;
	else
		archive->at += length;
}

static void
member(struct archive *archive, const char *name)
{
	if (!archive->first)
		literal(archive, ",", 1);
	archive->first = false;
	if (name == NULL)
		return;
	literal(archive, "\"", 1);
	literal(archive, name, strlen(name));
	literal(archive, "\":", 2);
}

void
archive_open(struct archive *archive, const char *name, char bracket)
{
	member(archive, name);
	literal(archive, &bracket, 1);
	archive->first = true;
}

void
archive_close(struct archive *archive, char bracket)
{
	literal(archive, &bracket, 1);
	archive->first = false;
}

static void
number_write(struct archive *archive, int64_t value)
{
	char text[NUMBER];
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		text[--at] = '-';
	put(archive, text + at, sizeof(text) - at);
}

/* Only as number_write() writes it: no zeros in front, no "-0". */
static void
number_read(struct archive *archive, int64_t *value)
{
	bool negative = *archive->at == '-';
	const char *digits = archive->at + negative, *at = digits;
	int64_t number = 0;
	bool fits = true;

	for (; *at >= '0' && *at <= '9'; at++)
		fits = fits && !__builtin_mul_overflow(number, 10, &number) &&
		       !__builtin_sub_overflow(number, *at - '0', &number);
	if (!fits || number == INT64_MIN || at == digits ||
	    (*digits == '0' && (negative || at - digits > 1))) {
		archive->failed = true;
		return;
	}
	*value = negative ? number : -number;
	archive->at = at;
}

void
archive_number(struct archive *archive, const char *name, int64_t *value)
{
	member(archive, name);
	if (archive->writes)
		number_write(archive, *value);
	else if (!archive->failed)
		number_read(archive, value);
}

void
archive_numbers(struct archive *archive, const char *name, int64_t *values, size_t count)
{
	archive_open(archive, name, '[');
	for (size_t i = 0; i < count; i++)
		archive_number(archive, NULL, &values[i]);
	archive_close(archive, ']');
}

int
archive_choice(struct archive *archive, const char *name, int value, int least, int most)
{
	int64_t number = value;

	archive_number(archive, name, &number);
	if (archive->writes)
		return value;
	if (number < least || number > most)
		archive->failed = true;
	return archive->failed ? least : (int)number;
}

void
archive_begin(struct archive *archive, char *name, size_t size)
{
	size_t length = archive->writes ? strlen(name) : strcspn(archive->at, " \n");

	archive->first = true;
	archive->length = 0;
	archive->line_begins = archive->at;
	if (!archive->writes) {
		if (length == 0 || length >= size) {
			archive->failed = true;
			return;
		}
		memcpy(name, archive->at, length);
		name[length] = '\0';
	}
	literal(archive, name, length);
	literal(archive, " {", 2);
}

/* FNV-1a, without the sign. */
static int64_t
checksum(const char *text, size_t length)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (int64_t)(sum >> 1);
}

void
archive_end(struct archive *archive)
{
	int64_t expected, sum;

	if (archive->failed)
		return;
	expected = archive->writes
		       ? checksum(archive->line, archive->length)
		       : checksum(archive->line_begins, (size_t)(archive->at - archive->line_begins));
	sum = expected;
	archive_number(archive, "check", &sum);
	literal(archive, "}\n", 2);
	if (sum != expected)
		archive->failed = true;
}
