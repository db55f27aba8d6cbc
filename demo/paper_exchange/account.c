#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/paper_exchange/account.h"

static const struct fixed_holding {
	const char *asset, *free, *locked;
} fixed_holdings[] = {
	{ "BTC", "1.25", "0.25" }, { "ETH", "12.5", "0" }, { "XRP", "5000", "100" },
	{ "USDT", "25000.5", "1500" }, { "KRW", "10000000", "250000" }, /* where it is traded */
};
static const struct fixed_holding dust[] = {
	{ "DOGE", "0.00000001", "0" },
	{ "SHIB", "0.00000123", "0" },
	{ "PEPE", "0", "0.00000002" },
};

static const struct fixed_position {
	const char *base, *quantity;
	double entry;
	int leverage;
} fixed_positions[] = {
	{ "BTC", "0.5", 94000, 5 },
	{ "ETH", "-3", 3300, 10 },
};
static const struct fixed_position other_leg = { "BTC", "-0.2", 96000, 5 };
static const struct fixed_position inverse = { "BTC", "-5000", 94000, 5 };

enum { FIXED_HOLDINGS = sizeof(fixed_holdings) / sizeof(fixed_holdings[0]) };
enum { DUST = sizeof(dust) / sizeof(dust[0]) };
enum { FIXED_POSITIONS = sizeof(fixed_positions) / sizeof(fixed_positions[0]) };

static amount
amount_from(const char *text)
{
	amount value = 0;

	(void)amount_parse(text, &value);
	return value;
}

amount
amount_absolute(amount value)
{
	return value < 0 ? -value : value;
}

static amount
drift_of(const struct call *call)
{
	return call->faults[FAULT_DRIFT].on ? amount_from(call->faults[FAULT_DRIFT].text) : 0;
}

static void
add_holding(struct holdings *holdings, const struct fixed_holding *fixed)
{
	struct holding *holding = &holdings->list[holdings->count++];

	(void)snprintf(holding->asset, sizeof(holding->asset), "%s", fixed->asset);
	holding->free = amount_from(fixed->free);
	holding->locked = amount_from(fixed->locked);
}

void
made_up_holding(size_t number, struct holding *holding)
{
	(void)snprintf(holding->asset, sizeof(holding->asset), "A%05zu", number);
	holding->free = amount_of((long)number) + amount_shift(amount_of((long)number), -8);
	holding->locked = number % 10 == 0 ? amount_from("0.5") : 0;
}

/* What the venue has an account for. */
static bool
is_held(const struct venue *venue, const char *asset)
{
	if (venue->margin_only)
		return strcmp(asset, "USDT") == 0;
	return strcmp(asset, "KRW") != 0 || venue->market == MARKET_UPBIT;
}

static void
drift_apart(struct holdings *holdings, amount drift)
{
	for (size_t i = 0; i < holdings->count; i++) {
		amount *free = &holdings->list[i].free;

		if (strcmp(holdings->list[i].asset, "BTC") == 0)
			*free = *free + drift < 0 ? 0 : *free + drift;
	}
}

bool
account_holdings(const struct call *call, struct holdings *holdings)
{
	const struct fault_setting *many = &call->faults[FAULT_BALANCES];
	size_t room = FIXED_HOLDINGS + DUST + (many->on ? (size_t)many->number : 0);

	*holdings = (struct holdings){ .list = calloc(room, sizeof(*holdings->list)) };
	if (holdings->list == NULL || call->faults[FAULT_FLAT].on)
		return holdings->list != NULL;
	for (size_t i = 1; many->on && i <= (size_t)many->number; i++)
		made_up_holding(i, &holdings->list[holdings->count++]);
	for (size_t i = 0; !many->on && i < FIXED_HOLDINGS; i++)
		if (is_held(call->venue, fixed_holdings[i].asset))
			add_holding(holdings, &fixed_holdings[i]);
	for (size_t i = 0; call->faults[FAULT_DUST].on && i < DUST; i++)
		add_holding(holdings, &dust[i]);
	if (!call->venue->has_positions)
		drift_apart(holdings, drift_of(call));
	return true;
}

