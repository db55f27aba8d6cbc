/*
 * read_trades DSN SCHEMA TIME-ZONE NOW [RUNS [MILLISECONDS]]: what the views of trades say.
 *
 * Prints a line for each view, rejected reason, cell, slippage, piece, rate and set, money to its last digit.
 * The reading is done RUNS times, of which the last is printed, and stderr has "seconds" of each; of more
 * than one "kB" at the most, too.  On failure "KIND: TEXT" on stderr, as it is before a program masks secrets
 * in it.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/trades.h"

static void
print_decimal(struct decimal number)
{
	char text[DECIMAL_TEXT];

	printf(" %s", decimal_text(number, text));
}

static void
print_views(const struct trades_reading *reading)
{
	for (int i = 0; i < KPI_VIEWS; i++) {
		const struct trades_view *view = &reading->views[i];

		printf("view %s %s\n", kpi_view_names[i],
		    view->read     ? "read"
		    : view->exists ? "unreadable"
				   : "missing");
		if (view->failure.kind != FAILURE_NONE)
			printf("failure %s: %s\n", failure_kind_name(view->failure.kind), view->failure.text);
		if (view->rollup.kind != FAILURE_NONE)
			printf("rollup %s: %s\n", failure_kind_name(view->rollup.kind), view->rollup.text);
		for (int reason = 0; reason < TRADES_REASONS; reason++)
			if (view->rejected[reason].count > 0)
				printf("rejected %s %s %llu %s\n", kpi_view_names[i],
				    trades_reason_names[reason],
				    (unsigned long long)view->rejected[reason].count,
				    view->rejected[reason].example);
	}
}

static void
print_cells(const struct trades_reading *reading)
{
	for (size_t i = 0; i < reading->cell_count; i++) {
		const struct trades_cell *c = &reading->cells[i];

		printf("cell %s %s %s %d n %llu %llu %llu", kpi_scope_names[c->scope],
		    c->name[0] != '\0' ? c->name : "-", c->currency, c->segment, (unsigned long long)c->count,
		    (unsigned long long)c->wins, (unsigned long long)c->losses);
		printf(" known %llu %llu %llu %llu %llu", (unsigned long long)c->fees_count,
		    (unsigned long long)c->funding_count, (unsigned long long)c->duration_count,
		    (unsigned long long)c->leg_gap_count, (unsigned long long)c->slippage_count);
		print_decimal(c->pnl);
		print_decimal(c->gross_win);
		print_decimal(c->gross_loss);
		print_decimal(c->fees);
		print_decimal(c->funding);
		print_decimal(c->duration);
		print_decimal(c->leg_gap);
		print_decimal(c->slippage);
		for (int j = 0; j <= KPI_DURATION_BOUNDS; j++)
			if (c->durations[j] > 0)
				printf(" %d:%u", j, (unsigned)c->durations[j]);
		printf("\n");
	}
	for (size_t i = 0; i < reading->slippage_count; i++) {
		const struct trades_slippage *s = &reading->slippages[i];

		printf("slippage %s %llu", s->currency, (unsigned long long)s->count);
		print_decimal(s->sum);
		for (int j = 0; j <= KPI_SLIPPAGE_BOUNDS; j++)
			if (s->counts[j] > 0)
				printf(" %d:%llu", j, (unsigned long long)s->counts[j]);
		printf("\n");
	}
}

static void
print_rest(const struct trades_reading *reading)
{
	char text[DECIMAL_TEXT];

	for (size_t i = 0; i < reading->piece_count; i++) {
		const struct trades_piece *p = &reading->pieces[i];

		printf("piece %s %d %d %.6f %.6f n %llu", p->currency, p->segment, p->day, p->first_at,
		    p->last_at, (unsigned long long)p->samples);
		print_decimal(p->flows);
		print_decimal(p->first);
		print_decimal(p->last);
		print_decimal(p->high);
		print_decimal(p->low);
		print_decimal(p->drawdown);
		printf(" %.17g\n", p->drawdown_ratio);
	}
	for (size_t i = 0; i < reading->rate_count; i++)
		printf("rate %s %s %s %.6f\n", reading->rates[i].currency, reading->rates[i].to,
		    decimal_text(reading->rates[i].rate, text), reading->rates[i].updated_at);
}

static void
print_tuning(const struct trades_reading *reading)
{
	if (reading->tuning[0] != '\0')
		printf("tuning %s %.6f %llu\n", reading->tuning, reading->tuning_at,
		    (unsigned long long)reading->sets_tried);
	for (size_t i = 0; i < reading->set_count; i++) {
		const struct trades_set *s = &reading->sets[i];

		printf("set %s [%s %s %s %s] %g %g %g %g %s\n", s->number, s->parameters[0], s->parameters[1],
		    s->parameters[2], s->parameters[3], s->train_score, s->validate_score, s->train_pnl,
		    s->validate_pnl, s->currency);
	}
}

static int
read_once(struct postgres_target *target, const struct trades_query *query, struct trades_memory *memory,
    int milliseconds, bool print)
{
	struct trades_reading reading;
	int64_t began_ns = clock_now_ns();
	int result = 0;

	trades_read(target, query, memory, deadline_in(milliseconds * INT64_C(1000000)), &reading);
	if (reading.failure.kind != FAILURE_NONE) {
		fprintf(stderr, "%s: %s\n", failure_kind_name(reading.failure.kind), reading.failure.text);
		result = 1;
	}
	fprintf(stderr, "seconds %.6f\n", clock_seconds_since(began_ns));
	if (print) {
		printf("midnight %.6f today %d trades %.6f to %.6f edges %.6f %.6f %.6f %.6f\n",
		    reading.midnight, reading.today, reading.first_trade_at, reading.last_trade_at,
		    reading.edges[0], reading.edges[1], reading.edges[2], reading.edges[3]);
		print_views(&reading);
		print_cells(&reading);
		print_rest(&reading);
		print_tuning(&reading);
	}
	trades_reading_release(&reading);
	return result;
}

int
main(int argc, char **argv)
{
	struct secrets secrets = { 0 };
	struct failure why;
	struct postgres_target *target;
	struct trades_memory *memory = trades_memory_new();
	struct trades_query query;
	int runs, milliseconds, result = 0;
	struct rusage used;

	if (argc < 5 || memory == NULL) {
		fprintf(stderr, "usage: read_trades DSN SCHEMA TIME-ZONE NOW [RUNS [MILLISECONDS]]\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	runs = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 1;
	milliseconds = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 10000;
	target = postgres_target_new(argv[1], NULL, &secrets, &why);
	if (target == NULL) {
		fprintf(stderr, "%s: %s\n", failure_kind_name(why.kind), why.text);
		return 1;
	}
	query = (struct trades_query){ argv[2], argv[3], strtod(argv[4], NULL), TRADES_CELLS_MAX };
	for (int i = 1; i <= runs; i++)
		result |= read_once(target, &query, memory, milliseconds, i == runs);
	if (runs > 1 && getrusage(RUSAGE_SELF, &used) == 0)
		fprintf(stderr, "kB %ld\n", used.ru_maxrss);
	postgres_target_free(target);
	trades_memory_free(memory);
	secrets_release(&secrets);
	return result;
}
