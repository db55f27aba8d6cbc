#include <endian.h>

#include "textfile/checksum.h"

enum { WORD = sizeof(uint64_t) };

/* FNV-1a's multiplication, and the high bits back into the low ones. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

/* Eight bytes at a time, little-endian wherever it runs. */
static uint64_t
mix_bytes(uint64_t hash, const char bytes[WORD])
{
	uint64_t word;

	memcpy(&word, bytes, WORD);
	return mix(hash, le64toh(word));
}

void
checksum_init(struct checksum *sum)
{
	*sum = (struct checksum){ .hash = UINT64_C(14695981039346656037) };
}

void
checksum_add(struct checksum *sum, struct slice text)
{
	size_t held = sum->length % WORD, fill = held > 0 ? WORD - held : 0;
	uint64_t hash;

	if (text.length < fill || text.length == 0) {
		if (text.length > 0)
			memcpy(sum->tail + held, text.at, text.length);
		sum->length += text.length;
		return;
	}
	sum->length += text.length;
	hash = sum->hash;
	if (fill > 0) {
		memcpy(sum->tail + held, text.at, fill);
		hash = mix_bytes(hash, sum->tail);
		text = (struct slice){ text.at + fill, text.length - fill };
	}
	for (; text.length >= WORD; text.at += WORD, text.length -= WORD)
		hash = mix_bytes(hash, text.at);
	memcpy(sum->tail, text.at, text.length);
	sum->hash = hash;
}

void
checksum_line(const struct checksum *sum, char line[CHECKSUM_LINE])
{
	char last[WORD] = { 0 };
	uint64_t rest;

	memcpy(last, sum->tail, sum->length % WORD);
	rest = mix(mix_bytes(sum->hash, last), sum->length);
	memcpy(line, "# sum ", 6);
	line[CHECKSUM_LINE - 1] = '\n';
	for (int at = CHECKSUM_LINE - 2; at >= 6; at--, rest >>= 4)
		line[at] = "0123456789abcdef"[rest & 15];
}

static void
put_line(char line[CHECKSUM_LINE], struct slice text)
{
	struct checksum sum;

	checksum_init(&sum);
	checksum_add(&sum, text);
	checksum_line(&sum, line);
}

void
checksum_append(struct buffer *text)
{
	char line[CHECKSUM_LINE];

	put_line(line, buffer_slice(text));
	buffer_append(text, line, CHECKSUM_LINE);
}

bool
checksum_holds(struct slice text)
{
	char line[CHECKSUM_LINE];

	if (text.length < CHECKSUM_LINE)
		return false;
	put_line(line, (struct slice){ text.at, text.length - CHECKSUM_LINE });
	return memcmp(text.at + text.length - CHECKSUM_LINE, line, CHECKSUM_LINE) == 0;
}
