#include <stdio.h>
#include <string.h>

#include "demo/paper_engine/live/tell_symbol.h"

enum { KEY = 96, SECOND_MS = 1000 };

void
tell_total(struct teller *t, const char *key, const char *field, int64_t total, int64_t *told)
{
	tell_count(t, key, field, (long)(total - *told));
	*told = total;
}

void
tell_guard(struct teller *t, const char *key, const struct guard *guard, int64_t *told, double now)
{
	char reason[GUARD_TEXT];

	guard_text(guard, reason);
	tell_state(
	    t, key, "updated_at %.3f state %s reason %s", now, guard_state_words[guard->state], reason);
	if (guard->triggers != *told)
		tell_total(t, key, "triggers", guard->triggers, told);
}

void
tell_limit(struct teller *t, const char *key, fixed value, fixed limit, double now)
{
	tell_state(t, key, "updated_at %.3f value %.8f limit %.8f currency USDT", now, fixed_value(value),
	    fixed_value(limit));
}

static const char *
route_name(const char *symbol, int buy, char name[KEY])
{
	(void)snprintf(name, KEY, "%s-%s:%.*s", venue_names[buy], venue_names[VENUES - 1 - buy],
	    (int)strcspn(symbol, "/"), symbol);
	return name;
}

static void
tell_route(struct teller *t, const struct symbol *symbol, int buy, int64_t *told, double now)
{
	const struct route *route = &symbol->routes[buy];
	const struct score *score = &route->score;
	char name[KEY], key[2 * KEY];

	(void)snprintf(key, sizeof(key), "route:%s", route_name(symbol->name, buy, name));
	tell_state(t, key,
	    "updated_at %.3f score %.2f spread %.2f health %.2f fee %.2f inventory %.2f decision %s", now,
	    fixed_value(score->total), fixed_value(score->spread), fixed_value(score->health),
	    fixed_value(score->fee), fixed_value(score->inventory), route->trades ? "trade" : "skip");
	(void)snprintf(key, sizeof(key), "guard:route:%s", name);
	tell_guard(t, key, &route->guard, told, now);
}

static void
delete_symbol(struct teller *t, const char *symbol)
{
	static const char *const of_symbol[] = { "symbol:", "guard:symbol:", "limit:exposure:symbol:" };
	static const char *const of_route[] = { "route:", "guard:route:" };
	char name[KEY], key[2 * KEY];

	for (size_t i = 0; i < sizeof(of_symbol) / sizeof(of_symbol[0]); i++) {
		(void)snprintf(key, sizeof(key), "%s%s", of_symbol[i], symbol);
		tell_gone(t, key);
	}
	for (size_t i = 0; i < VENUES * (sizeof(of_route) / sizeof(of_route[0])); i++) {
		(void)snprintf(key, sizeof(key), "%s%s", of_route[i / VENUES],
		    route_name(symbol, (int)(i % VENUES), name));
		tell_gone(t, key);
	}
}

/* A place may have another symbol by now; its keys begin anew. */
static void
begin_symbol(struct teller *t, const struct symbol *symbol, struct told_symbol *told, double now)
{
	char name[KEY], key[2 * KEY];

	memcpy(told->name, symbol->name, sizeof(told->name));
	told->triggers = symbol->guard.triggers;
	(void)snprintf(key, sizeof(key), "guard:symbol:%s", symbol->name);
	tell_guard(t, key, &symbol->guard, &told->triggers, now);
	tell_count(t, key, "triggers", 0);
	for (int buy = 0; buy < VENUES; buy++) {
		told->route_triggers[buy] = symbol->routes[buy].guard.triggers;
		(void)snprintf(key, sizeof(key), "guard:route:%s", route_name(symbol->name, buy, name));
		tell_guard(t, key, &symbol->routes[buy].guard, &told->route_triggers[buy], now);
		tell_count(t, key, "triggers", 0);
	}
}

void
tell_symbol(
    struct teller *t, const struct engine *engine, size_t index, struct told_symbol *told, int64_t now_ms)
{
	const struct symbol *symbol = &engine->symbols[index];
	double now = (double)now_ms / SECOND_MS;
	bool here = symbol->active && symbol->name[0] != '\0';
	struct symbol_figures figures;
	char key[KEY];

	if (told->name[0] != '\0' && (!here || strcmp(told->name, symbol->name) != 0)) {
		delete_symbol(t, told->name);
		told->name[0] = '\0';
	}
	if (!here)
		return;
	if (told->name[0] == '\0')
		begin_symbol(t, symbol, told, now);
	figures = engine_symbol_figures(engine, index, now_ms);
	(void)snprintf(key, sizeof(key), "symbol:%s", symbol->name);
	if (symbol->updated_ms > 0)
		tell_state(t, key, "updated_at %.3f", (double)symbol->updated_ms / SECOND_MS);
	(void)snprintf(key, sizeof(key), "guard:symbol:%s", symbol->name);
	tell_guard(t, key, &symbol->guard, &told->triggers, now);
	(void)snprintf(key, sizeof(key), "limit:exposure:symbol:%s", symbol->name);
	tell_limit(t, key, figures.exposure,
	    fixed_times(engine->settings.limits.exposure_symbol, figures.equity), now);
	for (int buy = 0; buy < VENUES; buy++)
		tell_route(t, symbol, buy, &told->route_triggers[buy], now);
}
