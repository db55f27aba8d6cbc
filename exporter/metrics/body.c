#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "exporter/metrics/body.h"

/* Small enough that making a stream takes no longer than using it. */
enum { OWN_LEVEL = 1, OWN_WINDOW = -13, OWN_MEMORY = 6 };

/*
 * To deflate the own text is a quarter of the work of an answer whose files did
 * not change.  Beside files that come to so many times its size it is sent as it is.
 */
enum { SMALL_BESIDE = 16 };

/* RFC 1952: deflated, no name, no time, Unix. */
static const char gzip_head[10] = { 0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };

static void
put_little_endian(struct buffer *out, uint32_t number)
{
	for (int i = 0; i < 4; i++) {
		char byte = (char)(number >> (8 * i) & 0xff);

		buffer_append(out, &byte, 1);
	}
}

/* Deflate a text to its end.  0 or -1. */
static int
deflate_all(struct slice text, int level, struct buffer *out)
{
	z_stream z = { .next_in = (const Bytef *)text.at, .avail_in = (uInt)text.length };
	size_t room;
	int status = Z_MEM_ERROR;

	if (deflateInit2(&z, level, Z_DEFLATED, OWN_WINDOW, OWN_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -1;
	room = deflateBound(&z, text.length);
	z.next_out = (Bytef *)buffer_reserve(out, room);
	z.avail_out = (uInt)room;
	if (z.next_out != NULL)
		status = deflate(&z, Z_FINISH);
	out->length += z.total_out;
	(void)deflateEnd(&z);
	return status == Z_STREAM_END ? 0 : -1;
}

/* The own text deflated, to go behind the files', and the end of the gzip format over both. */
static int
pack_own(struct body *body)
{
	const struct joined *joined = body->joined;
	struct slice own = buffer_slice(&body->own);
	uLong checksum = crc32(crc32(0, NULL, 0), (const Bytef *)own.at, (uInt)own.length);
	size_t files = joined != NULL ? joined->length : 0;
	bool small = joined != NULL && own.length < joined->packed.length / SMALL_BESIDE;
	struct buffer packed;
	int result;

	buffer_init(&packed, SIZE_MAX);
	result = deflate_all(own, small ? Z_NO_COMPRESSION : OWN_LEVEL, &packed);
	if (joined != NULL)
		checksum = crc32_combine(joined->checksum, checksum, (z_off_t)own.length);
	put_little_endian(&packed, (uint32_t)checksum);
	put_little_endian(&packed, (uint32_t)(files + own.length));
	buffer_release(&body->own);
	body->own = packed;
	return result == 0 && !packed.failed ? 0 : -1;
}

static void
add_slice(struct body *body, const char *at, size_t length)
{
	if (length == 0)
		return;
	body->slices[body->count++] = (struct slice){ at, length };
	body->length += length;
}

static int
assemble(struct body *body, bool gzip)
{
	const struct joined *joined = body->joined;
	size_t most = 3 + (joined != NULL && !gzip ? joined->slice_count : 0);

	body->slices = calloc(most, sizeof(*body->slices));
	if (body->slices == NULL)
		return -1;
	if (gzip)
		add_slice(body, gzip_head, sizeof(gzip_head));
	if (gzip && joined != NULL)
		add_slice(body, joined->packed.text, joined->packed.length);
	for (size_t i = 0; !gzip && joined != NULL && i < joined->slice_count; i++)
		add_slice(body, joined->slices[i].at, joined->slices[i].length);
	add_slice(body, body->own.text, body->own.length);
	return 0;
}

int
body_finish(struct body *body, const struct telemetry *telemetry, bool gzip)
{
	telemetry_write(telemetry, &body->own);
	if (!body->own.failed && (!gzip || pack_own(body) == 0) && assemble(body, gzip) == 0)
		return 0;
	body_release(body);
	return -1;
}

/* Be at the slice that has the position, or behind the last one. */
static void
go_to(struct body *body, size_t position)
{
	if (position < body->passed)
		body->reading = body->passed = 0;
	while (body->reading < body->count && position - body->passed >= body->slices[body->reading].length)
		body->passed += body->slices[body->reading++].length;
}

size_t
body_read(struct body *body, size_t position, char *out, size_t room)
{
	size_t done = 0;

	for (go_to(body, position); done < room && body->reading < body->count;
	     go_to(body, position + done)) {
		const struct slice *slice = &body->slices[body->reading];
		size_t from = position + done - body->passed, length = slice->length - from;

		if (length > room - done)
			length = room - done;
		memcpy(out + done, slice->at + from, length);
		done += length;
	}
	return done;
}

void
body_release(struct body *body)
{
	joined_drop(body->joined);
	buffer_release(&body->own);
	free(body->slices);
	*body = (struct body){ 0 };
}
