#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/system/regular.h"
#include "demo/paper_engine/backtest/recording.h"
#include "demo/paper_engine/backtest/source.h"

/* As many as the engine has places for. */
enum { RECORDED_MOST = 500 };

struct tape {
	FILE *file;
	int64_t lines;
	bool ahead; /* `next` was read, and is after the last time that was asked for */
	struct recorded next;
	size_t symbols;
	char texts[RECORDED_MOST][SYMBOL_NAME];
	const char *names[RECORDED_MOST];
	struct depth books[RECORDED_MOST][VENUES], won;
};

/* 1: there is one, in `next`; 0: the file ends. */
static int
read_line(struct tape *tape, struct failure *why)
{
	char line[RECORDING_LINE];
	size_t length;
	const char *fault;
	int64_t before = tape->next.at_ms;

	if (fgets(line, sizeof(line), tape->file) == NULL)
		return ferror(tape->file)
			   ? failure_set(why, FAILURE_LOCAL, "cannot read it: %s", strerror(errno))
			   : 0;
	tape->lines++;
	length = strlen(line);
	if (length == 0 || line[length - 1] != '\n')
		return failure_set(why, FAILURE_LOCAL, "line %lld is too long, or cut off: remove it",
		    (long long)tape->lines);
	line[length - 1] = '\0';
	fault = recording_parse(line, &tape->next);
	if (fault == NULL && tape->next.at_ms < before)
		fault = "it is older than the line before it";
	if (fault != NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "line %lld is damaged: %s", (long long)tape->lines, fault);
	return 1;
}

/* -1: it is the book of KRW. */
static long
index_of(struct tape *tape, const char *symbol)
{
	size_t i = 0;

	if (strcmp(symbol, RECORDING_WON) == 0)
		return -1;
	while (i < tape->symbols && strcmp(tape->texts[i], symbol) != 0)
		i++;
	if (i == tape->symbols && i < RECORDED_MOST) {
		memcpy(tape->texts[i], symbol, SYMBOL_NAME);
		tape->names[i] = tape->texts[i];
		tape->symbols++;
	}
	return (long)i;
}

static int
begin(struct tape *tape, struct failure *why)
{
	char line[sizeof(RECORDING_HEAD) + 1];

	rewind(tape->file);
	tape->lines = 1;
	tape->next = (struct recorded){ 0 };
	if (fgets(line, sizeof(line), tape->file) == NULL || strcmp(line, RECORDING_HEAD "\n") != 0)
		return failure_set(
		    why, FAILURE_LOCAL, "it does not begin with \"%s\": it is no recording", RECORDING_HEAD);
	return 0;
}

/* All of it, so that no trade was made when a damaged line is found; and which symbols and times it has. */
static int
check(struct tape *tape, struct source *source, struct failure *why)
{
	int more = begin(tape, why);

	for (more = more == 0 ? read_line(tape, why) : -1; more > 0; more = read_line(tape, why)) {
		if (tape->lines == 2)
			source->from_ms = tape->next.at_ms;
		source->until_ms = tape->next.at_ms + 1;
		if (index_of(tape, tape->next.symbol) == RECORDED_MOST)
			return failure_set(why, FAILURE_LOCAL, "it has more than %d symbols", RECORDED_MOST);
	}
	if (more == 0 && tape->symbols == 0)
		return failure_set(why, FAILURE_LOCAL, "it has no book of any symbol");
	return more == 0 ? begin(tape, why) : -1;
}

static int
tape_read(void *context, int64_t at_ms, struct depth (*books)[VENUES], struct depth *won, struct failure *why)
{
	struct tape *tape = context;
	long index;

	for (;;) {
		int more = tape->ahead ? 1 : read_line(tape, why);

		if (more < 0)
			return -1;
		tape->ahead = more > 0 && tape->next.at_ms > at_ms;
		if (more == 0 || tape->ahead)
			break;
		index = index_of(tape, tape->next.symbol);
		*(index < 0 ? &tape->won : &tape->books[index][tape->next.venue]) = tape->next.depth;
	}
	memcpy(books, tape->books, tape->symbols * sizeof(*books));
	*won = tape->won;
	return 0;
}

static void
tape_close(void *context)
{
	struct tape *tape = context;

	if (tape->file != NULL)
		(void)fclose(tape->file);
	free(tape);
}

int
source_recording_open(struct source *source, const char *path, struct failure *why)
{
	struct tape *tape = calloc(1, sizeof(*tape));
	const char *fault = regular_fault(path);

	if (tape == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	*source =
	    (struct source){ .context = tape, .names = tape->names, .read = tape_read, .close = tape_close };
	tape->file = fault == NULL ? fopen(path, "re") : NULL;
	if (tape->file == NULL)
		(void)failure_set(why, FAILURE_LOCAL, "%s", fault != NULL ? fault : strerror(errno));
	if (tape->file == NULL || check(tape, source, why) != 0) {
		tape_close(tape);
		*source = (struct source){ 0 };
		return failure_prefix(why, "recording %s", path);
	}
	source->symbols = tape->symbols;
	return 0;
}
