#include <endian.h>
#include <stdint.h>

#include "textfile/checksum.h"

/* "# sum " + 16 digits + newline */
enum { LINE = 23 };

/* FNV-1a's multiplication, and the high bits back into the low ones. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

/* Eight bytes at a time, little-endian wherever it runs. */
static uint64_t
sum(struct slice text)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ text.length, word;
	size_t tail = text.length % sizeof(word);

	for (const char *at = text.at, *end = text.at + text.length - tail; at < end; at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = mix(hash, le64toh(word));
	}
	word = 0;
	if (tail > 0)
		memcpy(&word, text.at + text.length - tail, tail);
	return mix(hash, le64toh(word));
}

static void
put_line(char line[LINE], struct slice text)
{
	uint64_t rest = sum(text);

	memcpy(line, "# sum ", 6);
	line[LINE - 1] = '\n';
	for (int at = LINE - 2; at >= 6; at--, rest >>= 4)
		line[at] = "0123456789abcdef"[rest & 15];
}

void
checksum_append(struct buffer *text)
{
	char line[LINE];

	put_line(line, buffer_slice(text));
	buffer_append(text, line, LINE);
}

bool
checksum_holds(struct slice text)
{
	char line[LINE];

	if (text.length < LINE)
		return false;
	put_line(line, (struct slice){ text.at, text.length - LINE });
	return memcmp(text.at + text.length - LINE, line, LINE) == 0;
}
