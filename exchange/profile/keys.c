/*
 * The keys of exchanges/<name>.yaml, as tables.  A row gives the name of a key, how its text is checked
 * (the kind) and where the value goes (an offset into a struct of profile.h).  No key has code of its own:
 * a new key is a new row here, a field in profile.h and a line in docs/adding-an-exchange.md.
 *
 * The kind and the type of the field must fit, and the compiler cannot check that, because value.c writes
 * through a void pointer: a text is a const char *, a list a struct profile_list, a choice an enum, a flag
 * a bool, a number a double; counts and seconds are ints.
 *
 * A key that no table has is an error.  If a misspelt "errors.banned" were passed over, the profile would
 * load, and a ban would not be seen.
 */

#include <string.h>

#include "common/text/slice.h"
#include "exchange/profile/keys.h"

#define UNITS              "auto s ms us ns iso8601"
#define OF(field)          offsetof(struct profile, field)
#define OF_ENDPOINT(field) offsetof(struct profile_endpoint, field)
#define OF_LIMIT(field)    offsetof(struct profile_limit, field)
#define OF_READ(field)     offsetof(struct profile_read, field)

/* Of a KIND_FLAG the second word means true; of a KIND_CHOICE the words have the order of the enum. */
static const struct profile_key keys[] = {
	{ "name", KIND_NAME, OF(name), NULL },
	{ "base_url", KIND_URL, OF(base_url), NULL },
	{ "test_url", KIND_URL, OF(test_url), NULL },
	{ "live_hosts", KIND_HOSTS, OF(live_hosts), NULL },
	{ "test_hosts", KIND_HOSTS, OF(test_hosts), NULL },
	{ "symbol.format", KIND_FORMAT, OF(symbol_format), NULL },
	{ "symbol.rename", KIND_RENAMES, OF(symbol_rename), NULL },
	{ "symbol.units", KIND_UNITS, OF(symbol_units), NULL },
	{ "symbol.contract_quote", KIND_WORD, OF(contract_quote), NULL },
	{ "ok.rule", KIND_CHOICE, OF(ok_kind), "absent equals empty" },
	{ "ok.pointer", KIND_POINTER, OF(ok_pointer), NULL },
	{ "ok.value", KIND_TEXT, OF(ok_value), NULL },
	{ "errors.code", KIND_POINTERS, OF(error_code), NULL },
	{ "errors.message", KIND_POINTERS, OF(error_message), NULL },
	{ "errors.rate_limited", KIND_TEXTS, OF(rate_limited), NULL },
	{ "errors.banned", KIND_TEXTS, OF(banned), NULL },
	{ "errors.clock", KIND_TEXTS, OF(clock), NULL },
	{ "errors.auth", KIND_TEXTS, OF(auth_failed), NULL },
	{ "errors.maintenance", KIND_TEXTS, OF(maintenance), NULL },
	{ "errors.ip", KIND_TEXTS, OF(auth_ip), NULL },
	{ "errors.permission", KIND_TEXTS, OF(auth_permission), NULL },
	{ "errors.expired", KIND_TEXTS, OF(auth_expired), NULL },
	{ "errors.signature", KIND_TEXTS, OF(auth_signature), NULL },
	{ "errors.unknown_symbol", KIND_TEXTS, OF(unknown_symbol), NULL },
	{ "time.source", KIND_FLAG, OF(time_from_date_header), "json date_header" },
	{ "time.pointer", KIND_POINTER, OF(time_pointer), NULL },
	{ "time.unit", KIND_CHOICE, OF(time_unit), UNITS },
	{ "book.bids", KIND_POINTER, OF(book_bids), NULL },
	{ "book.asks", KIND_POINTER, OF(book_asks), NULL },
	{ "book.bid_price", KIND_POINTER, OF(bid_price), NULL },
	{ "book.ask_price", KIND_POINTER, OF(ask_price), NULL },
	{ "book.bid_size", KIND_POINTER, OF(bid_size), NULL },
	{ "book.ask_size", KIND_POINTER, OF(ask_size), NULL },
	{ "book.timestamp", KIND_POINTERS, OF(book_timestamp), NULL },
	{ "book.unit", KIND_CHOICE, OF(book_unit), UNITS },
	{ "book.sequence", KIND_POINTER, OF(book_sequence), NULL },
	{ "trade.timestamp", KIND_POINTER, OF(trade_timestamp), NULL },
	{ "trade.unit", KIND_CHOICE, OF(trade_unit), UNITS },
	{ "status.pointer", KIND_POINTER, OF(status_pointer), NULL },
	{ "status.list", KIND_POINTER, OF(status_list), NULL },
	{ "status.healthy", KIND_TEXTS, OF(status_healthy), NULL },
	{ "status.maintenance", KIND_TEXTS, OF(status_maintenance), NULL },
	{ "status.ignored", KIND_RULES, OF(status_ignored), NULL },
	{ "status.partial", KIND_RULES, OF(status_partial), NULL },
	{ "symbols.list", KIND_POINTER, OF(symbols_list), NULL },
	{ "symbols.name", KIND_POINTER, OF(symbol_name), NULL },
	{ "symbols.state", KIND_POINTER, OF(symbol_state), NULL },
	{ "symbols.tradable", KIND_TEXTS, OF(symbol_tradable), NULL },
	{ "symbols.halted", KIND_FLAGS, OF(symbol_halted), NULL },
	{ "retry.throttle_status", KIND_STATUSES, OF(throttle_status), NULL },
	{ "retry.ban_status", KIND_STATUSES, OF(ban_status), NULL },
	{ "retry.after_header", KIND_WORD, OF(retry_after), NULL },
	{ "retry.ban_until_after", KIND_TEXT, OF(ban_until_after), NULL },
	{ "retry.default_ban", KIND_SECONDS, OF(default_ban_seconds), NULL },
	{ "auth.scheme", KIND_ONE_OF, OF(auth.scheme), "none hmac jwt" },
	{ "auth.algorithm", KIND_ONE_OF, OF(auth.algorithm), "sha256 sha512 HS256 HS512 ES256 EdDSA" },
	{ "auth.encoding", KIND_ONE_OF, OF(auth.encoding), "hex base64" },
	{ "auth.secret_encoding", KIND_ONE_OF, OF(auth.secret_encoding), "raw base64 pem" },
	{ "auth.prehash", KIND_TEMPLATE, OF(auth.prehash), NULL },
	{ "auth.timestamp", KIND_ONE_OF, OF(auth.timestamp), "ms s iso8601" },
	{ "auth.headers", KIND_HEADERS, OF(auth.headers), NULL },
	{ "auth.claims", KIND_PAIRS, OF(auth.claims), NULL },
	{ "auth.query", KIND_PAIRS, OF(auth.query), NULL },
	{ "account.balances.asset", KIND_POINTER, OF(account.balance_asset), NULL },
	{ "account.balances.free", KIND_POINTER, OF(account.balance_free), NULL },
	{ "account.balances.total", KIND_POINTER, OF(account.balance_total), NULL },
	{ "account.balances.fallback_total", KIND_POINTER, OF(account.balance_fallback), NULL },
	{ "account.balances.locked", KIND_POINTER, OF(account.balance_locked), NULL },
	{ "account.balances.margin", KIND_POINTERS, OF(account.balance_margin), NULL },
	{ "account.balances.owed", KIND_POINTERS, OF(account.balance_owed), NULL },
	{ "account.balances.holdings", KIND_FLAG, OF(account.holdings), "false true" },
	{ "account.balances.suffixes", KIND_RENAMES, OF(account.asset_suffixes), NULL },
	{ "account.balances.rename", KIND_RENAMES, OF(account.asset_rename), NULL },
	{ "account.positions.symbol", KIND_POINTER, OF(account.position_symbol), NULL },
	{ "account.positions.quantity", KIND_POINTER, OF(account.position_quantity), NULL },
	{ "account.positions.closed", KIND_POINTER, OF(account.position_closed), NULL },
	{ "account.positions.side", KIND_POINTER, OF(account.position_side), NULL },
	{ "account.positions.long", KIND_TEXTS, OF(account.side_long), NULL },
	{ "account.positions.short", KIND_TEXTS, OF(account.side_short), NULL },
	{ "account.positions.signed", KIND_TEXTS, OF(account.side_signed), NULL },
	{ "account.positions.contracts", KIND_FLAG, OF(account.position_contracts), "false true" },
	{ "account.positions.notional", KIND_POINTER, OF(account.position_notional), NULL },
	{ "account.positions.mark", KIND_POINTER, OF(account.position_mark), NULL },
	{ "account.positions.pnl", KIND_POINTER, OF(account.position_pnl), NULL },
	{ "account.instruments.symbol", KIND_POINTER, OF(account.instrument_symbol), NULL },
	{ "account.instruments.size", KIND_POINTER, OF(account.instrument_size), NULL },
	{ "account.instruments.inverse", KIND_DECIDES, OF(account.instrument_inverse), NULL },
	{ "account.key.inner", KIND_POINTER, OF(account.key_inner), NULL },
	{ "account.key.match", KIND_POINTERS, OF(account.key_match), NULL },
	{ "account.key.expiry", KIND_POINTERS, OF(account.key_expiry), NULL },
	{ "account.key.expiry_unit", KIND_CHOICE, OF(account.key_expiry_unit), UNITS },
	{ "account.key.permissions", KIND_PERMISSIONS, OF(account.key_permissions), NULL },
	{ "account.positions.inverse_if", KIND_DECIDES, OF(account.position_inverse_if), NULL },
	{ "account.key.addresses", KIND_POINTERS, OF(account.key_addresses), NULL },
	{ "account.key.ip_restricted", KIND_DECIDES, OF(account.key_ip_restricted), NULL },
	{ "account.lock.locked", KIND_DECIDES, OF(account.lock_locked), NULL },
};

