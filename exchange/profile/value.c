/*
 * From the text of one value to its field.
 *
 * A profile decides where signed requests go, what counts as a ban and what as "may not withdraw", and
 * users write profiles of their own.  So every text is checked here, once, when the profile is loaded.  The
 * readers in exchange/public and exchange/account rely on that: they follow pointers, fill in templates and
 * append paths without checks of their own.
 *
 * Nothing that arbwatch signs can trade, although the key may well be allowed to.  So a path of the account
 * with any word of `changing` in it is refused.  It is a list of what is forbidden and not of what is
 * allowed, because a new exchange needs a new file and no new C; to refuse a harmless path costs little.
 * Only POST, with which exchanges place orders, has a list of what is allowed.  exchange/account/sign.c
 * looks at that list once more before it signs.
 *
 * A check returns what is wrong as a constant text, or NULL; keys.c puts file, line and key before it.
 */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/text/duration.h"
#include "exchange/profile/keys.h"
#include "textfile/number.h"
#include "json/scan.h"

/*
 * Parts of paths that place, cancel, move or change something at one exchange or another, in any case of
 * letters.  A '%' would hide such a word (a server reads "%6frder" as "order"), and ".." and "//" may
 * become another path on the way.
 */
static const char *const changing[] = { "order", "cancel", "withdraw", "transfer", "deposit", "create",
	"delete", "remove", "modify", "amend", "edit", "update", "reset", "close", "leverage", "margin-type",
	"margintype", "position-mode", "positionside/dual", "switch", "adjust", "set-", "set_", "borrow",
	"repay", "convert", "loan", "subscribe", "redeem", "purchase", "stake", "allocate", "claim", "batch",
	"countdown", "listenkey", "generate", "%", "..", "//" };

/* Calls that only read, though they are a POST: at Kraken every private call is one. */
static const char *const read_by_post[] = { "/0/private/Balance", "/0/private/BalanceEx",
	"/0/private/TradeBalance", "/0/private/OpenPositions", "/0/private/GetApiKeyInfo" };

static const char *const tokens[TOKENS] = {
	[TOKEN_TS] = "ts",
	[TOKEN_TS_LATER] = "ts+120",
	[TOKEN_KEY] = "key",
	[TOKEN_PASS] = "pass",
	[TOKEN_RECV] = "recv",
	[TOKEN_NONCE] = "nonce",
	[TOKEN_UUID] = "uuid",
	[TOKEN_HOST] = "host",
	[TOKEN_METHOD] = "METHOD",
	[TOKEN_PATH] = "path",
	[TOKEN_QUERY] = "query",
	[TOKEN_RAW_QUERY] = "rawquery",
	[TOKEN_SORTED_QUERY] = "sortedquery",
	[TOKEN_BODY] = "body",
	[TOKEN_SIGNATURE] = "signature",
	[TOKEN_TOKEN] = "token",
	[TOKEN_SHA512_BODY] = "sha512hex(body)",
	[TOKEN_SHA512_RAW] = "sha512hex(rawquery)",
	[TOKEN_SHA256_NONCE_BODY] = "sha256bin(nonce+body)",
};

enum profile_token
profile_token(struct slice name)
{
	bool question = name.length > 0 && *name.at == '?';
	enum profile_token token = question ? TOKEN_QUERY : TOKEN_TS;
	enum profile_token end = question ? TOKEN_BODY : TOKENS;

	name.at += question;
	name.length -= question;
	while (token < end && !slice_is(name, tokens[token]))
		token++;
	return token < end ? token : TOKENS;
}

/* All texts of a profile hang on one chain, so that profile_free() need not know the fields. */
const char *
profile_keep(struct profile *profile, const char *text, size_t length)
{
	struct profile_text *kept = malloc(sizeof(*kept) + length + 1);

	if (kept == NULL)
		return NULL;
	memcpy(kept->text, text, length);
	kept->text[length] = '\0';
	kept->next = profile->memory;
	profile->memory = kept;
	return kept->text;
}

/* The index of `text` among `words`, or -1. */
static int
word_index(const char *words, const char *text)
{
	size_t length = strlen(text);
	int index = 0;

	for (const char *at = words; at != NULL; index++) {
		size_t word = strcspn(at, " ");

		if (word == length && strncmp(at, text, word) == 0)
			return index;
		at = at[word] == ' ' ? at + word + 1 : NULL;
	}
	return -1;
}

