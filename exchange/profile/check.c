/*
 * What belongs together in a profile.  Each value is good by itself when it gets here (value.c).  What
 * these checks find is the missing partner: an endpoint without the pointer that reads its answer, a
 * timestamp without its unit.  Without them a reader would follow a NULL pointer, or half a rule would be
 * passed over in silence.
 *
 * They ask which keys the file has (loading->seen) and not what is in the fields: a field that is 0 or NULL
 * does not tell whether the file said so, and only a key has the line that the error must name.
 */

#include <stdio.h>
#include <string.h>

#include "exchange/profile/keys.h"
#include "probes/http/http.h"

/* The line of the first key that begins with `prefix`; 0: none does. */
static unsigned
line_of(const struct profile_loading *loading, const char *prefix)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < loading->seen_count; i++)
		/* strchr() finds the NUL of "." as well: the key ends there, or a section does. */
		if (strncmp(loading->seen[i].key, prefix, length) == 0 &&
		    strchr(".", loading->seen[i].key[length]) != NULL)
			return loading->seen[i].line;
	return 0;
}

/*
 * "FILE:LINE: KEY: REASON".  A key that is missing has no line: the error names that of another key of its
 * section, or of the section around it; else the first line of the file.
 */
static int
fail(const struct profile_loading *loading, const char *key, const char *reason, struct failure *why)
{
	char section[PROFILE_KEY];
	unsigned line = line_of(loading, key);

	(void)snprintf(section, sizeof(section), "%s", key);
	while (line == 0 && strrchr(section, '.') != NULL) {
		*strrchr(section, '.') = '\0';
		line = line_of(loading, section);
	}
	return failure_set(
	    why, FAILURE_LOCAL, "%s:%u: %s: %s", loading->path, line != 0 ? line : 1, key, reason);
}

/*
 * The keys, separated by one space, must all be there; one that begins with '.' is within `section`.  An
 * empty list ("[]") counts as there.
 */
static int
require(const struct profile_loading *loading, const char *section, const char *keys, struct failure *why)
{
	while (*keys != '\0') {
		size_t length = strcspn(keys, " ");
		char key[2 * PROFILE_KEY];

		(void)snprintf(key, sizeof(key), "%s%.*s", *keys == '.' ? section : "", (int)length, keys);
		if (line_of(loading, key) == 0)
			return fail(loading, key, "missing", why);
		keys += length + (keys[length] == ' ');
	}
	return 0;
}

/* If the file has the key, it must have the others; "": in any case. */
static const struct {
	const char *key, *others;
} together[] = {
	{ "", "name base_url symbol.format endpoints.book.path ok.rule ok.pointer time.source book.bids "
	      "book.asks book.bid_price book.ask_price retry.throttle_status retry.default_ban auth.scheme" },
	{ "endpoints.ping", ".path .weight" },
	{ "endpoints.time", ".path .weight" },
	{ "endpoints.status", ".path .weight status.pointer status.maintenance" },
	{ "endpoints.book", ".path .weight" },
	{ "endpoints.trade", ".path .weight trade.timestamp trade.unit" },
	{ "endpoints.symbols", ".path .weight symbols.list symbols.name" },
	{ "book.timestamp", "book.unit" },
	{ "book.bid_size", "book.ask_size" },
	{ "book.ask_size", "book.bid_size" },
	{ "errors", ".code .message" },
	{ "trade", "endpoints.trade.path" },
	{ "status", "endpoints.status.path" },
	{ "status.ignored", "status.list" },
	{ "status.partial", "status.list" },
	{ "symbols", "endpoints.symbols.path" },
	{ "symbols.state", "symbols.tradable" },
	{ "symbols.tradable", "symbols.state" },
	{ "account.balances", ".path .weight .list" },
	{ "account.balances.fallback_total", "account.balances.free" },
	{ "account.balances.cursor", "account.balances.cursor_parameter" },
	{ "account.balances.cursor_parameter", "account.balances.cursor" },
	{ "account.positions", ".path .weight .list .symbol .quantity" },
	{ "account.balances.more", "account.balances.cursor" },
	{ "account.positions.cursor", "account.positions.cursor_parameter" },
	{ "account.positions.cursor_parameter", "account.positions.cursor" },
	{ "account.positions.side", "account.positions.long account.positions.short" },
	{ "account.positions.long", "account.positions.side" },
	{ "account.positions.short", "account.positions.side" },
	{ "account.positions.signed", "account.positions.side" },
	{ "account.instruments", ".path .weight .list .symbol .size" },
	{ "account.instruments.cursor", "account.instruments.cursor_parameter" },
	{ "account.instruments.cursor_parameter", "account.instruments.cursor" },
	{ "account.key", ".path .weight" },
	{ "account.key.inner", "account.key.list" },
	{ "account.key.expiry", "account.key.expiry_unit" },
	{ "account.lock", ".path .weight .locked" },
};