/* Of each endpoint: "endpoints.<endpoint>.<key>".  The last one is for the list of symbols alone. */
static const struct profile_key endpoint_keys[] = {
	{ "path", KIND_PATH, OF_ENDPOINT(path), NULL },
	{ "weight", KIND_COUNT, OF_ENDPOINT(weight), NULL },
	{ "every_runs", KIND_COUNT, OF_ENDPOINT(every_runs), NULL },
};

/* Of each endpoint of the account.  The first READ_LOCK are for all of them, `list` and `also` are
 * for the key too, and the others are for lists of many rows. */
enum { READ_LOCK = 4, READ_KEY = 6, READ_LIST = 11 };
static const struct profile_key read_keys[READ_LIST] = {
	{ "path", KIND_READ, OF_READ(path), NULL },
	{ "method", KIND_FLAG, OF_READ(post), "GET POST" },
	{ "weight", KIND_COUNT, OF_READ(weight), NULL },
	{ "every_runs", KIND_COUNT, OF_READ(every_runs), NULL },
	{ "list", KIND_POINTER, OF_READ(list), NULL },
	{ "also", KIND_READS, OF_READ(also), NULL },
	{ "keyed", KIND_FLAG, OF_READ(keyed), "false true" },
	{ "cursor", KIND_POINTER, OF_READ(cursor), NULL },
	{ "cursor_parameter", KIND_WORD, OF_READ(cursor_parameter), NULL },
	{ "more", KIND_DECIDES, OF_READ(more), NULL },
	{ "absent", KIND_TEXTS, OF_READ(absent), NULL },
};

