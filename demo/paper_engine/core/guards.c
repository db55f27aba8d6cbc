#include <stdio.h>

#include "demo/paper_engine/core/guards.h"

/* Products of two amounts are compared, not rounded: so a guard is exact at its limit, and needs no division.
 */
__extension__ typedef __int128 wide;

const char *const guard_state_words[4] = { "ok", "degrade", "cooldown", "block" };

/* The reasons are considered in their order: an equal one that comes later does not count. */
static void
consider(struct guard *next, enum guard_state state, enum guard_reason reason, fixed value, fixed limit)
{
	if (state <= next->state)
		return;
	next->state = state;
	next->reason = reason;
	next->value = value;
	next->limit = limit;
}

static void
settle(struct guard *guard, struct guard *next, int64_t now_ms)
{
	next->triggers = guard->triggers + (guard->state == GUARD_OK && next->state != GUARD_OK);
	next->since_ms = guard->state == next->state ? guard->since_ms : now_ms;
	*guard = *next;
}

static fixed
seconds(int64_t ms)
{
	return ms * (FIXED_ONE / 1000);
}

void
guard_exchange(
    struct guard *guard, const struct limits *limits, const struct exchange_figures *figures, int64_t now_ms)
{
	struct guard next = { 0 };
	int64_t silent_ms = now_ms - figures->message_ms, unchanged_ms = now_ms - figures->change_ms;

	if (limits->daily_loss_exchange > 0 && figures->daily_loss >= limits->daily_loss_exchange)
		consider(
		    &next, GUARD_BLOCK, REASON_DAILY_LOSS, figures->daily_loss, limits->daily_loss_exchange);
	if (!figures->connected)
		consider(&next, GUARD_BLOCK, REASON_DOWN, seconds(silent_ms), 0);
	else if (limits->down_ms > 0 && silent_ms >= limits->down_ms)
		consider(&next, GUARD_BLOCK, REASON_DOWN, seconds(silent_ms), seconds(limits->down_ms));
	if (limits->frozen_ms > 0 && unchanged_ms >= limits->frozen_ms)
		consider(
		    &next, GUARD_BLOCK, REASON_FROZEN, seconds(unchanged_ms), seconds(limits->frozen_ms));
	if (figures->rate_limit_left < limits->rate_limit)
		consider(
		    &next, GUARD_DEGRADE, REASON_RATE_LIMIT, figures->rate_limit_left, limits->rate_limit);
	settle(guard, &next, now_ms);
}

void
guard_route(struct guard *guard, const struct engine_settings *settings, const struct route_figures *figures,
    int64_t now_ms)
{
	const struct limits *limits = &settings->limits;
	struct guard next = { 0 };
	int losses = figures->losses_in_a_row;
	int64_t until_ms = figures->last_loss_ms + STREAK_COOLDOWNS * settings->parameters.cooldown_ms;

	if (figures->edge >= settings->parameters.min_profit && figures->score < limits->score)
		consider(&next, GUARD_BLOCK, REASON_SCORE, figures->score, limits->score);
	/* Each limit of losses anew: after a cooldown it takes a whole streak until the next one. */
	if (losses > 0 && limits->losses_in_a_row > 0 && now_ms < until_ms &&
	    losses % limits->losses_in_a_row == 0)
		consider(&next, GUARD_COOLDOWN, REASON_STREAK, losses * FIXED_ONE,
		    limits->losses_in_a_row * FIXED_ONE);
	if (next.state == GUARD_COOLDOWN)
		next.until_ms = until_ms;
	if (limits->spread > 0 && figures->spread > limits->spread)
		consider(&next, GUARD_DEGRADE, REASON_SPREAD, figures->spread, limits->spread);
	settle(guard, &next, now_ms);
}

void
guard_symbol(
    struct guard *guard, const struct limits *limits, const struct symbol_figures *figures, int64_t now_ms)
{
	struct guard next = { 0 };
	fixed imbalance = figures->imbalance < 0 ? -figures->imbalance : figures->imbalance;

	if (limits->exposure_symbol > 0 &&
	    (wide)figures->exposure * FIXED_ONE > (wide)figures->equity * limits->exposure_symbol)
		consider(&next, GUARD_BLOCK, REASON_EXPOSURE, figures->exposure,
		    fixed_times(figures->equity, limits->exposure_symbol));
	if (limits->imbalance > 0 && imbalance > limits->imbalance)
		consider(&next, GUARD_BLOCK, REASON_IMBALANCE, imbalance, limits->imbalance);
	if (limits->volatility > 0 && figures->volatility > limits->volatility)
		consider(&next, GUARD_DEGRADE, REASON_VOLATILITY, figures->volatility, limits->volatility);
	settle(guard, &next, now_ms);
}

