/*
 * From metrics to the checked text of a file, one piece at a time.  A piece that goes on with a
 * family has that family's HELP and TYPE at its head again, so that it can be validated alone; this
 * head is checked with it and then left out of the file.  All pieces together, in order, are what
 * the checksum of the last line is of.
 */

#include "collectors/harness/write.h"
#include "textfile/checksum.h"
#include "textfile/encode.h"
#include "textfile/validate.h"

enum {
	PIECE = 64 * 1024, /* bytes: with all that validation makes of it, it stays in the caches */
	LARGEST_FILE = 256 * 1024 * 1024,
};

struct piece_writer {
	const struct write_outlet *outlet;
	struct buffer piece;
	struct checksum sum;
	uint32_t lines; /* handed on */
};

static void
keep_first_fault(void *context, const struct fault *fault)
{
	struct fault *first = context;

	if (first->rule == NULL)
		*first = *fault;
}

static uint32_t
count_lines(struct slice text)
{
	const char *at = text.at, *end = text.at + text.length;
	uint32_t lines = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		lines++;
	}
	return lines;
}

/* Should the encoder ever write what node_exporter refuses, nothing is published. */
static int
check(const struct piece_writer *w, size_t repeated, struct failure *why)
{
	/* Lines of the head are not in the file, and do not count for the line that is named. */
	struct slice head = { w->piece.text, repeated };
	struct fault first = { 0 };
	long faults;

	faults = validate(buffer_slice(&w->piece), keep_first_fault, &first);
	if (faults < 0)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	if (faults > 0)
		return failure_set(why, FAILURE_LOCAL,
		    "line %u would harm node_exporter, nothing published: %s",
		    w->lines + first.line - count_lines(head), first.text);
	return 0;
}

static int
write_text(struct piece_writer *w, struct slice text, struct failure *why)
{
	/* publish.c reads back no more than this: no run could go on from a larger file. */
	if (text.length > LARGEST_FILE - w->sum.length)
		return failure_set(why, FAILURE_LOCAL, "the file would exceed 256 MiB");
	checksum_add(&w->sum, text);
	w->lines += count_lines(text);
	return w->outlet->write(w->outlet->context, text, why);
}

static int
write_pieces(struct piece_writer *w, const struct metrics *m, struct failure *why)
{
	struct encoder encoder = { .metrics = m };
	size_t repeated;

	while (encoder_next(&encoder, PIECE, &w->piece, &repeated)) {
		/* The head is left out: it is in the file already. */
		struct slice text = { w->piece.text + repeated, w->piece.length - repeated };

		if (w->piece.failed)
			break;
		if (check(w, repeated, why) != 0 || write_text(w, text, why) != 0)
			return -1;
		w->piece.length = 0;
	}
	return w->piece.failed ? failure_set(why, FAILURE_LOCAL, "out of memory") : 0;
}

int
write_checked(const struct metrics *m, const struct write_outlet *outlet, struct failure *why)
{
	struct piece_writer w = { .outlet = outlet };
	char line[CHECKSUM_LINE];
	int result;

	buffer_init(&w.piece, LARGEST_FILE);
	checksum_init(&w.sum);
	result = write_pieces(&w, m, why);
	buffer_release(&w.piece);
	if (result != 0)
		return -1;
	checksum_line(&w.sum, line);
	return write_text(&w, (struct slice){ line, sizeof(line) }, why);
}