static const struct profile_key limit_keys[] = {
	{ "header", KIND_WORD, OF_LIMIT(header), NULL },
	{ "key", KIND_TEXT, OF_LIMIT(key), NULL },
	{ "counts", KIND_CHOICE, OF_LIMIT(semantics), "used remaining" },
	{ "ceiling", KIND_NUMBER, OF_LIMIT(ceiling), NULL },
	{ "ceiling_header", KIND_WORD, OF_LIMIT(ceiling_header), NULL },
	{ "window", KIND_SECONDS, OF_LIMIT(window_seconds), NULL },
	{ "scope", KIND_ONE_OF, OF_LIMIT(scope), "ip key endpoint" },
};

#define ENDPOINT(e) (OF(endpoints) + (e) * sizeof(struct profile_endpoint))
#define READ(e)     (OF(account.reads) + (e) * sizeof(struct profile_read))

/* Keys that are the same ones in several sections. */
static const struct key_section {
	const char *begins;
	const struct profile_key *table;
	size_t count, offset;
} sections[] = {
	{ "", keys, sizeof(keys) / sizeof(*keys), 0 },
	{ "endpoints.ping.", endpoint_keys, 2, ENDPOINT(ENDPOINT_PING) },
	{ "endpoints.time.", endpoint_keys, 2, ENDPOINT(ENDPOINT_TIME) },
	{ "endpoints.status.", endpoint_keys, 2, ENDPOINT(ENDPOINT_STATUS) },
	{ "endpoints.book.", endpoint_keys, 2, ENDPOINT(ENDPOINT_BOOK) },
	{ "endpoints.trade.", endpoint_keys, 2, ENDPOINT(ENDPOINT_TRADE) },
	{ "endpoints.symbols.", endpoint_keys, 3, ENDPOINT(ENDPOINT_SYMBOLS) },
	{ "account.balances.", read_keys, READ_LIST, READ(ACCOUNT_BALANCES) },
	{ "account.positions.", read_keys, READ_LIST, READ(ACCOUNT_POSITIONS) },
	{ "account.instruments.", read_keys, READ_LIST, READ(ACCOUNT_INSTRUMENTS) },
	{ "account.key.", read_keys, READ_KEY, READ(ACCOUNT_KEY) },
	{ "account.lock.", read_keys, READ_LOCK, READ(ACCOUNT_LOCK) },
};

