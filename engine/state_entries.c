/*
 * Of each kind the worst entries are kept and not the first: with 2,000 routes the one that is blocked must
 * be seen.  An array takes twice as many as are asked for; when it is full it is sorted and cut in half, and
 * then only what is worse than the last one still comes in.
 */

#include <math.h>
#include <stdlib.h>

#include "common/text/array.h"
#include "engine/state_entries.h"

/* Order -------------------------------------------------------------- */

/* Below 0: `a` comes first, the smaller number; what is not known comes last. */
static int
smaller_first(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

static int
compare_feeds(const void *first, const void *second)
{
	const struct state_feed *a = first, *b = second;
	int by;

	if (a->stale != b->stale)
		return a->stale - b->stale;
	if ((a->connected == 0) != (b->connected == 0))
		return (b->connected == 0) - (a->connected == 0);
	by = smaller_first(a->message_at, b->message_at);
	return by != 0 ? by : strcmp(a->exchange, b->exchange);
}

static int
compare_guards(const void *first, const void *second)
{
	const struct state_guard *a = first, *b = second;

	if (a->stale != b->stale)
		return a->stale - b->stale;
	if (a->state != b->state)
		return b->state - a->state;
	if (a->tier != b->tier)
		return (int)a->tier - (int)b->tier;
	return strcmp(a->name, b->name);
}

/* How much of a limit is used; of 0 all, as soon as there is anything. */
static double
used(const struct state_limit *limit)
{
	return limit->limit > 0 || isnan(limit->limit) ? limit->value / limit->limit
	       : limit->value > 0                      ? (double)INFINITY
						       : 0;
}

static int
compare_limits(const void *first, const void *second)
{
	const struct state_limit *a = first, *b = second;
	int by = smaller_first(-used(a), -used(b));

	if (by != 0)
		return by;
	if (a->kind != b->kind)
		return (int)a->kind - (int)b->kind;
	if (a->tier != b->tier)
		return (int)a->tier - (int)b->tier;
	return strcmp(a->name, b->name);
}

static int
compare_routes(const void *first, const void *second)
{
	const struct state_route *a = first, *b = second;
	int by = smaller_first(a->score, b->score);

	return by != 0 ? by : strcmp(a->name, b->name);
}

static int
compare_symbols(const void *first, const void *second)
{
	const struct state_symbol *a = first, *b = second;
	int by = smaller_first(a->updated_at, b->updated_at);

	return by != 0 ? by : strcmp(a->name, b->name);
}

static int
compare_orders(const void *first, const void *second)
{
	const struct state_orders *a = first, *b = second;

	return strcmp(a->exchange, b->exchange);
}

/* Where the name of each kind's struct is, its size, and the order. */
static const struct {
	size_t size, name;
	int (*compare)(const void *, const void *);
} kinds[ENTRY_KINDS] = {
	[ENTRY_FEED] = { sizeof(struct state_feed), offsetof(struct state_feed, exchange), compare_feeds },
	[ENTRY_GUARD] = { sizeof(struct state_guard), offsetof(struct state_guard, name), compare_guards },
	[ENTRY_LIMIT] = { sizeof(struct state_limit), offsetof(struct state_limit, name), compare_limits },
	[ENTRY_ROUTE] = { sizeof(struct state_route), offsetof(struct state_route, name), compare_routes },
	[ENTRY_SYMBOL] = { sizeof(struct state_symbol), offsetof(struct state_symbol, name),
	    compare_symbols },
	[ENTRY_ORDERS] = { sizeof(struct state_orders), offsetof(struct state_orders, exchange),
	    compare_orders },
};

/* Keeping ------------------------------------------------------------ */

/* Of the feeds and exchanges there are never many; more would not fit into their families. */
static size_t
most_of(const struct entries *entries, enum entry_kind kind)
{
	bool of_exchanges = kind == ENTRY_FEED || kind == ENTRY_ORDERS;

	return of_exchanges && entries->most > STATE_FEEDS_MOST ? STATE_FEEDS_MOST : entries->most;
}

/* Sort, and leave the worst `most`. */
static void
cut(struct entries *entries, enum entry_kind kind)
{
	struct worst *kept = &entries->kept[kind];
	size_t most = most_of(entries, kind);

	if (kept->count > 0)
		qsort(kept->items, kept->count, kinds[kind].size, kinds[kind].compare);
	if (kept->count > most) {
		entries->state->dropped[kind] += kept->count - most;
		kept->count = most;
		kept->full = true;
	}
}

static int
keep(struct entries *entries, enum entry_kind kind, const void *entry)
{
	struct worst *kept = &entries->kept[kind];
	size_t size = kinds[kind].size, most = most_of(entries, kind);
	char *items;

	if (kept->full && kinds[kind].compare(entry, (char *)kept->items + (most - 1) * size) > 0) {
		entries->state->dropped[kind]++;
		return 0;
	}
	items = array_reserve(kept->items, &kept->room, kept->count + 1, size);
	if (items == NULL)
		return -1;
	kept->items = items;
	memcpy(items + kept->count++ * size, entry, size);
	if (kept->count == 2 * most)
		cut(entries, kind);
	return 0;
}

union state_entry {
	struct state_feed feed;
	struct state_guard guard;
	struct state_limit limit;
	struct state_route route;
	struct state_symbol symbol;
	struct state_orders orders;
};

/* Set what the fields do not contain. */
static void
set_names(union state_entry *entry, const struct entry_key *key, enum entry_kind kind)
{
	char *name = (char *)entry + kinds[kind].name;

	memcpy(name, key->name.at, key->name.length);
	name[key->name.length] = '\0';
	if (kind == ENTRY_GUARD)
		entry->guard.tier = key->tier;
	if (kind == ENTRY_LIMIT) {
		entry->limit.tier = key->tier;
		entry->limit.kind = key->limit;
	}
}

/* Whether the entry is stale, which it then says itself where there is something left to say of it. */
static bool
mark_stale(const struct entries *entries, enum entry_kind kind, union state_entry *entry)
{
	switch (kind) {
	case ENTRY_FEED: return entry->feed.stale = entry->feed.updated_at < entries->oldest;
	case ENTRY_GUARD: return entry->guard.stale = entry->guard.updated_at < entries->oldest;
	case ENTRY_LIMIT: return entry->limit.updated_at < entries->oldest;
	case ENTRY_ROUTE: return entry->route.updated_at < entries->oldest;
	case ENTRY_SYMBOL: return entry->symbol.stale = entry->symbol.updated_at < entries->oldest;
	case ENTRY_ORDERS: return false;
	}
	return false;
}

int
entries_add(struct entries *entries, const struct entry_key *key, const struct slice values[],
    enum fields_verdict *verdict, struct failure *why)
{
	enum entry_kind kind = key->kind - STATE_ENTRIES;
	struct engine_state *state = entries->state;
	union state_entry entry;
	bool stale;

	memset(&entry, 0, sizeof(entry));
	fields_clear(key->kind, &entry);
	set_names(&entry, key, kind);
	state->entries[kind]++;
	*verdict = fields_read(key->kind, values, entries->now, &entry, why);
	if (*verdict == FIELDS_LOST)
		return 0;
	if (kind == ENTRY_LIMIT && entry.limit.currency[0] == '\0')
		memcpy(entry.limit.currency, "USDT", sizeof("USDT"));
	stale = mark_stale(entries, kind, &entry);
	if (stale)
		state->stale[kind]++;
	else if (kind == ENTRY_GUARD)
		state->guards_by_state[entry.guard.tier][entry.guard.state]++;
	else if (kind == ENTRY_ROUTE && entry.route.decision >= 0)
		state->routes_by_decision[entry.route.decision]++;
	/* Of these nothing is left to say. */
	if (stale && (kind == ENTRY_LIMIT || kind == ENTRY_ROUTE))
		return 0;
	return keep(entries, kind, &entry);
}

void
entries_finish(struct entries *entries)
{
	struct engine_state *state = entries->state;

	for (int kind = 0; kind < ENTRY_KINDS; kind++) {
		cut(entries, kind);
		state->counts[kind] = entries->kept[kind].count;
	}
	state->feeds = entries->kept[ENTRY_FEED].items;
	state->guards = entries->kept[ENTRY_GUARD].items;
	state->limits = entries->kept[ENTRY_LIMIT].items;
	state->routes = entries->kept[ENTRY_ROUTE].items;
	state->symbols = entries->kept[ENTRY_SYMBOL].items;
	state->orders = entries->kept[ENTRY_ORDERS].items;
	memset(entries->kept, 0, sizeof(entries->kept));
}

void
entries_release(struct entries *entries)
{
	for (int kind = 0; kind < ENTRY_KINDS; kind++)
		free(entries->kept[kind].items);
	memset(entries->kept, 0, sizeof(entries->kept));
}
