/*
 * Keeps what was read, and checks what is asked for before a database is.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/secrets.h"
#include "engine/trades/parts.h"

void
trades_clear_view(struct trades_reading *reading, enum kpi_view view)
{
	memset(reading->views[view].rejected, 0, sizeof(reading->views[view].rejected));
	reading->views[view].read = false;
	if (view == VIEW_TRADES) {
		reading->cell_count = reading->slippage_count = 0;
		reading->first_trade_at = reading->last_trade_at = -1;
	} else if (view == VIEW_EQUITY) {
		reading->piece_count = 0;
	} else if (view == VIEW_RATES) {
		reading->rate_count = 0;
	} else if (view == VIEW_TUNING) {
		reading->set_count = 0;
		reading->sets_tried = 0;
		reading->tuning[0] = '\0';
	}
}

void
trades_reading_release(struct trades_reading *reading)
{
	free(reading->cells);
	free(reading->slippages);
	free(reading->pieces);
	free(reading->rates);
	free(reading->sets);
	*reading = (struct trades_reading){ .failure = reading->failure };
}

int
trades_first_segment(const struct trades_reading *reading, enum kpi_window window)
{
	bool midnight_first = reading->midnight < reading->now - 86400;

	switch (window) {
	case WINDOW_ALL: return 0;
	case WINDOW_30D: return 1;
	case WINDOW_7D: return 2;
	case WINDOW_24H: return midnight_first ? 3 + 1 : 3;
	case WINDOW_TODAY: return midnight_first ? 3 : 3 + 1;
	}
	return 0;
}

struct trades_memory *
trades_memory_new(void)
{
	return calloc(1, sizeof(struct trades_memory));
}

void
trades_memory_free(struct trades_memory *memory)
{
	free(memory);
}

int
trades_check_schema(const char *schema, struct failure *why)
{
	struct engine_view_name name;
	struct failure said;
	char view[2 * ENGINE_QUOTED];

	if ((size_t)snprintf(view, sizeof(view), "%s.trades", schema) < sizeof(view) &&
	    engine_view_name_parse(&name, view, &said) == 0)
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "schema '%s': write a name as in arbwatch, of at most 63 letters, digits and '_', or in double quotes without ' and \\",
	    secret_shown(schema));
}

int
trades_check_time_zone(const char *time_zone, struct failure *why)
{
	const char *city = strchr(time_zone, '/');
	const char *sign = strpbrk(time_zone, "+-");

	/* Postgres takes UTC+3 too, and means three hours west of Greenwich: only Etc/GMT+3 is known for
	 * that. */
	if (isalpha((unsigned char)time_zone[0]) && strlen(time_zone) < TRADES_NAME &&
	    strspn(time_zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
		strlen(time_zone) &&
	    (sign == NULL || (city != NULL && city < sign)))
		return 0;
	return failure_set(why, FAILURE_LOCAL,
	    "time zone '%s': write a name as in UTC, Europe/Berlin or Asia/Seoul", secret_shown(time_zone));
}