static const struct profile_key *
find(const struct profile_key *table, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

/* The limit of that name, a new one if it is not there; NULL: there is no room, or it is no name. */
static struct profile_limit *
find_limit(struct profile *profile, struct slice name)
{
	struct profile_limit *limit = profile->limits;
	const char *kept;

	for (; limit < profile->limits + profile->limit_count; limit++)
		if (slice_is(name, limit->name))
			return limit;
	if (profile->limit_count == PROFILE_LIMITS ||
	    (kept = profile_keep(profile, name.at, name.length)) == NULL)
		return NULL;
	/* The profile chooses the names of its limits, and they become label values. */
	if (!profile_name_valid(kept))
		return NULL;
	limit->name = kept;
	profile->limit_count++;
	return limit;
}

/* The key, and in `*field` where its value goes; NULL: unknown. */
static const struct profile_key *
find_key(struct profile *profile, const char *name, void **field)
{
	static const char limits[] = "limits.";
	const struct profile_key *key = NULL;
	char *base = (char *)profile;
	const char *dot;

	for (size_t i = 0; key == NULL && i < sizeof(sections) / sizeof(*sections); i++) {
		size_t length = strlen(sections[i].begins);

		if (strncmp(name, sections[i].begins, length) == 0)
			key = find(sections[i].table, sections[i].count, name + length);
		base = (char *)profile + sections[i].offset;
	}
	if (key == NULL && strncmp(name, limits, strlen(limits)) == 0) {
		name += strlen(limits);
		dot = strchr(name, '.');
		key =
		    dot != NULL ? find(limit_keys, sizeof(limit_keys) / sizeof(*limit_keys), dot + 1) : NULL;
		/* Only for a key that exists: find_limit() would add a limit for any misspelt one. */
		base = key != NULL ? (char *)find_limit(profile, (struct slice){ name, (size_t)(dot - name) })
				   : NULL;
	}
	if (key == NULL || base == NULL)
		return NULL;
	*field = base + key->offset;
	return key;
}

/*
 * "time.unit: ms" and "time: {unit: ms}" are the same key, which config_read() does not notice: the later
 * one would win without a word.  What was seen also tells check.c what is missing, and the lines for its
 * errors.
 */
static const char *
add_seen(struct profile_loading *loading, const struct config_value *value)
{
	const char *key;

	for (size_t i = 0; i < loading->seen_count; i++)
		if (strcmp(loading->seen[i].key, value->key) == 0 &&
		    !(value->in_list && loading->seen[i].in_list))
			return "the key is there twice";
	if (loading->seen_count == PROFILE_VALUES)
		return "the profile has more than 400 values";
	key = profile_keep(loading->profile, value->key, strlen(value->key));
	if (key == NULL)
		return "out of memory";
	loading->seen[loading->seen_count++] = (struct profile_seen){ key, value->line, value->in_list != 0 };
	return NULL;
}

int
profile_read_value(void *context, const struct config_value *value, struct failure *why)
{
	struct profile_loading *loading = context;
	struct failure url_fault;
	void *field = NULL;
	const struct profile_key *key = find_key(loading->profile, value->key, &field);
	bool list = key != NULL && key->kind >= KIND_TEXTS;
	/* Before the value is looked at: an empty list has no value, and yet the key is there. */
	const char *wrong = key == NULL ? "unknown key" : add_seen(loading, value);

	if (wrong == NULL && value->text == NULL && list && !value->in_list)
		return 0;
	if (wrong == NULL && value->text == NULL)
		wrong = "no value";
	/* Pointers are often one alone: it may stand without brackets. */
	else if (wrong == NULL && (value->in_list != 0) != list && key->kind != KIND_POINTERS)
		wrong = list ? "a list is expected, as in '[one, two]'" : "a list is not expected";
	/* profile_check_url() is also for URLs in the settings, and tells more than a constant text. */
	if (wrong == NULL && key->kind == KIND_URL && profile_check_url(value->text, &url_fault) != 0)
		wrong = url_fault.text;
	if (wrong == NULL)
		wrong = profile_parse_value(loading->profile, key, value->text, field);
	if (wrong == NULL)
		return 0;
	/* After a misspelt word the user needs the list of the right ones. */
	if (key != NULL && key->words != NULL && strcmp(wrong, "unknown word") == 0)
		return failure_set(why, FAILURE_LOCAL, "%s:%u: %s: '%s' is not one of: %s", loading->path,
		    value->line, value->key, value->text, key->words);
	return failure_set(
	    why, FAILURE_LOCAL, "%s:%u: %s: %s", loading->path, value->line, value->key, wrong);
}
