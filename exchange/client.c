/*
 * How exchanges are reached.  A proxy that was misspelt must not be passed over: requests would come from an
 * address that a key is not bound to, or that the exchange does not serve.
 */

#include <ctype.h>
#include <string.h>

#include "common/net/url.h"
#include "exchange/client.h"

static bool
has_control(const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if (iscntrl((unsigned char)*text))
			return true;
	return false;
}

/* What is wrong with the URL of a proxy, or NULL. */
static const char *
proxy_fault(const struct url *url, const char *text)
{
	if (strcmp(url->scheme, "http") != 0 && strcmp(url->scheme, "socks5h") != 0)
		return "a proxy is http://[user:password@]host:port or socks5h://[user:password@]host:port";
	/* libcurl and url_parse() could take another one of them for the end of the password. */
	if (strchr(text, '@') != strrchr(text, '@'))
		return "write '@' in a user or password as %40";
	/* libcurl would go without a proxy whose user or password it cannot decode. */
	if (has_control(url->user) || has_control(url->password))
		return "the user or password has a line break or another control character in it";
	/* libcurl's own, 1080, is not what people expect of http. */
	if (*url->host == '\0' || url->port == 0)
		return "the URL of a proxy names a host and a port";
	return url->query == NULL && (*url->path == '\0' || strcmp(url->path, "/") == 0)
		   ? NULL
		   : "nothing follows the port of a proxy: write '/', '?' and '#' in a password as %2F, %3F, %23";
}

struct http_client *
exchange_client(const struct options *given, struct secrets *secrets, size_t body_limit, size_t connections,
    struct failure *why)
{
	const char *proxy = options_text(given, "proxy.url"), *fault;
	struct failure reason = { 0 };
	struct url url;

	if (proxy == NULL)
		return http_client_from(given, "tls.ca-file", NULL, body_limit, connections, why);
	if (url_parse(&url, proxy, &reason) != 0) {
		(void)options_failure(given, "proxy.url", 0, why, "%s", reason.text);
		return NULL;
	}
	fault = proxy_fault(&url, proxy);
	if (url.password != NULL)
		secrets_add(secrets, url.password);
	url_release(&url);
	if (fault != NULL) {
		(void)options_failure(given, "proxy.url", 0, why, "%s", fault);
		return NULL;
	}
	return http_client_from(given, "tls.ca-file", proxy, body_limit, connections, why);
}
