/*
 * bench_textfile SAMPLES ROUNDS DIRECTORY: how long the text format takes us.
 *
 * Gauges with three labels (exchange, symbol, env) and values that need 17
 * digits.  Prints per round, in nanoseconds per sample:
 *
 *	encode validate publish parse
 *
 * where parse includes turning every value into a double.  The file stays in
 * the directory, for the peers to read.
 */

#include <stdio.h>
#include <stdlib.h>

#include "textfile/encode.h"
#include "textfile/number.h"
#include "textfile/parse.h"
#include "textfile/publish.h"
#include "textfile/validate.h"

enum { MOST_SAMPLES = 2000000 };

static const size_t text_limit = (size_t)1024 * 1024 * 1024;

static const struct family family = {
	.name = "bench_orderbook_price",
	.type = METRIC_GAUGE,
	.help = "A price.",
	.labels = { "exchange", "symbol" },
	.max_series = MOST_SAMPLES,
};

static struct metrics *
fill(long samples)
{
	const struct family *const tables[] = { &family };
	const size_t counts[] = { 1 };
	struct failure why = { 0 };
	struct metrics *m = metrics_new("paper", tables, counts, 1, &why);

	srand48(1);
	for (long i = 0; m != NULL && i < samples; i++) {
		char symbol[32];

		(void)snprintf(symbol, sizeof(symbol), "SYM%07ld/KRW", i);
		metrics_set(m, &family, LABELS(i % 2 != 0 ? "binance" : "upbit", symbol), drand48() * 1000);
	}
	return m;
}

/* Something the compiler cannot leave out. */
static double
parse_all(struct slice text)
{
	struct document document;
	double sum = 0;

	if (parse(&document, text, NULL, NULL) != 0)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < document.sample_count; i++)
		sum += number_value(document.samples[i].value);
	document_release(&document);
	return sum;
}

static double
round_of(const struct metrics *m, const char *directory, double per, double seconds_out[4])
{
	struct failure why = { 0 };
	struct textfile_mark mark;
	struct textfile file;
	struct buffer text;
	int64_t at[5];
	double sum;

	buffer_init(&text, text_limit);
	at[0] = clock_now_ns();
	encode(m, &text);
	at[1] = clock_now_ns();
	if (text.failed || validate(buffer_slice(&text), NULL, NULL) != 0)
		exit(EXIT_FAILURE);
	at[2] = clock_now_ns();
	if (textfile_open(&file, directory, "bench", deadline_in(INT64_C(1000000000)), &why) != 0 ||
	    textfile_replace(&file, buffer_slice(&text), &mark, &why) != 0)
		exit(EXIT_FAILURE);
	textfile_close(&file);
	at[3] = clock_now_ns();
	sum = parse_all(buffer_slice(&text));
	at[4] = clock_now_ns();
	for (int i = 0; i < 4; i++)
		seconds_out[i] = (double)(at[i + 1] - at[i]) / per;
	buffer_release(&text);
	return sum;
}

int
main(int argc, char *argv[])
{
	long samples = argc > 3 ? strtol(argv[1], NULL, 10) : 0,
	     rounds = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
	struct metrics *m;

	if (samples < 1 || samples > MOST_SAMPLES || rounds < 1)
		return 2;
	m = fill(samples);
	if (m == NULL || metrics_dropped(m) > 0)
		return EXIT_FAILURE;
	for (long i = 0; i < rounds; i++) {
		double ns[4];

		(void)round_of(m, argv[3], (double)samples, ns);
		printf("%.1f %.1f %.1f %.1f\n", ns[0], ns[1], ns[2], ns[3]);
	}
	metrics_free(m);
	return EXIT_SUCCESS;
}
