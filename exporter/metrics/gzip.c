/*
 * The text of the files changes when a file does, and the exporter's own text
 * with each answer.  So the files are packed once and kept, with the deflated
 * stream left open at a byte boundary; each answer adds its own text, and the
 * checksum of both is computed from the two checksums.
 */

#include "exporter/metrics/gzip.h"

#include <endian.h>

#define ZLIB_CONST
#include <zlib.h>

/* Level 4 takes hardly longer than level 1 and saves a fifth; what the next ones save is not worth their
 * time. */
enum { RAW_DEFLATE = -15, LEVEL = 4, MEMORY = 8, STEP = 1 << 16 };

/* RFC 1952: deflated, no name, no time, Unix. */
static const char head[10] = { 0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };

/* Append a text, deflated; Z_SYNC_FLUSH leaves the stream open, Z_FINISH ends it. */
static int
append_deflated(struct slice text, int flush, struct buffer *out)
{
	z_stream z = { .next_in = (const Bytef *)text.at, .avail_in = (uInt)text.length };
	int status = Z_OK;

	if (deflateInit2(&z, LEVEL, Z_DEFLATED, RAW_DEFLATE, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	/* deflate() has more to give as long as it fills the room. */
	do {
		char *room = buffer_reserve(out, STEP);

		if (room == NULL)
			break;
		z.next_out = (Bytef *)room;
		z.avail_out = STEP;
		status = deflate(&z, flush);
		out->length += STEP - z.avail_out;
	} while (z.avail_out == 0 && status == Z_OK);
	(void)deflateEnd(&z);
	return out->failed || status == Z_STREAM_ERROR ? -1 : 0;
}

static uint32_t
checksum_of(struct slice text)
{
	return (uint32_t)crc32(crc32(0, NULL, 0), (const Bytef *)text.at, (uInt)text.length);
}

int
gzip_begin(struct gzip_start *start, struct slice text, struct buffer *out)
{
	*start = (struct gzip_start){ .length = text.length, .checksum = checksum_of(text) };
	buffer_append(out, head, sizeof(head));
	return append_deflated(text, Z_SYNC_FLUSH, out);
}

int
gzip_finish(const struct gzip_start *start, struct slice rest, struct buffer *out)
{
	uint32_t trailer[2];
	uLong checksum = crc32_combine(start->checksum, checksum_of(rest), (z_off_t)rest.length);

	if (append_deflated(rest, Z_FINISH, out) != 0)
		return -1;
	trailer[0] = htole32((uint32_t)checksum);
	trailer[1] = htole32((uint32_t)(start->length + rest.length));
	buffer_append(out, (const char *)trailer, sizeof(trailer));
	return out->failed ? -1 : 0;
}