/* What is needed because of what another key says. */
static int
check_together(const struct profile_loading *loading, struct failure *why)
{
	const struct profile *p = loading->profile;

	for (size_t i = 0; i < sizeof(together) / sizeof(*together); i++)
		if ((*together[i].key == '\0' || line_of(loading, together[i].key) != 0) &&
		    require(loading, together[i].key, together[i].others, why) != 0)
			return -1;
	if (p->ok_kind == OK_EQUALS && require(loading, "ok", ".value", why) != 0)
		return -1;
	if (!p->time_from_date_header &&
	    require(loading, "time", "endpoints.time.path .pointer .unit", why) != 0)
		return -1;
	/* Of a list of events only those count that are maintenance; a single word is healthy or not. */
	if (p->status_list != NULL && line_of(loading, "status.healthy") != 0)
		return fail(loading, "status.healthy", "has no effect beside status.list: leave it out", why);
	return p->status_pointer != NULL && p->status_list == NULL
		   ? require(loading, "status", ".healthy", why)
		   : 0;
}

/*
 * --exchange finds the file by this name, and the label has it: with another name inside, the metrics of
 * one exchange would carry the label of another.
 */
static int
check_own_name(const struct profile_loading *loading, struct failure *why)
{
	const char *slash = strrchr(loading->path, '/'), *file = slash != NULL ? slash + 1 : loading->path;
	struct slice own = { file, strcspn(file, ".") };
	char reason[PROFILE_KEY];

	if (slice_is(own, loading->profile->name))
		return 0;
	(void)snprintf(reason, sizeof(reason), "not the file's own, which is '%.*s'", SLICE_ARGS(own));
	return fail(loading, "name", reason, why);
}

/* Books and trades are asked for each symbol, because their answers are about one; `symbols` may be either.
 */
static int
check_endpoints(const struct profile_loading *loading, struct failure *why)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		const struct profile_endpoint *endpoint = &loading->profile->endpoints[i];
		bool wanted = i == ENDPOINT_BOOK || i == ENDPOINT_TRADE;
		char path[80];

		(void)snprintf(path, sizeof(path), "endpoints.%s.path", endpoint_name((enum endpoint)i));
		if (endpoint->path != NULL && i != ENDPOINT_SYMBOLS && endpoint->per_symbol != wanted)
			return fail(loading, path,
			    wanted ? "{symbol} is missing: there is one request for each symbol"
				   : "{symbol} is not allowed: there is one request for all symbols",
			    why);
	}
	return 0;
}

/*
 * Without a header there is only a ceiling, which exchange/health/budget.c holds the settings against; a key
 * that says how to read a header makes the header due.
 */