static bool
all_of(const char *text, const char *allowed)
{
	return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

/* Finds an unknown token when the profile is loaded, and not only when the first request is signed. */
static const char *
check_tokens(const char *text)
{
	while ((text = strpbrk(text, "{}")) != NULL) {
		size_t length = strcspn(text, "}");

		if (*text == '}' || text[length] == '\0')
			return "a brace without its other half";
		if (profile_token((struct slice){ text + 1, length - 1 }) == TOKENS)
			return "an unknown token in braces; docs/adding-an-exchange.md lists them";
		text += length + 1;
	}
	return NULL;
}

/*
 * The path and query of an endpoint.  A '#' would cut off what follows it, an '@' may name another host, and
 * a control character could end the line of the request.  Only public endpoints have a token.
 */
static const char *
check_path(const char *text, bool account)
{
	const char *token = strchr(text, '{');

	if (*text != '/' || strpbrk(text, " #\"\\\x7f@") != NULL)
		return "not a path that begins with '/', without spaces";
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ')
			return "not a path that begins with '/', without control characters";
	for (size_t i = 0; account && i < sizeof(changing) / sizeof(*changing); i++)
		if (strcasestr(text, changing[i]) != NULL)
			return "not a path that only reads";
	if (!account && token != NULL && strncmp(token, "{symbol}", 8) == 0)
		text = token + 8;
	if (strpbrk(text, "{}") == NULL)
		return NULL;
	return account ? "there is one request for all symbols: braces are not allowed"
		       : "only {symbol} may be in braces, and once";
}

static const char *
check_words(const char *words)
{
	for (;; words++) {
		size_t length = strcspn(words, ",");

		if (length == 0)
			return "no word behind the ':', or an empty one";
		words += length;
		if (*words == '\0')
			return NULL;
	}
}

static const char *
check_rule(const char *text)
{
	char pointer[PROFILE_KEY] = "";
	size_t length;

	text += *text == '!';
	length = strcspn(text, ":");
	/* A pointer that is too long stays empty, and is refused below. */
	if (length < sizeof(pointer))
		memcpy(pointer, text, length);
	if (*pointer != '/' || !json_pointer_valid(pointer))
		return "not a JSON pointer, as in '/enabled' or '/permissions:withdraw,read'";
	return text[length] == ':' ? check_words(text + length + 1) : NULL;
}

static const char *
check_permission(const char *text)
{
	struct slice name = { text, strcspn(text, "=") };

	if (text[name.length] == '\0')
		return "not of the form PERMISSION=POINTER";
	for (size_t i = 0; i < ACCOUNT_PERMISSIONS; i++)
		if (slice_is(name, account_permission_name((enum account_permission)i)))
			return check_rule(text + name.length + 1);
	return "the permission is not one of: read trade futures margin transfer withdraw";
}

bool
profile_is_posted_read(struct slice path)
{
	for (size_t i = 0; i < sizeof(read_by_post) / sizeof(*read_by_post); i++)
		if (slice_is(path, read_by_post[i]))
			return true;
	return false;
}

/* Both tokens, each once: without one of them many markets would have the same name. */
static const char *
check_format(const char *text)
{
	size_t braces = 0;

	for (const char *at = text; (at = strpbrk(at, "{}")) != NULL; at++)
		braces++;
	return braces == 4 && strcasestr(text, "{base}") != NULL && strcasestr(text, "{quote}") != NULL
		   ? NULL
		   : "not one {BASE} (or {base}) and one {QUOTE} (or {quote}), without other braces";
}

/* "BTC=XBT" renames; every other pair has a template behind the '='. */
static const char *
check_pair(const char *text, bool renaming)
{
	const char *equals = strchr(text, '=');

	if (equals == NULL || equals == text || equals[1] == '\0')
		return "not of the form NAME=VALUE";
	return renaming ? NULL : check_tokens(equals + 1);
}

/* "1000{ASSET}=1000", "{ASSET}1000=1000" */
static const char *
check_units(const char *text)
{
	const char *token = strstr(text, "{ASSET}"), *equals = strchr(text, '=');
	size_t digits = equals != NULL ? strspn(equals + 1, "0123456789") : 0;

	return token != NULL && token < equals && equals - text > 7 && digits > 0 && digits < 10 &&
		       equals[1] != '0' && equals[1 + digits] == '\0'
		   ? NULL
		   : "not of the form '1000{ASSET}=1000'";
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/* A line break would let a profile add headers of its own behind this one. */
static const char *
check_header_line(const char *text)
{
	size_t name = strspn(text, letters);

	if (name == 0 || strncmp(text + name, ": ", 2) != 0 || strpbrk(text, "\r\n") != NULL)
		return "not of the form 'Name: value'";
	return check_tokens(text + name + 2);
}

/* What is wrong with the text, by its kind, or NULL. */
static const char *
check_text(enum profile_kind kind, const char *text)
{
	switch (kind) {
	case KIND_NAME:
		return all_of(text, "abcdefghijklmnopqrstuvwxyz0123456789_")
			   ? NULL
			   : "not a name of lower case letters, digits and '_'";
	case KIND_PATH: return check_path(text, false);
	case KIND_READ:
	case KIND_READS: return check_path(text, true);
	case KIND_DECIDES:
	case KIND_FLAGS: return check_rule(text);
	case KIND_RULES:
		return strchr(text, ':') != NULL && *text != '!' ? check_rule(text)
								 : "not of the form POINTER:WORD,OTHER,...";
	case KIND_PERMISSIONS: return check_permission(text);
	case KIND_WORD: return all_of(text, letters) ? NULL : "not a name of letters, digits, '-' and '_'";
	case KIND_HOSTS:
		return *text != '\0' && strpbrk(text, "/:@?# \t") == NULL
			   ? NULL
			   : "not a host name, as in 'api.example.com'";
	case KIND_FORMAT: return check_format(text);
	case KIND_POINTER:
	case KIND_POINTERS: return json_pointer_valid(text) ? NULL : "not a JSON pointer, as in '/data/0/ts'";
	/* Statuses are compared as text (answer/signal.c), so that each needs exactly three digits. */
	case KIND_STATUSES:
		return strlen(text) == 3 && all_of(text, "0123456789") && *text >= '2' && *text <= '5'
			   ? NULL
			   : "not an HTTP status, as in '429'";
	case KIND_RENAMES: return check_pair(text, true);
	case KIND_UNITS: return check_units(text);
	case KIND_PAIRS: return check_pair(text, false);
	case KIND_HEADERS: return check_header_line(text);
	case KIND_TEMPLATE: return check_tokens(text);
	default: return *text != '\0' ? NULL : "empty";
	}
}

/* The field is in whole seconds: less than one would become 0. */
static const char *
parse_seconds(const char *text, int *seconds)
{
	int64_t ns;

	if (duration_parse(text, &ns) != 0 || ns < INT64_C(1000000000) || ns > INT64_C(86400000000000) * 30)
		return "not a duration between 1s and 30d, as in '2m'";
	*seconds = (int)(ns / INT64_C(1000000000));
	return NULL;
}

static const char *
parse_count(const char *text, int *count)
{
	if (!all_of(text, "0123456789") || strlen(text) > 6)
		return "not a whole number between 0 and 999999";
	*count = (int)strtol(text, NULL, 10);
	return NULL;
}

static const char *
parse_number(const char *text, double *number)
{
	double value = number_valid(SLICE(text)) ? number_value(SLICE(text)) : 0;

	/* Written so that NaN, for which every comparison is false, is refused. */
	if (!(value > 0 && value < 1e15))
		return "not a number above 0";
	*number = value;
	return NULL;
}

/* Enums are written as unsigned, which gcc and clang make of an enum without negative values. */
static const char *
parse_word(const struct profile_key *key, const char *text, void *field)
{
	int index = word_index(key->words, text);

	if (index < 0)
		return "unknown word";
	if (key->kind == KIND_FLAG)
		*(bool *)field = index == 1;
	else
		*(unsigned *)field = (unsigned)index;
	return NULL;
}

static const char *
parse_text(struct profile *profile, const struct profile_key *key, const char *text, void *field)
{
	const char *wrong = check_text(key->kind, text), *kept;
	struct profile_list *list = field;

	if (wrong != NULL)
		return wrong;
	if (key->kind == KIND_ONE_OF && word_index(key->words, text) < 0)
		return "unknown word";
	kept = profile_keep(profile, text, strlen(text));
	if (kept == NULL)
		return "out of memory";
	if (key->kind < KIND_TEXTS)
		*(const char **)field = kept;
	else if (list->count == PROFILE_LIST)
		return "more than 32 items";
	else
		list->items[list->count++] = kept;
	return NULL;
}

const char *
profile_parse_value(struct profile *profile, const struct profile_key *key, const char *text, void *field)
{
	switch (key->kind) {
	case KIND_CHOICE:
	case KIND_FLAG: return parse_word(key, text, field);
	case KIND_COUNT: return parse_count(text, field);
	case KIND_NUMBER: return parse_number(text, field);
	case KIND_SECONDS: return parse_seconds(text, field);
	default: return parse_text(profile, key, text, field);
	}
}

bool
profile_name_valid(const char *text)
{
	return check_text(KIND_NAME, text) == NULL;
}
