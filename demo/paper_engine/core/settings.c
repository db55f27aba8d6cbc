#include "demo/paper_engine/core/settings.h"

static const struct engine_settings defaults = {
	.parameters = {
		.min_profit = FIXED_ONE / 2500,
		.size = 1000 * FIXED_ONE,
		.cooldown_ms = 20 * 1000,
		.weight = 0,
	},
	.costs = {
		.fee = { FIXED_ONE / 1000, FIXED_ONE / 2000 },
		.slippage = FIXED_ONE / 5000,
		.rebalance = FIXED_ONE,
	},
	.limits = {
		.daily_loss_exchange = 10000 * FIXED_ONE,
		.daily_loss_total = 50000 * FIXED_ONE,
		.exposure_symbol = FIXED_ONE / 2,
		.exposure_total = 100000 * FIXED_ONE,
		.losses_in_a_row = 3,
		.score = 50 * FIXED_ONE,
		.spread = FIXED_ONE / 20,
		.drawdown = FIXED_ONE / 5,
		.volatility = FIXED_ONE / 10,
		.volatility_ms = 5 * 60 * 1000,
		.imbalance = FIXED_ONE / 2,
		.rate_limit = FIXED_ONE / 5,
		.down_ms = 5 * 1000,
		.frozen_ms = 10 * 1000,
	},
	.seed = 1,
	.reject_share = FIXED_ONE / 50,
	.leg_gap_ms = 200,
	.cash = 250000 * FIXED_ONE,
	.inventory = 10000 * FIXED_ONE,
	.rebalance_every_ms = 60 * 1000,
	.rebalance_above = FIXED_ONE / 4,
};

struct engine_settings
engine_settings_default(void)
{
	return defaults;
}
