#include <endian.h>

#include "textfile/checksum.h"

/* FNV-1a's multiplication, and the high bits back into the low ones. */
static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(1099511628211);
	return hash ^ hash >> 32;
}

/* Little-endian wherever it runs. */
static void
mix_block(uint64_t lanes[CHECKSUM_LANES], const char bytes[CHECKSUM_BLOCK])
{
	uint64_t words[CHECKSUM_LANES];

	memcpy(words, bytes, CHECKSUM_BLOCK);
	for (int i = 0; i < CHECKSUM_LANES; i++)
		lanes[i] = mix(lanes[i], le64toh(words[i]));
}

void
checksum_init(struct checksum *sum)
{
	*sum = (struct checksum){ .length = 0 };
	for (int i = 0; i < CHECKSUM_LANES; i++)
		sum->lanes[i] = UINT64_C(14695981039346656037) + (uint64_t)i;
}

void
checksum_add(struct checksum *sum, struct slice text)
{
	size_t held = sum->length % CHECKSUM_BLOCK, fill = held > 0 ? CHECKSUM_BLOCK - held : 0;
	uint64_t lanes[CHECKSUM_LANES];

	sum->length += text.length;
	if (text.length < fill || text.length == 0) {
		if (text.length > 0)
			memcpy(sum->tail + held, text.at, text.length);
		return;
	}
	memcpy(lanes, sum->lanes, sizeof(lanes));
	if (fill > 0) {
		memcpy(sum->tail + held, text.at, fill);
		mix_block(lanes, sum->tail);
		text = (struct slice){ text.at + fill, text.length - fill };
	}
	for (; text.length >= CHECKSUM_BLOCK; text.at += CHECKSUM_BLOCK, text.length -= CHECKSUM_BLOCK)
		mix_block(lanes, text.at);
	memcpy(sum->lanes, lanes, sizeof(lanes));
	memcpy(sum->tail, text.at, text.length);
}

/* The last block is filled up with zeros. */
static uint64_t
result_of(const struct checksum *sum)
{
	char last[CHECKSUM_BLOCK] = { 0 };
	uint64_t lanes[CHECKSUM_LANES], result = sum->length;

	memcpy(last, sum->tail, sum->length % CHECKSUM_BLOCK);
	memcpy(lanes, sum->lanes, sizeof(lanes));
	mix_block(lanes, last);
	for (int i = 0; i < CHECKSUM_LANES; i++)
		result = mix(result, lanes[i]);
	return result;
}

void
checksum_line(const struct checksum *sum, char line[CHECKSUM_LINE])
{
	uint64_t rest = result_of(sum);

	memcpy(line, "# sum ", 6);
	line[CHECKSUM_LINE - 1] = '\n';
	for (int at = CHECKSUM_LINE - 2; at >= 6; at--, rest >>= 4)
		line[at] = "0123456789abcdef"[rest & 15];
}

static void
write_line(char line[CHECKSUM_LINE], struct slice text)
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

	write_line(line, buffer_slice(text));
	buffer_append(text, line, CHECKSUM_LINE);
}

bool
checksum_holds(struct slice text)
{
	char line[CHECKSUM_LINE];

	if (text.length < CHECKSUM_LINE)
		return false;
	write_line(line, (struct slice){ text.at, text.length - CHECKSUM_LINE });
	return memcmp(text.at + text.length - CHECKSUM_LINE, line, CHECKSUM_LINE) == 0;
}
