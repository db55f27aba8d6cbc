#include <inttypes.h>
#include <string.h>

#include "demo/paper_engine/backtest/recording.h"

static void
write_levels(FILE *file, const struct depth_level levels[DEPTH])
{
	char price[FIXED_TEXT], quantity[FIXED_TEXT];

	for (size_t i = 0; i < DEPTH && levels[i].quantity > 0; i++)
		(void)fprintf(file, " %s %s", fixed_short_text(levels[i].price, price),
		    fixed_short_text(levels[i].quantity, quantity));
}

void
recording_begin(FILE *file)
{
	(void)fputs(RECORDING_HEAD "\n", file);
}

void
recording_write(FILE *file, int64_t at_ms, const char *symbol, enum venue venue, const struct depth *depth)
{
	bool lost = depth->bids[0].quantity == 0 && depth->asks[0].quantity == 0;

	(void)fprintf(file, "%" PRId64 " %s %s %" PRId64 " %" PRId64, at_ms, symbol, venue_names[venue],
	    lost ? 0 : depth->sequence, depth->time_ms);
	write_levels(file, depth->bids);
	(void)fputs(" |", file);
	write_levels(file, depth->asks);
	(void)fputc('\n', file);
}

/* Reading ------------------------------------------------------------- */

/* The length of the next word, at `*word`; `*at` goes on behind it and its blank. */
static size_t
next_word(const char **at, const char **word)
{
	size_t length = strcspn(*at, " ");

	*word = *at;
	*at += length + ((*at)[length] == ' ');
	return length;
}

/* Up to 18 digits, of which `decimals` behind a point; what is read is a number of 10^-decimals. */
static bool
read_number(const char **at, int decimals, int64_t *value)
{
	const char *word, *end;
	size_t length = next_word(at, &word);
	int behind = -1;
	int64_t sum = 0;

	if (length == 0 || length > 19)
		return false;
	for (end = word + length; word < end; word++) {
		if (*word == '.' && behind < 0 && decimals > 0)
			behind = 0;
		else if (*word < '0' || *word > '9' || sum >= INT64_C(100000000000000000) ||
			 behind == decimals)
			return false;
		else {
			sum = 10 * sum + *word - '0';
			behind += behind >= 0;
		}
	}
	for (int i = behind > 0 ? behind : 0; i < decimals; i++)
		if (__builtin_mul_overflow(sum, 10, &sum))
			return false;
	*value = sum;
	return true;
}

/* Up to the bar, or to the line's end.  `order` is 1 where prices rise. */
static const char *
read_levels(const char **at, struct depth_level levels[DEPTH], bool to_bar, int order)
{
	for (size_t count = 0; **at != (to_bar ? '|' : '\0'); count++) {
		if (count == DEPTH)
			return "a side has too many levels";
		if (!read_number(at, 8, &levels[count].price) || !read_number(at, 8, &levels[count].quantity))
			return "a price or a quantity is not a number";
		if (levels[count].price == 0 || levels[count].quantity == 0)
			return "a price or a quantity is 0";
		if (count > 0 && (levels[count].price - levels[count - 1].price) * order <= 0)
			return "its prices are not in order";
	}
	return NULL;
}

static const char *
read_names(const char **at, struct recorded *recorded)
{
	const char *word;
	size_t length = next_word(at, &word);

	if (length == 0 || length >= SYMBOL_NAME || memchr(word, '/', length) == NULL ||
	    strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._") < length)
		return "the symbol is not like BTC/USDT";
	memcpy(recorded->symbol, word, length);
	length = next_word(at, &word);
	for (int venue = 0; venue < VENUES; venue++)
		if (length == strlen(venue_names[venue]) && memcmp(word, venue_names[venue], length) == 0) {
			recorded->venue = (enum venue)venue;
			return NULL;
		}
	return "the exchange is neither binance nor upbit";
}

const char *
recording_parse(const char *line, struct recorded *recorded)
{
	struct depth *depth = &recorded->depth;
	const char *fault, *bar;

	*recorded = (struct recorded){ 0 };
	if (!read_number(&line, 0, &recorded->at_ms))
		return "it does not begin with a time";
	fault = read_names(&line, recorded);
	if (fault != NULL)
		return fault;
	if (!read_number(&line, 0, &depth->sequence) || !read_number(&line, 0, &depth->time_ms))
		return "its sequence number or its time is not a number";
	fault = read_levels(&line, depth->bids, true, -1);
	if (fault != NULL)
		return fault;
	if (next_word(&line, &bar) != 1)
		return "there is no bar between its bids and its asks";
	fault = read_levels(&line, depth->asks, false, 1);
	if (fault == NULL && depth->sequence == 0 &&
	    (depth->bids[0].quantity != 0 || depth->asks[0].quantity != 0))
		fault = "a book without a sequence number has levels";
	return fault;
}
