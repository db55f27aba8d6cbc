#ifndef COLLECTORS_TRADING_KPIS_REPORT_H
#define COLLECTORS_TRADING_KPIS_REPORT_H

#include "collectors/harness/collector.h"
#include "engine/trades.h"

/* What a reading becomes, by the settings; and what was logged in earlier runs of a loop. */
struct kpi_report {
	const char *engine;
	const char *currency; /* of the converted profit; NULL: none */
	double rate_max_age;  /* seconds */
	size_t names_max;
	uint64_t logged[KPI_VIEWS][TRADES_REASONS]; /* how many rows were rejected */
};

/* Sorts the reading's cells. */
void kpi_report_write(struct kpi_report *report, struct trades_reading *reading, struct run *run);

#endif /* COLLECTORS_TRADING_KPIS_REPORT_H */
