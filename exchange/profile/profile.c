/*
 * Loads a profile, and answers what a profile alone can answer: to which kind of place a request would go,
 * and how the exchange spells a pair.
 *
 * Loading has two steps: profile_read_value() puts each value into its field (keys.c), profile_check() looks
 * whether the parts fit together (check.c).
 *
 * profile_place() decides whether real money is at stake: a paper run signs nothing for a place that it
 * calls PLACE_LIVE.  So everything that is in doubt is PLACE_LIVE.  URLs are compared in parts and never as
 * text, because "https://API.binance.com:443" is the server "https://api.binance.com".
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/net/address.h"
#include "common/net/url.h"
#include "common/text/buffer.h"
#include "common/text/utf8.h"
#include "exchange/profile/keys.h"

/*
 * What is wrong with a base URL, or NULL.  Paths are appended to it as text: behind a '?', a '#' or a slash
 * they would become something else.  API keys and signatures travel there, so it is https, except to a
 * stand-in on this machine.
 */
static const char *
url_fault(const struct url *url, const char *text)
{
	if (strcmp(url->scheme, "https") != 0 && strcmp(url->scheme, "http") != 0)
		return "the URL does not begin with https://";
	if (url->host[0] == '\0')
		return "the URL has no host";
	if (strcmp(url->scheme, "http") == 0 && !address_is_loopback(url->host))
		return "the URL is not https:// (http:// is for loopback alone)";
	if (url->user != NULL || url->password != NULL || url->query != NULL || strchr(text, '#') != NULL)
		return "the URL has a user, a '?' or a '#' in it";
	if (text[strlen(text) - 1] == '/')
		return "the URL ends with a slash: leave it out";
	return strpbrk(text, " \t\r\n\"\\{}") != NULL ? "the URL has characters that need encoding" : NULL;
}

int
profile_check_url(const char *url, struct failure *why)
{
	const char *wrong;
	struct url parsed;

	if (url_parse(&parsed, url, why) != 0)
		return -1;
	wrong = url_fault(&parsed, url);
	url_release(&parsed);
	return wrong == NULL ? 0 : failure_set(why, FAILURE_LOCAL, "%s", wrong);
}

/* Whether the URL's scheme, host and port are those of `text`. */
static bool
is_server(const struct url *url, const char *text)
{
	int standard = strcmp(url->scheme, "https") == 0 ? 443 : 80;
	struct failure ignored = { 0 };
	struct url other;
	bool same;

	if (text == NULL || url_parse(&other, text, &ignored) != 0)
		return false;
	same = strcmp(url->scheme, other.scheme) == 0 && strcasecmp(url->host, other.host) == 0 &&
	       (url->port != 0 ? url->port : standard) == (other.port != 0 ? other.port : standard);
	url_release(&other);
	return same;
}

static bool
has_host(const struct profile_list *hosts, const char *host)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (strcasecmp(hosts->items[i], host) == 0)
			return true;
	return false;
}

/* Another port would be another server, and whose it is nobody knows. */
static bool
is_test(const struct profile *profile, const struct url *url)
{
	return is_server(url, profile->test_url) ||
	       (has_host(&profile->test_hosts, url->host) && strcmp(url->scheme, "https") == 0 &&
		   (url->port == 0 || url->port == 443));
}

bool
profile_is_at(const struct profile *profile, const char *host)
{
	struct failure ignored = { 0 };
	struct url parsed;
	bool same;

	if (url_parse(&parsed, profile->base_url, &ignored) != 0)
		return true; /* not known: it may be */
	same = strcasecmp(parsed.host, host) == 0 || has_host(&profile->live_hosts, host);
	url_release(&parsed);
	return same;
}

bool
profile_is_live(const struct profile *profile, const char *url)
{
	struct failure ignored = { 0 };
	struct url asked;
	bool live;

	if (url_parse(&asked, url != NULL ? url : profile->base_url, &ignored) != 0)
		return false;
	live = profile_is_at(profile, asked.host) && !address_is_loopback(asked.host) &&
	       !has_host(&profile->test_hosts, asked.host) && !is_test(profile, &asked);
	url_release(&asked);
	return live;
}

