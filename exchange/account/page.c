/*
 * One request for one page of a list, signed, except for the instruments, which are public.
 *
 * The cursor of a page comes from the exchange and goes into a URL that our key signs.  It must stay one
 * value: an '&' in it would let a hostile answer add parameters to the next request.  So it is checked after
 * read.c has decoded it, and it is encoded when it is sent.
 *
 * Paper runs must not use the key of a live account.  account_page_request() is the last place before a
 * signature, so the place is checked here, whatever was checked before.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/config/secrets.h"
#include "exchange/account/page.h"
#include "exchange/account/sign.h"

enum { UUID_TEXT = 37 };

/* A random UUID (version 4).  Upbit refuses a nonce that it has seen before (nonce_used). */
static int
make_uuid(char text[UUID_TEXT], struct failure *why)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return failure_set(why, FAILURE_LOCAL, "no random numbers: %s", strerror(errno));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(text, UUID_TEXT,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
	    b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
	return 0;
}

bool
account_cursor_valid(const char *cursor)
{
	for (const char *c = cursor; *c != '\0'; c++)
		if (*c == '&' || *c == '#' || (unsigned char)*c < ' ' || *c == 127)
			return false;
	return *cursor != '\0' && strlen(cursor) <= ACCOUNT_CURSOR;
}

/* The query of the path, and the cursor behind it; owned, NULL: too long. */
static char *
make_query(const struct profile_read *read, const char *path, const char *cursor)
{
	const char *question = strchr(path, '?');
	struct buffer query;

	account_text(&query);
	buffer_string(&query, question != NULL ? question + 1 : "");
	if (cursor != NULL) {
		buffer_string(&query, query.length > 0 ? "&" : "");
		buffer_string(&query, read->cursor_parameter);
		buffer_string(&query, "=");
		buffer_string(&query, cursor);
	}
	return account_text_string(&query);
}

/* Without signature and headers, but encoded in the same way. */
static int
make_public(const char *base_url, const char *path, const char *query, struct account_signed *result)
{
	char *encoded = account_query(account_sign_encode_query, query);

	if (encoded != NULL)
		result->url = account_url(base_url, path, encoded);
	free(encoded);
	return result->url != NULL ? 0 : -1;
}

static int
make_signed(const struct account_target *target, const struct account_call *unsigned_call,
    struct account_signed *result, struct failure *why)
{
	struct account_call call = *unsigned_call;
	char uuid[UUID_TEXT];

	if (target->key == NULL)
		return failure_set(
		    why, FAILURE_LOCAL, "%s: there is no API key for it", target->profile->name);
	/* All three are new for each request: exchanges refuse what they have seen, or what is too old. */
	if (make_uuid(uuid, why) != 0)
		return -1;
	call.uuid = uuid;
	call.now_ms = (int64_t)(clock_unix_seconds() * 1e3);
	call.nonce = account_key_nonce(target->key);
	return account_sign(target->profile, target->key, &call, result, why);
}

enum profile_place
account_place(const struct account_target *target)
{
	return profile_place(
	    target->profile, target->base_url, target->paper_hosts, target->paper_host_count);
}

int
account_page_request(const struct account_target *target, enum account_endpoint endpoint, size_t path,
    const char *cursor, struct account_signed *result, struct failure *why)
{
	const struct profile_read *read = &target->profile->account.reads[endpoint];
	const char *whole = path == 0 ? read->path : read->also.items[path - 1];
	char *plain = strndup(whole, strcspn(whole, "?")), *query = make_query(read, whole, cursor);
	struct account_call call = { .base_url = target->base_url != NULL ? target->base_url
									  : target->profile->base_url,
		.path = plain,
		.query = query,
		.post = read->post };
	int outcome = -1;

	*result = (struct account_signed){ 0 };
	/* The last place before anything is signed. */
	if (target->paper_only && account_place(target) == PLACE_LIVE)
		(void)failure_set(why, FAILURE_LOCAL,
		    "%s: a paper run queries no live exchange, so nothing was sent", target->profile->name);
	else if (plain == NULL || query == NULL)
		(void)failure_set(why, FAILURE_LOCAL,
		    "%s: the URL of the next page is too long, or makes no sense", target->profile->name);
	else if (endpoint != ACCOUNT_INSTRUMENTS)
		outcome = make_signed(target, &call, result, why);
	else if ((outcome = make_public(call.base_url, plain, query, result)) != 0)
		(void)failure_set(why, FAILURE_LOCAL, "%s: its URL is too long", target->profile->name);
	free(plain);
	free(query);
	return outcome;
}
