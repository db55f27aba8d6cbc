/*
 * The keys whose names the operator chooses: basic_auth_users and
 * http_server_config.headers.  Hashes are checked for their form now, because
 * crypt(3) would only fail later, as if the password were wrong.  A name
 * without a colon is a rule of Basic authentication (RFC 7617).  A header's
 * value must not hold a line break, which would begin a header of its own.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "web/config_parts.h"

/* Each step of the cost takes twice as long; 15 is seconds, and 31 would be days.
 * One thread makes all checks, so one expensive hash would lock out all users. */
enum { LONGEST_VALUE = 4096, BCRYPT_LENGTH = 60, COST_MOST = 15 };

const char *const web_header_names[WEB_HEADERS] = { "Content-Security-Policy", "X-Frame-Options",
	"X-Content-Type-Options", "X-XSS-Protection", "Strict-Transport-Security" };

/* "$2y$10$" and 53 characters of crypt(3)'s alphabet: the cost, or -1. */
static int
bcrypt_cost(const char *text)
{
	static const char alphabet[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	int cost;

	if (strlen(text) != BCRYPT_LENGTH || strncmp(text, "$2", 2) != 0 || strchr("aby", text[2]) == NULL ||
	    text[3] != '$' || !isdigit((unsigned char)text[4]) || !isdigit((unsigned char)text[5]) ||
	    text[6] != '$')
		return -1;
	cost = (text[4] - '0') * 10 + text[5] - '0';
	return cost >= 4 && cost <= 31 && strspn(text + 7, alphabet) == BCRYPT_LENGTH - 7 ? cost : -1;
}

int
web_config_add_user(
    struct web_config_reading *r, const struct config_value *value, const char *name, struct failure *why)
{
	struct web_config *c = r->config;
	struct web_user *users;

	if (*name == '\0' || strchr(name, ':') != NULL || c->user_count >= WEB_USERS)
		return failure_set(why, FAILURE_LOCAL, "%s:%u: basic_auth_users: %s", r->path, value->line,
		    c->user_count >= WEB_USERS ? "more than 1000 users" : "a name is empty or holds a colon");
	if (bcrypt_cost(value->text) < 0)
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: basic_auth_users: no bcrypt hash (make one with htpasswd -nBC 10 USER)", r->path,
		    value->line);
	if (bcrypt_cost(value->text) > COST_MOST)
		return failure_set(why, FAILURE_LOCAL,
		    "%s:%u: basic_auth_users: a bcrypt hash of cost %d takes too long to check, the most is %d",
		    r->path, value->line, bcrypt_cost(value->text), (int)COST_MOST);
	users = reallocarray(c->users, c->user_count + 1, sizeof(*users));
	if (users == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	c->users = users;
	users[c->user_count] = (struct web_user){ strdup(name), strdup(value->text) };
	/* Counted first, so that web_config_drop() frees what there is. */
	c->user_count++;
	if (users[c->user_count - 1].name == NULL || users[c->user_count - 1].hash == NULL)
		return failure_set(why, FAILURE_LOCAL, "out of memory");
	return 0;
}

int
web_config_set_header(
    struct web_config_reading *r, const struct config_value *value, const char *name, struct failure *why)
{
	for (const char *c = value->text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			return web_config_fail(r, value, why, "holds a character that no header may have");
	if (strlen(value->text) > LONGEST_VALUE)
		return web_config_fail(r, value, why, "longer than 4096 bytes");
	for (int i = 0; i < WEB_HEADERS; i++) {
		if (strcasecmp(name, web_header_names[i]) != 0)
			continue;
		/* Blank means "not set", as in exporter-toolkit: our own header stays. */
		if (*value->text == '\0')
			return 0;
		return web_config_take_text(r, value, &r->config->headers[i], why);
	}
	return web_config_fail(r, value, why,
	    "is not Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection or "
	    "Strict-Transport-Security");
}