enum profile_place
profile_place(const struct profile *profile, const char *url, char *const paper_hosts[], size_t count)
{
	enum profile_place place = PLACE_LIVE;
	struct failure ignored = { 0 };
	struct url asked;

	if (url_parse(&asked, url != NULL ? url : profile->base_url, &ignored) != 0)
		return PLACE_LIVE;
	/* Nothing that is asked on loopback reaches an exchange, whatever the profile says. */
	if (address_is_loopback(asked.host))
		place = PLACE_OURS;
	else if (is_test(profile, &asked))
		place = PLACE_TEST;
	/* A setting that names the exchange's own host must not make the live exchange look like paper. */
	for (size_t i = 0; place == PLACE_LIVE && i < count; i++)
		if (strcasecmp(asked.host, paper_hosts[i]) == 0 && !profile_is_at(profile, asked.host))
			place = PLACE_OURS;
	url_release(&asked);
	return place;
}

struct profile *
profile_load(const char *path, struct failure *why)
{
	struct profile_loading *loading = calloc(1, sizeof(*loading));
	struct profile *profile = calloc(1, sizeof(*profile));
	int result;

	if (loading == NULL || profile == NULL) {
		free(loading);
		free(profile);
		(void)failure_set(why, FAILURE_LOCAL, "out of memory");
		return NULL;
	}
	loading->path = path;
	loading->profile = profile;
	result = config_read(path, profile_read_value, loading, why);
	for (size_t e = 0; e < ENDPOINTS; e++) {
		struct profile_endpoint *endpoint = &profile->endpoints[e];

		endpoint->per_symbol = endpoint->path != NULL && strstr(endpoint->path, "{symbol}") != NULL;
	}
	if (result == 0)
		result = profile_check(loading, why);
	free(loading);
	if (result == 0)
		return profile;
	profile_free(profile);
	return NULL;
}

void
profile_free(struct profile *profile)
{
	struct profile_text *text = profile != NULL ? profile->memory : NULL;

	while (text != NULL) {
		struct profile_text *next = text->next;

		free(text);
		text = next;
	}
	free(profile);
}

/* Only unreserved characters stay: a value cannot become another path or parameter. */
void
profile_encode(struct buffer *out, struct slice text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		const char escape[] = { '%', digits[c >> 4], digits[c & 15] };

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c != '\0' && strchr("-._~", c) != NULL))
			buffer_append(out, text.at + i, 1);
		else
			buffer_append(out, escape, sizeof(escape));
	}
}

/* A currency's name as this exchange has it. */
static struct slice
rename_currency(const struct profile *profile, struct slice currency)
{
	for (size_t i = 0; i < profile->symbol_rename.count; i++) {
		const char *rule = profile->symbol_rename.items[i];
		struct slice from = { rule, strcspn(rule, "=") };

		if (slice_equal(from, currency))
			return SLICE(rule + from.length + 1);
	}
	return currency;
}

static void
append_currency(struct buffer *out, struct slice currency, bool lower)
{
	for (size_t i = 0; i < currency.length; i++) {
		char c = lower ? (char)tolower((unsigned char)currency.at[i]) : currency.at[i];

		buffer_append(out, &c, 1);
	}
}

/*
 * A symbol comes from the settings and becomes a part of a URL: what could begin another path, parameter or
 * template is refused.  Letters beyond ASCII are not, because Binance lists markets with Chinese names.
 */
static bool
is_currency(struct slice name)
{
	for (size_t i = 0; i < name.length; i++)
		if (iscntrl((unsigned char)name.at[i]) || strchr(" /?#&%\"\\{}", name.at[i]) != NULL)
			return false;
	return name.length > 0 && utf8_valid(name);
}

int
profile_symbol(const struct profile *profile, const char *symbol, char *native, size_t size)
{
	size_t length = strcspn(symbol, "/");
	struct slice base = { symbol, length }, quote = { NULL, 0 };
	struct buffer out;
	int result = -1;

	if (symbol[length] == '/')
		quote = SLICE(symbol + length + 1);
	if (!is_currency(base) || !is_currency(quote) || size == 0)
		return -1;
	base = rename_currency(profile, base);
	quote = rename_currency(profile, quote);
	/* Too long is an error: a name that is cut could be that of another market. */
	buffer_init(&out, size - 1);
	/* value.c has checked the format: behind each '{' stands a known token and a '}'. */
	for (const char *at = profile->symbol_format; *at != '\0'; at++) {
		if (*at != '{') {
			buffer_append(&out, at, 1);
			continue;
		}
		append_currency(&out, tolower((unsigned char)at[1]) == 'b' ? base : quote,
		    islower((unsigned char)at[1]) != 0);
		at = strchr(at, '}');
	}
	if (!out.failed && out.length > 0) {
		memcpy(native, out.text, out.length);
		native[out.length] = '\0';
		result = 0;
	}
	buffer_release(&out);
	return result;
}
