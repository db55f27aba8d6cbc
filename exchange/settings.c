/*
 * Exchanges and symbols of the settings.  Several programs share these options and their rules, so that one
 * config file means the same to all of them.
 *
 * Every mistake is an error at the start and names its setting: an exchange that is left out because of a
 * misspelt name would be an exchange that nobody watches.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/settings.h"

enum { NAME_BYTES = 64, NATIVE_BYTES = 64 };

static int
out_of_memory(struct failure *why)
{
	return failure_set(why, FAILURE_LOCAL, "out of memory");
}

/* Exchanges ---------------------------------------------------------- */

struct exchange_setting *
exchange_settings_find(const struct exchange_settings *settings, struct slice name)
{
	for (size_t i = 0; i < settings->count; i++)
		if (slice_is(name, settings->items[i].name))
			return &settings->items[i];
	return NULL;
}

static int
load_profile(struct exchange_setting *exchange, const char *directory, struct failure *why)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/%s.yaml", directory, exchange->name) >= (int)sizeof(path))
		return failure_set(why, FAILURE_LOCAL, "the path of its profile is too long");
	exchange->profile = profile_load(path, why);
	return exchange->profile != NULL ? 0 : -1;
}

static int
add_exchange(
    struct exchange_settings *settings, const struct options *given, size_t index, struct failure *why)
{
	struct exchange_setting *exchange = &settings->items[settings->count];
	struct failure reason = { 0 };
	char *url;

	exchange->name = strdup(options_item(given, "exchange", index));
	if (exchange->name == NULL)
		return out_of_memory(why);
	/* From here on exchange_settings_release() frees it, also after a failure below. */
	settings->count++;
	url = strchr(exchange->name, '=');
	if (url != NULL)
		*url++ = '\0';
	/* The name becomes a label value and part of a path: no '/' and no dot may be in it. */
	if (!profile_name_valid(exchange->name) || strlen(exchange->name) > NAME_BYTES)
		return options_failure(given, "exchange", index, why,
		    "name the exchange by its profile, in small letters, as in 'binance' or "
		    "'binance=http://127.0.0.1:8080/binance'");
	/* The first one of that name is found: if that is not this one, it is there twice. */
	if (exchange_settings_find(settings, SLICE(exchange->name)) != exchange)
		return options_failure(given, "exchange", index, why, "'%s' is there twice", exchange->name);
	if (url != NULL) {
		/* The key is sent there, so the rules are those of a profile. */
		if (profile_check_url(url, &reason) != 0)
			return options_failure(
			    given, "exchange", index, why, "%s: %s", exchange->name, reason.text);
		exchange->base_url = strdup(url);
		if (exchange->base_url == NULL)
			return out_of_memory(why);
	}
	if (load_profile(exchange, options_text(given, "exchange.profiles"), &reason) != 0)
		return options_failure(given, "exchange", index, why, "%s: %s", exchange->name, reason.text);
	return 0;
}

/* Symbols ------------------------------------------------------------ */

/* The name before the colon of "upbit:BTC/KRW", which is for that exchange alone; at == NULL: for all. */
static struct slice
owner_of(const char *text)
{
	const char *colon = strchr(text, ':');

	return (struct slice){ colon != NULL ? text : NULL, colon != NULL ? (size_t)(colon - text) : 0 };
}

static int
check_owners(const struct exchange_settings *settings, const struct options *given, struct failure *why)
{
	for (size_t i = 0; i < options_count(given, "symbol"); i++) {
		const char *text = options_item(given, "symbol", i);
		struct slice owner = owner_of(text);

		if (owner.at != NULL && exchange_settings_find(settings, owner) == NULL)
			return options_failure(given, "symbol", i, why,
			    "'%s' is for an exchange that --exchange does not name", text);
	}
	return 0;
}

/* Whether the exchange can spell the symbol shows now, and not in the first run. */
static int
add_symbol(struct exchange_setting *exchange, const char *symbol, const struct options *given, size_t index,
    struct failure *why)
{
	char native[NATIVE_BYTES];

	if (profile_symbol(exchange->profile, symbol, native, sizeof(native)) != 0)
		return options_failure(
		    given, "symbol", index, why, "'%s' is not a pair like BTC/USDT", symbol);
	for (size_t i = 0; i < exchange->symbol_count; i++)
		if (strcmp(exchange->symbols[i], symbol) == 0)
			return options_failure(given, "symbol", index, why, "'%s' is there twice for %s",
			    symbol, exchange->name);
	exchange->symbols[exchange->symbol_count] = strdup(symbol);
	return exchange->symbols[exchange->symbol_count++] != NULL ? 0 : out_of_memory(why);
}

/* Symbols of its own, if it has any; else those for all exchanges. */
static int
add_symbols(struct exchange_setting *exchange, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "symbol");
	bool own = false;

	exchange->symbols = calloc(count + 1, sizeof(*exchange->symbols));
	if (exchange->symbols == NULL)
		return out_of_memory(why);
	for (size_t i = 0; i < count; i++)
		own = own || slice_is(owner_of(options_item(given, "symbol", i)), exchange->name);
	for (size_t i = 0; i < count; i++) {
		const char *text = options_item(given, "symbol", i);
		struct slice owner = owner_of(text);

		if (own ? !slice_is(owner, exchange->name) : owner.at != NULL)
			continue;
		if (add_symbol(exchange, owner.at != NULL ? text + owner.length + 1 : text, given, i, why) !=
		    0)
			return -1;
	}
	return 0;
}

/* All ---------------------------------------------------------------- */

int
exchange_settings_read(struct exchange_settings *settings, const struct options *given, struct failure *why)
{
	size_t count = options_count(given, "exchange");

	if (count == 0)
		return failure_set(why, FAILURE_LOCAL,
		    "--exchange: name at least one exchange by its profile, as in 'binance'");
	if (count > EXCHANGES_MAX)
		return options_failure(
		    given, "exchange", EXCHANGES_MAX, why, "more than %d exchanges", (int)EXCHANGES_MAX);
	settings->items = calloc(count, sizeof(*settings->items));
	if (settings->items == NULL)
		return out_of_memory(why);
	for (size_t i = 0; i < count; i++)
		if (add_exchange(settings, given, i, why) != 0)
			return -1;
	/* After all exchanges: a symbol may name one that comes later. */
	if (check_owners(settings, given, why) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (add_symbols(&settings->items[i], given, why) != 0)
			return -1;
	return 0;
}

void
exchange_settings_release(struct exchange_settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		struct exchange_setting *exchange = &settings->items[i];

		for (size_t j = 0; j < exchange->symbol_count; j++)
			free(exchange->symbols[j]);
		free(exchange->symbols);
		free(exchange->base_url);
		free(exchange->name);
		profile_free(exchange->profile);
	}
	free(settings->items);
	*settings = (struct exchange_settings){ 0 };
}
