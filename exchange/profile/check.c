/*
 * What belongs together in a profile.  Each value is good by itself when it gets here (value.c).  What
 * these checks find is the missing partner: an endpoint without the pointer that reads its answer, a
 * timestamp without its unit.  Without them a reader would follow a NULL pointer, or half a rule would be
 * passed over in silence.
 *
 * They ask which keys the file has (loading->seen) and not what is in the fields: a field that is 0 or NULL
 * does not tell whether the file said so, and only a key has the line that the error must name.  The
 * `account` section is checked in account.c.
 */

#include <stdio.h>
#include <string.h>

#include "exchange/profile/keys.h"
#include "probes/http/http.h"

/* The line of the first key that begins with `prefix`; 0: none does. */
unsigned
profile_line(const struct profile_loading *loading, const char *prefix)
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
 * A key that is missing has no line: the error names that of another key of its section, or of the section
 * around it; if there is none, the first line of the file.
 */
static int
fail_missing(const struct profile_loading *loading, const char *key, struct failure *why)
{
	char section[PROFILE_KEY];
	unsigned line = 0;

	(void)snprintf(section, sizeof(section), "%s", key);
	while (line == 0 && strrchr(section, '.') != NULL) {
		*strrchr(section, '.') = '\0';
		line = profile_line(loading, section);
	}
	return profile_fail(loading, line != 0 ? line : 1, key, "missing", why);
}

/* The keys, separated by one space, must all be there.  An empty list ("[]") counts as there. */
int
profile_require(const struct profile_loading *loading, const char *keys, struct failure *why)
{
	while (*keys != '\0') {
		size_t length = strcspn(keys, " ");
		char key[PROFILE_KEY];

		(void)snprintf(key, sizeof(key), "%.*s", (int)length, keys);
		if (profile_line(loading, key) == 0)
			return fail_missing(loading, key, why);
		keys += length + (keys[length] == ' ');
	}
	return 0;
}

/* If the one is there, so must be the others. */
int
profile_require_with(
    const struct profile_loading *loading, const char *key, const char *others, struct failure *why)
{
	return profile_line(loading, key) == 0 ? 0 : profile_require(loading, others, why);
}

static int
check_answers(const struct profile_loading *loading, struct failure *why)
{
	const struct profile *p = loading->profile;
	const char *ok = p->ok_kind == OK_ALWAYS   ? "ok.rule"
			 : p->ok_kind == OK_EQUALS ? "ok.rule ok.pointer ok.value"
						   : "ok.rule ok.pointer";

	if (profile_require(loading, ok, why) != 0 || profile_require(loading, "time.source", why) != 0)
		return -1;
	if (!p->time_from_date_header &&
	    profile_require(loading, "endpoints.time.path time.pointer time.unit", why) != 0)
		return -1;
	return profile_require(loading, "book.bids book.asks book.bid_price book.ask_price", why);
}

/* What belongs together: if the file has the key, it must have the others. */
static const struct {
	const char *key, *others;
} together[] = {
	{ "book.timestamp", "book.unit" },
	{ "book.bid_size", "book.ask_size" },
	{ "book.ask_size", "book.bid_size" },
	{ "errors", "errors.code errors.message" },
	{ "endpoints.trade", "trade.timestamp trade.unit" },
	{ "trade", "endpoints.trade.path" },
	{ "endpoints.status", "status.pointer status.maintenance" },
	{ "status", "endpoints.status.path" },
	{ "endpoints.symbols", "symbols.list symbols.name" },
	{ "symbols", "endpoints.symbols.path" },
	{ "symbols.state", "symbols.tradable" },
	{ "symbols.tradable", "symbols.state" },
	{ "account.positions.side", "account.positions.long account.positions.short" },
	{ "account.positions.long", "account.positions.side" },
	{ "account.positions.short", "account.positions.side" },
	{ "account.positions.signed", "account.positions.side" },
	{ "account.key.expiry", "account.key.expiry_unit" },
};

static int
check_together(const struct profile_loading *loading, struct failure *why)
{
	for (size_t i = 0; i < sizeof(together) / sizeof(*together); i++)
		if (profile_require_with(loading, together[i].key, together[i].others, why) != 0)
			return -1;
	/* A status that is one word needs the healthy words too: any other word means restricted. */
	return loading->profile->status_list != NULL
		   ? 0
		   : profile_require_with(loading, "status", "status.healthy", why);
}

/*
 * --exchange finds the file by this name, and the label has it: with another name inside, the metrics of
 * one exchange would carry the label of another.
 */
static int
check_own_name(const struct profile_loading *loading, struct failure *why)
{
	const char *slash = strrchr(loading->path, '/'), *file = slash != NULL ? slash + 1 : loading->path;
	size_t length = strcspn(file, ".");
	char reason[PROFILE_KEY];

	if (strlen(loading->profile->name) == length && strncmp(loading->profile->name, file, length) == 0)
		return 0;
	(void)snprintf(reason, sizeof(reason), "not the file's own, which is '%.*s'", (int)length, file);
	return profile_fail(loading, profile_line(loading, "name"), "name", reason, why);
}

