#include <stdlib.h>
#include <string.h>

#include "demo/paper_engine/core/engine.h"
#include "demo/paper_engine/core/ledger.h"
#include "demo/paper_engine/core/movements.h"
#include "demo/paper_engine/core/score.h"
#include "demo/paper_engine/core/trade.h"

int
engine_init(struct engine *engine, const struct engine_settings *settings)
{
	*engine = (struct engine){ .settings = *settings, .random = settings->seed };
	engine->symbols = calloc(SYMBOLS_MOST, sizeof(*engine->symbols));
	if (engine->symbols == NULL)
		return -1;
	engine->equity = engine->highest_equity = fixed_times(settings->cash, VENUES * FIXED_ONE);
	return 0;
}

void
engine_release(struct engine *engine)
{
	free(engine->symbols);
	*engine = (struct engine){ 0 };
}

/* Names go into the ledger, keys of Redis and the lines of a snapshot, beside "USDT" and "engine". */
static bool
name_valid(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._");

	return length < SYMBOL_NAME && name[length] == '\0' && strchr(name, '/') != NULL;
}

int
symbol_place(struct engine *engine, const char *name)
{
	int place = -1;

	if (!name_valid(name))
		return -1;
	for (size_t i = 0; i < engine->symbol_count; i++) {
		if (strcmp(engine->symbols[i].name, name) == 0)
			return (int)i;
		if (place < 0 && engine->symbols[i].name[0] == '\0')
			place = (int)i;
	}
	if (place < 0 && engine->symbol_count < SYMBOLS_MOST)
		place = (int)engine->symbol_count++;
	if (place >= 0) {
		engine->symbols[place] = (struct symbol){ .places = 1 };
		memcpy(engine->symbols[place].name, name, strlen(name));
	}
	return place;
}

int
engine_add_symbol(struct engine *engine, const char *name, int place, int places)
{
	int index = symbol_place(engine, name);

	if (index >= 0) {
		engine->symbols[index].active = true;
		engine->symbols[index].place = place;
		engine->symbols[index].places = places;
	}
	return index;
}

void
engine_drop_symbol(struct engine *engine, size_t index)
{
	engine->symbols[index].active = false;
}

struct global_figures
engine_figures(const struct engine *engine)
{
	return (struct global_figures){
		.daily_loss =
		    (engine->daily_pnl < 0 ? -engine->daily_pnl : 0) + engine->distortions.extra_loss,
		.exposure = engine->exposure + engine->distortions.extra_exposure,
		.equity = engine->equity,
		.highest_equity = engine->highest_equity,
	};
}

struct symbol_figures
engine_symbol_figures(const struct engine *engine, size_t index, int64_t now_ms)
{
	const struct symbol *symbol = &engine->symbols[index];

	return (struct symbol_figures){
		.exposure = symbol->exposure,
		.equity = engine->equity,
		.volatility =
		    price_range_ratio(&symbol->range, engine->settings.limits.volatility_ms, now_ms),
		.imbalance = engine_imbalance(engine, index),
	};
}

static void
look_at_all(struct engine *engine, int64_t now_ms)
{
	const struct limits *limits = &engine->settings.limits;
	struct global_figures figures = engine_figures(engine);

	for (int v = 0; v < VENUES; v++) {
		struct exchange *exchange = &engine->exchanges[v];

		exchange->figures.daily_loss =
		    (exchange->daily_pnl < 0 ? -exchange->daily_pnl : 0) + engine->distortions.extra_loss;
		guard_exchange(&exchange->guard, limits, &exchange->figures, now_ms);
	}
	guard_global(&engine->guard, limits, &figures, now_ms);
}

static void
look_at_symbol(struct engine *engine, size_t index, int64_t now_ms)
{
	struct symbol_figures figures = engine_symbol_figures(engine, index, now_ms);

	guard_symbol(&engine->symbols[index].guard, &engine->settings.limits, &figures, now_ms);
}