void
made_up_position(size_t number, bool hedge, struct position *position)
{
	amount quantity = amount_of((long)number) + amount_shift(amount_of((long)number), -5);
	bool is_long = number % 2 == 1;

	*position = (struct position){ .quantity = is_long ? quantity : -quantity,
		.leg = hedge ? (is_long ? LEG_LONG : LEG_SHORT) : LEG_NET,
		.entry = 10 + (double)(number % 100) / 100,
		.leverage = 5,
		.number = number };
	(void)snprintf(position->base, sizeof(position->base), "P%05zu", number);
}

/* Unless the drift has closed it: a leg cannot change its side. */
static void
add_position(const struct call *call, struct positions *positions, const struct fixed_position *fixed)
{
	struct position position = { .entry = fixed->entry,
		.leverage = fixed->leverage,
		.inverse = fixed == &inverse,
		.quantity = amount_from(fixed->quantity) };
	bool is_long = position.quantity > 0;

	(void)snprintf(position.base, sizeof(position.base), "%s", fixed->base);
	if (strcmp(fixed->base, "BTC") == 0 && !position.inverse)
		position.quantity += drift_of(call);
	if (call->faults[FAULT_HEDGE].on)
		position.leg = is_long ? LEG_LONG : LEG_SHORT;
	if (position.quantity == 0 || (position.leg != LEG_NET && is_long != (position.quantity > 0)))
		return;
	position.number = positions->count + 1;
	positions->list[positions->count++] = position;
}

bool
account_positions(const struct call *call, struct positions *positions)
{
	const struct fault_setting *many = &call->faults[FAULT_POSITIONS];
	size_t room = FIXED_POSITIONS + 2 + (many->on ? (size_t)many->number : 0);
	bool hedge = call->faults[FAULT_HEDGE].on;

	*positions = (struct positions){ .list = calloc(room, sizeof(*positions->list)) };
	if (positions->list == NULL || call->faults[FAULT_FLAT].on)
		return positions->list != NULL;
	for (size_t i = 1; many->on && i <= (size_t)many->number; i++)
		made_up_position(i, hedge, &positions->list[positions->count++]);
	for (size_t i = 0; !many->on && i < FIXED_POSITIONS; i++)
		add_position(call, positions, &fixed_positions[i]);
	if (hedge && !many->on)
		add_position(call, positions, &other_leg);
	if (call->faults[FAULT_INVERSE].on)
		add_position(call, positions, &inverse);
	return true;
}

void
position_value(const struct call *call, const struct position *position, struct valuation *value)
{
	double quantity = amount_value(position->quantity);
	struct listings all = call_listings(call);
	struct book book;

	*value = (struct valuation){ .mark = position->entry };
	for (size_t i = 0; i < all.count; i++)
		if (strcmp(all.list[i].base, position->base) == 0)
			value->listing = all.list + i;
	if (value->listing != NULL) {
		call_book(call, value->listing, &book, 1);
		value->mark = units_value(book.middle, value->listing->price_decimals);
	}
	value->notional = quantity < 0 ? -quantity : quantity;
	if (position->inverse) {
		value->profit = quantity * (1 / position->entry - 1 / value->mark);
	} else {
		value->notional *= value->mark;
		value->profit = quantity * (value->mark - position->entry);
	}
	value->margin = value->notional / position->leverage;
}

int64_t
account_expiry(const struct call *call, int64_t fallback_ms)
{
	const struct fault_setting *expiry = &call->faults[FAULT_EXPIRY];

	return expiry->on ? expiry->since_ms + expiry->number * 86400000 : fallback_ms;
}

json_t *
json_amount(amount value, int decimals)
{
	char text[AMOUNT_TEXT];

	amount_text(text, value, decimals);
	return json_string(text);
}