/*
 * Books and trades are asked for each symbol, because their answers are about one; `symbols` may be either.
 * Only the list of symbols may be left out of runs: it says the same for days.
 */
static int
check_endpoints(const struct profile_loading *loading, struct failure *why)
{
	for (int i = 0; i < ENDPOINTS; i++) {
		enum endpoint e = (enum endpoint)i;
		const struct profile_endpoint *endpoint = &loading->profile->endpoints[e];
		bool wanted = e == ENDPOINT_BOOK || e == ENDPOINT_TRADE;
		char key[64], path[80], parts[160];

		(void)snprintf(key, sizeof(key), "endpoints.%s", endpoint_name(e));
		(void)snprintf(path, sizeof(path), "%s.path", key);
		(void)snprintf(parts, sizeof(parts), "%s %s.weight", path, key);
		if (profile_require_with(loading, key, parts, why) != 0)
			return -1;
		if (endpoint->path != NULL && e != ENDPOINT_SYMBOLS && endpoint->per_symbol != wanted)
			return profile_fail(loading, profile_line(loading, path), path,
			    wanted ? "{symbol} is missing: there is one request for each symbol"
				   : "{symbol} is not allowed: there is one request for all symbols",
			    why);
		(void)snprintf(path, sizeof(path), "%s.every_runs", key);
		if (e != ENDPOINT_SYMBOLS && endpoint->every_runs > 1)
			return profile_fail(loading, profile_line(loading, path), path,
			    "only symbols may be left out of a run", why);
	}
	return 0;
}

/*
 * The keys that a limit needs.  Without a header there is only a ceiling, which exchange/health/budget.c
 * holds the settings against; a key that says how to read a header makes the header due.
 */
static void
limit_parts(const struct profile_loading *loading, const struct profile_limit *limit, const char *key,
    char *parts, size_t size)
{
	char counts[PROFILE_KEY + 16];

	(void)snprintf(counts, sizeof(counts), "%s.counts", key);
	if (limit->header == NULL && limit->key == NULL && limit->ceiling_header == NULL &&
	    profile_line(loading, counts) == 0)
		(void)snprintf(parts, size, "%s.ceiling %s.window %s.scope", key, key, key);
	else
		(void)snprintf(parts, size, "%s.header %s.counts %s.window %s.scope%s%s%s", key, key, key,
		    key, limit->ceiling_header == NULL ? " " : "", limit->ceiling_header == NULL ? key : "",
		    limit->ceiling_header == NULL ? ".ceiling" : "");
}

static int
check_limits(const struct profile_loading *loading, struct failure *why)
{
	const struct profile *p = loading->profile;
	size_t headers = p->retry_after != NULL;

	for (size_t i = 0; i < p->limit_count; i++) {
		const struct profile_limit *limit = &p->limits[i];
		char key[PROFILE_KEY], parts[6 * PROFILE_KEY];

		(void)snprintf(key, sizeof(key), "limits.%s", limit->name);
		limit_parts(loading, limit, key, parts, sizeof(parts));
		if (profile_require(loading, parts, why) != 0)
			return -1;
		/* The HTTP client keeps no more headers: others would seem not to have come. */
		headers += (limit->header != NULL) + (limit->ceiling_header != NULL);
		if (headers > HTTP_HEADERS)
			return profile_fail(
			    loading, profile_line(loading, key), key, "too many headers to look at (8)", why);
	}
	return 0;
}

static int
check_auth(const struct profile_loading *loading, struct failure *why)
{
	const struct profile_auth *auth = &loading->profile->auth;
	bool jwt, jwt_algorithm;

	if (profile_require(loading, "auth.scheme", why) != 0)
		return -1;
	if (strcmp(auth->scheme, "none") == 0)
		return 0;
	jwt = strcmp(auth->scheme, "jwt") == 0;
	if (profile_require(
		loading, "auth.algorithm auth.secret_encoding auth.timestamp auth.headers", why) != 0 ||
	    profile_require(loading, jwt ? "auth.claims" : "auth.prehash auth.encoding", why) != 0)
		return -1;
	/* The key takes the algorithms of both schemes; only those of the scheme in use make sense. */
	jwt_algorithm = strncmp(auth->algorithm, "sha", 3) != 0;
	if (jwt != jwt_algorithm)
		return profile_fail(loading, profile_line(loading, "auth.algorithm"), "auth.algorithm",
		    jwt ? "none of: HS256 HS512 ES256 EdDSA" : "none of: sha256 sha512", why);
	return 0;
}

int
profile_check(const struct profile_loading *loading, struct failure *why)
{
	if (profile_require(loading, "name base_url symbol.format endpoints.book.path", why) != 0 ||
	    check_own_name(loading, why) != 0 || check_answers(loading, why) != 0 ||
	    check_endpoints(loading, why) != 0 || check_together(loading, why) != 0 ||
	    check_limits(loading, why) != 0 ||
	    profile_require(loading, "retry.throttle_status retry.default_ban", why) != 0)
		return -1;
	return check_auth(loading, why) != 0 ? -1 : profile_check_account(loading, why);
}