/* The worst state of all guards on a trade's way. */
static enum guard_state
guards_worst(const struct engine *engine, const struct symbol *symbol, enum venue buy)
{
	const struct guard *guards[] = { &engine->guard, &engine->exchanges[0].guard,
		&engine->exchanges[1].guard, &symbol->guard, &symbol->routes[buy].guard };
	enum guard_state worst = GUARD_OK;

	for (size_t i = 0; i < sizeof(guards) / sizeof(guards[0]); i++)
		if (guards[i]->state > worst)
			worst = guards[i]->state;
	return worst;
}

/* What is further away than it can be is over: the clock was set back. */
static bool
is_ahead(int64_t due_ms, int64_t most_ms, int64_t now_ms)
{
	return now_ms < due_ms && due_ms - now_ms <= most_ms;
}

static bool
route_rests(const struct engine *engine, const struct route *route, int64_t now_ms)
{
	return is_ahead(route->rests_until_ms, engine->settings.parameters.cooldown_ms, now_ms);
}

/* A route with an edge: what is cheap to know first, then everything as it is at this moment. */
static void
decide(struct engine *engine, size_t index, enum venue buy, const struct quotes *quotes, int64_t now_ms,
    const struct sink *sink)
{
	struct symbol *symbol = &engine->symbols[index];
	struct route *route = &symbol->routes[buy];
	enum guard_state worst;

	if (route_rests(engine, route, now_ms) || engine->distortions.no_score)
		return;
	look_at_all(engine, now_ms);
	look_at_symbol(engine, index, now_ms);
	route_look(engine, symbol, buy, quotes, now_ms);
	worst = guards_worst(engine, symbol, buy);
	if (worst < GUARD_COOLDOWN)
		route->trades = trade_open(engine, symbol, buy, worst == GUARD_DEGRADE, quotes, now_ms, sink);
}

void
engine_step(struct engine *engine, size_t index, int64_t now_ms, const struct sink *sink)
{
	struct symbol *symbol = &engine->symbols[index];
	struct quotes quotes;
	enum venue best;

	symbol->updated_ms = now_ms;
	day_begin(engine, now_ms);
	if (symbol->pending.open &&
	    !is_ahead(symbol->pending.due_ms, 2 * engine->settings.leg_gap_ms, now_ms) &&
	    trade_go_on(engine, symbol, now_ms, sink))
		look_at_all(engine, now_ms);
	if (!quotes_read(engine, symbol, &quotes)) {
		symbol->routes[0].trades = symbol->routes[1].trades = false;
		return;
	}
	price_range_add(&symbol->range, engine->settings.limits.volatility_ms, now_ms,
	    mid_price(symbol->books[VENUE_BINANCE]));
	for (int buy = 0; buy < VENUES; buy++) {
		struct route *route = &symbol->routes[buy];

		route->edge = route_edge(&engine->settings.costs, &quotes, buy);
		if (engine->distortions.no_score ||
		    (!symbol->pending.open && !route_rests(engine, route, now_ms)))
			route->trades = false;
	}
	best = symbol->routes[1].edge > symbol->routes[0].edge ? VENUE_UPBIT : VENUE_BINANCE;
	if (symbol->active && !symbol->pending.open &&
	    symbol->routes[best].edge >= engine->settings.parameters.min_profit)
		decide(engine, index, best, &quotes, now_ms, sink);
}

void
engine_tend(struct engine *engine, int64_t now_ms, const struct sink *sink)
{
	struct quotes quotes;
	bool known;

	day_begin(engine, now_ms);
	movements_tend(engine, now_ms, sink);
	look_at_all(engine, now_ms);
	for (size_t i = 0; i < engine->symbol_count; i++) {
		struct symbol *symbol = &engine->symbols[i];

		if (symbol->name[0] == '\0')
			continue;
		look_at_symbol(engine, i, now_ms);
		known = quotes_read(engine, symbol, &quotes);
		for (int buy = 0; buy < VENUES; buy++)
			if (known)
				route_look(engine, symbol, buy, &quotes, now_ms);
			else
				symbol->routes[buy].score = (struct score){ 0 };
	}
}