void
guard_global(
    struct guard *guard, const struct limits *limits, const struct global_figures *figures, int64_t now_ms)
{
	struct guard next = { 0 };
	fixed lost = fixed_plus(figures->highest_equity, -figures->equity);

	if (limits->daily_loss_total > 0 && figures->daily_loss >= limits->daily_loss_total)
		consider(
		    &next, GUARD_BLOCK, REASON_DAILY_LOSS, figures->daily_loss, limits->daily_loss_total);
	if (limits->exposure_total > 0 && figures->exposure > limits->exposure_total)
		consider(&next, GUARD_BLOCK, REASON_EXPOSURE, figures->exposure, limits->exposure_total);
	if (limits->drawdown > 0 && figures->highest_equity > 0 &&
	    (wide)lost * FIXED_ONE > (wide)figures->highest_equity * limits->drawdown)
		consider(&next, GUARD_BLOCK, REASON_DRAWDOWN, fixed_over(lost, figures->highest_equity),
		    limits->drawdown);
	settle(guard, &next, now_ms);
}

/* With two decimals; the others are cut off, because 49.99 must not be shown as 50, which it is less than. */
static const char *
figure_text(fixed value, int scale, char text[FIXED_TEXT])
{
	fixed scaled = fixed_times(value, scale * FIXED_ONE);

	return fixed_short_text(scaled - scaled % (FIXED_ONE / 100), text);
}

void
guard_text(const struct guard *guard, char text[GUARD_TEXT])
{
	static const struct {
		const char *before, *between, *after;
		int scale; /* of a ratio: to percent, or to basis points */
	} words[] = {
		[REASON_NONE] = { "", "", "", 1 },
		[REASON_DAILY_LOSS] = { "daily loss ", " of ", " USDT", 1 },
		[REASON_EXPOSURE] = { "exposure ", " of ", " USDT", 1 },
		[REASON_DRAWDOWN] = { "drawdown ", "% of ", "%", 100 },
		[REASON_DOWN] = { "no message for ", " of ", " s", 1 },
		[REASON_FROZEN] = { "no book has changed for ", " of ", " s", 1 },
		[REASON_SCORE] = { "score ", ", less than ", "", 1 },
		[REASON_IMBALANCE] = { "imbalance ", "% of ", "%", 100 },
		[REASON_STREAK] = { "", " losses in a row, limit ", "", 1 },
		[REASON_SPREAD] = { "spread ", " of ", " bps", 10000 },
		[REASON_VOLATILITY] = { "volatility ", "% of ", "%", 100 },
		[REASON_RATE_LIMIT] = { "", "% of the rate limit left, less than ", "%", 100 },
	};
	char value[FIXED_TEXT], limit[FIXED_TEXT];
	int scale = words[guard->reason].scale;

	text[0] = '\0';
	if (guard->reason == REASON_DOWN && guard->limit == 0)
		(void)snprintf(text, GUARD_TEXT, "not connected");
	else if (guard->reason != REASON_NONE)
		(void)snprintf(text, GUARD_TEXT, "%s%s%s%s%s", words[guard->reason].before,
		    figure_text(guard->value, scale, value), words[guard->reason].between,
		    figure_text(guard->limit, scale, limit), words[guard->reason].after);
}

static int64_t
step_ms(int64_t window_ms)
{
	return window_ms < RANGE_STEPS ? 1 : window_ms / RANGE_STEPS;
}

void
price_range_add(struct price_range *range, int64_t window_ms, int64_t now_ms, fixed price)
{
	int64_t step = now_ms / step_ms(window_ms);
	size_t place = (size_t)step % RANGE_STEPS;

	/* Backwards: the clock was set, or the window is another one. */
	if (step < range->step || step - range->step >= RANGE_STEPS)
		*range = (struct price_range){ .step = step };
	while (range->step < step) {
		size_t next = (size_t)++range->step % RANGE_STEPS;

		range->high[next] = range->low[next] = 0;
	}
	if (price > range->high[place])
		range->high[place] = price;
	if (price > 0 && (range->low[place] == 0 || price < range->low[place]))
		range->low[place] = price;
}

fixed
price_range_ratio(const struct price_range *range, int64_t window_ms, int64_t now_ms)
{
	int64_t newest = now_ms / step_ms(window_ms);
	fixed high = 0, low = 0;

	for (int64_t step = range->step; step > newest - RANGE_STEPS && step > range->step - RANGE_STEPS;
	     step--) {
		size_t place = (size_t)step % RANGE_STEPS;

		if (range->high[place] > high)
			high = range->high[place];
		if (range->low[place] > 0 && (low == 0 || range->low[place] < low))
			low = range->low[place];
	}
	return low == 0 ? 0 : fixed_over(high - low, low);
}
