#ifndef COLLECTORS_TRADING_KPIS_REPORT_H
#define COLLECTORS_TRADING_KPIS_REPORT_H

#include "collectors/harness/collector.h"
#include "engine/trades.h"

/* The settings of a report. */
struct kpi_report {
	const char *engine;
	const char *currency; /* of the converted profit, or NULL */
	double rate_max_age;  /* seconds */
	size_t names_max;
};

/* Sorts the reading's cells. */
void kpi_report_write(const struct kpi_report *report, struct trades_reading *reading, struct run *run);

#endif /* COLLECTORS_TRADING_KPIS_REPORT_H */