static int
check_limits(const struct profile_loading *loading, struct failure *why)
{
	const struct profile *p = loading->profile;
	size_t headers = p->retry_after != NULL;

	for (size_t i = 0; i < p->limit_count; i++) {
		const struct profile_limit *limit = &p->limits[i];
		char section[PROFILE_KEY], counts[PROFILE_KEY + 8];
		bool told;

		(void)snprintf(section, sizeof(section), "limits.%s", limit->name);
		(void)snprintf(counts, sizeof(counts), "%s.counts", section);
		told = limit->header != NULL || limit->key != NULL || limit->ceiling_header != NULL ||
		       line_of(loading, counts) != 0;
		if ((told && require(loading, section, ".header .counts", why) != 0) ||
		    (limit->ceiling_header == NULL && require(loading, section, ".ceiling", why) != 0) ||
		    require(loading, section, ".window .scope", why) != 0)
			return -1;
		/* The HTTP client keeps no more headers: others would seem not to have come. */
		headers += (limit->header != NULL) + (limit->ceiling_header != NULL);
		if (headers > HTTP_HEADERS)
			return fail(loading, section, "too many headers to look at (8)", why);
	}
	return 0;
}

static int
check_auth(const struct profile_loading *loading, struct failure *why)
{
	const struct profile_auth *auth = &loading->profile->auth;
	bool jwt = strcmp(auth->scheme, "jwt") == 0;

	if (strcmp(auth->scheme, "none") == 0)
		return 0;
	if (require(loading, "auth",
		jwt ? ".algorithm .secret_encoding .timestamp .headers .claims"
		    : ".algorithm .secret_encoding .timestamp .headers .prehash .encoding",
		why) != 0)
		return -1;
	/* The key takes the algorithms of both schemes; only those of the scheme in use make sense. */
	if (jwt == (strncmp(auth->algorithm, "sha", 3) == 0))
		return fail(loading, "auth.algorithm",
		    jwt ? "not one of: HS256 HS512 ES256 EdDSA" : "not one of: sha256 sha512", why);
	return 0;
}

/* All paths of an endpoint are sent with the same method, so that each of them must be a known read. */
static bool
may_post(const struct profile_read *read)
{
	bool known = profile_is_posted_read((struct slice){ read->path, strcspn(read->path, "?") });

	for (size_t i = 0; i < read->also.count; i++)
		known = known && profile_is_posted_read((struct slice){
				     read->also.items[i], strcspn(read->also.items[i], "?") });
	return known;
}

static int
check_account(const struct profile_loading *loading, struct failure *why)
{
	const struct profile *p = loading->profile;
	const struct profile_account *account = &p->account;

	for (size_t e = 0; e < ACCOUNT_ENDPOINTS; e++) {
		const struct profile_read *read = &account->reads[e];
		char section[64], method[80];

		(void)snprintf(
		    section, sizeof(section), "account.%s", account_endpoint_name((enum account_endpoint)e));
		(void)snprintf(method, sizeof(method), "%s.method", section);
		/* Sizes of contracts are public; everything else of an account needs a signature. */
		if (read->path != NULL && e != ACCOUNT_INSTRUMENTS && strcmp(p->auth.scheme, "none") == 0)
			return fail(loading, section, "it must be signed, but auth.scheme says none", why);
		if (read->post && !may_post(read))
			return fail(loading, method,
			    "POST is only for the few calls that are known to read (exchange/profile/value.c)",
			    why);
	}
	/* If both were told and did not agree, nobody could say which one holds. */
	if (account->reads[ACCOUNT_BALANCES].path != NULL &&
	    (account->balance_free == NULL) == (account->balance_total == NULL))
		return fail(loading, "account.balances", "one of free and total is expected", why);
	if (account->reads[ACCOUNT_BALANCES].path != NULL && !account->reads[ACCOUNT_BALANCES].keyed &&
	    require(loading, "account.balances", ".asset", why) != 0)
		return -1;
	if (account->key_ip_restricted != NULL && account->key_addresses.count > 0)
		return fail(
		    loading, "account.key.addresses", "give only one of ip_restricted and addresses", why);
	/* A number of contracts is no quantity without their size. */
	return account->position_contracts ? require(loading, "account.instruments", ".path", why) : 0;
}

int
profile_check(const struct profile_loading *loading, struct failure *why)
{
	return check_together(loading, why) != 0 || check_own_name(loading, why) != 0 ||
		       check_endpoints(loading, why) != 0 || check_limits(loading, why) != 0 ||
		       check_auth(loading, why) != 0 || check_account(loading, why) != 0
		   ? -1
		   : 0;
}
